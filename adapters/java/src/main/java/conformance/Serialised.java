package conformance;

import com.azure.core.http.rest.PagedResponse;
import com.azure.core.http.rest.Response;
import com.azure.core.util.BinaryData;
import com.azure.json.JsonSerializable;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;

/** The SDK's own serialisation of what it returned; the digest of binary content. */
final class Serialised {
    private Serialised() {}

    static Object of(Object result) {
        if (result instanceof Vectors vectors) {
            return of(vectors.answer());
        }
        if (result instanceof PagedResponse<?> page) {
            return of(page.getValue());
        }
        if (result instanceof Response<?> response) {
            return Values.digest(Views.bytes(response.getValue()));
        }
        if (result instanceof JsonSerializable<?> model) {
            try {
                return Main.JSON.readValue(BinaryData.fromObject(model).toString(), Object.class);
            } catch (IOException error) {
                throw new UncheckedIOException(error);
            }
        }
        if (result instanceof List<?> list) {
            return list.stream().map(Serialised::of).toList();
        }
        return result instanceof String ? result : null; // a page of batches has no serialisation
    }
}
