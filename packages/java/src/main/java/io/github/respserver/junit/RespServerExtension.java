package io.github.respserver.junit;

import io.github.respserver.Fork;
import io.github.respserver.RespServer;
import java.util.function.Consumer;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ExtensionContext.Namespace;
import org.junit.jupiter.api.extension.ExtensionContext.Store;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;

/**
 * Gives a class of tests a server. Each test finds it as it was when the first test began: what {@code @BeforeAll}
 * methods put there is there, what other tests did is not.
 *
 * <p>A parameter of type {@link RespServer} is the server of the class. A parameter of type {@link Fork} is a copy for
 * this test alone: if all tests of a class take one, they can run in parallel.
 *
 * <pre>{@code
 * @ExtendWith(RespServerExtension.class)
 * class CounterTest {
 *     @Test
 *     void counts(RespServer server) {
 *         try (Jedis jedis = new Jedis(server.url())) {
 *             assertEquals(1, jedis.incr("visits"));
 *         }
 *     }
 * }
 * }</pre>
 *
 * <p>With rules of strict mode a test fails that they warn of, and the failure names command and rule:
 *
 * <pre>{@code
 * @RegisterExtension
 * static final RespServerExtension redis = RespServerExtension.with(settings -> settings.strict("all warn"));
 * }</pre>
 *
 * <p>If a test fails, the log of the server is printed to the standard error.
 */
public final class RespServerExtension
        implements BeforeAllCallback, BeforeEachCallback, AfterEachCallback, AfterAllCallback, ParameterResolver {
    private static final Namespace NAMESPACE = Namespace.create(RespServerExtension.class);

    // In the store of a class: its RespServer, and the snapshot that its tests begin with. In that of a test: its Fork.
    private static final String FIXTURE = "fixture";

    private final RespServer.Builder builder = RespServer.builder();
    private volatile RespServer server;

    /** For {@code @ExtendWith}, and for {@code @RegisterExtension} on a static field. */
    public RespServerExtension() {}

    /** Returns an extension for a static field with {@code @RegisterExtension}, whose server has other settings. */
    public static RespServerExtension with(Consumer<RespServer.Builder> settings) {
        RespServerExtension extension = new RespServerExtension();
        settings.accept(extension.builder);
        return extension;
    }

    /** Returns the server of the class that runs. */
    public RespServer server() {
        RespServer now = server;
        if (now == null) {
            throw new IllegalStateException("the server runs only while the tests of a class do");
        }
        return now;
    }

    /** Returns the URL of the server of the class that runs. */
    public String url() {
        return server().url();
    }

    @Override
    public void beforeAll(ExtensionContext context) {
        Store store = context.getStore(NAMESPACE);
        RespServer around = store.get(RespServer.class, RespServer.class);
        if (around == null) {
            server = builder.start();
            store.put(RespServer.class, server);
        } else { // a nested class has the server of the class around it, as its tests find it
            String fixture = store.get(FIXTURE, String.class);
            if (fixture != null) {
                around.restore(fixture);
            }
        }
    }

    @Override
    public void beforeEach(ExtensionContext context) {
        RespServer server = serverOf(context);
        ExtensionContext owner = context;
        while (owner.getTestMethod().isPresent()) { // the runs of a parameterized test have a context between
            owner = owner.getParent().orElseThrow();
        }
        Store store = owner.getStore(NAMESPACE);
        String fixture = owner.getUniqueId();
        synchronized (server) {
            if (!fixture.equals(store.get(FIXTURE))) {
                server.snapshot(fixture);
                store.put(FIXTURE, fixture);
            }
            server.restore(fixture);
        }
    }

    @Override
    public void afterEach(ExtensionContext context) {
        Fork fork = context.getStore(NAMESPACE).remove(Fork.class, Fork.class);
        try {
            if (builder.isStrict()) {
                serverOf(context).checkStrict();
                if (fork != null) {
                    fork.checkStrict();
                }
            }
        } finally {
            if (fork != null) {
                fork.close();
            }
        }
        if (context.getExecutionException().isPresent()) {
            System.err.println(context.getDisplayName() + " failed; the log of the server:\n" + serverOf(context).log());
        }
    }

    @Override
    public void afterAll(ExtensionContext context) {
        RespServer own = context.getStore(NAMESPACE).remove(RespServer.class, RespServer.class);
        if (own != null) {
            server = null;
            own.close();
        }
    }

    @Override
    public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
        Class<?> type = parameter.getParameter().getType();
        return type == RespServer.class || type == Fork.class && context.getTestMethod().isPresent();
    }

    @Override
    public Object resolveParameter(ParameterContext parameter, ExtensionContext context) {
        if (parameter.getParameter().getType() == RespServer.class) {
            return serverOf(context);
        }
        return context.getStore(NAMESPACE)
                .getOrComputeIfAbsent(Fork.class, key -> serverOf(context).fork(), Fork.class);
    }

    private static RespServer serverOf(ExtensionContext context) {
        RespServer server = context.getStore(NAMESPACE).get(RespServer.class, RespServer.class);
        if (server == null) {
            throw new IllegalStateException("there is no server: the field with the extension has to be static");
        }
        return server;
    }
}
