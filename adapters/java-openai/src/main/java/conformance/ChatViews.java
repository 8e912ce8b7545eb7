package conformance;

import com.openai.models.chat.completions.ChatCompletion;
import com.openai.models.chat.completions.ChatCompletionChunk;
import com.openai.models.chat.completions.ChatCompletionMessage;
import com.openai.models.chat.completions.ChatCompletionMessageToolCall;
import com.openai.models.completions.Completion;
import com.openai.models.completions.CompletionChoice;
import com.openai.models.completions.CompletionUsage;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;

/** What a caller reads of chat and completion answers, whole and streamed. */
final class ChatViews {
    private static final String FILTER = "content_filter_results";
    private static final String PROMPT_FILTER = "prompt_filter_results";

    private ChatViews() {}

    static Map<String, Object> chat(ChatCompletion answer) {
        List<Pieces> choices = new ArrayList<>();
        for (ChatCompletion.Choice choice : Views.list(answer::choices)) {
            Pieces pieces = new Pieces();
            pieces.finishReason = Views.name(Views.read(choice::finishReason));
            pieces.filter = Views.extra(choice._additionalProperties(), FILTER);
            ChatCompletionMessage message = Views.read(choice::message);
            if (message != null) {
                pieces.role = Views.plain(message._role());
                pieces.text = Views.option(message::content);
                pieces.refusal = Views.option(message::refusal);
                pieces.context = Views.extra(message._additionalProperties(), "context");
                List<ChatCompletionMessageToolCall> calls = Views.option(message::toolCalls);
                for (ChatCompletionMessageToolCall call : calls == null ? List.<ChatCompletionMessageToolCall>of()
                        : calls) {
                    pieces.tools.put((long) pieces.tools.size(), toolCall(call));
                }
            }
            choices.add(pieces);
        }
        Map<String, Object> view = head(choices);
        chatMembers(view, choices);
        view.put("id", Views.read(answer::id));
        view.put("object", Views.plain(answer._object_()));
        view.put("model", Views.read(answer::model));
        view.put("created", Views.read(answer::created));
        view.put("usage", usage(Views.option(answer::usage)));
        view.put("prompt_filter", Views.extra(answer._additionalProperties(), PROMPT_FILTER));
        return view;
    }

    private static Map<String, Object> toolCall(ChatCompletionMessageToolCall call) {
        Map<String, Object> view = new LinkedHashMap<>();
        call.function().ifPresent(function -> {
            view.put("id", Views.read(function::id));
            view.put("type", Views.plain(function._type()));
            view.put("name", Views.read(() -> function.function().name()));
            view.put("arguments", Views.read(() -> function.function().arguments()));
        });
        call.custom().ifPresent(custom -> {
            view.put("id", Views.read(custom::id));
            view.put("type", Views.plain(custom._type()));
            view.put("name", null);
            view.put("arguments", null);
        });
        return view;
    }

    static Map<String, Object> chatStream(List<ChatCompletionChunk> items) {
        Map<Long, Pieces> byIndex = new TreeMap<>();
        for (ChatCompletionChunk item : items) {
            for (ChatCompletionChunk.Choice choice : Views.list(item::choices)) {
                Long index = Views.read(choice::index);
                byIndex.computeIfAbsent(index == null ? 0 : index, any -> new Pieces()).add(choice);
            }
        }
        List<Pieces> choices = List.copyOf(byIndex.values());
        Map<String, Object> view = head(choices);
        chatMembers(view, choices);
        view.put("id", last(items, item -> Views.read(item::id)));
        view.put("object", last(items, item -> Views.plain(item._object_())));
        view.put("model", last(items, item -> Views.read(item::model)));
        view.put("created", last(items, item -> Views.read(item::created)));
        view.put("usage", usage(last(items, item -> Views.option(item::usage))));
        view.put("prompt_filter", last(items, item -> Views.extra(item._additionalProperties(), PROMPT_FILTER)));
        view.put("chunk_count", items.size());
        return view;
    }

    static Map<String, Object> completion(Completion answer) {
        Map<String, Object> view = completionStream(List.of(answer));
        view.remove("chunk_count");
        return view;
    }

    static Map<String, Object> completionStream(List<Completion> items) {
        Map<Long, Pieces> byIndex = new TreeMap<>();
        for (Completion item : items) {
            for (CompletionChoice choice : Views.list(item::choices)) {
                Long index = Views.read(choice::index);
                Pieces pieces = byIndex.computeIfAbsent(index == null ? 0 : index, any -> new Pieces());
                pieces.text = joined(pieces.text, Views.read(choice::text));
                String reason = Views.name(Views.read(choice::finishReason));
                pieces.finishReason = reason == null ? pieces.finishReason : reason;
                pieces.filter = merged(pieces.filter, Views.extra(choice._additionalProperties(), FILTER));
            }
        }
        Map<String, Object> view = head(List.copyOf(byIndex.values()));
        view.put("id", last(items, item -> Views.read(item::id)));
        view.put("object", last(items, item -> Views.plain(item._object_())));
        view.put("model", last(items, item -> Views.read(item::model)));
        view.put("created", last(items, item -> Views.read(item::created)));
        view.put("usage", usage(last(items, item -> Views.option(item::usage))));
        view.put("prompt_filter", last(items, item -> Views.extra(item._additionalProperties(), PROMPT_FILTER)));
        view.put("chunk_count", items.size());
        return view;
    }

