package conformance;

import com.azure.ai.openai.models.AzureChatExtensionsMessageContext;
import com.azure.ai.openai.models.ChatChoice;
import com.azure.ai.openai.models.ChatCompletions;
import com.azure.ai.openai.models.ChatCompletionsFunctionToolCall;
import com.azure.ai.openai.models.ChatCompletionsToolCall;
import com.azure.ai.openai.models.ChatResponseMessage;
import com.azure.ai.openai.models.Choice;
import com.azure.ai.openai.models.Completions;
import com.azure.ai.openai.models.CompletionsUsage;
import com.azure.ai.openai.models.FunctionCall;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.function.Function;

/** What a caller reads of chat and completion answers, whole and streamed. */
final class ChatViews {
    private ChatViews() {}

    static Map<String, Object> chat(ChatCompletions answer) {
        Map<String, Object> view = chatStream(List.of(answer));
        view.remove("chunk_count");
        List<Object> filters = new ArrayList<>(); // an empty block is one, where a stream's only begins one
        Views.list(answer.getChoices()).forEach(choice -> filters.add(Filters.choice(choice.getContentFilterResults())));
        view.put("content_filters", filters);
        view.put("content_filter", filters.isEmpty() ? null : filters.get(0));
        return view;
    }

    static Map<String, Object> completion(Completions answer) {
        Map<String, Object> view = completionStream(List.of(answer));
        view.remove("chunk_count");
        return view;
    }

    /** A whole answer is a stream of one: its choices have a message where a chunk's have a delta. */
    static Map<String, Object> chatStream(List<ChatCompletions> items) {
        Map<Integer, Pieces> byIndex = new TreeMap<>();
        for (ChatCompletions item : items) {
            for (ChatChoice choice : Views.list(item.getChoices())) {
                byIndex.computeIfAbsent(choice.getIndex(), index -> new Pieces()).add(choice);
            }
        }
        Map<String, Object> view = head(items, byIndex);
        Pieces leading = byIndex.isEmpty() ? new Pieces() : byIndex.values().iterator().next();
        view.put("id", last(items, ChatCompletions::getId));
        view.put("model", last(items, ChatCompletions::getModel));
        view.put("created", Views.seconds(last(items, ChatCompletions::getCreatedAt)));
        view.put("role", leading.role);
        view.put("refusal", leading.refusal);
        view.put("tool_calls", leading.toolCalls());
        view.put("context", leading.context);
        view.put("usage", usage(last(items, ChatCompletions::getUsage)));
        view.put("prompt_filter", Filters.prompts(last(items, ChatCompletions::getPromptFilterResults)));
        return view;
    }

    static Map<String, Object> completionStream(List<Completions> items) {
        Map<Integer, Pieces> byIndex = new TreeMap<>();
        for (Completions item : items) {
            for (Choice choice : Views.list(item.getChoices())) {
                byIndex.computeIfAbsent(choice.getIndex(), index -> new Pieces()).add(choice);
            }
        }
        Map<String, Object> view = head(items, byIndex);
        view.put("id", last(items, Completions::getId));
        view.put("created", Views.seconds(last(items, Completions::getCreatedAt)));
        view.put("usage", usage(last(items, Completions::getUsage)));
        view.put("prompt_filter", Filters.prompts(last(items, Completions::getPromptFilterResults)));
        return view;
    }

    private static Map<String, Object> head(List<?> items, Map<Integer, Pieces> byIndex) {
        List<Object> texts = new ArrayList<>();
        List<Object> reasons = new ArrayList<>();
        List<Object> filters = new ArrayList<>();
        byIndex.values().forEach(pieces -> {
            texts.add(pieces.text);
            reasons.add(pieces.finishReason);
            filters.add(pieces.filter);
        });
        Map<String, Object> view = new LinkedHashMap<>();
        view.put("choices", byIndex.size());
        view.put("texts", texts);
        view.put("text", texts.isEmpty() ? null : texts.get(0));
        view.put("finish_reasons", reasons);
        view.put("finish_reason", reasons.isEmpty() ? null : reasons.get(0));
        view.put("content_filters", filters);
        view.put("content_filter", filters.isEmpty() ? null : filters.get(0));
        view.put("chunk_count", items.size());
        return view;
    }

