package tests;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.respserver.Controls;
import io.github.respserver.Fault;
import io.github.respserver.Fork;
import io.github.respserver.Recording;
import io.github.respserver.ReplyException;
import io.github.respserver.RespServer;
import io.github.respserver.StrictFinding;
import io.github.respserver.junit.RespServerExtension;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import redis.clients.jedis.DefaultJedisClientConfig;
import redis.clients.jedis.Jedis;

class ControlsTest {
    @RegisterExtension
    static final RespServerExtension redis = RespServerExtension.with(server -> server.config("spaces", "yes"));

    private final RespServer server = redis.server();

    @Test
    void clock() {
        server.call("SET", "session", "x", "EX", 3600);
        server.clock().freeze();
        server.clock().advance(Duration.ofMinutes(59));
        assertEquals("x", server.call("GET", "session"));
        server.clock().advance(Duration.ofMinutes(1));
        assertNull(server.call("GET", "session"));
        Instant day = Instant.parse("2040-02-29T00:00:00Z");
        server.clock().set(day);
        assertEquals(day, server.clock().now());
        assertEquals(Long.toString(day.getEpochSecond()), ((List<?>) server.call("TIME")).get(0));
        server.clock().resume();
    }

    @Test
    void snapshotAndReset() {
        server.call("SET", "k", "before");
        server.snapshot("fixture");
        server.call("SET", "k", "after");
        server.restore("fixture");
        assertEquals("before", server.call("GET", "k"));
        server.reset();
        assertEquals(0L, server.call("DBSIZE"));
    }

    @Test
    void fork() {
        server.call("SET", "k", "shared");
        Fork fork = server.fork();
        try (fork) {
            assertEquals("shared", fork.call("GET", "k"));
            fork.call("SET", "k", "changed");
            assertEquals("shared", server.call("GET", "k"));
        }
        assertThrows(UncheckedIOException.class, () -> fork.call("PING"));
        fork.close();
    }

    @Test
    void spaces() {
        server.call("SET", "k", "shared");
        assertEquals("redis://space%3Aworker%201:x@127.0.0.1:" + server.port() + "/0", server.spaceUrl("worker 1"));
        try (Jedis one = inSpace("worker 1"); Jedis two = inSpace("worker 2")) {
            one.flushAll();
            assertEquals("shared", two.get("k"));
            assertEquals("shared", server.call("GET", "k"));
        }
    }

    private Jedis inSpace(String name) {
        String user = Controls.spaceUser(name);
        return new Jedis(server.host(), server.port(),
                DefaultJedisClientConfig.builder().user(user).password("x").timeoutMillis(60_000).build());
    }

    @Test
    void anErrorForSomeKeys() {
        Fault busy = Fault.error("LOADING Redis is loading the dataset in memory").command("GET").key("user:*");
        try (var injected = server.inject(busy)) {
            assertTrue(assertThrows(ReplyException.class, () -> server.call("GET", "user:1")).getMessage().startsWith("LOADING"));
            assertNull(server.call("GET", "other"));
        }
        assertNull(server.call("GET", "user:1"));
    }

    @Test
    void executedButTheReplyIsLost() {
        try (var injected = server.inject(Fault.closeAfter().command("INCR").times(1))) {
            assertThrows(UncheckedIOException.class, () -> server.call("INCR", "counter"));
            assertEquals(2L, server.call("INCR", "counter")); // a retry counts twice
        }
    }

    @Test
    void recordsWhatClientsDo() {
        Recording recording = server.record();
        try (recording) {
            server.call("SET", "user:1", "ann");
            server.call("GET", "user:1");
        }
        server.call("GET", "user:2");
        assertEquals(2, recording.count());
        assertEquals(1, recording.count("SET user:* *"));
        assertTrue(recording.transcript().contains("> GET user:1\n\"ann\"\n"), recording.transcript());
    }

    @Test
    void strictModeFindsWhatBitesLater() {
        server.strict("all warn", "cross-slot error");
        assertThrows(ReplyException.class, () -> server.call("MSET", "a", 1, "b", 2));
        StrictFinding finding = server.strictReport().get(0);
        assertEquals("cross-slot", finding.rule());
        assertEquals("error", finding.level());
        assertEquals("MSET a 1 b 2", finding.line());
        assertEquals(1, finding.count());
        server.resetStrict();
        assertEquals(List.of(), server.strictReport());
    }

    @Test
    void everyFaultIsUnderstood() {
        Duration second = Duration.ofSeconds(1);
        for (Fault action : List.of(
                Fault.error("ERR x"),
                Fault.delay(second),
                Fault.closeBefore(),
                Fault.closeAfter(),
                Fault.cut(3),
                Fault.blackhole(),
                Fault.trickle(second),
                Fault.expire(),
                Fault.evict())) {
            server.inject(action.command("GET").space("nowhere")).close();
        }
        server.inject(Fault.diskFull()).close();
        server.inject(Fault.diskError()).close();
        server.inject(Fault.refuse().client("nobody")).close();
        Instant now = server.clock().now();
        Fault all = Fault.error("ERR x").command("CONFIG|SET").category("admin").key("k*").client("c*").user("default")
                .from(2).every(3).times(4).probability(0.5).after(now).before(now.plus(second));
        server.inject(all).close();
        assertEquals(List.of(), server.call("TESTING", "FAULT", "LIST"));
    }

    @Test
    void fixtures(@TempDir Path dir) throws Exception {
        server.load(Files.writeString(dir.resolve("seed.redis"), "SET user:1 ann\nRPUSH queue a b\n"));
        server.load("{\"databases\": {\"0\": {\"n\": \"5\"}}}");
        assertEquals(6L, server.call("INCR", "n"));
        String dump = server.dump();
        server.reset();
        server.load(dump);
        assertEquals(List.of("a", "b"), server.call("LRANGE", "queue", 0, -1));
        assertEquals(dump, server.dump());
    }
}
