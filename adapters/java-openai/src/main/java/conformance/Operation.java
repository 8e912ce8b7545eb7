package conformance;

import com.openai.core.http.AsyncStreamResponse;
import com.openai.core.http.HttpResponse;
import com.openai.core.http.HttpResponseFor;
import com.openai.core.http.StreamResponse;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;

/** How one operation is called on either surface, what its answer is and how that is read. */
record Operation<R extends HttpResponse, T, S>(Function<Call, R> sync, Function<Call, CompletableFuture<R>> async,
        Function<R, T> parse, Function<T, Map<String, Object>> reader, Function<Call, StreamResponse<S>> syncStream,
        Function<Call, AsyncStreamResponse<S>> asyncStream, Function<List<S>, Map<String, Object>> streamReader)
        implements SdkOperation<T, S> {

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

    @Override
    public Answer<T> answer(Call call, boolean async) {
        try (R response = async ? this.async.apply(call).join() : sync.apply(call)) {
            String requestId = response.requestId().orElse(null);
            return new Answer<>(parse.apply(response), requestId);
        }
    }

    @Override
    public Map<String, Object> view(T result) {
        return reader.apply(result);
    }

    @Override
    public boolean canStream() {
        return streamReader != null;
    }

    @Override
    public void stream(Call call, boolean async, List<S> items, long limit) {
        if (async) {
            subscribe(asyncStream.apply(call), items, limit);
        } else {
            read(syncStream.apply(call), items, limit);
        }
    }

    private static <S> void read(StreamResponse<S> events, List<S> items, long limit) {
        try (events) {
            for (Iterator<S> event = events.stream().iterator(); items.size() < limit && event.hasNext();) {
                items.add(event.next());
            }
        }
    }

    private static <S> void subscribe(AsyncStreamResponse<S> events, List<S> items, long limit) {
        events.subscribe(item -> {
            if (items.size() < limit) {
                items.add(item);
            }
            if (items.size() >= limit) {
                events.close();
            }
        });
        try {
            events.onCompleteFuture().join();
        } catch (CancellationException closed) {
            if (items.size() < limit) {
                throw closed;
            }
        } finally {
            events.close();
        }
    }

    @Override
    public Map<String, Object> streamView(List<S> items) {
        return streamReader.apply(items);
    }
}
