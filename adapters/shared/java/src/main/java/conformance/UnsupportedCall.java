package conformance;

/** The SDK has no such thing; the message says what. */
final class UnsupportedCall extends RuntimeException {
    private static final long serialVersionUID = 1L;

    UnsupportedCall(String reason) {
        super(reason);
    }
}
