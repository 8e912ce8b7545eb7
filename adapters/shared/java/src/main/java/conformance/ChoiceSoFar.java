package conformance;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;

/** One choice of an answer, put together from the pieces of a stream; a whole answer is one piece. */
final class ChoiceSoFar {
    Object role;
    String text;
    String refusal;
    String finishReason;
    Object filter;
    Object context;
    /** The tool calls, in the order of their keys. */
    final Map<Long, Map<String, Object>> tools = new TreeMap<>();

    void addText(String more) {
        text = joined(text, more);
    }

    void addRefusal(String more) {
        refusal = joined(refusal, more);
    }

    void finish(String reason) {
        finishReason = reason == null ? finishReason : reason;
    }

    /** The latest word on each category stays; an empty block says nothing. */
    void addFilter(Object more) {
        if (more == null || Map.of().equals(more)) {
            return;
        }
        if (filter instanceof Map<?, ?> before && more instanceof Map<?, ?> after) {
            Map<Object, Object> both = new LinkedHashMap<>(before);
            both.putAll(after);
            filter = both;
        } else {
            filter = more;
        }
    }

    static String joined(String soFar, String more) {
        return more == null ? soFar : soFar == null ? more : soFar + more;
    }
}
