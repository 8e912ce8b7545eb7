package conformance;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/** Adapter protocol 1: one JSON object a line in, one a line out, many calls in flight. */
public final class Main {
    static final ObjectMapper JSON = new ObjectMapper();
    static final TypeReference<Map<String, Object>> OBJECT = new TypeReference<>() {};
    private static final int CONCURRENCY = 256; // a call that waits costs a thread and nothing else

    private final PrintStream out;
    private final ExecutorService workers = Executors.newCachedThreadPool();
    private final Map<String, Session> sessions = new ConcurrentHashMap<>();

    private Main(PrintStream out) {
        this.out = out;
    }

    public static void main(String[] args) throws Exception {
        PrintStream out = new PrintStream(new FileOutputStream(FileDescriptor.out), false, StandardCharsets.UTF_8);
        System.setOut(System.err); // whatever a library prints goes to stderr: stdout is for answers
        Trust.install(System.getenv("CONFORMANCE_CA_FILE"));
        Main main = new Main(out);
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            if (!main.take(JSON.readValue(line, OBJECT))) {
                break;
            }
        }
        Runtime.getRuntime().halt(0);
    }

    /** One message; false after the last. Sessions come and go here, so that their order is that of the messages. */
    private boolean take(Map<String, Object> message) {
        Object id = message.get("id");
        switch ((String) message.get("op")) {
            case "hello" -> answer(id, hello());
            case "call" -> {
                Session session = sessions.computeIfAbsent((String) message.get("session"),
                        name -> new Session(Json.object(message, "client")));
                workers.submit(() -> guarded(() -> answer(id, Calls.perform(session, message))));
            }
            case "close" -> {
                Session session = sessions.remove((String) message.get("session"));
                workers.submit(() -> guarded(() -> {
                    if (session != null) {
                        session.close();
                    }
                    answer(id, Map.of("outcome", "ok"));
                }));
            }
            default -> {
                answer(id, Map.of("outcome", "ok"));
                return false;
            }
        }
        return true;
    }

    private static Map<String, Object> hello() {
        return Map.of("protocol", 1, "adapter", Session.about(), "surfaces", List.of("sync", "async"),
                "operations", List.copyOf(Operations.TABLE.keySet()), "concurrency", CONCURRENCY);
    }

    private void answer(Object id, Map<String, Object> message) {
        Map<String, Object> whole = new LinkedHashMap<>();
        whole.put("id", id);
        whole.putAll(message);
        try {
            String line = JSON.writeValueAsString(whole);
            synchronized (out) {
                out.print(line + "\n");
                out.flush();
            }
        } catch (IOException error) {
            throw new IllegalStateException(error);
        }
    }

    /** A defect of the adapter ends the process: the harness shows what stands on stderr. */
    private static void guarded(Runnable work) {
        try {
            work.run();
        } catch (Throwable defect) {
            defect.printStackTrace();
            System.err.flush();
            Runtime.getRuntime().halt(70);
        }
    }
}
