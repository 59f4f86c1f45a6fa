import MeshModel
import MeshResources
import SystemPackage
import Testing

@testable import MeshLocal

@Suite struct ContainerLaunchTests {
    private let pod = Pod(
        metadata: ObjectMeta(
            name: "web-1", namespace: "shop", uid: "u-1", labels: ["app": "web", "a/b": "c"],
            annotations: ["note": "two\n\"lines\""]),
        spec: PodSpec(nodeName: "heddle-local", serviceAccountName: "web"))
    private let place = ContainerLaunch.Place(
        directory: "/state/u-1", dns: .v4(0x0A60_000A), domain: "cluster.local", apiServer: .v4(0x0A60_0001))
    private let images = ImageTable(["heddle.dev/app": "/bin/app", "local:5000/x": "/bin/x"])

    private var fields: DownwardFields {
        DownwardFields(pod: self.pod, address: .v4(0x0AF4_0004), host: .v4(0x0AF4_FFFE), cores: 2, memory: 4096)
    }

    private func launch(
        _ container: Container, sources: PodSources = PodSources(), volumes: [Volume] = []
    ) throws(ContainerConfigError) -> ContainerLaunch {
        var pod = self.pod
        pod.spec.volumes = volumes
        let fields = DownwardFields(pod: pod, address: self.fields.address, host: self.fields.host)
        return try ContainerLaunch(
            container, fields: fields, sources: sources, images: self.images, place: self.place)
    }

    @Test(arguments: [
        ("metadata.name", "web-1"), ("metadata.namespace", "shop"), ("metadata.uid", "u-1"),
        ("metadata.labels['app']", "web"), ("metadata.labels['a/b']", "c"), ("metadata.labels['none']", ""),
        ("metadata.labels", "a/b=\"c\"\napp=\"web\""), ("metadata.annotations", "note=\"two\\n\\\"lines\\\"\""),
        ("spec.nodeName", "heddle-local"), ("spec.serviceAccountName", "web"), ("status.podIP", "10.244.0.4"),
        ("status.podIPs", "10.244.0.4"), ("status.hostIP", "10.244.255.254"),
    ])
    func `a pod's fields are passed on`(path: String, value: String) throws {
        #expect(try self.fields.value(path) == value)
    }

    @Test func `a field that does not exist is refused`() {
        #expect(throws: ContainerConfigError.unsupportedField("spec.secret")) { try self.fields.value("spec.secret") }
    }

    @Test func `variables refer to earlier ones, objects and fields`() throws {
        let container = Container(
            name: "app", image: "heddle.dev/app:dev", args: ["--ip=$(IP)", "$$(IP)", "$(NONE)", "$"],
            env: [
                EnvVar(name: "IP", valueFrom: .init(fieldRef: .init(fieldPath: "status.podIP"))),
                EnvVar(name: "URL", value: "http://$(IP):80/$(KEY)"),
                EnvVar(name: "KEY", valueFrom: .init(configMapKeyRef: .init(name: "config", key: "k"))),
                EnvVar(name: "PASSWORD", valueFrom: .init(secretKeyRef: .init(name: "secret", key: "p"))),
                EnvVar(name: "MAYBE", valueFrom: .init(secretKeyRef: .init(name: "none", key: "p", optional: true))),
                EnvVar(name: "CORES", valueFrom: .init(resourceFieldRef: .init(resource: "limits.cpu"))),
            ],
            envFrom: [EnvFromSource(prefix: "C_", configMapRef: .init(name: "config"))])
        let sources = PodSources(
            configMaps: ["config": ["k": Array("v".utf8)]], secrets: ["secret": ["p": Array("s".utf8)]])
        let launch = try self.launch(container, sources: sources)
        #expect(launch.command == ["/bin/app", "--ip=10.244.0.4", "$(IP)", "$(NONE)", "$"])
        #expect(launch.environment["URL"] == "http://10.244.0.4:80/$(KEY)")
        #expect(launch.environment["KEY"] == "v" && launch.environment["C_k"] == "v")
        #expect(launch.environment["PASSWORD"] == "s" && launch.environment["MAYBE"] == nil)
        #expect(launch.environment["CORES"] == "1")
        #expect(launch.environment["KUBERNETES_SERVICE_HOST"] == "10.96.0.1")
        #expect(launch.files["/etc/resolv.conf"]?.contains("nameserver 10.96.0.10\n") == true)
    }

