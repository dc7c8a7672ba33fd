package shop;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.github.respserver.RespServer;
import io.github.respserver.junit.RespServerExtension;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.test.context.DynamicPropertyRegistry;
import org.springframework.test.context.DynamicPropertySource;

@SpringBootTest
class CartTest {
    @RegisterExtension
    static final RespServerExtension redis = new RespServerExtension();

    @DynamicPropertySource
    static void properties(DynamicPropertyRegistry registry) {
        registry.add("spring.data.redis.url", redis::url);
    }

    @Autowired
    Cart cart;

    @Test
    void addsUp() {
        cart.add("ann", "tea");
        cart.add("ann", "tea");
        assertEquals(Map.of("tea", "2"), cart.articles("ann"));
    }

    @Test
    void isForgotten(RespServer server) {
        cart.add("ann", "tea");
        server.clock().advance(Duration.ofMinutes(30));
        assertEquals(Map.of(), cart.articles("ann"));
    }
}
