package io.github.respserver;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ServerProcessTest {
    @TempDir
    Path dir;

    @Test
    void savesItsDataWithoutASignal() throws IOException { // as on Windows
        ServerProcess process = start("--save", "3600 1");
        try (Connection connection = new Connection("127.0.0.1", process.port)) {
            assertEquals("OK", connection.call("SET", "k", "v"));
        }
        process.end(false);
        assertEquals(0, process.process.exitValue());
        assertTrue(Files.exists(dir.resolve("dump.rdb")));
    }

    @Test
    void endsThoughItRefusesTheCommand() throws IOException {
        ServerProcess process = start("--requirepass", "secret");
        process.end(false);
        assertFalse(process.process.isAlive());
    }

    private ServerProcess start(String... words) throws IOException {
        List<String> args = new ArrayList<>(List.of("--port", "0", "--dir", dir.toString()));
        args.addAll(List.of(words));
        return new ServerProcess(args, "127.0.0.1", Duration.ofSeconds(60));
    }
}
