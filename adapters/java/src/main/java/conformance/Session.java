package conformance;

import com.azure.ai.openai.OpenAIAsyncClient;
import com.azure.ai.openai.OpenAIClient;
import com.azure.ai.openai.OpenAIClientBuilder;
import com.azure.ai.openai.OpenAIServiceVersion;
import com.azure.ai.openai.responses.AzureResponsesServiceVersion;
import com.azure.ai.openai.responses.ResponsesAsyncClient;
import com.azure.ai.openai.responses.ResponsesClient;
import com.azure.ai.openai.responses.ResponsesClientBuilder;
import com.azure.core.client.traits.HttpTrait;
import com.azure.core.client.traits.KeyCredentialTrait;
import com.azure.core.client.traits.TokenCredentialTrait;
import com.azure.core.credential.KeyCredential;
import com.azure.core.http.HttpPipelineCallContext;
import com.azure.core.http.HttpPipelineNextPolicy;
import com.azure.core.http.HttpPipelineNextSyncPolicy;
import com.azure.core.http.HttpResponse;
import com.azure.core.http.policy.ExponentialBackoffOptions;
import com.azure.core.http.policy.HttpPipelinePolicy;
import com.azure.core.http.policy.RetryOptions;
import com.azure.core.util.CoreUtils;
import com.azure.core.util.Header;
import com.azure.core.util.HttpClientOptions;
import com.azure.core.util.ServiceVersion;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import reactor.core.publisher.Mono;

/** One client of the SDK as a scenario asked for it. Clients are built on first use, each kind by its own builder. */
final class Session {
    static final String PACKAGE = "azure-ai-openai";

    private final Map<String, Object> config;
    private final Map<String, Object> auth;
    private final Integer maxRetries;
    private final Integer timeoutMs;
    private final Tokens tokens;
    private OpenAIClient client;
    private OpenAIAsyncClient asyncClient;
    private ResponsesClient responses;
    private ResponsesAsyncClient asyncResponses;

    Session(Map<String, Object> config) {
        this(config, tokensOf(Json.object(config, "auth")), Json.number(config, "max_retries"),
                Json.number(config, "timeout_ms"));
    }

    private Session(Map<String, Object> config, Tokens tokens, Integer maxRetries, Integer timeoutMs) {
        this.config = config;
        this.auth = Json.object(config, "auth");
        this.tokens = tokens;
        this.maxRetries = maxRetries;
        this.timeoutMs = timeoutMs;
    }

    static Map<String, Object> about() {
        String version = CoreUtils.getProperties("azure-ai-openai.properties").get("version");
        return Map.of("sdk", "java", "package", PACKAGE, "version", version, "runtime",
                "Java " + Runtime.version().feature());
    }

    /** This session, or its copy for one call: retries and time-outs belong to a client, not to a request. */
    Session with(Integer retries, Integer timeout) {
        if (retries == null && timeout == null) {
            return this;
        }
        return new Session(config, tokens, Objects.requireNonNullElse(retries, maxRetries == null ? -1 : maxRetries),
                timeout == null ? timeoutMs : timeout);
    }

    boolean isAsync() {
        return "async".equals(config.get("surface"));
    }

    /** A deployment for all calls, which the SDK has no place for; null when each names its own. */
    String deployment() {
        return Json.text(config, "deployment");
    }

    Integer tokenCalls() {
        return tokens == null || "token".equals(auth.get("kind")) ? null : tokens.calls.get();
    }

    synchronized OpenAIClient client() {
        if (client == null) {
            client = openAi().buildClient();
        }
        return client;
    }

    synchronized OpenAIAsyncClient asyncClient() {
        if (asyncClient == null) {
            asyncClient = openAi().buildAsyncClient();
        }
        return asyncClient;
    }

    synchronized ResponsesClient responses() {
        if (responses == null) {
            responses = responsesBuilder().buildClient();
        }
        return responses;
    }

