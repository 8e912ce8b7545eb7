package conformance;

import com.azure.core.exception.HttpResponseException;
import com.azure.core.http.HttpResponse;
import io.netty.channel.ConnectTimeoutException;
import io.netty.handler.timeout.TimeoutException;
import java.io.IOException;
import java.net.SocketException;
import java.nio.channels.ClosedChannelException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import reactor.core.Exceptions;

/** What a caller can learn from an exception of the SDK. */
final class Errors {
    private Errors() {}

    /** What the SDK threw: where its asynchronous client is waited for, reactor wraps it. */
    static Throwable unwrapped(RuntimeException thrown) {
        return Exceptions.unwrap(thrown);
    }

    static Map<String, Object> describe(Throwable error) {
        Map<String, Object> found = ErrorMembers.of(error, kind(error), "com.azure.");
        if (error instanceof HttpResponseException refused) {
            Object body = refused.getValue() instanceof Map<?, ?> value && value.get("error") instanceof Map<?, ?> inner
                    ? inner : refused.getValue();
            found.put("body", body);
            if (body instanceof Map<?, ?> members) {
                found.put("code", members.get("code"));
                found.put("param", members.get("param"));
                found.put("error_type", members.get("type"));
                found.put("content_filter", ErrorMembers.contentFilter(members));
            }
            HttpResponse response = refused.getResponse();
            if (response != null) {
                found.put("status", response.getStatusCode());
                List<List<String>> headers = new ArrayList<>();
                response.getHeaders().forEach(header -> header.getValuesList()
                        .forEach(value -> headers.add(List.of(header.getName(), value))));
                found.put("headers", headers);
            }
        }
        return found;
    }

    private static boolean comesFrom(Throwable error, String place) {
        StackTraceElement[] frames = error.getStackTrace();
        return frames.length > 0 && frames[0].getClassName().contains(place);
    }

    /** One class serves most statuses, so the status it shows decides; else the cause that says most. */
    private static String kind(Throwable error) {
        if (error instanceof HttpResponseException refused && refused.getResponse() != null) {
            return ErrorMembers.kindOf(refused.getResponse().getStatusCode());
        }
        for (Throwable cause = error; cause != null; cause = cause.getCause()) {
            if (cause instanceof TimeoutException || cause instanceof ConnectTimeoutException
                    || cause instanceof java.util.concurrent.TimeoutException) {
                return "timeout";
            }
            if (cause instanceof SocketException || cause instanceof ClosedChannelException
                    || cause.getClass().getSimpleName().startsWith("Premature")
                    || cause.getClass().getName().contains("netty") && cause instanceof IOException) {
                return "connection";
            }
            if (cause.getClass().getName().toLowerCase().contains("json")
                    || cause != error && cause instanceof IllegalStateException) {
                return "decode"; // azure-json complains of an unexpected token with an IllegalStateException
            }
        }
        if (comesFrom(error, "ServerSentEvents") || comesFrom(error, "io.netty.handler.codec")) {
            return "decode"; // as it does of an event that is none; netty of a length that is none with a number's
        }
        boolean misused = error instanceof IllegalArgumentException || error instanceof NullPointerException
                || error instanceof IllegalStateException;
        return misused ? "configuration" : error.getCause() instanceof IOException ? "connection" : "other";
    }
}
