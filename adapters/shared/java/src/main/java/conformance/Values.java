package conformance;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.OffsetDateTime;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/** Values of views, from what accessors return. */
final class Values {
    private Values() {}

    /** A member of an enum as it travels. */
    static String name(Object member) {
        return member == null ? null : member.toString();
    }

    static Integer size(List<?> values) {
        return values == null ? null : values.size();
    }

    /** Length and SHA-256 of binary content. */
    static Map<String, Object> digest(byte[] content) {
        return Map.of("bytes", content.length, "sha256", sha256(content));
    }

    /** Length and SHA-256 of a text that is too long for a view, such as an image in base64. */
    static Map<String, Object> textDigest(String text) {
        return Map.of("length", text.length(), "sha256", sha256(text.getBytes(StandardCharsets.UTF_8)));
    }

    /** Content as text; null where it is none. */
    static String text(byte[] content) {
        try {
            return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(content)).toString();
        } catch (CharacterCodingException binary) {
            return null;
        }
    }

    /** The last value that says anything: Azure's filter-only chunks have empty ids and models, and times of 0. */
    static <T, V> V last(List<T> items, Function<T, V> getter) {
        for (int index = items.size() - 1; index >= 0; index--) {
            V value = getter.apply(items.get(index));
            if (!saysNothing(value)) {
                return value;
            }
        }
        return items.isEmpty() ? null : getter.apply(items.get(0));
    }

    private static boolean saysNothing(Object value) {
        return value == null || "".equals(value) || List.of().equals(value) || Long.valueOf(0).equals(value)
                || value instanceof OffsetDateTime time && time.toEpochSecond() == 0;
    }

    private static String sha256(byte[] bytes) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
        } catch (NoSuchAlgorithmException impossible) {
            throw new IllegalStateException(impossible);
        }
    }
}
