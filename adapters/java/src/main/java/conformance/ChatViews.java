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
        Choices choices = new Choices();
        for (ChatCompletions item : items) {
            for (ChatChoice choice : Views.list(item.getChoices())) {
                add(choices.at(choice.getIndex()), choice);
            }
        }
        Map<String, Object> view = choices.chatView();
        view.put("id", Values.last(items, ChatCompletions::getId));
        view.put("model", Values.last(items, ChatCompletions::getModel));
        view.put("created", Views.seconds(Values.last(items, ChatCompletions::getCreatedAt)));
        view.put("usage", usage(Values.last(items, ChatCompletions::getUsage)));
        view.put("prompt_filter", Filters.prompts(Values.last(items, ChatCompletions::getPromptFilterResults)));
        view.put("chunk_count", items.size());
        return view;
    }

    static Map<String, Object> completionStream(List<Completions> items) {
        Choices choices = new Choices();
        for (Completions item : items) {
            for (Choice choice : Views.list(item.getChoices())) {
                ChoiceSoFar soFar = choices.at(choice.getIndex());
                soFar.addText(choice.getText());
                soFar.finish(Values.name(choice.getFinishReason()));
                soFar.addFilter(Filters.choice(choice.getContentFilterResults()));
            }
        }
        Map<String, Object> view = choices.completionView();
        view.put("id", Values.last(items, Completions::getId));
        view.put("created", Views.seconds(Values.last(items, Completions::getCreatedAt)));
        view.put("usage", usage(Values.last(items, Completions::getUsage)));
        view.put("prompt_filter", Filters.prompts(Values.last(items, Completions::getPromptFilterResults)));
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

    private static void add(ChoiceSoFar soFar, ChatChoice choice) {
        ChatResponseMessage message = choice.getMessage() == null ? choice.getDelta() : choice.getMessage();
        if (message != null) {
            soFar.role = message.getRole() == null ? soFar.role : message.getRole().toString();
            soFar.addText(message.getContent());
            soFar.addRefusal(message.getRefusal());
            soFar.context = message.getContext() == null ? soFar.context : contextOf(message.getContext());
            Views.list(message.getToolCalls()).forEach(piece -> add(soFar.tools, piece));
        }
        soFar.finish(Values.name(choice.getFinishReason()));
        soFar.addFilter(Filters.choice(choice.getContentFilterResults()));
    }

    /** A piece of a tool call. The SDK has no accessor for its index: what has an id begins another call. */
    private static void add(Map<Long, Map<String, Object>> tools, ChatCompletionsToolCall piece) {
        boolean begins = tools.isEmpty() || piece.getId() != null && !piece.getId().isEmpty();
        long last = begins ? tools.size() : tools.size() - 1;
        Map<String, Object> call = tools.computeIfAbsent(last, any -> new LinkedHashMap<>());
        call.merge("id", Objects.requireNonNullElse(piece.getId(), ""), (a, b) -> "".equals(b) ? a : b);
        call.putIfAbsent("type", piece.getType());
        FunctionCall function = piece instanceof ChatCompletionsFunctionToolCall own ? own.getFunction() : null;
        call.putIfAbsent("name", function == null ? null : function.getName());
        call.put("arguments", ChoiceSoFar.joined((String) call.get("arguments"),
                function == null ? null : function.getArguments()));
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
