package conformance;

import com.azure.core.credential.AccessToken;
import com.azure.core.credential.TokenCredential;
import com.azure.core.credential.TokenRequestContext;
import java.time.OffsetDateTime;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import reactor.core.publisher.Mono;

/** A credential that counts how often it is asked: for given tokens in turn, the last for ever, or another's. */
final class Tokens implements TokenCredential {
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
        return new Tokens(List.of(), Identity.secret(authority));
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
