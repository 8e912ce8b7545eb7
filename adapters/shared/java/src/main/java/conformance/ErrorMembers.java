package conformance;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What every exception tells its caller, and how the service's refusals are read. */
final class ErrorMembers {
    private static final Map<Integer, String> KINDS = Map.of(400, "bad_request", 401, "authentication", 403,
            "permission_denied", 404, "not_found", 409, "conflict", 422, "unprocessable", 429, "rate_limit");

    private ErrorMembers() {}

    /** {@code prefix} is how the names of the SDK's own classes begin. */
    static Map<String, Object> of(Throwable error, String kind, String prefix) {
        Map<String, Object> members = new LinkedHashMap<>();
        members.put("type", error.getClass().getSimpleName());
        members.put("kind", kind);
        members.put("message", String.valueOf(error.getMessage()));
        members.put("bases", bases(error.getClass(), prefix));
        return members;
    }

    /** The classes of the SDK it is caught as, its own first. */
    private static List<String> bases(Class<?> type, String prefix) {
        List<String> bases = new ArrayList<>();
        for (Class<?> base = type; base != null; base = base.getSuperclass()) {
            if (base.getName().startsWith(prefix)) {
                bases.add(base.getSimpleName());
            }
        }
        return bases;
    }

    /** The kind of an error that came with a status; one that says all is well had a body that could not be read. */
    static String kindOf(int status) {
        return status < 300 ? "decode" : KINDS.getOrDefault(status, status >= 500 ? "internal_server" : "status");
    }

    /** The filter's detail in an untyped body, under either of its documented spellings. */
    static Object contentFilter(Map<?, ?> body) {
        for (Object holder : new Object[] {body.get("innererror"), body.get("inner_error"), body}) {
            if (holder instanceof Map<?, ?> members) {
                for (String name : List.of("content_filter_result", "content_filter_results")) {
                    if (members.containsKey(name)) {
                        return members.get(name);
                    }
                }
            }
        }
        return null;
    }
}
