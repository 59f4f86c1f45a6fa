// MeshBalance
