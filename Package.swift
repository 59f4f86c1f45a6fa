// swift-tools-version: 6.3
import PackageDescription

// One settings array for every target; see CONTRIBUTING.md, "Layers and settings".
let strict: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .treatAllWarnings(as: .error),
    .treatWarning("StrictLanguageFeatures", as: .error),
]

// The proxy's own targets: every unsafe expression must be marked and justified.
let proxy: [SwiftSetting] = strict + [.strictMemorySafety()]

// The two targets that own raw memory also hand out spans of it, whose lifetimes they must spell out.
let memory: [SwiftSetting] = proxy + [.enableExperimentalFeature("Lifetimes")]

// Programs are linked fully static (no shared Swift runtime, no libc lookup at start) with
// `swift build -c release --static-swift-stdlib -Xswiftc -static-executable`; see hack/build.

// MARK: - External products

let asyncHTTPClient = Target.Dependency.product(name: "AsyncHTTPClient", package: "async-http-client")
let argumentParser = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let asn1 = Target.Dependency.product(name: "SwiftASN1", package: "swift-asn1")
let boringSSL = Target.Dependency.product(name: "NIOSSL", package: "swift-nio-ssl")
let configuration = Target.Dependency.product(name: "Configuration", package: "swift-configuration")
let crypto = Target.Dependency.product(name: "Crypto", package: "swift-crypto")
let deque = Target.Dependency.product(name: "DequeModule", package: "swift-collections")
let grpcCore = Target.Dependency.product(name: "GRPCCore", package: "grpc-swift-2")
let grpcProtobuf = Target.Dependency.product(name: "GRPCProtobuf", package: "grpc-swift-protobuf")
let grpcTransport = Target.Dependency.product(name: "GRPCNIOTransportHTTP2Posix", package: "grpc-swift-nio-transport")
let hummingbird = Target.Dependency.product(name: "Hummingbird", package: "hummingbird")
let hummingbirdHTTP2 = Target.Dependency.product(name: "HummingbirdHTTP2", package: "hummingbird")
let hummingbirdTLS = Target.Dependency.product(name: "HummingbirdTLS", package: "hummingbird")
let httpTypes = Target.Dependency.product(name: "HTTPTypes", package: "swift-http-types")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let metrics = Target.Dependency.product(name: "Metrics", package: "swift-metrics")
let nioCore = Target.Dependency.product(name: "NIOCore", package: "swift-nio")
let nioFoundation = Target.Dependency.product(name: "NIOFoundationCompat", package: "swift-nio")
let nioHTTP1 = Target.Dependency.product(name: "NIOHTTP1", package: "swift-nio")
let nioPosix = Target.Dependency.product(name: "NIOPosix", package: "swift-nio")
let nioReloading = Target.Dependency.product(name: "NIOCertificateReloading", package: "swift-nio-extras")
let nioSSL = Target.Dependency.product(name: "NIOSSL", package: "swift-nio-ssl")
let orderedCollections = Target.Dependency.product(name: "OrderedCollections", package: "swift-collections")
let protobuf = Target.Dependency.product(name: "SwiftProtobuf", package: "swift-protobuf")
let serviceLifecycle = Target.Dependency.product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let subprocess = Target.Dependency.product(name: "Subprocess", package: "swift-subprocess")
let systemPackage = Target.Dependency.product(name: "SystemPackage", package: "swift-system")
let unixSignals = Target.Dependency.product(name: "UnixSignals", package: "swift-service-lifecycle")
let x509 = Target.Dependency.product(name: "X509", package: "swift-certificates")
let yams = Target.Dependency.product(name: "Yams", package: "Yams")

// MARK: - Targets, lowest layer first; imports point down only

