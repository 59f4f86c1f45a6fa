import Configuration
import MeshController
import Testing

/// `--proxy-defaults`: what proxies are given unless a namespace or a pod says otherwise.
@Suite struct ProxyDefaultsTests {
    private static func settings(_ lines: String) throws -> ControllerSettings {
        let flags = try CommandLineFlags.provider(["--proxy-defaults", lines])
        return try ControllerSettings(config: ConfigReader(provider: flags))
    }

    @Test("every line is an annotation without its prefix")
    func lines() throws {
        let settings = try Self.settings(
            """
            proxy-image=registry.example/proxy
            proxy-version=v7
            proxy-log-level=warn,linkerd=debug

            proxy-cpu-request=100m
            """)
        let injection = try InjectionSettings(settings)
        #expect(injection.defaults.images.proxy == "registry.example/proxy")
        #expect(injection.version == "v7")
        #expect(injection.defaults.logging.level == "warn,linkerd=debug")
        #expect(injection.defaults.resources.requests == ["cpu": "100m"])
    }

    @Test("without any, the defaults are the injector's own")
    func none() throws {
        #expect(try InjectionSettings(try Self.settings("")) == InjectionSettings())
    }

    @Test(
        "a line that cannot be read keeps the controller from starting, and is named",
        arguments: [
            ("proxy-cpu-request", "proxy-cpu-request"), ("proxy-cpu-request=lots", "proxy-cpu-request=lots"),
            ("proxy-cpu-requst=1", "proxy-cpu-requst"), ("default-inbound-policy=open", "open"),
            ("admin-port=0", "admin-port=0"), ("proxy-uid=1\nproxy-uid=2", "proxy-uid"),
        ])
    func unreadable(lines: String, named: String) throws {
        let error = try #require(throws: SettingsError.self) { try InjectionSettings(try Self.settings(lines)) }
        #expect("\(error)".contains(named))
    }
}
