// MeshReactor
