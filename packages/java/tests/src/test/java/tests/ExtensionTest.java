package tests;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.github.respserver.RespServer;
import io.github.respserver.junit.RespServerExtension;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@ExtendWith(RespServerExtension.class)
class ExtensionTest {
    @BeforeAll
    static void seed(RespServer server) {
        server.call("SET", "visits", 10);
    }

    @BeforeEach
    void count(RespServer server) {
        server.call("INCR", "visits");
    }

    @Test
    void findsTheFixture(RespServer server) {
        assertEquals("11", server.call("GET", "visits"));
        server.call("FLUSHALL");
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3})
    void findsTheFixtureEachTime(int unused, RespServer server) {
        assertEquals("11", server.call("GET", "visits"));
    }

    @Nested
    class Inside {
        @BeforeAll
        static void seed(RespServer server) {
            server.call("INCRBY", "visits", 100);
        }

        @ParameterizedTest
        @ValueSource(ints = {1, 2})
        void addsToTheFixture(int unused, RespServer server) {
            assertEquals("111", server.call("GET", "visits"));
        }
    }
}
