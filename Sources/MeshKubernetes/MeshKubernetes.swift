// MeshKubernetes
