package conformance;

import com.azure.core.credential.AccessToken;
import com.azure.core.credential.TokenCredential;
import com.azure.core.credential.TokenRequestContext;
import com.azure.identity.ClientSecretCredentialBuilder;
import java.time.OffsetDateTime;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import reactor.core.publisher.Mono;

/** A credential that counts how often it is asked: for given tokens in turn, the last for ever, or another's. */
final class Tokens implements TokenCredential {
    private static final String TENANT = "00000000-0000-0000-0000-000000000001";
    private static final String CLIENT = "00000000-0000-0000-0000-000000000002";
    private static final String SECRET = "conformance-not-a-secret"; // a value no directory knows

    final AtomicInteger calls = new AtomicInteger();
    private final List<String> values;
    private final TokenCredential inner;

    private Tokens(List<String> values, TokenCredential inner) {
        this.values = values;
        this.inner = inner;
    }

    static Tokens of(List<String> values) {
        return new Tokens(values, null);
    }

    /** The identity library's client-secret credential; {@code authority} null is Microsoft's own. */
    static Tokens secret(String authority) {
        ClientSecretCredentialBuilder builder =
                new ClientSecretCredentialBuilder().tenantId(TENANT).clientId(CLIENT).clientSecret(SECRET);
        if (authority != null) {
            builder.authorityHost(authority).disableInstanceDiscovery();
        }
        return new Tokens(List.of(), builder.build());
    }

    @Override
    public Mono<AccessToken> getToken(TokenRequestContext request) {
        int call = calls.incrementAndGet();
        if (inner != null) {
            return inner.getToken(request);
        }
        String token = values.isEmpty() ? "" : values.get(Math.min(call, values.size()) - 1);
        return Mono.just(new AccessToken(token, OffsetDateTime.now().plusHours(1)));
    }
}
