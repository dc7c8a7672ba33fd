package shop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import io.github.respserver.RespServer;
import io.github.respserver.junit.RespServerExtension;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import redis.clients.jedis.Jedis;

@ExtendWith(RespServerExtension.class)
class JedisTest {
    @Test
    void counts(RespServer server) {
        try (Jedis jedis = new Jedis(server.url())) {
            assertEquals(1, jedis.incr("visits"));
        }
    }

    @Test
    void beginsEmpty(RespServer server) {
        try (Jedis jedis = new Jedis(server.url())) {
            assertFalse(jedis.exists("visits"));
        }
    }

    @Test
    void sessionsExpire(RespServer server) {
        try (Jedis jedis = new Jedis(server.url())) {
            jedis.setex("session", 3600, "ann");
            server.clock().advance(Duration.ofHours(1)); // no sleep
            assertFalse(jedis.exists("session"));
        }
    }
}
