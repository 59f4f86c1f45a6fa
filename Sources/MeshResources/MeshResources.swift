// MeshResources