    private static Map<String, Object> usage(CompletionsUsage usage) {
        if (usage == null) {
            return null;
        }
        Map<String, Object> view = new LinkedHashMap<>();
        view.put("prompt_tokens", usage.getPromptTokens());
        view.put("completion_tokens", usage.getCompletionTokens());
        view.put("total_tokens", usage.getTotalTokens());
        var completion = usage.getCompletionTokensDetails();
        view.put("reasoning_tokens", completion == null ? null : completion.getReasoningTokens());
        var prompt = usage.getPromptTokensDetails();
        view.put("cached_tokens", prompt == null ? null : prompt.getCachedTokens());
        return view;
    }

    /** The last value that says anything: Azure's filter-only chunks have empty ids and models. */
    private static <T, V> V last(List<T> items, Function<T, V> getter) {
        for (int index = items.size() - 1; index >= 0; index--) {
            V found = getter.apply(items.get(index));
            boolean empty = found == null || "".equals(found) || List.of().equals(found)
                    || found instanceof java.time.OffsetDateTime time && time.toEpochSecond() == 0;
            if (!empty) {
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
        private Map<String, Object> filter;
        private Map<String, Object> context;
        private final List<Map<String, Object>> tools = new ArrayList<>();

        void add(ChatChoice choice) {
            ChatResponseMessage message = choice.getMessage() == null ? choice.getDelta() : choice.getMessage();
            if (message != null) {
                role = message.getRole() == null ? role : message.getRole().toString();
                text = joined(text, message.getContent());
                refusal = joined(refusal, message.getRefusal());
                context = message.getContext() == null ? context : contextOf(message.getContext());
                Views.list(message.getToolCalls()).forEach(this::add);
            }
            finishReason = choice.getFinishReason() == null ? finishReason : choice.getFinishReason().toString();
            filter = merged(filter, Filters.choice(choice.getContentFilterResults()));
        }

        void add(Choice choice) {
            text = joined(text, choice.getText());
            finishReason = choice.getFinishReason() == null ? finishReason : choice.getFinishReason().toString();
            filter = merged(filter, Filters.choice(choice.getContentFilterResults()));
        }

        /** A piece of a tool call. The SDK has no accessor for its index: what has an id begins another call. */
        private void add(ChatCompletionsToolCall piece) {
            boolean begins = tools.isEmpty() || piece.getId() != null && !piece.getId().isEmpty();
            if (begins) {
                tools.add(new LinkedHashMap<>());
            }
            Map<String, Object> call = tools.get(tools.size() - 1);
            call.merge("id", Objects.requireNonNullElse(piece.getId(), ""), (a, b) -> "".equals(b) ? a : b);
            call.putIfAbsent("type", piece.getType());
            FunctionCall function = piece instanceof ChatCompletionsFunctionToolCall own ? own.getFunction() : null;
            call.putIfAbsent("name", function == null ? null : function.getName());
            call.put("arguments", joined((String) call.get("arguments"),
                    function == null ? null : function.getArguments()));
        }

        List<Map<String, Object>> toolCalls() {
            return tools;
        }
    }

    private static String joined(String soFar, String more) {
        return more == null ? soFar : soFar == null ? more : soFar + more;
    }

    private static Map<String, Object> merged(Map<String, Object> soFar, Map<String, Object> more) {
        if (soFar == null || more == null || more.isEmpty()) {
            return more == null || more.isEmpty() ? soFar : more;
        }
        Map<String, Object> both = new LinkedHashMap<>(soFar);
        both.putAll(more);
        return both;
    }

    private static Map<String, Object> contextOf(AzureChatExtensionsMessageContext context) {
        Map<String, Object> view = new LinkedHashMap<>();
        if (context.getCitations() != null) {
            view.put("citations", context.getCitations().stream().map(citation -> {
                Map<String, Object> one = new LinkedHashMap<>();
                Views.put(one, "content", citation.getContent());
                Views.put(one, "title", citation.getTitle());
                one.put("url", citation.getUrl());
                Views.put(one, "filepath", citation.getFilepath());
                Views.put(one, "chunk_id", citation.getChunkId());
                Views.put(one, "rerank_score", citation.getRerankScore());
                return one;
            }).toList());
        }
        Views.put(view, "intent", context.getIntent());
        return view;
    }
}