    private static Map<String, Object> head(List<Pieces> choices) {
        List<Object> texts = new ArrayList<>();
        List<Object> reasons = new ArrayList<>();
        List<Object> filters = new ArrayList<>();
        choices.forEach(pieces -> {
            texts.add(pieces.text);
            reasons.add(pieces.finishReason);
            filters.add(pieces.filter);
        });
        Map<String, Object> view = new LinkedHashMap<>();
        view.put("choices", choices.size());
        view.put("texts", texts);
        view.put("text", texts.isEmpty() ? null : texts.get(0));
        view.put("finish_reasons", reasons);
        view.put("finish_reason", reasons.isEmpty() ? null : reasons.get(0));
        view.put("content_filters", filters);
        view.put("content_filter", filters.isEmpty() ? null : filters.get(0));
        return view;
    }

    private static void chatMembers(Map<String, Object> view, List<Pieces> choices) {
        Pieces leading = choices.isEmpty() ? new Pieces() : choices.get(0);
        view.put("role", leading.role);
        view.put("refusal", leading.refusal);
        view.put("context", leading.context);
        view.put("tool_calls", List.copyOf(leading.tools.values()));
    }

    private static Map<String, Object> usage(CompletionUsage usage) {
        if (usage == null) {
            return null;
        }
        var completion = Views.option(usage::completionTokensDetails);
        var prompt = Views.option(usage::promptTokensDetails);
        return Views.usage("prompt_tokens", Views.read(usage::promptTokens), "completion_tokens",
                Views.read(usage::completionTokens), Views.read(usage::totalTokens),
                completion == null ? null : Views.option(completion::reasoningTokens),
                prompt == null ? null : Views.option(prompt::cachedTokens));
    }

    /** The last value that says anything: Azure's filter-only chunks have empty ids and models. */
    private static <T, V> V last(List<T> items, Function<T, V> getter) {
        for (int index = items.size() - 1; index >= 0; index--) {
            V found = getter.apply(items.get(index));
            if (found != null && !"".equals(found) && !List.of().equals(found) && !Long.valueOf(0).equals(found)) {
                return found;
            }
        }
        return items.isEmpty() ? null : getter.apply(items.get(0));
    }

    /** One choice, put together. */
    private static final class Pieces {
        private Object role;
        private String text;
        private String refusal;
        private String finishReason;
        private Object filter;
        private Object context;
        private final Map<Long, Map<String, Object>> tools = new TreeMap<>();

        void add(ChatCompletionChunk.Choice choice) {
            ChatCompletionChunk.Choice.Delta delta = Views.read(choice::delta);
            if (delta != null) {
                String said = Views.name(Views.option(delta::role));
                role = said == null ? role : said;
                text = joined(text, Views.option(delta::content));
                refusal = joined(refusal, Views.option(delta::refusal));
                Object found = Views.extra(delta._additionalProperties(), "context");
                context = found == null ? context : found;
                var calls = Views.option(delta::toolCalls);
                if (calls != null) {
                    calls.forEach(this::add);
                }
            }
            String reason = Views.name(Views.option(choice::finishReason));
            finishReason = reason == null ? finishReason : reason;
            filter = merged(filter, Views.extra(choice._additionalProperties(), FILTER));
        }

        private void add(ChatCompletionChunk.Choice.Delta.ToolCall piece) {
            Long index = Views.read(piece::index);
            Map<String, Object> call = tools.computeIfAbsent(index == null ? 0 : index, any -> {
                Map<String, Object> empty = new LinkedHashMap<>();
                List.of("id", "type", "name", "arguments").forEach(name -> empty.put(name, null));
                return empty;
            });
            keep(call, "id", Views.option(piece::id));
            keep(call, "type", Views.name(Views.option(piece::type)));
            var function = Views.option(piece::function);
            if (function != null) {
                keep(call, "name", Views.option(function::name));
                call.put("arguments", joined((String) call.get("arguments"), Views.option(function::arguments)));
            }
        }

        private static void keep(Map<String, Object> call, String name, String found) {
            if (found != null && !found.isEmpty()) {
                call.put(name, found);
            }
        }
    }

    private static String joined(String soFar, String more) {
        return more == null ? soFar : soFar == null ? more : soFar + more;
    }

    private static Object merged(Object soFar, Object more) {
        if (more == null || Map.of().equals(more)) {
            return soFar;
        }
        if (soFar instanceof Map<?, ?> before && more instanceof Map<?, ?> after) {
            Map<Object, Object> both = new LinkedHashMap<>(before);
            both.putAll(after);
            return both;
        }
        return more;
    }
}
