package conformance;

import com.openai.core.http.Headers;
import com.openai.core.http.HttpResponseFor;
import java.io.InputStream;
import java.util.function.Function;

/** An answer of which only {@code part} is wanted. */
record Parsed<P, T>(HttpResponseFor<P> answer, Function<P, T> part) implements HttpResponseFor<T> {
    @Override
    public T parse() {
        return part.apply(answer.parse());
    }

    @Override
    public int statusCode() {
        return answer.statusCode();
    }

    @Override
    public Headers headers() {
        return answer.headers();
    }

    @Override
    public InputStream body() {
        return answer.body();
    }

    @Override
    public void close() {
        answer.close();
    }
}
