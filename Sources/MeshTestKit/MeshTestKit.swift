// MeshTestKit
