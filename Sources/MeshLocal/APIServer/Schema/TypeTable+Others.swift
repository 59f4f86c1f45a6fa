extension TypeTable {
    /// The types of the remaining groups and of metadata.
    ///
    /// One type a line, continued by indented lines: its name, then `field:type` with flags; see ``TypeTable/parse(_:)``.
    static let fieldsOthers = """
        Endpoint addresses:[s]!@ conditions:EndpointConditions deprecatedTopology:{s} hints:EndpointHints hostname:s
          nodeName:s targetRef:ObjectReference zone:s
        EndpointConditions ready:b serving:b terminating:b
        EndpointHints forNodes:[ForNode]^ forZones:[ForZone]^
        EndpointSlice addressType:s! apiVersion:s endpoints:[Endpoint]^ kind:s metadata:ObjectMeta
          ports:[discovery.EndpointPort]^
        ForNode name:s!
        ForZone name:s!
        discovery.EndpointPort^ appProtocol:s name:s port:i protocol:s
        Lease apiVersion:s kind:s metadata:ObjectMeta spec:LeaseSpec
        LeaseSpec acquireTime:u holderIdentity:s leaseDurationSeconds:i leaseTransitions:i preferredHolder:s
          renewTime:u strategy:s
        events.Event action:s apiVersion:s deprecatedCount:i deprecatedFirstTimestamp:t deprecatedLastTimestamp:t
          deprecatedSource:EventSource eventTime:u! kind:s metadata:ObjectMeta note:s reason:s
          regarding:ObjectReference related:ObjectReference reportingController:s reportingInstance:s
          series:events.EventSeries type:s
        events.EventSeries count:i! lastObservedTime:u!
        AggregationRule clusterRoleSelectors:[LabelSelector]^
        ClusterRole aggregationRule:AggregationRule apiVersion:s kind:s metadata:ObjectMeta rules:[PolicyRule]^
        ClusterRoleBinding apiVersion:s kind:s metadata:ObjectMeta roleRef:RoleRef! subjects:[Subject]^
        PolicyRule apiGroups:[s]^ nonResourceURLs:[s]^ resourceNames:[s]^ resources:[s]^ verbs:[s]!^
        Role apiVersion:s kind:s metadata:ObjectMeta rules:[PolicyRule]^
        RoleBinding apiVersion:s kind:s metadata:ObjectMeta roleRef:RoleRef! subjects:[Subject]^
        RoleRef^ apiGroup:s kind:s! name:s!
        Subject^ apiGroup:s kind:s! name:s! namespace:s
        MatchCondition expression:s! name:s!
        MutatingWebhook admissionReviewVersions:[s]!^ clientConfig:WebhookClientConfig! failurePolicy:s
          matchConditions:[MatchCondition]@name~name matchPolicy:s name:s! namespaceSelector:LabelSelector
          objectSelector:LabelSelector reinvocationPolicy:s rules:[RuleWithOperations]^ sideEffects:s!
          timeoutSeconds:i
        MutatingWebhookConfiguration apiVersion:s kind:s metadata:ObjectMeta webhooks:[MutatingWebhook]@name~name
        RuleWithOperations apiGroups:[s]^ apiVersions:[s]^ operations:[s]^ resources:[s]^ scope:s
        ServiceReference name:s! namespace:s! path:s port:i
        ValidatingWebhook admissionReviewVersions:[s]!^ clientConfig:WebhookClientConfig! failurePolicy:s
          matchConditions:[MatchCondition]@name~name matchPolicy:s name:s! namespaceSelector:LabelSelector
          objectSelector:LabelSelector rules:[RuleWithOperations]^ sideEffects:s! timeoutSeconds:i
        ValidatingWebhookConfiguration apiVersion:s kind:s metadata:ObjectMeta
          webhooks:[ValidatingWebhook]@name~name
        WebhookClientConfig caBundle:y service:ServiceReference url:s
        BoundObjectReference apiVersion:s kind:s name:s uid:s
        SelfSubjectReview apiVersion:s kind:s metadata:ObjectMeta status:SelfSubjectReviewStatus
        SelfSubjectReviewStatus userInfo:UserInfo
        TokenRequest apiVersion:s kind:s metadata:ObjectMeta spec:TokenRequestSpec status:TokenRequestStatus
        TokenRequestSpec audiences:[s]^ boundObjectRef:BoundObjectReference expirationSeconds:l
        TokenRequestStatus expirationTimestamp:t token:s
        TokenReview apiVersion:s kind:s metadata:ObjectMeta spec:TokenReviewSpec! status:TokenReviewStatus
        TokenReviewSpec audiences:[s]^ token:s!
        TokenReviewStatus audiences:[s]^ authenticated:b error:s user:UserInfo
        UserInfo extra:{[s]} groups:[s]^ uid:s username:s
        FieldSelectorAttributes rawSelector:s requirements:[FieldSelectorRequirement]^
        LabelSelectorAttributes rawSelector:s requirements:[LabelSelectorRequirement]^
        LocalSubjectAccessReview apiVersion:s kind:s metadata:ObjectMeta spec:SubjectAccessReviewSpec!
          status:SubjectAccessReviewStatus
        NonResourceAttributes path:s verb:s
        NonResourceRule nonResourceURLs:[s]^ verbs:[s]!^
        ResourceAttributes fieldSelector:FieldSelectorAttributes group:s labelSelector:LabelSelectorAttributes
          name:s namespace:s resource:s subresource:s verb:s version:s
        ResourceRule apiGroups:[s]^ resourceNames:[s]^ resources:[s]^ verbs:[s]!^
        SelfSubjectAccessReview apiVersion:s kind:s metadata:ObjectMeta spec:SelfSubjectAccessReviewSpec!
          status:SubjectAccessReviewStatus
        SelfSubjectAccessReviewSpec nonResourceAttributes:NonResourceAttributes
          resourceAttributes:ResourceAttributes
        SelfSubjectRulesReview apiVersion:s kind:s metadata:ObjectMeta spec:SelfSubjectRulesReviewSpec!
          status:SubjectRulesReviewStatus
        SelfSubjectRulesReviewSpec namespace:s
        SubjectAccessReview apiVersion:s kind:s metadata:ObjectMeta spec:SubjectAccessReviewSpec!
          status:SubjectAccessReviewStatus
        SubjectAccessReviewSpec extra:{[s]} groups:[s]^ nonResourceAttributes:NonResourceAttributes
          resourceAttributes:ResourceAttributes uid:s user:s
        SubjectAccessReviewStatus allowed:b! denied:b evaluationError:s reason:s
        SubjectRulesReviewStatus evaluationError:s incomplete:b! nonResourceRules:[NonResourceRule]!^
          resourceRules:[ResourceRule]!^
        HTTPIngressPath backend:IngressBackend! path:s pathType:s!
        HTTPIngressRuleValue paths:[HTTPIngressPath]!^
        IPBlock cidr:s! except:[s]^
        Ingress apiVersion:s kind:s metadata:ObjectMeta spec:IngressSpec status:IngressStatus
        IngressBackend resource:TypedLocalObjectReference service:IngressServiceBackend
        IngressClass apiVersion:s kind:s metadata:ObjectMeta spec:IngressClassSpec
        IngressClassParametersReference apiGroup:s kind:s! name:s! namespace:s scope:s
        IngressClassSpec controller:s parameters:IngressClassParametersReference
        IngressLoadBalancerIngress hostname:s ip:s ports:[IngressPortStatus]^
        IngressLoadBalancerStatus ingress:[IngressLoadBalancerIngress]^
        IngressPortStatus error:s port:i! protocol:s!
        IngressRule host:s http:HTTPIngressRuleValue
        IngressServiceBackend name:s! port:ServiceBackendPort
        IngressSpec defaultBackend:IngressBackend ingressClassName:s rules:[IngressRule]^ tls:[IngressTLS]^
        IngressStatus loadBalancer:IngressLoadBalancerStatus
        IngressTLS hosts:[s]^ secretName:s
        NetworkPolicy apiVersion:s kind:s metadata:ObjectMeta spec:NetworkPolicySpec
        NetworkPolicyEgressRule ports:[NetworkPolicyPort]^ to:[NetworkPolicyPeer]^
        NetworkPolicyIngressRule from:[NetworkPolicyPeer]^ ports:[NetworkPolicyPort]^
        NetworkPolicyPeer ipBlock:IPBlock namespaceSelector:LabelSelector podSelector:LabelSelector
        NetworkPolicyPort endPort:i port:x protocol:s
        NetworkPolicySpec egress:[NetworkPolicyEgressRule]^ ingress:[NetworkPolicyIngressRule]^
          podSelector:LabelSelector policyTypes:[s]^
        ServiceBackendPort^ name:s number:i
        CustomResourceColumnDefinition description:s format:s jsonPath:s! name:s! priority:i type:s!
        CustomResourceConversion strategy:s! webhook:WebhookConversion
        CustomResourceDefinition apiVersion:s kind:s metadata:ObjectMeta spec:CustomResourceDefinitionSpec!
          status:CustomResourceDefinitionStatus
        CustomResourceDefinitionCondition lastTransitionTime:t message:s observedGeneration:l reason:s status:s!
          type:s!
        CustomResourceDefinitionNames categories:[s]^ kind:s! listKind:s plural:s! shortNames:[s]^ singular:s
        CustomResourceDefinitionSpec conversion:CustomResourceConversion group:s!
          names:CustomResourceDefinitionNames! preserveUnknownFields:b scope:s!
          versions:[CustomResourceDefinitionVersion]!^
        CustomResourceDefinitionStatus acceptedNames:CustomResourceDefinitionNames
          conditions:[CustomResourceDefinitionCondition]@type observedGeneration:l storedVersions:[s]^
        CustomResourceDefinitionVersion additionalPrinterColumns:[CustomResourceColumnDefinition]^ deprecated:b
          deprecationWarning:s name:s! schema:CustomResourceValidation selectableFields:[SelectableField]^ served:b!
          storage:b! subresources:CustomResourceSubresources
        CustomResourceSubresourceScale labelSelectorPath:s specReplicasPath:s! statusReplicasPath:s!
        CustomResourceSubresourceStatus
        CustomResourceSubresources scale:CustomResourceSubresourceScale status:CustomResourceSubresourceStatus
        CustomResourceValidation openAPIV3Schema:JSONSchemaProps
        ExternalDocumentation description:s url:s
        JSONSchemaProps $ref:s $schema:s additionalItems:* additionalProperties:* allOf:[JSONSchemaProps]^
          anyOf:[JSONSchemaProps]^ default:* definitions:{JSONSchemaProps} dependencies:{*} description:s enum:[*]^
          example:* exclusiveMaximum:b exclusiveMinimum:b externalDocs:ExternalDocumentation format:s id:s items:*
          maxItems:l maxLength:l maxProperties:l maximum:n minItems:l minLength:l minProperties:l minimum:n
          multipleOf:n not:JSONSchemaProps nullable:b oneOf:[JSONSchemaProps]^ pattern:s
          patternProperties:{JSONSchemaProps} properties:{JSONSchemaProps} required:[s]^ title:s type:s
          uniqueItems:b x-kubernetes-embedded-resource:b x-kubernetes-int-or-string:b
          x-kubernetes-list-map-keys:[s]^ x-kubernetes-list-type:s x-kubernetes-map-type:s
          x-kubernetes-preserve-unknown-fields:b x-kubernetes-validations:[ValidationRule]@rule~rule
        SelectableField jsonPath:s!
        ValidationRule fieldPath:s message:s messageExpression:s optionalOldSelf:b reason:s rule:s!
        WebhookConversion clientConfig:apiextensions.WebhookClientConfig conversionReviewVersions:[s]!^
        apiextensions.ServiceReference name:s! namespace:s! path:s port:i
        apiextensions.WebhookClientConfig caBundle:y service:apiextensions.ServiceReference url:s
        Condition lastTransitionTime:t! message:s! observedGeneration:l reason:s! status:s! type:s!
        DeleteOptions apiVersion:s dryRun:[s]^ gracePeriodSeconds:l
          ignoreStoreReadErrorWithClusterBreakingPotential:b kind:s orphanDependents:b preconditions:Preconditions
          propagationPolicy:s
        FieldSelectorRequirement key:s! operator:s! values:[s]^
        LabelSelectorRequirement key:s! operator:s! values:[s]^
        LabelSelector^ matchExpressions:[LabelSelectorRequirement]^ matchLabels:{s}
        ManagedFieldsEntry apiVersion:s fieldsType:s fieldsV1:o manager:s operation:s subresource:s time:t
        ObjectMeta annotations:{s} creationTimestamp:t deletionGracePeriodSeconds:l deletionTimestamp:t
          finalizers:[s]@~ generateName:s generation:l labels:{s} managedFields:[ManagedFieldsEntry]^ name:s
          namespace:s ownerReferences:[OwnerReference]@uid~uid resourceVersion:s selfLink:s uid:s
        OwnerReference^ apiVersion:s! blockOwnerDeletion:b controller:b kind:s! name:s! uid:s!
        Preconditions resourceVersion:s uid:s
        PriorityClass apiVersion:s description:s globalDefault:b kind:s metadata:ObjectMeta preemptionPolicy:s
          value:i
        StorageClass allowVolumeExpansion:b allowedTopologies:[TopologySelectorTerm]^ apiVersion:s kind:s
          metadata:ObjectMeta mountOptions:[s]^ parameters:{s} provisioner:s! reclaimPolicy:s volumeBindingMode:s
        """
}
