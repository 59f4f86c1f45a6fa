// MeshLocal
