// MeshController
