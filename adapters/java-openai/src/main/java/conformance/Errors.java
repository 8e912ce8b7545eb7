package conformance;

import com.openai.errors.OpenAIInvalidDataException;
import com.openai.errors.OpenAIIoException;
import com.openai.errors.OpenAIServiceException;
import com.openai.errors.SseException;
import java.io.InterruptedIOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What a caller can learn from an exception of the SDK. */
final class Errors {
    private static final Map<Integer, String> KINDS = Map.of(400, "bad_request", 401, "authentication", 403,
            "permission_denied", 404, "not_found", 409, "conflict", 422, "unprocessable", 429, "rate_limit");

    private Errors() {}

    static Map<String, Object> describe(Throwable error) {
        Map<String, Object> found = new LinkedHashMap<>();
        found.put("type", error.getClass().getSimpleName());
        found.put("kind", kind(error));
        found.put("message", String.valueOf(error.getMessage()));
        found.put("bases", bases(error.getClass()));
        if (error instanceof OpenAIServiceException refused) {
            found.put("status", refused.statusCode());
            found.put("code", Views.option(refused::code));
            found.put("param", Views.option(refused::param));
            found.put("error_type", Views.option(refused::type));
            Object body = Views.plain(refused.body());
            found.put("body", body);
            found.put("content_filter", body instanceof Map<?, ?> members ? filter(members) : null);
            List<List<String>> headers = new ArrayList<>();
            refused.headers().names().forEach(
                    name -> refused.headers().values(name).forEach(value -> headers.add(List.of(name, value))));
            found.put("headers", headers);
            found.put("request_id", requestId(error));
        }
        return found;
    }

    /** The library documents no accessor for an error's id but its headers. */
    static String requestId(Throwable error) {
        if (error instanceof OpenAIServiceException refused) {
            List<String> ids = refused.headers().values("x-request-id");
            return ids.isEmpty() ? null : ids.get(0);
        }
        return null;
    }

    /** The filter's detail in the untyped body, under either of its documented spellings. */
    private static Object filter(Map<?, ?> body) {
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

    /** The classes of the SDK it is caught as, its own first. */
    private static List<String> bases(Class<?> type) {
        List<String> bases = new ArrayList<>();
        for (Class<?> base = type; base != null; base = base.getSuperclass()) {
            if (base.getName().startsWith("com.openai.")) {
                bases.add(base.getSimpleName());
            }
        }
        return bases;
    }

    private static String kind(Throwable error) {
        if (error instanceof SseException) {
            return "stream";
        }
        if (error instanceof OpenAIServiceException refused) {
            int status = refused.statusCode();
            return status < 300 ? "decode" : KINDS.getOrDefault(status, status >= 500 ? "internal_server" : "status");
        }
        if (error instanceof OpenAIInvalidDataException) {
            return "decode";
        }
        for (Throwable cause = error; cause != null; cause = cause.getCause()) {
            if (cause instanceof InterruptedIOException) {
                return "timeout"; // SocketTimeoutException is one
            }
        }
        if (error instanceof OpenAIIoException) {
            return "connection";
        }
        return error instanceof IllegalArgumentException || error instanceof IllegalStateException
                || error instanceof NullPointerException ? "configuration" : "other";
    }
}
