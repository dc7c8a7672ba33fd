package shop;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.respserver.RespServer;
import io.github.respserver.junit.RespServerExtension;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.redisson.Redisson;
import org.redisson.api.RLock;
import org.redisson.api.RedissonClient;
import org.redisson.config.Config;

@ExtendWith(RespServerExtension.class)
class RedissonTest {
    @Test
    void aLeaseEnds(RespServer server) throws InterruptedException {
        Config config = new Config();
        config.useSingleServer().setAddress(server.url());
        RedissonClient redisson = Redisson.create(config);
        try {
            RLock lock = redisson.getLock("deployment");
            assertTrue(lock.tryLock(0, 60, TimeUnit.SECONDS));
            server.clock().advance(Duration.ofMinutes(1));
            assertFalse(lock.isLocked());
        } finally {
            redisson.shutdown();
        }
    }
}
