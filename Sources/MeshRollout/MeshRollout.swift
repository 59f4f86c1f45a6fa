// MeshRollout
