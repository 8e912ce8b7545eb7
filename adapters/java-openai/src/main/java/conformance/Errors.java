package conformance;

import com.openai.errors.OpenAIInvalidDataException;
import com.openai.errors.OpenAIIoException;
import com.openai.errors.OpenAIServiceException;
import com.openai.errors.SseException;
import java.io.InterruptedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletionException;

/** What a caller can learn from an exception of the SDK. */
final class Errors {
    private Errors() {}

    /** What the SDK threw: where its asynchronous client is waited for, the future wraps it. */
    static Throwable unwrapped(RuntimeException thrown) {
        return thrown instanceof CompletionException && thrown.getCause() != null ? thrown.getCause() : thrown;
    }

    static Map<String, Object> describe(Throwable error) {
        Map<String, Object> found = ErrorMembers.of(error, kind(error), "com.openai.");
        if (error instanceof OpenAIServiceException refused) {
            found.put("status", refused.statusCode());
            found.put("code", Views.option(refused::code));
            found.put("param", Views.option(refused::param));
            found.put("error_type", Views.option(refused::type));
            Object body = Views.plain(refused.body());
            found.put("body", body);
            found.put("content_filter", body instanceof Map<?, ?> members ? ErrorMembers.contentFilter(members) : null);
            List<List<String>> headers = new ArrayList<>();
            refused.headers().names().forEach(
                    name -> refused.headers().values(name).forEach(value -> headers.add(List.of(name, value))));
            found.put("headers", headers);
            found.put("request_id", requestId(refused));
        }
        return found;
    }

    /** The library documents no accessor for an error's id but its headers. */
    private static String requestId(OpenAIServiceException refused) {
        List<String> ids = refused.headers().values("x-request-id");
        return ids.isEmpty() ? null : ids.get(0);
    }

    private static String kind(Throwable error) {
        if (error instanceof SseException) {
            return "stream";
        }
        if (error instanceof OpenAIServiceException refused) {
            return ErrorMembers.kindOf(refused.statusCode());
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
