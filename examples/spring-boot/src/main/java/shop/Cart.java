package shop;

import java.time.Duration;
import java.util.Map;
import org.springframework.data.redis.core.StringRedisTemplate;
import org.springframework.stereotype.Component;

/** The articles that a user wants; forgotten after half an hour without a change. */
@Component
public class Cart {
    private final StringRedisTemplate redis;

    Cart(StringRedisTemplate redis) {
        this.redis = redis;
    }

    public void add(String user, String article) {
        redis.opsForHash().increment("cart:" + user, article, 1);
        redis.expire("cart:" + user, Duration.ofMinutes(30));
    }

    public Map<Object, Object> articles(String user) {
        return redis.opsForHash().entries("cart:" + user);
    }
}
