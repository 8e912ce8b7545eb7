package conformance;

import java.util.Map;
import java.util.Objects;

/** Reading the plain values JSON is made of. */
final class Json {
    private Json() {}

    static String text(Map<String, Object> holder, String name) {
        return (String) holder.get(name);
    }

    /** Milliseconds or a count; null when it is not given. */
    static Integer number(Map<String, Object> holder, String name) {
        Number found = (Number) holder.get(name);
        return found == null ? null : found.intValue();
    }

    @SuppressWarnings("unchecked")
    static Map<String, Object> object(Map<String, Object> holder, String name) {
        return Objects.requireNonNullElse((Map<String, Object>) holder.get(name), Map.of());
    }
}
