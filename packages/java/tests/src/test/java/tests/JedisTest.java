package tests;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.respserver.RespServer;
import io.github.respserver.junit.RespServerExtension;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.JedisPubSub;
import redis.clients.jedis.Pipeline;
import redis.clients.jedis.Response;
import redis.clients.jedis.StreamEntryID;
import redis.clients.jedis.Transaction;
import redis.clients.jedis.exceptions.JedisDataException;
import redis.clients.jedis.params.SetParams;
import redis.clients.jedis.params.XReadGroupParams;

@ExtendWith(RespServerExtension.class)
class JedisTest {
    private RespServer server;
    private Jedis jedis;

    @BeforeEach
    void connect(RespServer server) {
        this.server = server;
        jedis = connect();
    }

    private Jedis connect() {
        return new Jedis(URI.create(server.url()), 60_000); // milliseconds
    }

    @AfterEach
    void disconnect() {
        jedis.close();
    }

    @Test
    void strings() {
        assertEquals("OK", jedis.set("k", "v", SetParams.setParams().nx()));
        assertNull(jedis.set("k", "w", SetParams.setParams().nx()));
        assertEquals(5, jedis.incrBy("n", 5));
        assertEquals(0.25, jedis.incrByFloat("f", 0.25));
        assertEquals(List.of("v", "5"), jedis.mget("k", "n"));
        assertThrows(JedisDataException.class, () -> jedis.incr("k"));
    }

    @Test
    void expiry() {
        jedis.setex("k", 3600, "v");
        server.clock().freeze();
        server.clock().advance(Duration.ofHours(1));
        assertNull(jedis.get("k"));
    }

    @Test
    void hashesAndSortedSets() {
        jedis.hset("h", Map.of("a", "1", "b", "2"));
        assertEquals(Map.of("a", "1", "b", "2"), jedis.hgetAll("h"));
        jedis.zadd("z", Map.of("ann", 2.0, "ben", 1.0));
        assertEquals(List.of("ben", "ann"), jedis.zrange("z", 0, -1));
    }

    @Test
    void blocksForAList() throws Exception {
        CompletableFuture<List<String>> waiting = CompletableFuture.supplyAsync(() -> {
            try (Jedis other = connect()) {
                return other.blpop(60, "queue");
            }
        });
        while (!((String) server.call("INFO", "clients")).contains("blocked_clients:1\r\n")) {
            Thread.onSpinWait();
        }
        jedis.rpush("queue", "job");
        assertEquals(List.of("queue", "job"), waiting.get(60, TimeUnit.SECONDS));
    }

    @Test
    void streams() {
        StreamEntryID first = jedis.xadd("s", StreamEntryID.NEW_ENTRY, Map.of("n", "1"));
        jedis.xgroupCreate("s", "g", new StreamEntryID("0-0"), false);
        var read = jedis.xreadGroup(
                "g", "me", XReadGroupParams.xReadGroupParams().count(10), Map.of("s", StreamEntryID.XREADGROUP_UNDELIVERED_ENTRY));
        assertEquals(first, read.get(0).getValue().get(0).getID());
        assertEquals(Map.of("n", "1"), read.get(0).getValue().get(0).getFields());
        assertEquals(1, jedis.xpending("s", "g").getTotal());
        assertEquals(1, jedis.xack("s", "g", first));
    }

    @Test
    void pubSub() {
        List<String> got = new ArrayList<>();
        jedis.subscribe(new JedisPubSub() {
            @Override
            public void onSubscribe(String channel, int count) {
                assertEquals(1L, server.call("PUBLISH", channel, "first post"));
            }

            @Override
            public void onMessage(String channel, String message) {
                got.add(message);
                unsubscribe();
            }
        }, "news");
        assertEquals(List.of("first post"), got);
    }

    @Test
    void pipelinesAndTransactions() {
        Pipeline pipeline = jedis.pipelined();
        List<Response<Long>> lengths = new ArrayList<>();
        for (int i = 0; i < 1000; i++) {
            lengths.add(pipeline.rpush("l", "x"));
        }
        pipeline.sync();
        assertEquals(1000, lengths.get(999).get());

        jedis.watch("k");
        server.call("SET", "k", 10);
        Transaction lost = jedis.multi();
        lost.incr("k");
        assertNull(lost.exec());
        Transaction done = jedis.multi();
        done.incr("k");
        assertEquals(List.of(11L), done.exec());
    }

    @Test
    void scripts() {
        assertEquals(List.of("k", "v"), jedis.eval("return {KEYS[1], ARGV[1]}", 1, "k", "v"));
        assertTrue(jedis.functionLoad("#!lua name=lib\nredis.register_function('f', function() return 'hi' end)").equals("lib"));
        assertEquals("hi", jedis.fcall("f", List.of(), List.of()));
    }
}
