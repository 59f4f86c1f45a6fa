// MeshSecure
