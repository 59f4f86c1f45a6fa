// MeshCompiler
