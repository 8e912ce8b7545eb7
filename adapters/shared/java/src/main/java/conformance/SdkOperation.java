package conformance;

import java.util.List;
import java.util.Map;

/**
 * One operation of an SDK, as {@link Calls} performs it. Each adapter's {@code Operation} is one.
 *
 * <p>What {@link #answer} and {@link #stream} throw is what a caller of the SDK meets; what the views throw is a defect.
 *
 * @param <T> what the SDK answers
 * @param <S> an event of its stream
 */
interface SdkOperation<T, S> {
    Answer<T> answer(Call call, boolean async);

    Map<String, Object> view(T result);

    boolean canStream();

    /** Reads at most {@code limit} events into {@code items}, which keeps those before an error. */
    void stream(Call call, boolean async, List<S> items, long limit);

    Map<String, Object> streamView(List<S> items);
}