    synchronized ResponsesAsyncClient asyncResponses() {
        if (asyncResponses == null) {
            asyncResponses = responsesBuilder().buildAsyncClient();
        }
        return asyncResponses;
    }

    /** Neither client of the SDK can be closed. */
    void close() {}

    private OpenAIClientBuilder openAi() {
        OpenAIClientBuilder builder = new OpenAIClientBuilder().endpoint(endpoint());
        OpenAIServiceVersion version =
                named(OpenAIServiceVersion.values(), OpenAIServiceVersion.getLatest(), builder);
        return configured(builder.serviceVersion(version));
    }

    private ResponsesClientBuilder responsesBuilder() {
        ResponsesClientBuilder builder = new ResponsesClientBuilder().endpoint(endpoint());
        AzureResponsesServiceVersion version =
                named(AzureResponsesServiceVersion.values(), AzureResponsesServiceVersion.getLatest(), builder);
        return configured(builder.serviceVersion(version));
    }

    private String endpoint() {
        if ("v1".equals(config.get("api"))) {
            throw new UnsupportedCall(PACKAGE + " has no client for the v1 surface of an Azure resource");
        }
        return Json.text(config, "endpoint");
    }

    /** The enum's member for the configured api-version; the latest, renamed on the way, when it has none. */
    private <V extends ServiceVersion> V named(V[] known, V latest, HttpTrait<?> builder) {
        String wanted = Json.text(config, "api_version");
        return Arrays.stream(known).filter(v -> v.getVersion().equals(wanted)).findFirst().orElseGet(() -> {
            builder.addPolicy(new RenamedVersion(latest.getVersion(), wanted));
            return latest;
        });
    }

    private <B extends HttpTrait<B> & KeyCredentialTrait<B> & TokenCredentialTrait<B>> B configured(B builder) {
        HttpClientOptions options = new HttpClientOptions();
        List<Header> headers = Json.object(config, "headers").entrySet().stream()
                .map(pair -> new Header(pair.getKey(), (String) pair.getValue())).toList();
        options.setHeaders(headers);
        if (timeoutMs != null) {
            Duration timeout = Duration.ofMillis(timeoutMs);
            options.setConnectTimeout(timeout).setWriteTimeout(timeout).setResponseTimeout(timeout)
                    .setReadTimeout(timeout);
        }
        builder.clientOptions(options);
        if (maxRetries != null && maxRetries >= 0) {
            builder.retryOptions(new RetryOptions(new ExponentialBackoffOptions().setMaxRetries(maxRetries)));
        }
        if (tokens != null) {
            return builder.credential(tokens);
        }
        return "api_key".equals(auth.get("kind"))
                ? builder.credential(new KeyCredential(Json.text(auth, "key"))) : builder;
    }

    @SuppressWarnings("unchecked")
    private static Tokens tokensOf(Map<String, Object> auth) {
        return switch (Json.text(auth, "kind")) {
            case "token", "token_provider" -> Tokens.of((List<String>) auth.getOrDefault("tokens", List.of()));
            case "credential" -> Tokens.secret(Json.text(auth, "authority"));
            default -> null;
        };
    }

    /** Sends another api-version than the enum has: a policy is the one way the builder leaves a caller. */
    private static final class RenamedVersion implements HttpPipelinePolicy {
        private final String from;
        private final String to;

        RenamedVersion(String from, String to) {
            this.from = "api-version=" + from;
            this.to = "api-version=" + to;
        }

        @Override
        public Mono<HttpResponse> process(HttpPipelineCallContext context, HttpPipelineNextPolicy next) {
            rename(context);
            return next.process();
        }

        @Override
        public HttpResponse processSync(HttpPipelineCallContext context, HttpPipelineNextSyncPolicy next) {
            rename(context);
            return next.processSync();
        }

        private void rename(HttpPipelineCallContext context) {
            String url = context.getHttpRequest().getUrl().toString();
            context.getHttpRequest().setUrl(url.replace(from, to));
        }
    }
}
