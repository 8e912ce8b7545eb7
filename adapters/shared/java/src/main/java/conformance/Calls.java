package conformance;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Performs calls: whatever the SDK does is an outcome, whatever else goes wrong is a defect and thrown. */
final class Calls {
    private Calls() {}

    static Map<String, Object> perform(Session session, Map<String, Object> message) {
        SdkOperation<?, ?> operation = Operations.TABLE.get(message.get("operation"));
        if (operation == null) {
            return unsupported(Session.PACKAGE + " has no " + message.get("operation"));
        }
        boolean streamed = message.get("stream") != null;
        if (streamed && !operation.canStream()) {
            return unsupported("the adapter of " + Session.PACKAGE + " does not stream " + message.get("operation"));
        }
        return streamed ? stream(operation, session, message) : whole(operation, session, message);
    }

    private static <T> Map<String, Object> whole(SdkOperation<T, ?> operation, Session session,
            Map<String, Object> message) {
        Answer<T> answer;
        try {
            answer = operation.answer(new Call(session, message), session.isAsync());
        } catch (UnsupportedCall refused) {
            return unsupported(refused.getMessage());
        } catch (RuntimeException error) {
            return failed(session, error);
        }
        Map<String, Object> outcome = new LinkedHashMap<>();
        outcome.put("outcome", "ok");
        outcome.put("result", Serialised.of(answer.result()));
        outcome.put("view", operation.view(answer.result()));
        outcome.put("request_id", answer.requestId());
        return counted(session, outcome);
    }

    private static <S> Map<String, Object> stream(SdkOperation<?, S> operation, Session session,
            Map<String, Object> message) {
        Map<String, Object> plan = Json.object(message, "stream");
        long limit = "first".equals(plan.get("consume")) ? Json.number(plan, "count") : Long.MAX_VALUE;
        List<S> items = new ArrayList<>();
        Map<String, Object> outcome;
        try {
            operation.stream(new Call(session, message), session.isAsync(), items, limit);
            outcome = new LinkedHashMap<>();
            outcome.put("outcome", "ok");
        } catch (UnsupportedCall refused) {
            return unsupported(refused.getMessage());
        } catch (RuntimeException error) {
            outcome = failed(session, error);
        }
        outcome.put("chunks", items.stream().map(Serialised::of).toList());
        outcome.put("view", operation.streamView(items));
        return counted(session, outcome);
    }

    private static Map<String, Object> unsupported(String reason) {
        return Map.of("outcome", "unsupported", "reason", reason);
    }

    private static Map<String, Object> failed(Session session, RuntimeException thrown) {
        Map<String, Object> error = Errors.describe(Errors.unwrapped(thrown));
        Map<String, Object> outcome = new LinkedHashMap<>();
        outcome.put("outcome", "error");
        outcome.put("error", error);
        outcome.put("request_id", error.get("request_id"));
        return counted(session, outcome);
    }

    private static Map<String, Object> counted(Session session, Map<String, Object> outcome) {
        outcome.put("token_calls", session.tokenCalls());
        return outcome;
    }
}
