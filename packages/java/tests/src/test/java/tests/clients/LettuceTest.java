package tests.clients;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.respserver.Controls;
import io.github.respserver.RespServer;
import io.github.respserver.junit.RespServerExtension;
import io.lettuce.core.Consumer;
import io.lettuce.core.KeyValue;
import io.lettuce.core.RedisClient;
import io.lettuce.core.RedisCommandExecutionException;
import io.lettuce.core.RedisFuture;
import io.lettuce.core.RedisURI;
import io.lettuce.core.ScriptOutputType;
import io.lettuce.core.SetArgs;
import io.lettuce.core.StreamMessage;
import io.lettuce.core.TransactionResult;
import io.lettuce.core.XGroupCreateArgs;
import io.lettuce.core.XReadArgs.StreamOffset;
import io.lettuce.core.api.StatefulRedisConnection;
import io.lettuce.core.api.sync.RedisCommands;
import io.lettuce.core.pubsub.RedisPubSubAdapter;
import io.lettuce.core.pubsub.StatefulRedisPubSubConnection;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class LettuceTest {
    @RegisterExtension
    static final RespServerExtension redis = RespServerExtension.with(server -> server.config("spaces", "yes"));

    private RespServer server;
    private RedisClient client;
    private StatefulRedisConnection<String, String> connection;
    private RedisCommands<String, String> commands;

    @BeforeEach
    void connect(RespServer server) {
        this.server = server;
        client = RedisClient.create(server.url());
        connection = client.connect();
        commands = connection.sync();
    }

    @AfterEach
    void disconnect() {
        client.shutdown(Duration.ZERO, Duration.ofSeconds(10));
    }

    @Test
    void strings() {
        assertEquals("OK", commands.set("k", "v", SetArgs.Builder.nx()));
        assertNull(commands.set("k", "w", SetArgs.Builder.nx()));
        assertEquals(0.25, commands.incrbyfloat("f", 0.25));
        assertEquals(List.of(KeyValue.just("k", "v"), KeyValue.empty("none")), commands.mget("k", "none"));
        assertThrows(RedisCommandExecutionException.class, () -> commands.incr("k"));
    }

    @Test
    void expiry() {
        commands.setex("k", 3600, "v");
        server.clock().freeze();
        server.clock().advance(Duration.ofHours(1));
        assertNull(commands.get("k"));
    }

    @Test
    void blocksForAList() throws Exception {
        RedisFuture<KeyValue<String, String>> waiting = client.connect().async().blpop(60, "queue");
        while (!((String) server.call("INFO", "clients")).contains("blocked_clients:1\r\n")) {
            Thread.onSpinWait();
        }
        commands.rpush("queue", "job");
        assertEquals(KeyValue.just("queue", "job"), waiting.get(60, TimeUnit.SECONDS));
    }

    @Test
    void streams() {
        String id = commands.xadd("s", Map.of("n", "1"));
        commands.xgroupCreate(StreamOffset.from("s", "0"), "g", XGroupCreateArgs.Builder.mkstream());
        List<StreamMessage<String, String>> read = commands.xreadgroup(Consumer.from("g", "me"), StreamOffset.lastConsumed("s"));
        assertEquals(id, read.get(0).getId());
        assertEquals(Map.of("n", "1"), read.get(0).getBody());
        assertEquals(1, commands.xpending("s", "g").getCount());
        assertEquals(1, commands.xack("s", "g", id));
    }

    @Test
    void pubSub() throws Exception {
        CompletableFuture<String> got = new CompletableFuture<>();
        try (StatefulRedisPubSubConnection<String, String> subscriber = client.connectPubSub()) {
            subscriber.addListener(new RedisPubSubAdapter<>() {
                @Override
                public void message(String channel, String message) {
                    got.complete(message);
                }
            });
            subscriber.sync().subscribe("news");
            assertEquals(1, commands.publish("news", "first post"));
            assertEquals("first post", got.get(60, TimeUnit.SECONDS));
        }
    }

    @Test
    void pipelinesAndTransactions() throws Exception {
        List<RedisFuture<Long>> lengths = new ArrayList<>();
        for (int i = 0; i < 1000; i++) {
            lengths.add(connection.async().rpush("l", "x"));
        }
        assertEquals(1000, lengths.get(999).get(60, TimeUnit.SECONDS));

        commands.watch("k");
        server.call("SET", "k", 10);
        commands.multi();
        commands.incr("k");
        assertTrue(commands.exec().wasDiscarded());
        commands.multi();
        commands.incr("k");
        TransactionResult done = commands.exec();
        assertEquals(11L, done.<Long>get(0));
    }

    @Test
    void scripts() {
        assertEquals(List.of("k", "v"), commands.eval("return {KEYS[1], ARGV[1]}", ScriptOutputType.MULTI, new String[] {"k"}, "v"));
    }

    @Test
    void spaces() {
        RedisURI uri = RedisURI.builder(RedisURI.create(server.url()))
                .withAuthentication(Controls.spaceUser("w1"), "x".toCharArray())
                .build();
        commands.set("k", "v");
        try (var space = client.connect(uri)) {
            space.sync().flushall();
        }
        assertEquals("v", commands.get("k"));
    }
}
