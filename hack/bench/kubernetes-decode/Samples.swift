/// Objects as a cluster of medium size holds them.
enum Samples {
    private static func uid(_ seed: Int) -> String {
        let digits = String(UInt64(truncatingIfNeeded: seed &+ 1) &* 0x9E37_79B9_7F4A_7C15, radix: 16)
        let hex = Array(String(repeating: "0", count: 16 - digits.count) + digits)
        return "\(String(hex[0..<8]))-\(String(hex[8..<12]))-4\(String(hex[12..<15]))-a1b2-0123\(String(hex[0..<8]))"
    }

    private static func managedFields(_ paths: [String]) -> String {
        let fields = paths.map { #""f:\#($0)":{}"# }.joined(separator: ",")
        return #"[{"manager":"kube-controller-manager","operation":"Update","apiVersion":"v1","#
            + #""time":"2026-11-21T10:00:00Z","fieldsType":"FieldsV1","fieldsV1":{"f:metadata":{\#(fields)}}}]"#
    }

    /// A slice of 100 endpoints.
    static func slice(_ index: Int) -> String {
        let service = "service-\(index / 4)"
        let endpoints = (0..<100).map { number -> String in
            let pod = index * 100 + number
            let address = "10.\(pod / 65_536 % 256).\(pod / 256 % 256).\(pod % 256)"
            return #"{"addresses":["\#(address)"],"conditions":{"ready":true,"serving":true,"terminating":false},"#
                + #""targetRef":{"kind":"Pod","namespace":"shop-\#(index % 50)","name":"\#(service)-6d5f8c9b7-\#(pod % 46_656)","#
                + #""uid":"\#(Self.uid(pod))"},"nodeName":"ip-10-0-\#(pod % 40)-7.eu-west-1.compute.internal","#
                + #""zone":"eu-west-1\#(["a", "b", "c"][pod % 3])"}"#
        }
        return
            #"{"metadata":{"name":"\#(service)-\#(index)","generateName":"\#(service)-","namespace":"shop-\#(index % 50)","#
            + #""uid":"\#(Self.uid(-index))","resourceVersion":"\#(1000 + index)","generation":7,"#
            + #""creationTimestamp":"2026-11-20T09:30:00Z","labels":{"app.kubernetes.io/name":"\#(service)","#
            + #""endpointslice.kubernetes.io/managed-by":"endpointslice-controller.k8s.io","#
            + #""kubernetes.io/service-name":"\#(service)"},"ownerReferences":[{"apiVersion":"v1","kind":"Service","#
            + #""name":"\#(service)","uid":"\#(Self.uid(index))","controller":true,"blockOwnerDeletion":true}],"#
            + #""managedFields":\#(Self.managedFields(["generateName", "labels", "ownerReferences"]))},"#
            + #""addressType":"IPv4","endpoints":[\#(endpoints.joined(separator: ","))],"#
            + #""ports":[{"name":"http","port":8080,"protocol":"TCP","appProtocol":"http"},"#
            + #"{"name":"metrics","port":9090,"protocol":"TCP"}]}"#
    }

    /// A running pod of a Deployment of ten, with the proxy beside its application.
    static func pod(_ index: Int) -> String {
        let app = "service-\(index / 10)"
        let node = "ip-10-0-\(index % 40)-7.eu-west-1.compute.internal"
        let address = "10.\(index / 65_536 % 256).\(index / 256 % 256).\(index % 256)"
        return #"{"metadata":{"name":"\#(app)-6d5f8c9b7-\#(String(index % 46_656, radix: 36))","#
            + #""generateName":"\#(app)-6d5f8c9b7-","namespace":"shop-\#(index % 50)","uid":"\#(Self.uid(index))","#
            + #""resourceVersion":"\#(100_000 + index)","creationTimestamp":"2026-11-20T09:30:00Z","#
            + #""labels":{"app":"\#(app)","app.kubernetes.io/name":"\#(app)","app.kubernetes.io/part-of":"shop","#
            + #""pod-template-hash":"6d5f8c9b7","linkerd.io/control-plane-ns":"heddle"},"#
            + #""annotations":{"prometheus.io/scrape":"true","prometheus.io/port":"9090","linkerd.io/inject":"enabled","#
            + #""kubectl.kubernetes.io/restartedAt":"2026-11-19T09:30:00Z","config.linkerd.io/opaque-ports":"3306"},"#
            + #""ownerReferences":[{"apiVersion":"apps/v1","kind":"ReplicaSet","name":"\#(app)-6d5f8c9b7","#
            + #""uid":"\#(Self.uid(index / 10))","controller":true,"blockOwnerDeletion":true}],"#
            + #""managedFields":\#(Self.managedFields((0..<40).map { "field-\($0)" }))},"#
            + #""spec":{"volumes":[\#(Self.volume)],"initContainers":[\#(Self.proxy)],"containers":[\#(Self.application)],"#
            + #""restartPolicy":"Always","terminationGracePeriodSeconds":30,"dnsPolicy":"ClusterFirst","#
            + #""serviceAccountName":"\#(app)","serviceAccount":"\#(app)","nodeName":"\#(node)","securityContext":{},"#
            + #""schedulerName":"default-scheduler","tolerations":[{"key":"node.kubernetes.io/not-ready","#
            + #""operator":"Exists","effect":"NoExecute","tolerationSeconds":300}],"priority":0},"#
            + #""status":{"phase":"Running","conditions":[\#(Self.conditions)],"hostIP":"10.0.0.\#(index % 40)","#
            + #""hostIPs":[{"ip":"10.0.0.\#(index % 40)"}],"podIP":"\#(address)","podIPs":[{"ip":"\#(address)"}],"#
            + #""startTime":"2026-11-20T09:30:01Z","containerStatuses":[\#(Self.status("app", index))],"#
            + #""initContainerStatuses":[\#(Self.status("linkerd-proxy", index))],"qosClass":"Burstable"}}"#
    }

    private static let volume =
        #"{"name":"kube-api-access-x7k2p","projected":{"sources":[{"serviceAccountToken":{"expirationSeconds":3607,"#
        + #""path":"token"}},{"configMap":{"name":"kube-root-ca.crt","items":[{"key":"ca.crt","path":"ca.crt"}]}}],"#
        + #""defaultMode":420}}"#

    private static let mount =
        #"{"name":"kube-api-access-x7k2p","readOnly":true,"mountPath":"/var/run/secrets/kubernetes.io/serviceaccount"}"#

    private static let application =
        #"{"name":"app","image":"registry.example.org/shop/service:1.24.3","ports":[{"name":"http","#
        + #""containerPort":8080,"protocol":"TCP"},{"name":"metrics","containerPort":9090,"protocol":"TCP"}],"env":["#
        + (0..<12).map { #"{"name":"SETTING_\#($0)","value":"some value of setting \#($0)"}"# }.joined(separator: ",")
        + #"],"resources":{"limits":{"memory":"512Mi"},"requests":{"cpu":"250m","memory":"256Mi"}},"#
        + #""volumeMounts":[\#(Self.mount)],"livenessProbe":{"httpGet":{"path":"/live","port":8080,"scheme":"HTTP"},"#
        + #""timeoutSeconds":1,"periodSeconds":10,"successThreshold":1,"failureThreshold":3},"readinessProbe":"#
        + #"{"httpGet":{"path":"/ready","port":"http","scheme":"HTTP"},"timeoutSeconds":1,"periodSeconds":10},"#
        + #""terminationMessagePath":"/dev/termination-log","imagePullPolicy":"IfNotPresent","#
        + #""securityContext":{"allowPrivilegeEscalation":false,"capabilities":{"drop":["ALL"]}}}"#

    private static let proxy =
        #"{"name":"linkerd-proxy","image":"heddle.dev/heddle-proxy:1.0.0","restartPolicy":"Always","ports":["#
        + #"{"name":"linkerd-proxy","containerPort":4143,"protocol":"TCP"},"#
        + #"{"name":"linkerd-admin","containerPort":4191,"protocol":"TCP"}],"env":["#
        + #"{"name":"LINKERD2_PROXY_INBOUND_LISTEN_ADDR","value":"[::]:4143"},"#
        + #"{"name":"LINKERD2_PROXY_ADMIN_LISTEN_ADDR","value":"[::]:4191"},"#
        + (0..<30).map { #"{"name":"LINKERD2_PROXY_SETTING_\#($0)","value":"value-\#($0)"}"# }.joined(separator: ",")
        + #"],"volumeMounts":[\#(Self.mount)],"livenessProbe":{"httpGet":{"path":"/live","port":4191}},"#
        + #""readinessProbe":{"httpGet":{"path":"/ready","port":4191}}}"#

    private static let conditions = [
        "PodReadyToStartContainers", "Initialized", "Ready", "ContainersReady", "PodScheduled",
    ]
    .map {
        #"{"type":"\#($0)","status":"True","lastProbeTime":null,"lastTransitionTime":"2026-11-20T09:30:05Z"}"#
    }.joined(separator: ",")

    private static func status(_ name: String, _ index: Int) -> String {
        #"{"name":"\#(name)","state":{"running":{"startedAt":"2026-11-20T09:30:04Z"}},"lastState":{},"ready":true,"#
            + #""restartCount":0,"image":"registry.example.org/shop/service:1.24.3","imageID":"registry.example.org/shop/"#
            + #"service@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef","#
            + #""containerID":"containerd://\#(Self.uid(index))","started":true}"#
    }
}