var targets: [Target] = [
    // base
    .target(name: "MeshModel", swiftSettings: proxy),
    .target(name: "MeshResources", dependencies: ["MeshModel", orderedCollections], swiftSettings: strict),

    // pure
    .target(name: "MeshPolicy", dependencies: ["MeshModel"], swiftSettings: proxy),
    .target(name: "MeshCompiler", dependencies: ["MeshModel", "MeshResources", "MeshPolicy"], swiftSettings: strict),
    .target(name: "MeshBalance", dependencies: ["MeshModel"], swiftSettings: proxy),
    .target(name: "MeshCodec", dependencies: ["MeshModel"], swiftSettings: proxy),
    .target(
        name: "MeshControl", dependencies: ["MeshModel", "MeshResources", deque, orderedCollections],
        swiftSettings: strict),
    .target(name: "MeshRollout", dependencies: ["MeshModel", "MeshResources"], swiftSettings: strict),
    .target(
        name: "MeshWire", dependencies: ["MeshModel", "MeshPolicy", protobuf],
        exclude: ["Protos"], swiftSettings: strict),

    // adapters
    .target(
        name: "MeshKubernetes",
        dependencies: [
            "MeshModel", "MeshResources", "MeshControl", "MeshCodec", asyncHTTPClient, nioHTTP1, logging, metrics,
            nioCore,
            nioFoundation, nioPosix, nioSSL, serviceLifecycle, unixSignals, subprocess, systemPackage, yams,
        ], swiftSettings: strict),
    .target(
        name: "MeshRPC",
        dependencies: [
            "MeshModel", "MeshPolicy", "MeshWire", grpcCore, grpcProtobuf, grpcTransport, protobuf, logging, nioCore,
            nioReloading, nioSSL, serviceLifecycle, x509,
        ], swiftSettings: strict),
    .target(
        name: "MeshIdentity", dependencies: ["MeshModel", "MeshCodec", x509, asn1, crypto, logging],
        swiftSettings: strict),
    .target(
        name: "MeshAdmin",
        dependencies: ["MeshModel", hummingbird, logging, metrics, nioCore, serviceLifecycle, unixSignals],
        swiftSettings: strict),
    .target(name: "CMeshLinux"),
    .target(name: "MeshReactor", dependencies: ["MeshModel", "CMeshLinux"], swiftSettings: memory),
    // The proxy's TLS drives the BoringSSL that swift-nio-ssl vendors: X25519MLKEM768 and the cheapest handshakes
    // measured. Its C API is no promise of that package, hence the exact version and this single target.
    .target(name: "MeshSecure", dependencies: ["MeshModel", boringSSL], swiftSettings: memory),

    // assemblies
    .target(
        name: "MeshController",
        dependencies: [
            "MeshModel", "MeshResources", "MeshPolicy", "MeshCompiler", "MeshCodec", "MeshControl", "MeshRollout",
            "MeshWire", "MeshKubernetes", "MeshRPC", "MeshIdentity", "MeshAdmin", configuration, grpcCore, hummingbird,
            hummingbirdTLS, httpTypes, asyncHTTPClient, nioHTTP1, logging, metrics, nioCore, nioSSL, protobuf,
            serviceLifecycle,
            unixSignals, systemPackage, x509,
        ], swiftSettings: strict),
    .target(
        name: "MeshProxy",
        dependencies: [
            "MeshModel", "MeshPolicy", "MeshBalance", "MeshCodec", "MeshWire", "MeshReactor", "MeshSecure", protobuf,
        ], swiftSettings: proxy),
    .target(
        name: "MeshLocal",
        dependencies: [
            "MeshModel", "MeshResources", "MeshCodec", "MeshControl", "MeshKubernetes", hummingbird, hummingbirdHTTP2,
            hummingbirdTLS, httpTypes, asyncHTTPClient, nioHTTP1, asn1, crypto, logging, nioCore, nioPosix, nioSSL,
            orderedCollections, serviceLifecycle, unixSignals, subprocess, systemPackage, x509, yams,
        ], swiftSettings: strict),
    .target(
        name: "MeshCommands",
        dependencies: [
            "MeshModel", "MeshResources", "MeshPolicy", "MeshCompiler", "MeshCodec", "MeshRollout", "MeshKubernetes",
            "MeshRPC",
            "MeshWire", "MeshIdentity", "MeshLocal", argumentParser, asyncHTTPClient, nioHTTP1, logging, nioCore,
            protobuf,
            serviceLifecycle, unixSignals, subprocess, systemPackage, yams,
        ], swiftSettings: strict),
    // Redirection rules as values and their application; what heddle-init runs.
    .target(name: "MeshRedirect", dependencies: ["MeshModel", subprocess, systemPackage], swiftSettings: strict),

    // programs
    .executableTarget(
        name: "heddle", dependencies: ["MeshCommands", argumentParser], swiftSettings: strict),
    .executableTarget(
        name: "heddle-controller",
        dependencies: [
            "MeshController", "MeshAdmin", "MeshKubernetes", configuration, logging, serviceLifecycle, unixSignals,
        ],
        swiftSettings: strict),
    .executableTarget(name: "heddle-proxy", dependencies: ["MeshProxy"], swiftSettings: proxy),
    .executableTarget(
        name: "heddle-init", dependencies: ["MeshModel", "MeshRedirect", argumentParser, systemPackage],
        swiftSettings: strict),
    // The sample application of config/samples/voting.
    .executableTarget(
        name: "heddle-voting",
        dependencies: [
            asyncHTTPClient, nioHTTP1, argumentParser, grpcCore, grpcProtobuf, grpcTransport, httpTypes, hummingbird,
            logging,
            nioCore, protobuf, serviceLifecycle, unixSignals,
        ],
        exclude: ["Protos"], swiftSettings: strict),

    // for tests and benches only
    .target(
        name: "MeshTestKit",
        dependencies: ["MeshModel", "MeshResources", "MeshPolicy", "MeshCodec", "MeshControl"],
        swiftSettings: strict),
]

