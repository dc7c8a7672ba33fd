package tests.clients;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import io.github.respserver.RespServer;
import io.github.respserver.junit.RespServerExtension;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.data.redis.core.StringRedisTemplate;
import org.springframework.test.context.DynamicPropertyRegistry;
import org.springframework.test.context.DynamicPropertySource;

/** The recipe of the README: the server is started before the context, and each test finds it empty. */
@SpringBootTest(classes = SpringTest.Application.class)
class SpringTest {
    @EnableAutoConfiguration
    static class Application {}

    @RegisterExtension
    static final RespServerExtension redis = new RespServerExtension();

    @DynamicPropertySource
    static void properties(DynamicPropertyRegistry registry) {
        registry.add("spring.data.redis.url", redis::url);
    }

    @Autowired
    StringRedisTemplate template;

    @Test
    void counts() {
        assertEquals(1, template.opsForValue().increment("visits"));
    }

    @Test
    void countsFromTheStart(RespServer server) {
        assertEquals(1, template.opsForValue().increment("visits"));
        template.expire("visits", Duration.ofHours(1));
        server.clock().advance(Duration.ofHours(1));
        assertNull(template.opsForValue().get("visits"));
    }
}
