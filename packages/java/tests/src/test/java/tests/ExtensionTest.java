package tests;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClass;

import io.github.respserver.Fork;
import io.github.respserver.RespServer;
import io.github.respserver.junit.RespServerExtension;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;
import org.junit.platform.launcher.listeners.SummaryGeneratingListener;

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

    @Test
    void strictModeFailsTheTest() {
        SummaryGeneratingListener heard = new SummaryGeneratingListener();
        LauncherFactory.create()
                .execute(LauncherDiscoveryRequestBuilder.request().selectors(selectClass(Strict.class)).build(), heard);
        assertEquals(2, heard.getSummary().getTestsSucceededCount());
        assertEquals(2, heard.getSummary().getTestsFailedCount());
        heard.getSummary().getFailures().forEach(failure -> {
            String message = failure.getException().getMessage();
            assertTrue(message.startsWith("strict mode warns of what the test has done:\n  cross-slot: MSET a 1 b 2: "), message);
        });
    }

    static class Strict { // its name keeps it from being run by itself
        @RegisterExtension
        static final RespServerExtension redis = RespServerExtension.with(settings -> settings.strict("all warn"));

        @Test
        void warned(RespServer server) {
            server.call("MSET", "a", 1, "b", 2);
        }

        @Test
        void warnedInFork(Fork fork) {
            fork.call("MSET", "a", 1, "b", 2);
        }

        @Test
        void forgotten(RespServer server) {
            server.call("MSET", "a", 1, "b", 2);
            server.resetStrict();
        }

        @Test
        void fine(RespServer server) {
            server.call("MSET", "{a}1", 1, "{a}2", 2);
        }
    }
}
