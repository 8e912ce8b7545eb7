package conformance;

import com.azure.core.http.rest.PagedResponse;
import com.azure.core.http.rest.Response;
import com.azure.core.util.BinaryData;
import com.azure.json.JsonSerializable;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import reactor.core.Exceptions;
import reactor.core.publisher.Flux;

/** Performs calls: whatever the SDK does is an outcome, whatever else goes wrong is a defect and thrown. */
final class Calls {
    private Calls() {}

    static Map<String, Object> perform(Session session, Map<String, Object> message) {
        Operation<?, ?> operation = Operations.TABLE.get(message.get("operation"));
        if (operation == null) {
            return unsupported("azure-ai-openai has no " + message.get("operation"));
        }
        boolean streamed = message.get("stream") != null;
        if (streamed && operation.streamReader() == null) {
            return unsupported("azure-ai-openai cannot stream " + message.get("operation"));
        }
        return streamed ? stream(operation, session, message) : whole(operation, session, message);
    }

    private static <T> Map<String, Object> whole(Operation<T, ?> operation, Session session,
            Map<String, Object> message) {
        T result;
        try {
            Call call = new Call(session, message);
            result = session.isAsync() ? operation.async().apply(call).block() : operation.sync().apply(call);
        } catch (UnsupportedCall refused) {
            return unsupported(refused.getMessage());
        } catch (RuntimeException error) {
            return failed(session, Exceptions.unwrap(error));
        }
        Map<String, Object> outcome = new LinkedHashMap<>();
        outcome.put("outcome", "ok");
        outcome.put("result", serialised(result));
        outcome.put("view", result == null ? Map.of() : operation.reader().apply(result));
        return counted(session, outcome);
    }

    private static <S> Map<String, Object> stream(Operation<?, S> operation, Session session,
            Map<String, Object> message) {
        Map<String, Object> plan = Json.object(message, "stream");
        long limit = "first".equals(plan.get("consume")) ? Json.number(plan, "count") : Long.MAX_VALUE;
        List<S> items = new ArrayList<>();
        Map<String, Object> outcome;
        try {
            Call call = new Call(session, message);
            if (session.isAsync()) {
                Flux<S> events = operation.asyncStream().apply(call);
                (limit == Long.MAX_VALUE ? events : events.take(limit)).doOnNext(items::add).blockLast();
            } else {
                read(operation.syncStream().apply(call), items, limit);
            }
            outcome = new LinkedHashMap<>();
            outcome.put("outcome", "ok");
        } catch (UnsupportedCall refused) {
            return unsupported(refused.getMessage());
        } catch (RuntimeException error) {
            outcome = failed(session, Exceptions.unwrap(error));
        }
        outcome.put("chunks", items.stream().map(Calls::serialised).toList());
        outcome.put("view", operation.streamReader().apply(items));
        return counted(session, outcome);
    }

    private static <S> void read(Iterable<S> events, List<S> items, long limit) {
        if (limit == 0) {
            return;
        }
        for (Iterator<S> event = events.iterator(); items.size() < limit && event.hasNext();) {
            items.add(event.next());
        }
    }

    private static Map<String, Object> unsupported(String reason) {
        return Map.of("outcome", "unsupported", "reason", reason);
    }

    private static Map<String, Object> failed(Session session, Throwable error) {
        Map<String, Object> outcome = new LinkedHashMap<>();
        outcome.put("outcome", "error");
        outcome.put("error", Errors.describe(error));
        return counted(session, outcome);
    }

    private static Map<String, Object> counted(Session session, Map<String, Object> outcome) {
        outcome.put("token_calls", session.tokenCalls());
        return outcome;
    }

    /** The SDK's own serialisation; the digest of binary content. */
    private static Object serialised(Object result) {
        if (result instanceof Vectors vectors) {
            return serialised(vectors.answer());
        }
        if (result instanceof PagedResponse<?> page) {
            return serialised(page.getValue());
        }
        if (result instanceof Response<?> response) {
            return Views.digest(response.getValue());
        }
        if (result instanceof JsonSerializable<?> model) {
            try {
                return Main.JSON.readValue(BinaryData.fromObject(model).toString(), Object.class);
            } catch (IOException error) {
                throw new UncheckedIOException(error);
            }
        }
        if (result instanceof List<?> list) {
            return list.stream().map(Calls::serialised).toList();
        }
        return result instanceof String ? result : null; // a page of batches has no serialisation
    }
}
