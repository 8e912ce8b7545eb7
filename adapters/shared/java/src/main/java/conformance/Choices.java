package conformance;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;

/** The choices of an answer, by their index, and the part of a view that tells of them. */
final class Choices {
    private final Map<Long, ChoiceSoFar> byIndex = new TreeMap<>();

    /** The choice at {@code index}, which begins with its first piece; where there is no index, it is 0. */
    ChoiceSoFar at(Number index) {
        return byIndex.computeIfAbsent(index == null ? 0L : index.longValue(), any -> new ChoiceSoFar());
    }

    /** One more choice, after the others. */
    ChoiceSoFar next() {
        return at(byIndex.size());
    }

    Map<String, Object> completionView() {
        List<Object> texts = of(choice -> choice.text);
        List<Object> reasons = of(choice -> choice.finishReason);
        List<Object> filters = of(choice -> choice.filter);
        Map<String, Object> view = new LinkedHashMap<>();
        view.put("choices", byIndex.size());
        view.put("texts", texts);
        view.put("text", first(texts));
        view.put("finish_reasons", reasons);
        view.put("finish_reason", first(reasons));
        view.put("content_filters", filters);
        view.put("content_filter", first(filters));
        return view;
    }

    Map<String, Object> chatView() {
        ChoiceSoFar leading = byIndex.isEmpty() ? new ChoiceSoFar() : byIndex.values().iterator().next();
        Map<String, Object> view = completionView();
        view.put("role", leading.role);
        view.put("refusal", leading.refusal);
        view.put("context", leading.context);
        view.put("tool_calls", List.copyOf(leading.tools.values()));
        return view;
    }

    private List<Object> of(Function<ChoiceSoFar, Object> part) {
        List<Object> parts = new ArrayList<>(); // some of them null
        byIndex.values().forEach(choice -> parts.add(part.apply(choice)));
        return parts;
    }

    private static Object first(List<Object> values) {
        return values.isEmpty() ? null : values.get(0);
    }
}
