package conformance;

import com.azure.identity.ClientSecretCredential;
import com.azure.identity.ClientSecretCredentialBuilder;

/** The identity library's client-secret credential, as a caller builds it. */
final class Identity {
    private static final String TENANT = "00000000-0000-0000-0000-000000000001";
    private static final String CLIENT = "00000000-0000-0000-0000-000000000002";
    private static final String SECRET = "conformance-not-a-secret"; // a value no directory knows

    private Identity() {}

    /** {@code authority} null is Microsoft's own. */
    static ClientSecretCredential secret(String authority) {
        ClientSecretCredentialBuilder builder =
                new ClientSecretCredentialBuilder().tenantId(TENANT).clientId(CLIENT).clientSecret(SECRET);
        if (authority != null) {
            builder.authorityHost(authority).disableInstanceDiscovery(); // Microsoft's list of instances has it not
        }
        return builder.build();
    }
}
