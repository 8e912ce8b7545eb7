package conformance;

import com.azure.core.credential.SimpleTokenCache;
import com.azure.core.credential.TokenRequestContext;
import com.azure.identity.ClientSecretCredential;
import com.openai.azure.AzureOpenAIServiceVersion;
import com.openai.azure.AzureUrlPathMode;
import com.openai.azure.credential.AzureApiKeyCredential;
import com.openai.client.OpenAIClient;
import com.openai.client.OpenAIClientAsync;
import com.openai.client.okhttp.OpenAIOkHttpClient;
import com.openai.credential.BearerTokenCredential;
import com.openai.credential.Credential;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;

/** One client of the SDK as a scenario asked for it, built on first use. */
final class Session {
    static final String PACKAGE = "openai-java";
    private static final String SCOPE = "https://cognitiveservices.azure.com/.default";

    private final Map<String, Object> config;
    private final Map<String, Object> auth;
    private final AtomicInteger tokenCalls = new AtomicInteger();
    private OpenAIClient client;

    Session(Map<String, Object> config) {
        this.config = config;
        this.auth = Json.object(config, "auth");
    }

    static Map<String, Object> about() {
        String version = OpenAIClient.class.getPackage().getImplementationVersion();
        return Map.of("sdk", "java-openai", "package", PACKAGE, "version", version, "runtime",
                "Java " + Runtime.version().feature());
    }

    boolean isAsync() {
        return "async".equals(config.get("surface"));
    }

    /** A deployment for all calls, which the SDK has no place for; null when each names its own. */
    String deployment() {
        return Json.text(config, "deployment");
    }

    Integer tokenCalls() {
        return List.of("token_provider", "credential").contains(auth.get("kind")) ? tokenCalls.get() : null;
    }

    synchronized OpenAIClient client(Integer maxRetries) {
        if (client == null) {
            OpenAIOkHttpClient.Builder builder = OpenAIOkHttpClient.builder();
            if ("none".equals(auth.get("kind"))) {
                builder.fromEnv();
            }
            builder.baseUrl(baseUrl()).azureUrlPathMode(mode());
            Json.object(config, "headers").forEach((name, value) -> builder.putHeader(name, (String) value));
            Credential credential = credential();
            if (credential != null) {
                builder.credential(credential);
            } else if (isKeyOfV1()) {
                builder.apiKey(Json.text(auth, "key"));
            }
            if (!isV1()) {
                builder.azureServiceVersion(AzureOpenAIServiceVersion.fromString(Json.text(config, "api_version")));
            }
            if (Json.number(config, "max_retries") != null) {
                builder.maxRetries(Json.number(config, "max_retries"));
            }
            if (Json.number(config, "timeout_ms") != null) {
                builder.timeout(Duration.ofMillis(Json.number(config, "timeout_ms")));
            }
            client = builder.build();
        }
        return maxRetries == null ? client : client.withOptions(options -> options.maxRetries(maxRetries));
    }

    OpenAIClientAsync asyncClient(Integer maxRetries) {
        return client(maxRetries).async();
    }

    synchronized void close() {
        if (client != null) {
            client.close();
        }
    }

    private boolean isV1() {
        return "v1".equals(config.get("api"));
    }

    private boolean isKeyOfV1() {
        return isV1() && "api_key".equals(auth.get("kind"));
    }

    private String baseUrl() {
        String endpoint = Json.text(config, "endpoint");
        return isV1() ? endpoint.replaceAll("/+$", "") + "/openai/v1/" : endpoint;
    }

    /** What the library finds out by itself where the host is one of Azure's, which a peer's is not. */
    private AzureUrlPathMode mode() {
        return isV1() ? AzureUrlPathMode.UNIFIED : AzureUrlPathMode.LEGACY;
    }

    @SuppressWarnings("unchecked")
    private Credential credential() {
        List<String> tokens = (List<String>) auth.getOrDefault("tokens", List.of());
        return switch (Json.text(auth, "kind")) {
            case "api_key" -> isV1() ? null : AzureApiKeyCredential.create(Json.text(auth, "key"));
            case "token" -> BearerTokenCredential.create(tokens.get(0));
            case "token_provider" -> BearerTokenCredential.create(() -> {
                int call = tokenCalls.incrementAndGet();
                return tokens.get(Math.min(call, tokens.size()) - 1);
            });
            case "credential" -> BearerTokenCredential.create(identity(Json.text(auth, "authority")));
            default -> null;
        };
    }

    /**
     * Asks the credential through azure-core's cache, as {@code AuthenticationUtil.getBearerTokenSupplier} of
     * azure-identity does. That one sends a request to www.example.com on the way, which fails where there is no network.
     */
    private Supplier<String> identity(String authority) {
        ClientSecretCredential credential = Identity.secret(authority);
        SimpleTokenCache cache = new SimpleTokenCache(() -> {
            tokenCalls.incrementAndGet();
            return credential.getToken(new TokenRequestContext().addScopes(SCOPE));
        });
        return () -> cache.getToken().block().getToken();
    }
}
