package conformance;

import com.openai.core.ObjectMappers;
import com.openai.core.http.AsyncStreamResponse;
import com.openai.core.http.HttpResponse;
import com.openai.core.http.StreamResponse;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletionException;

/** Performs calls: whatever the SDK does is an outcome, whatever else goes wrong is a defect and thrown. */
final class Calls {
    private Calls() {}

    static Map<String, Object> perform(Session session, Map<String, Object> message) {
        Operation<?, ?, ?> operation = Operations.TABLE.get(message.get("operation"));
        if (operation == null) {
            return unsupported("openai-java has no " + message.get("operation"));
        }
        boolean streamed = message.get("stream") != null;
        if (streamed && operation.streamReader() == null) {
            return unsupported("the adapter of openai-java does not stream " + message.get("operation"));
        }
        return streamed ? stream(operation, session, message) : whole(operation, session, message);
    }

    private static <R extends HttpResponse, T> Map<String, Object> whole(Operation<R, T, ?> operation,
            Session session, Map<String, Object> message) {
        T result;
        Optional<String> requestId;
        try {
            Call call = new Call(session, message);
            try (R response = session.isAsync() ? operation.async().apply(call).join()
                    : operation.sync().apply(call)) {
                requestId = response.requestId();
                result = operation.parse().apply(response);
            }
        } catch (UnsupportedCall refused) {
            return unsupported(refused.getMessage());
        } catch (RuntimeException error) {
            return failed(session, error);
        }
        Map<String, Object> outcome = new LinkedHashMap<>();
        outcome.put("outcome", "ok");
        outcome.put("result", serialised(result));
        outcome.put("view", operation.reader().apply(result));
        outcome.put("request_id", requestId.orElse(null));
        return counted(session, outcome);
    }

    private static <S> Map<String, Object> stream(Operation<?, ?, S> operation, Session session,
            Map<String, Object> message) {
        Map<String, Object> plan = Json.object(message, "stream");
        long limit = "first".equals(plan.get("consume")) ? Json.number(plan, "count") : Long.MAX_VALUE;
        List<S> items = new ArrayList<>();
        Map<String, Object> outcome;
        try {
            Call call = new Call(session, message);
            if (session.isAsync()) {
                subscribe(operation.asyncStream().apply(call), items, limit);
            } else {
                read(operation.syncStream().apply(call), items, limit);
            }
            outcome = new LinkedHashMap<>();
            outcome.put("outcome", "ok");
        } catch (UnsupportedCall refused) {
            return unsupported(refused.getMessage());
        } catch (RuntimeException error) {
            outcome = failed(session, error);
        }
        outcome.put("chunks", items.stream().map(Calls::serialised).toList());
        outcome.put("view", operation.streamReader().apply(items));
        return counted(session, outcome);
    }

    private static <S> void read(StreamResponse<S> events, List<S> items, long limit) {
        try (events) {
            for (Iterator<S> event = events.stream().iterator(); items.size() < limit && event.hasNext();) {
                items.add(event.next());
            }
        }
    }

    private static <S> void subscribe(AsyncStreamResponse<S> events, List<S> items, long limit) {
        events.subscribe(item -> {
            if (items.size() < limit) {
                items.add(item);
            }
            if (items.size() >= limit) {
                events.close();
            }
        });
        try {
            events.onCompleteFuture().join();
        } catch (CancellationException closed) {
            if (items.size() < limit) {
                throw closed;
            }
        } finally {
            events.close();
        }
    }

    private static Map<String, Object> unsupported(String reason) {
        return Map.of("outcome", "unsupported", "reason", reason);
    }

    private static Map<String, Object> failed(Session session, RuntimeException error) {
        Throwable cause = error instanceof CompletionException && error.getCause() != null ? error.getCause() : error;
        Map<String, Object> outcome = new LinkedHashMap<>();
        outcome.put("outcome", "error");
        outcome.put("error", Errors.describe(cause));
        outcome.put("request_id", Errors.requestId(cause));
        return counted(session, outcome);
    }

    private static Map<String, Object> counted(Session session, Map<String, Object> outcome) {
        outcome.put("token_calls", session.tokenCalls());
        return outcome;
    }

    /** The SDK's own serialisation; the digest of binary content. */
    private static Object serialised(Object result) {
        if (result == null) {
            return null;
        }
        return result instanceof Content content ? Views.digest(content)
                : ObjectMappers.jsonMapper().convertValue(result, Object.class);
    }
}
