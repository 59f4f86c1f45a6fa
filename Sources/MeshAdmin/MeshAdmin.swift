// MeshAdmin