// MARK: - Tests, one target for each target

/// A test target `<name>Tests` that sees `name`, the test kit, and whatever else it declares.
func tests(
    _ name: String, _ more: [Target.Dependency] = [], excluding: [String] = [], settings: [SwiftSetting] = strict
) -> Target {
    .testTarget(
        name: "\(name)Tests", dependencies: [.target(name: name), "MeshTestKit"] + more,
        exclude: excluding, swiftSettings: settings)
}

targets += [
    tests("MeshModel"),
    tests("MeshResources", ["MeshModel", "MeshCodec", yams]),
    tests("MeshPolicy", ["MeshModel"]),
    tests("MeshCompiler", ["MeshModel", "MeshResources", "MeshPolicy"]),
    tests("MeshBalance", ["MeshModel"]),
    tests("MeshCodec", ["MeshModel"]),
    tests("MeshControl", ["MeshModel", "MeshResources"]),
    tests("MeshRollout", ["MeshModel", "MeshResources"]),
    tests("MeshWire", ["MeshModel", "MeshPolicy", protobuf]),
    // A process of its own for the tests of leadership to pause and kill.
    .executableTarget(
        name: "lease-candidate",
        dependencies: [
            "MeshModel", "MeshResources", "MeshControl", "MeshKubernetes", logging, serviceLifecycle, unixSignals,
        ],
        path: "Tests/LeaseCandidate", swiftSettings: strict),
    tests(
        "MeshKubernetes",
        [
            "lease-candidate",
            "MeshModel", "MeshResources", "MeshControl", "MeshCodec", asyncHTTPClient, nioHTTP1, hummingbird, logging,
            nioCore, nioPosix, subprocess, systemPackage,
        ]),
    tests(
        "MeshRPC",
        ["MeshModel", "MeshPolicy", "MeshWire", grpcCore, grpcProtobuf, grpcTransport, logging, protobuf]),
    tests("MeshIdentity", ["MeshModel", x509, asn1, crypto]),
    tests("MeshAdmin", ["MeshModel", asyncHTTPClient, nioHTTP1, hummingbird, logging, metrics]),
    tests("MeshReactor", ["MeshModel"]),
    tests("MeshSecure", ["MeshModel", x509, asn1, crypto]),
    tests(
        "MeshController",
        [
            "MeshModel", "MeshResources", "MeshPolicy", "MeshCompiler", "MeshCodec", "MeshControl", "MeshRollout",
            "MeshWire", "MeshKubernetes", "MeshRPC", "MeshIdentity", "MeshLocal", "MeshAdmin", asyncHTTPClient,
            configuration, nioHTTP1, crypto, grpcCore, grpcTransport, hummingbird, logging, nioCore, protobuf,
            serviceLifecycle, x509, asn1, yams,
        ], excluding: ["Golden"]),
    tests(
        "MeshProxy",
        [
            "MeshModel", "MeshPolicy", "MeshBalance", "MeshCodec", "MeshWire", "MeshReactor", "MeshSecure", protobuf,
            subprocess, systemPackage, x509, asn1, crypto,
        ]),
    tests(
        "MeshLocal",
        [
            "MeshModel", "MeshResources", "MeshCodec", "MeshControl", "MeshKubernetes", asyncHTTPClient, nioHTTP1,
            logging,
            nioCore, subprocess, systemPackage,
        ]),
    tests(
        "MeshCommands",
        ["MeshPolicy", "MeshCompiler", "MeshModel", "MeshResources", argumentParser, subprocess, systemPackage]),
    tests("MeshRedirect", ["MeshModel", subprocess, systemPackage]),
    .testTarget(
        name: "KubernetesConformanceTests",
        dependencies: [
            "MeshModel", "MeshResources", "MeshCodec", "MeshControl", "MeshKubernetes", "MeshLocal", "MeshTestKit",
            asyncHTTPClient, nioHTTP1, nioSSL, hummingbird, hummingbirdTLS, httpTypes, logging, nioCore, subprocess,
            systemPackage,
        ], exclude: ["Golden", "Server/start-assets.sh"], swiftSettings: strict),
    .testTarget(
        name: "ChartTests",
        dependencies: [
            "MeshModel", "MeshResources", "MeshPolicy", "MeshCompiler", "MeshCodec", "MeshController", "MeshKubernetes",
            "MeshLocal", configuration, logging, subprocess, systemPackage,
        ], swiftSettings: strict),
    .testTarget(
        name: "EndToEndTests",
        dependencies: ["MeshModel", "MeshTestKit", subprocess, systemPackage], swiftSettings: strict),
]

