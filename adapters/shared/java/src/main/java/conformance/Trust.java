package conformance;

import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.Provider;
import java.security.Security;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import javax.net.ssl.ManagerFactoryParameters;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.TrustManagerFactorySpi;

/**
 * Makes this process trust one authority, whichever HTTP client asks.
 *
 * <p>Every client that is not told otherwise asks the default {@link TrustManagerFactory} for the platform's trust. The
 * one installed here answers with the given certificates, held in memory, so that the SDK's own default HTTP client is
 * used untouched.
 */
public final class Trust extends TrustManagerFactorySpi {
    private static final String ALGORITHM = "Conformance";
    private static KeyStore authorities;

    private TrustManagerFactory usual;

    /** {@code file} is a PEM file with one or more certificates; null leaves the platform's own trust. */
    static void install(String file) throws Exception {
        if (file == null || file.isEmpty()) {
            return;
        }
        authorities = KeyStore.getInstance(KeyStore.getDefaultType());
        authorities.load(null, null);
        try (InputStream in = Files.newInputStream(Path.of(file))) {
            for (Certificate found : CertificateFactory.getInstance("X.509").generateCertificates(in)) {
                authorities.setCertificateEntry("ca" + authorities.size(), found);
            }
        }
        Security.addProvider(new Provider("Conformance", "1", "Trust in the test authority") {
            private static final long serialVersionUID = 1L;

            {
                put("TrustManagerFactory." + ALGORITHM, Trust.class.getName());
            }
        });
        Security.setProperty("ssl.TrustManagerFactory.algorithm", ALGORITHM);
    }

    @Override
    protected void engineInit(KeyStore given) throws java.security.KeyStoreException {
        usual = pkix();
        usual.init(given == null ? authorities : given);
    }

    @Override
    protected void engineInit(ManagerFactoryParameters parameters)
            throws java.security.InvalidAlgorithmParameterException {
        usual = pkix();
        usual.init(parameters);
    }

    @Override
    protected TrustManager[] engineGetTrustManagers() {
        return usual.getTrustManagers();
    }

    private static TrustManagerFactory pkix() {
        try {
            return TrustManagerFactory.getInstance("PKIX");
        } catch (GeneralSecurityException error) {
            throw new IllegalStateException(error);
        }
    }
}
