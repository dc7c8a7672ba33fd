package tests;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.respserver.ReplyException;
import io.github.respserver.RespServer;
import io.github.respserver.StartException;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ServerTest {
    @Test
    void runsUntilItIsClosed() {
        RespServer server = RespServer.start();
        try (server) {
            assertTrue(server.isRunning());
            assertEquals("redis://127.0.0.1:" + server.port() + "/0", server.url());
            assertEquals("PONG", server.call("PING"));
        }
        assertFalse(server.isRunning());
        assertThrows(UncheckedIOException.class, () -> server.call("PING"));
        server.close();
    }

    @Test
    void severalRunAtOnce() {
        try (RespServer one = RespServer.start(); RespServer two = RespServer.start()) {
            one.call("SET", "k", 1);
            assertNull(two.call("GET", "k"));
            assertNotEquals(one.port(), two.port());
        }
    }

    @Test
    void answersWithoutAClient() {
        try (RespServer server = RespServer.start()) {
            byte[] bytes = {0, (byte) 0xff};
            assertEquals("OK", server.call("SET", "k", bytes));
            assertArrayEquals(bytes, (byte[]) server.call("GET", "k"));
            assertEquals(2L, server.call("RPUSH", "l", "é", 2));
            assertEquals(List.of("é", "2"), server.call("LRANGE", "l", 0, -1));
            String message = assertThrows(ReplyException.class, () -> server.call("GET", "l")).getMessage();
            assertEquals("WRONGTYPE Operation against a key holding the wrong kind of value", message);
            assertEquals("PONG", server.call("PING"));
        }
    }

    @Test
    void takesSettings(@TempDir Path dir) throws IOException {
        Path file = Files.writeString(dir.resolve("redis.conf"), "maxmemory 50mb\ndatabases 3\nsave \"\"\n");
        try (RespServer server = RespServer.builder()
                .configFile(file)
                .config("dir", dir.toString())
                .config("maxmemory", "100mb")
                .config("save", "900 1 300 10")
                .start()) {
            assertEquals(List.of("maxmemory", "104857600"), server.call("CONFIG", "GET", "maxmemory"));
            assertEquals(List.of("databases", "3"), server.call("CONFIG", "GET", "databases"));
            assertEquals(List.of("save", "900 1 300 10"), server.call("CONFIG", "GET", "save"));
        }
    }

    @Test
    void loadsFixturesAndForbidsControls(@TempDir Path dir) throws IOException {
        Path file = Files.writeString(dir.resolve("seed.redis"), "SET user:1 ann\n");
        try (RespServer server = RespServer.builder().load(file).testing(false).start()) {
            assertEquals("ann", server.call("GET", "user:1"));
            assertThrows(ReplyException.class, server::reset);
        }
    }

    @Test
    void savesAtTheEnd(@TempDir Path dir) {
        RespServer.Builder kept = RespServer.builder().config("dir", dir.toString()).config("save", "3600 1");
        try (RespServer server = kept.start()) {
            server.call("SET", "k", "v");
        }
        try (RespServer server = kept.start()) {
            assertEquals("v", server.call("GET", "k"));
        }
    }

    @Test
    void saysWhyItDoesNotStart() throws IOException {
        RespServer.Builder wrong = RespServer.builder().config("maxclients", "many");
        String message = assertThrows(StartException.class, wrong::start).getMessage();
        assertTrue(message.contains("maxclients"), message);

        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"))) {
            RespServer.Builder same = RespServer.builder().port(taken.getLocalPort());
            message = assertThrows(StartException.class, same::start).getMessage();
            assertTrue(message.contains("in use"), message);
        }
    }

    @Test
    void keepsItsLog() {
        RespServer server = RespServer.start();
        assertTrue(server.log().contains("Ready to accept connections"), server.log());
        server.close();
        assertTrue(server.log().contains("Ready to accept connections"), server.log());
    }

    /** Starts a server, prints its port, and waits for its own end. */
    static class Parent {
        public static void main(String[] args) throws IOException {
            System.out.println(RespServer.start().port());
            System.in.read();
        }
    }

    @Test
    void endsWithAKilledParent() throws IOException {
        Path java = Path.of(System.getProperty("java.home"), "bin", "java");
        Process parent = new ProcessBuilder(
                        java.toString(), "-cp", System.getProperty("java.class.path"), Parent.class.getName())
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        BufferedReader out = new BufferedReader(new InputStreamReader(parent.getInputStream()));
        int port = Integer.parseInt(out.readLine());
        try (Socket connection = new Socket("127.0.0.1", port)) {
            connection.setSoTimeout(20_000);
            connection.getOutputStream().write("PING\r\n".getBytes());
            connection.getInputStream().readNBytes(7); // now it is accepted, so that its end is no reset
            parent.destroyForcibly();
            assertEquals(-1, connection.getInputStream().read()); // closed by the end of the server
        }
    }
}