// MARK: - Benches, only when they are asked for

if Context.environment["HEDDLE_BENCH"] != nil {
    targets += [
        .executableTarget(
            name: "static-proxy", dependencies: ["MeshModel", "MeshPolicy", "MeshProxy", "MeshReactor", "MeshSecure"],
            path: "hack/bench/static-proxy", swiftSettings: strict),
        .executableTarget(
            name: "kubernetes-decode",
            dependencies: ["MeshModel", "MeshResources", "MeshCompiler", "MeshCodec", "MeshControl", "MeshKubernetes"],
            path: "hack/bench/kubernetes-decode", swiftSettings: strict),
    ]
}

// MARK: - A part of the package

// HEDDLE_TARGETS=MeshCodecTests,heddle-proxy limits the package to those targets and what they depend on, so that
// work on one module builds and tests that module alone. Unset, as in CI, the package is whole.
if let wanted = Context.environment["HEDDLE_TARGETS"], !wanted.isEmpty {
    let byName = Dictionary(uniqueKeysWithValues: targets.map { ($0.name, $0) })
    var keep: Set<String> = []
    var pending = wanted.split(separator: ",").map(String.init)
    while let name = pending.popLast() {
        guard let target = byName[name] else { fatalError("HEDDLE_TARGETS names \(name), which is no target") }
        guard keep.insert(name).inserted else { continue }
        for dependency in target.dependencies {
            switch dependency {
            case .byNameItem(let name, _), .targetItem(let name, _): pending.append(name)
            default: break
            }
        }
    }
    targets.removeAll { !keep.contains($0.name) }
}

let package = Package(
    name: "heddle",
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),  // the CLI
        .package(url: "https://github.com/apple/swift-asn1", exact: "1.7.4"),  // certificates, PEM
        .package(url: "https://github.com/apple/swift-certificates", exact: "1.21.1"),  // the certificate authority
        .package(url: "https://github.com/apple/swift-collections", exact: "1.6.0"),  // deques, ordered maps
        .package(url: "https://github.com/apple/swift-configuration", exact: "1.4.0"),  // environment and file settings
        .package(url: "https://github.com/apple/swift-crypto", exact: "4.5.2"),  // keys, digests
        .package(url: "https://github.com/apple/swift-http-types", exact: "1.8.0"),  // hummingbird's requests
        .package(url: "https://github.com/apple/swift-log", exact: "1.16.2"),  // logs as data
        .package(url: "https://github.com/apple/swift-metrics", exact: "2.13.0"),  // the controller's metrics
        .package(url: "https://github.com/apple/swift-nio", exact: "2.101.2"),  // the control plane's I/O
        // certificates swapped while serving
        .package(url: "https://github.com/apple/swift-nio-extras", exact: "1.35.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl", exact: "2.37.6"),  // TLS; BoringSSL for the proxy
        .package(url: "https://github.com/apple/swift-protobuf", exact: "1.39.0", traits: []),  // the proxy API
        .package(url: "https://github.com/apple/swift-system", exact: "1.8.1"),  // paths for subprocesses
        .package(url: "https://github.com/grpc/grpc-swift-2", exact: "2.4.3"),  // the control plane's gRPC
        .package(url: "https://github.com/grpc/grpc-swift-nio-transport", exact: "2.9.2"),  // its transport
        .package(url: "https://github.com/grpc/grpc-swift-protobuf", exact: "2.4.1"),  // its messages
        .package(url: "https://github.com/hummingbird-project/hummingbird", exact: "2.28.1"),  // webhooks, local API
        .package(url: "https://github.com/jpsim/Yams", exact: "6.2.2"),  // kubeconfig and manifests
        .package(url: "https://github.com/swift-server/async-http-client", exact: "1.37.0"),  // the API client
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", exact: "2.13.0"),  // task tree
        .package(url: "https://github.com/swiftlang/swift-subprocess", exact: "1.0.2"),  // exec plugins, pods
    ],
    targets: targets,
    swiftLanguageModes: [.v6]
)
