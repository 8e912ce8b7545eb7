package conformance;

/** What a call brought; {@code requestId} is null where the SDK has no accessor for it. */
record Answer<T>(T result, String requestId) {}
