package tests.clients;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.respserver.RespServer;
import io.github.respserver.junit.RespServerExtension;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.redisson.Redisson;
import org.redisson.api.RBatch;
import org.redisson.api.RBlockingQueue;
import org.redisson.api.RBucket;
import org.redisson.api.RFuture;
import org.redisson.api.RLock;
import org.redisson.api.RMap;
import org.redisson.api.RScoredSortedSet;
import org.redisson.api.RTopic;
import org.redisson.api.RedissonClient;
import org.redisson.client.codec.StringCodec;
import org.redisson.config.Config;

@ExtendWith(RespServerExtension.class)
class RedissonTest {
    private RespServer server;
    private RedissonClient redisson;

    @BeforeEach
    void connect(RespServer server) {
        this.server = server;
        Config config = new Config();
        config.setCodec(StringCodec.INSTANCE);
        config.useSingleServer().setAddress(server.url()).setConnectionMinimumIdleSize(1).setConnectionPoolSize(8);
        redisson = Redisson.create(config);
    }

    @AfterEach
    void disconnect() {
        redisson.shutdown(0, 10, TimeUnit.SECONDS);
    }

    @Test
    void bucketsExpire() {
        RBucket<String> bucket = redisson.getBucket("k");
        bucket.set("v", Duration.ofHours(1));
        assertEquals("v", bucket.get());
        server.clock().freeze();
        server.clock().advance(Duration.ofHours(1));
        assertNull(bucket.get());
    }

    @Test
    void maps() {
        RMap<String, String> map = redisson.getMap("h");
        map.putAll(Map.of("a", "1", "b", "2"));
        assertEquals("1", map.put("a", "3"));
        assertEquals(Map.of("a", "3", "b", "2"), map.readAllMap());
        assertNull(map.putIfAbsent("c", "4"));
    }

    @Test
    void sortedSets() {
        RScoredSortedSet<String> set = redisson.getScoredSortedSet("z");
        set.add(2, "ann");
        set.add(1, "ben");
        assertEquals(List.of("ben", "ann"), List.copyOf(set.readAll()));
        assertEquals(1, set.rank("ann"));
    }

    @Test
    void locksExcludeAndEnd() throws Exception {
        RLock lock = redisson.getLock("lock");
        assertTrue(lock.tryLock(0, 60, TimeUnit.SECONDS));
        assertFalse(CompletableFuture.supplyAsync(lock::tryLock).get(60, TimeUnit.SECONDS));
        server.clock().freeze();
        server.clock().advance(Duration.ofMinutes(1)); // the lease has ended
        assertFalse(lock.isLocked());
    }

    @Test
    void aLockWakesWhoWaits() throws Exception {
        RLock lock = redisson.getLock("lock");
        lock.lock();
        CompletableFuture<Boolean> waiting = CompletableFuture.supplyAsync(() -> {
            lock.lock();
            lock.unlock();
            return true;
        });
        while (!((String) server.call("INFO", "clients")).contains("pubsub_clients:1\r\n")) {
            Thread.onSpinWait();
        }
        lock.unlock();
        assertTrue(waiting.get(60, TimeUnit.SECONDS));
    }

    @Test
    void queuesBlock() throws Exception {
        RBlockingQueue<String> queue = redisson.getBlockingQueue("queue");
        RFuture<String> waiting = queue.pollAsync(60, TimeUnit.SECONDS);
        while (!((String) server.call("INFO", "clients")).contains("blocked_clients:1\r\n")) {
            Thread.onSpinWait();
        }
        queue.offer("job");
        assertEquals("job", waiting.toCompletableFuture().get(60, TimeUnit.SECONDS));
    }

    @Test
    void topics() throws Exception {
        CompletableFuture<String> got = new CompletableFuture<>();
        RTopic topic = redisson.getTopic("news");
        topic.addListener(String.class, (channel, message) -> got.complete(message));
        assertEquals(1, topic.publish("first post"));
        assertEquals("first post", got.get(60, TimeUnit.SECONDS));
    }

    @Test
    void batches() {
        RBatch batch = redisson.createBatch();
        for (int i = 0; i < 100; i++) {
            batch.getAtomicLong("n").incrementAndGetAsync();
        }
        List<?> replies = batch.execute().getResponses();
        assertEquals(100L, replies.get(99));
    }
}
