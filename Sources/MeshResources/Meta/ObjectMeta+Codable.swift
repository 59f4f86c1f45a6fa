extension ObjectMeta {
    private enum CodingKeys: String, CodingKey {
        case name, namespace, uid, resourceVersion, generation, creationTimestamp, deletionTimestamp
        case deletionGracePeriodSeconds, generateName, labels, annotations, ownerReferences, finalizers
    }

    /// Reads the fields; an object that is about to be created may lack even its name.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        self.name = try container.decodeIfPresent(String.self, forKey: .name) ?? ""
        self.namespace = try container.decodeIfPresent(String.self, forKey: .namespace) ?? ""
        self.uid = try container.decodeIfPresent(String.self, forKey: .uid) ?? ""
        self.resourceVersion = try container.decodeIfPresent(String.self, forKey: .resourceVersion) ?? ""
        self.generation = try container.decodeIfPresent(Int64.self, forKey: .generation)
        self.creationTimestamp = try container.decodeIfPresent(Timestamp.self, forKey: .creationTimestamp)
        self.deletionTimestamp = try container.decodeIfPresent(Timestamp.self, forKey: .deletionTimestamp)
        self.deletionGracePeriodSeconds = try container.decodeIfPresent(Int.self, forKey: .deletionGracePeriodSeconds)
        self.generateName = try container.decodeIfPresent(String.self, forKey: .generateName)
        self.labels = try container.decode([String: String].self, forKey: .labels)
        self.annotations = try container.decode([String: String].self, forKey: .annotations)
        self.ownerReferences = try container.decode([OwnerReference].self, forKey: .ownerReferences)
        self.finalizers = try container.decode([String].self, forKey: .finalizers)
    }

    /// Writes what is not empty.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        for (text, key) in [
            (self.name, CodingKeys.name), (self.namespace, .namespace), (self.uid, .uid),
            (self.resourceVersion, .resourceVersion),
        ] where !text.isEmpty {
            try container.encode(text, forKey: key)
        }
        try container.encodeIfPresent(self.generation, forKey: .generation)
        try container.encodeIfPresent(self.creationTimestamp, forKey: .creationTimestamp)
        try container.encodeIfPresent(self.deletionTimestamp, forKey: .deletionTimestamp)
        try container.encodeIfPresent(self.deletionGracePeriodSeconds, forKey: .deletionGracePeriodSeconds)
        try container.encodeIfPresent(self.generateName, forKey: .generateName)
        try container.encode(self.labels, forKey: .labels)
        try container.encode(self.annotations, forKey: .annotations)
        try container.encode(self.ownerReferences, forKey: .ownerReferences)
        try container.encode(self.finalizers, forKey: .finalizers)
    }
}
