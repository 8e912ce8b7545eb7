package conformance;

import com.openai.core.http.HttpResponse;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;

/** A body that is not JSON, and its type. */
record Content(byte[] bytes, String type) {
    static Content of(HttpResponse response) {
        try {
            List<String> types = response.headers().values("content-type");
            return new Content(response.body().readAllBytes(), types.isEmpty() ? null : types.get(0));
        } catch (IOException error) {
            throw new UncheckedIOException(error);
        }
    }
}
