// MeshRedirect