    @Test func `what must exist and does not keeps the container from starting`() {
        var container = Container(name: "app", image: "heddle.dev/app")
        container.env = [EnvVar(name: "A", valueFrom: .init(secretKeyRef: .init(name: "none", key: "p")))]
        #expect(throws: ContainerConfigError.missing(kind: "secret", name: "none")) { try self.launch(container) }
        let sources = PodSources(secrets: ["none": [:]])
        #expect(throws: ContainerConfigError.missingKey(kind: "secret", name: "none", key: "p")) {
            try self.launch(container, sources: sources)
        }
        #expect(throws: ContainerConfigError.unknownImage("nginx:1")) {
            try self.launch(Container(name: "app", image: "nginx:1"))
        }
        let mount = VolumeMount(name: "none", mountPath: "/x")
        #expect(throws: ContainerConfigError.unknownVolume("none")) {
            try self.launch(Container(name: "app", image: "heddle.dev/app", volumeMounts: [mount]))
        }
    }

    @Test(arguments: [
        ("heddle.dev/app", "/bin/app"), ("heddle.dev/app:dev", "/bin/app"), ("heddle.dev/app@sha256:00", "/bin/app"),
        ("heddle.dev/app:1@sha256:00", "/bin/app"), ("local:5000/x:1", "/bin/x"), ("local:5000/x", "/bin/x"),
        ("app", nil), ("", nil),
    ])
    func `an image is found whatever its tag`(image: String, path: String?) {
        #expect(self.images.path(of: image) == path)
    }

    @Test func `an unprivileged user keeps the capabilities that were added and nothing else`() throws {
        let context = SecurityContext(
            runAsUser: 65534, runAsNonRoot: true, allowPrivilegeEscalation: false,
            capabilities: Capabilities(add: ["NET_ADMIN", "CAP_NET_RAW"], drop: ["ALL"]))
        let launch = try self.launch(
            Container(name: "init", image: "heddle.dev/app", args: ["x"], securityContext: context))
        #expect(
            launch.privilegeCommand == [
                "setpriv", "--reuid=65534", "--regid=65534", "--clear-groups",
                "--bounding-set=-all,+net_admin,+net_raw", "--inh-caps=-all,+net_admin,+net_raw",
                "--ambient-caps=-all,+net_admin,+net_raw", "--no-new-privs", "--", "/bin/app", "x",
            ])
        #expect(throws: ContainerConfigError.rootNotAllowed("a")) {
            try self.launch(
                Container(
                    name: "a", image: "heddle.dev/app", securityContext: SecurityContext(runAsNonRoot: true)))
        }
    }

    @Test(arguments: ["../etc", "a/../../b", "/etc"])
    func `a sub-path stays in its volume`(path: String) {
        let container = Container(
            name: "a", image: "heddle.dev/app",
            volumeMounts: [VolumeMount(name: "v", mountPath: "/v", subPath: path)])
        #expect(throws: ContainerConfigError.invalidPath(path)) {
            try self.launch(container, volumes: [Volume(name: "v", emptyDir: EmptyDirSource())])
        }
    }

    @Test func `a projected volume holds tokens, keys and fields`() throws {
        let projection = ServiceAccountTokenProjection(audience: "identity.l5d.io", path: "token")
        let volume = Volume(
            name: "v",
            projected: ProjectedSource(
                sources: [
                    VolumeProjection(serviceAccountToken: projection),
                    VolumeProjection(configMap: .init(name: "ca", items: [KeyToPath(key: "ca.crt", path: "d/ca.crt")])),
                    VolumeProjection(
                        downwardAPI: .init(items: [
                            DownwardAPIFile(path: "namespace", fieldRef: .init(fieldPath: "metadata.namespace"))
                        ])),
                ], defaultMode: 0o400))
        let contents = try VolumeContents(
            volume, sources: PodSources(configMaps: ["ca": ["ca.crt": [1], "other": [2]]]), fields: self.fields,
            tokens: [TokenRequest(projection): "secret"])
        #expect(
            contents
                == .files([
                    "token": VolumeFile(bytes: Array("secret".utf8), mode: 0o400),
                    "d/ca.crt": VolumeFile(bytes: [1], mode: 0o400),
                    "namespace": VolumeFile(bytes: Array("shop".utf8), mode: 0o400),
                ]))
    }

    @Test func `keys that would leave a volume are refused`() {
        let volume = Volume(name: "v", configMap: ConfigMapSource(name: "c"))
        for key in ["../x", "..data", "a//b", ""] {
            #expect(throws: ContainerConfigError.invalidPath(key)) {
                try VolumeContents(
                    volume, sources: PodSources(configMaps: ["c": [key: []]]), fields: self.fields, tokens: [:])
            }
        }
    }

    @Test func `only the outermost mounts go into a new root`() {
        let table = MountTable(
            """
            1 0 8:1 / / rw - ext4 /dev/a rw
            2 1 0:1 / /proc rw - proc proc rw
            3 2 0:2 / /proc/sys rw - proc proc rw
            4 1 0:3 / /run rw - tmpfs tmpfs rw
            5 1 0:4 / /with\\040space rw - tmpfs tmpfs rw
            6 1 0:5 / /procfs rw - tmpfs tmpfs rw
            """)
        #expect(table.branches(hiding: ["/run", "/state"]) == ["/proc", "/procfs", "/with space"])
    }
}
