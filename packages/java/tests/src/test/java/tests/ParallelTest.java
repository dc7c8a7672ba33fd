package tests;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import io.github.respserver.Fork;
import io.github.respserver.RespServer;
import io.github.respserver.junit.RespServerExtension;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@ExtendWith(RespServerExtension.class)
@Execution(ExecutionMode.CONCURRENT)
class ParallelTest {
    @BeforeAll
    static void seed(RespServer server) {
        server.call("SET", "n", 10);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 4, 5, 6, 7, 8})
    void eachHasAForkOfItsOwn(int n, Fork fork, RespServer server) {
        assertNotEquals(server.port(), fork.port());
        assertEquals(10L + n, fork.call("INCRBY", "n", n));
        assertEquals("10", server.call("GET", "n"));
    }
}
