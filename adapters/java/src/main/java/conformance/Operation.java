package conformance;

import java.util.List;
import java.util.Map;
import java.util.function.Function;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** How one operation is called on either surface and how what comes back is read. */
record Operation<T, S>(Function<Call, T> sync, Function<Call, Mono<T>> async, Function<T, Map<String, Object>> reader,
        Function<Call, Iterable<S>> syncStream, Function<Call, Flux<S>> asyncStream,
        Function<List<S>, Map<String, Object>> streamReader) {

    static <T> Operation<T, ?> of(Function<Call, T> sync, Function<Call, Mono<T>> async,
            Function<T, Map<String, Object>> reader) {
        return new Operation<>(sync, async, reader, null, null, null);
    }

    <N> Operation<T, N> streamed(Function<Call, Iterable<N>> syncStream, Function<Call, Flux<N>> asyncStream,
            Function<List<N>, Map<String, Object>> streamReader) {
        return new Operation<>(sync, async, reader, syncStream, asyncStream, streamReader);
    }
}
