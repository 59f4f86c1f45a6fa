/// The numbers that the fields of built-in types have in the protobuf encoding of the Kubernetes API.
///
/// Only the types that kubectl's own commands send in that encoding, such as `create token` and `create configmap`.
enum ProtobufNumbers {
    /// The name of a field by its number, by type.
    static let names: [String: [Int: String]] = Self.parse(Self.text)

    private static func parse(_ text: String) -> [String: [Int: String]] {
        var result: [String: [Int: String]] = [:]
        var current = ""
        for line in text.split(separator: "\n") {
            var words = line.split(separator: " ")[...]
            if !line.hasPrefix(" "), let head = words.popFirst() {
                current = String(head)
                result[current] = [:]
            }
            for word in words {
                let pair = word.split(separator: "=")
                if pair.count == 2, let number = Int(pair[1]) { result[current]?[number] = String(pair[0]) }
            }
        }
        return result
    }

    private static let text = """
        ObjectMeta name=1 generateName=2 namespace=3 selfLink=4 uid=5 resourceVersion=6 generation=7
          creationTimestamp=8 deletionTimestamp=9 deletionGracePeriodSeconds=10 labels=11 annotations=12
          ownerReferences=13 finalizers=14 managedFields=17
        OwnerReference kind=1 name=3 uid=4 apiVersion=5 controller=6 blockOwnerDeletion=7
        Namespace metadata=1 spec=2 status=3
        NamespaceSpec finalizers=1
        ConfigMap metadata=1 data=2 binaryData=3 immutable=4
        Secret metadata=1 data=2 type=3 stringData=4 immutable=5
        ServiceAccount metadata=1 secrets=2 imagePullSecrets=3 automountServiceAccountToken=4
        ObjectReference kind=1 namespace=2 name=3 uid=4 apiVersion=5 resourceVersion=6 fieldPath=7
        LocalObjectReference name=1
        Service metadata=1 spec=2 status=3
        ServiceSpec ports=1 selector=2 clusterIP=3 type=4 externalIPs=5 sessionAffinity=7 loadBalancerIP=8
          loadBalancerSourceRanges=9 externalName=10 externalTrafficPolicy=11 healthCheckNodePort=12
          publishNotReadyAddresses=13 sessionAffinityConfig=14 ipFamilyPolicy=17 clusterIPs=18 ipFamilies=19
          allocateLoadBalancerNodePorts=20 loadBalancerClass=21 internalTrafficPolicy=22 trafficDistribution=23
        ServicePort name=1 protocol=2 port=3 targetPort=4 nodePort=5 appProtocol=6
        Pod metadata=1 spec=2 status=3
        PodTemplateSpec metadata=1 spec=2
        PodSpec volumes=1 containers=2 restartPolicy=3 terminationGracePeriodSeconds=4 activeDeadlineSeconds=5
          dnsPolicy=6 nodeSelector=7 serviceAccountName=8 serviceAccount=9 nodeName=10 hostNetwork=11 hostPID=12
          hostIPC=13 securityContext=14 imagePullSecrets=15 hostname=16 subdomain=17 affinity=18 schedulerName=19
          initContainers=20 automountServiceAccountToken=21 tolerations=22 hostAliases=23 priorityClassName=24
          priority=25 dnsConfig=26 shareProcessNamespace=27 readinessGates=28 runtimeClassName=29
          enableServiceLinks=30 preemptionPolicy=31 overhead=32 topologySpreadConstraints=33 setHostnameAsFQDN=35
          os=36 hostUsers=37
        Container name=1 image=2 command=3 args=4 workingDir=5 ports=6 env=7 resources=8 volumeMounts=9
          livenessProbe=10 readinessProbe=11 lifecycle=12 terminationMessagePath=13 imagePullPolicy=14
          securityContext=15 stdin=16 stdinOnce=17 tty=18 envFrom=19 terminationMessagePolicy=20 volumeDevices=21
        ContainerPort name=1 hostPort=2 containerPort=3 protocol=4 hostIP=5
        EnvVar name=1 value=2 valueFrom=3
        ResourceRequirements limits=1 requests=2
        LabelSelector matchLabels=1 matchExpressions=2
        LabelSelectorRequirement key=1 operator=2 values=3
        DeleteOptions gracePeriodSeconds=1 preconditions=2 orphanDependents=3 propagationPolicy=4 dryRun=5
        Preconditions uid=1 resourceVersion=2
        ResourceQuota metadata=1 spec=2 status=3
        ResourceQuotaSpec hard=1 scopes=2 scopeSelector=3
        Event metadata=1 involvedObject=2 reason=3 message=4 source=5 firstTimestamp=6 lastTimestamp=7 count=8
          type=9 eventTime=10 series=11 action=12 related=13 reportingComponent=14 reportingInstance=15
        EventSource component=1 host=2
        Binding metadata=1 target=2
        PodSecurityContext seLinuxOptions=1 runAsUser=2 runAsNonRoot=3 supplementalGroups=4 fsGroup=5 runAsGroup=6
          sysctls=7
        TokenRequest metadata=1 spec=2 status=3
        TokenRequestSpec audiences=1 boundObjectRef=3 expirationSeconds=4
        BoundObjectReference kind=1 apiVersion=2 name=3 uid=4
        TokenReview metadata=1 spec=2 status=3
        TokenReviewSpec token=1 audiences=2
        SelfSubjectReview metadata=1 status=2
        SelfSubjectAccessReview metadata=1 spec=2 status=3
        SelfSubjectAccessReviewSpec resourceAttributes=1 nonResourceAttributes=2
        SubjectAccessReview metadata=1 spec=2 status=3
        LocalSubjectAccessReview metadata=1 spec=2 status=3
        SubjectAccessReviewSpec resourceAttributes=1 nonResourceAttributes=2 user=3 groups=4 uid=6
        ResourceAttributes namespace=1 verb=2 group=3 version=4 resource=5 subresource=6 name=7
        NonResourceAttributes path=1 verb=2
        SelfSubjectRulesReview metadata=1 spec=2 status=3
        SelfSubjectRulesReviewSpec namespace=1
        Role metadata=1 rules=2
        ClusterRole metadata=1 rules=2 aggregationRule=3
        AggregationRule clusterRoleSelectors=1
        PolicyRule verbs=1 apiGroups=2 resources=3 resourceNames=4 nonResourceURLs=5
        RoleBinding metadata=1 subjects=2 roleRef=3
        ClusterRoleBinding metadata=1 subjects=2 roleRef=3
        Subject kind=1 apiGroup=2 name=3 namespace=4
        RoleRef apiGroup=1 kind=2 name=3
        Deployment metadata=1 spec=2 status=3
        DeploymentSpec replicas=1 selector=2 template=3 strategy=4 minReadySeconds=5 revisionHistoryLimit=6 paused=7
          progressDeadlineSeconds=9
        DeploymentStrategy type=1 rollingUpdate=2
        RollingUpdateDeployment maxUnavailable=1 maxSurge=2
        Job metadata=1 spec=2 status=3
        JobSpec parallelism=1 completions=2 activeDeadlineSeconds=3 selector=4 manualSelector=5 template=6
          backoffLimit=7 ttlSecondsAfterFinished=8
        CronJob metadata=1 spec=2 status=3
        CronJobSpec schedule=1 startingDeadlineSeconds=2 concurrencyPolicy=3 suspend=4 jobTemplate=5
          successfulJobsHistoryLimit=6 failedJobsHistoryLimit=7 timeZone=8
        JobTemplateSpec metadata=1 spec=2
        PodDisruptionBudget metadata=1 spec=2 status=3
        PodDisruptionBudgetSpec minAvailable=1 selector=2 maxUnavailable=3
        Eviction metadata=1 deleteOptions=2
        Scale metadata=1 spec=2 status=3
        ScaleSpec replicas=1
        """
}
