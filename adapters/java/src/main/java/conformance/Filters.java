package conformance;

import com.azure.ai.openai.models.ContentFilterCitedDetectionResult;
import com.azure.ai.openai.models.ContentFilterCompletionTextSpanResult;
import com.azure.ai.openai.models.ContentFilterDetailedResults;
import com.azure.ai.openai.models.ContentFilterDetectionResult;
import com.azure.ai.openai.models.ContentFilterResult;
import com.azure.ai.openai.models.ContentFilterResultDetailsForPrompt;
import com.azure.ai.openai.models.ContentFilterResultsForChoice;
import com.azure.ai.openai.models.ContentFilterResultsForPrompt;
import com.azure.ai.openai.models.ImageGenerationContentFilterResults;
import com.azure.ai.openai.models.ImageGenerationPromptFilterResults;
import com.azure.core.models.ResponseError;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Filter results, read category by category. */
final class Filters {
    private Filters() {}

    static List<Map<String, Object>> prompts(List<ContentFilterResultsForPrompt> results) {
        return results == null ? null : results.stream().map(result -> {
            Map<String, Object> view = new LinkedHashMap<>();
            view.put("prompt_index", result.getPromptIndex());
            Views.put(view, "content_filter_results", prompt(result.getContentFilterResults()));
            return view;
        }).toList();
    }

    private static Map<String, Object> prompt(ContentFilterResultDetailsForPrompt found) {
        if (found == null) {
            return null;
        }
        Map<String, Object> view = severities(found.getHate(), found.getSelfHarm(), found.getSexual(),
                found.getViolence());
        Views.put(view, "profanity", detection(found.getProfanity()));
        Views.put(view, "jailbreak", detection(found.getJailbreak()));
        Views.put(view, "indirect_attack", detection(found.getIndirectAttack()));
        Views.put(view, "custom_blocklists", blocklists(found.getCustomBlocklists()));
        Views.put(view, "error", error(found.getError()));
        return view;
    }

    static Map<String, Object> choice(ContentFilterResultsForChoice found) {
        if (found == null) {
            return null;
        }
        Map<String, Object> view = severities(found.getHate(), found.getSelfHarm(), found.getSexual(),
                found.getViolence());
        Views.put(view, "profanity", detection(found.getProfanity()));
        Views.put(view, "protected_material_text", detection(found.getProtectedMaterialText()));
        Views.put(view, "protected_material_code", cited(found.getProtectedMaterialCode()));
        Views.put(view, "ungrounded_material", spans(found.getUngroundedMaterial()));
        Views.put(view, "custom_blocklists", blocklists(found.getCustomBlocklists()));
        Views.put(view, "error", error(found.getError()));
        return view;
    }

    static Map<String, Object> image(ImageGenerationContentFilterResults found) {
        return found == null ? null
                : severities(found.getHate(), found.getSelfHarm(), found.getSexual(), found.getViolence());
    }

    static Map<String, Object> imagePrompt(ImageGenerationPromptFilterResults found) {
        if (found == null) {
            return null;
        }
        Map<String, Object> view = severities(found.getHate(), found.getSelfHarm(), found.getSexual(),
                found.getViolence());
        Views.put(view, "profanity", detection(found.getProfanity()));
        Views.put(view, "jailbreak", detection(found.getJailbreak()));
        Views.put(view, "custom_blocklists", blocklists(found.getCustomBlocklists()));
        return view;
    }

    private static Map<String, Object> severities(ContentFilterResult hate, ContentFilterResult selfHarm,
            ContentFilterResult sexual, ContentFilterResult violence) {
        Map<String, Object> view = new LinkedHashMap<>();
        Views.put(view, "hate", severity(hate));
        Views.put(view, "self_harm", severity(selfHarm));
        Views.put(view, "sexual", severity(sexual));
        Views.put(view, "violence", severity(violence));
        return view;
    }

    private static Map<String, Object> severity(ContentFilterResult found) {
        if (found == null) {
            return null;
        }
        Map<String, Object> view = filtered(found.isFiltered());
        Views.put(view, "severity", Values.name(found.getSeverity()));
        return view;
    }

    private static Map<String, Object> detection(ContentFilterDetectionResult found) {
        if (found == null) {
            return null;
        }
        Map<String, Object> view = filtered(found.isFiltered());
        view.put("detected", found.isDetected());
        return view;
    }

    private static Map<String, Object> cited(ContentFilterCitedDetectionResult found) {
        if (found == null) {
            return null;
        }
        Map<String, Object> view = filtered(found.isFiltered());
        view.put("detected", found.isDetected());
        Map<String, Object> citation = new LinkedHashMap<>();
        Views.put(citation, "URL", found.getUrl());
        Views.put(citation, "license", found.getLicense());
        Views.put(view, "citation", citation.isEmpty() ? null : citation);
        return view;
    }

    private static Map<String, Object> spans(ContentFilterCompletionTextSpanResult found) {
        if (found == null) {
            return null;
        }
        Map<String, Object> view = filtered(found.isFiltered());
        view.put("detected", found.isDetected());
        Views.put(view, "details", found.getDetails() == null ? null : found.getDetails().stream()
                .map(span -> Map.of("completion_start_offset", span.getCompletionStartOffset(),
                        "completion_end_offset", span.getCompletionEndOffset()))
                .toList());
        return view;
    }

    private static Map<String, Object> blocklists(ContentFilterDetailedResults found) {
        if (found == null) {
            return null;
        }
        Map<String, Object> view = filtered(found.isFiltered());
        Views.put(view, "details", found.getDetails() == null ? null : found.getDetails().stream()
                .map(list -> Map.of("id", list.getId(), "filtered", list.isFiltered())).toList());
        return view;
    }

    private static Map<String, Object> error(ResponseError found) {
        return found == null ? null : Map.of("code", found.getCode(), "message", found.getMessage());
    }

    private static Map<String, Object> filtered(boolean filtered) {
        Map<String, Object> view = new LinkedHashMap<>();
        view.put("filtered", filtered);
        return view;
    }
}
