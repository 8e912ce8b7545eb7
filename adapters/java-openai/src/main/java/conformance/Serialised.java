package conformance;

import com.openai.core.ObjectMappers;

/** The SDK's own serialisation of what it returned; the digest of binary content. */
final class Serialised {
    private Serialised() {}

    static Object of(Object result) {
        if (result == null) {
            return null;
        }
        return result instanceof Content content ? Values.digest(content.bytes())
                : ObjectMappers.jsonMapper().convertValue(result, Object.class);
    }
}
