import Testing

/// What changes the machine's network, one test after the other: they compare before and after.
@Suite(.serialized, .timeLimit(.minutes(2))) enum MachineTests {}
