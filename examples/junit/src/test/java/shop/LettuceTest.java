package shop;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.github.respserver.Fork;
import io.github.respserver.RespServer;
import io.github.respserver.junit.RespServerExtension;
import io.lettuce.core.RedisClient;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(RespServerExtension.class)
class LettuceTest {
    @BeforeAll
    static void seed(RespServer server) {
        server.call("SET", "stock:tea", 12);
    }

    @Test
    void sells(Fork fork) { // a copy of the server for this test alone
        RedisClient client = RedisClient.create(fork.url());
        try (var connection = client.connect()) {
            assertEquals(11, connection.sync().decr("stock:tea"));
        } finally {
            client.shutdown();
        }
    }
}
