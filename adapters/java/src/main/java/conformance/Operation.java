package conformance;

import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** How one operation is called on either surface and how what comes back is read. */
record Operation<T, S>(Function<Call, T> sync, Function<Call, Mono<T>> async, Function<T, Map<String, Object>> reader,
        Function<Call, Iterable<S>> syncStream, Function<Call, Flux<S>> asyncStream,
        Function<List<S>, Map<String, Object>> streamReader) implements SdkOperation<T, S> {

    static <T> Operation<T, ?> of(Function<Call, T> sync, Function<Call, Mono<T>> async,
            Function<T, Map<String, Object>> reader) {
        return new Operation<>(sync, async, reader, null, null, null);
    }

    <N> Operation<T, N> streamed(Function<Call, Iterable<N>> syncStream, Function<Call, Flux<N>> asyncStream,
            Function<List<N>, Map<String, Object>> streamReader) {
        return new Operation<>(sync, async, reader, syncStream, asyncStream, streamReader);
    }

    @Override
    public Answer<T> answer(Call call, boolean async) {
        return new Answer<>(async ? this.async.apply(call).block() : sync.apply(call), null);
    }

    @Override
    public Map<String, Object> view(T result) {
        return result == null ? Map.of() : reader.apply(result);
    }

    @Override
    public boolean canStream() {
        return streamReader != null;
    }

    @Override
    public void stream(Call call, boolean async, List<S> items, long limit) {
        if (async) {
            Flux<S> events = asyncStream.apply(call);
            (limit == Long.MAX_VALUE ? events : events.take(limit)).doOnNext(items::add).blockLast();
        } else {
            read(syncStream.apply(call), items, limit);
        }
    }

    private static <S> void read(Iterable<S> events, List<S> items, long limit) {
        if (limit == 0) {
            return;
        }
        for (Iterator<S> event = events.iterator(); items.size() < limit && event.hasNext();) {
            items.add(event.next());
        }
    }

    @Override
    public Map<String, Object> streamView(List<S> items) {
        return streamReader.apply(items);
    }
}
