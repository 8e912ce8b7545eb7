package conformance;

import com.openai.core.http.AsyncStreamResponse;
import com.openai.core.http.HttpResponse;
import com.openai.core.http.HttpResponseFor;
import com.openai.core.http.StreamResponse;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;

/** How one operation is called on either surface, what its answer is and how that is read. */
record Operation<R extends HttpResponse, T, S>(Function<Call, R> sync, Function<Call, CompletableFuture<R>> async,
        Function<R, T> parse, Function<T, Map<String, Object>> reader, Function<Call, StreamResponse<S>> syncStream,
        Function<Call, AsyncStreamResponse<S>> asyncStream, Function<List<S>, Map<String, Object>> streamReader) {

    static <T> Operation<HttpResponseFor<T>, T, ?> of(Function<Call, HttpResponseFor<T>> sync,
            Function<Call, CompletableFuture<HttpResponseFor<T>>> async, Function<T, Map<String, Object>> reader) {
        return new Operation<>(sync, async, HttpResponseFor::parse, reader, null, null, null);
    }

    /** A list. The SDK's pages differ by surface; what they were read from does not. */
    static <P, A, T> Operation<HttpResponseFor<T>, T, ?> paged(Function<Call, HttpResponseFor<P>> sync,
            Function<Call, CompletableFuture<HttpResponseFor<A>>> async, Function<P, T> page,
            Function<A, T> asyncPage, Function<T, Map<String, Object>> reader) {
        return new Operation<>(call -> new Parsed<>(sync.apply(call), page),
                call -> async.apply(call).thenApply(answer -> new Parsed<>(answer, asyncPage)),
                HttpResponseFor::parse, reader, null, null, null);
    }

    /** An answer that is not JSON. */
    static Operation<HttpResponse, Content, ?> binary(Function<Call, HttpResponse> sync,
            Function<Call, CompletableFuture<HttpResponse>> async, Function<Content, Map<String, Object>> reader) {
        return new Operation<>(sync, async, Content::of, reader, null, null, null);
    }

    /** A method that returns nothing. */
    static Operation<HttpResponse, Object, ?> silent(Function<Call, HttpResponse> sync,
            Function<Call, CompletableFuture<HttpResponse>> async) {
        return new Operation<>(sync, async, answer -> null, answer -> Map.of(), null, null, null);
    }

    <N> Operation<R, T, N> streamed(Function<Call, StreamResponse<N>> syncStream,
            Function<Call, AsyncStreamResponse<N>> asyncStream, Function<List<N>, Map<String, Object>> streamReader) {
        return new Operation<>(sync, async, parse, reader, syncStream, asyncStream, streamReader);
    }
}
