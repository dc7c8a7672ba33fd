package io.github.respserver;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;

/**
 * What a test can do with this server and with no other: each method is a subcommand of TESTING. The guide is
 * docs/testing.md of the server. Methods may be called from any thread; they throw a {@link ReplyException} for an error
 * of the server and an UncheckedIOException if the connection breaks.
 */
public abstract class Controls implements AutoCloseable {
    private static final AtomicLong FAULTS = new AtomicLong();

    private final String host;
    private final int port;
    private Connection connection; // null until it is needed

    Controls(String host, int port) {
        this.host = host;
        this.port = port;
    }

    /** Returns the address that the server listens on. */
    public final String host() {
        return host;
    }

    /** Returns the TCP port. */
    public final int port() {
        return port;
    }

    /** Returns what clients connect to: {@code redis://127.0.0.1:34567/0}. */
    public final String url() {
        return "redis://" + address() + "/0";
    }

    /**
     * Runs one command on a connection of this object. The reply is a String, a Long, a List, null, or byte[] for bytes
     * that are not UTF-8.
     *
     * @param words byte[], or anything with a toString
     */
    public final synchronized Object call(Object... words) {
        try {
            if (connection == null) {
                connection = new Connection(host, port);
            }
            return connection.call(words);
        } catch (IOException e) {
            disconnect();
            throw new UncheckedIOException(e);
        }
    }

    /** Returns the server's clock. */
    public final Clock clock() {
        return new Clock(this);
    }

    /** Remembers data, users, scripts, functions, settings and time under a name. */
    public final void snapshot(String name) {
        testing("SNAPSHOT", name);
    }

    /** Goes back to a snapshot. Clients stay connected. */
    public final void restore(String name) {
        testing("RESTORE", name);
    }

    /** Makes the server as it was after its start. */
    public final void reset() {
        testing("RESET");
    }

    /** Makes an independent server with the same data, without copying them. */
    public final Fork fork() {
        try {
            Connection owner = new Connection(host, port);
            try {
                return new Fork((String) owner.call("TESTING", "FORK"), owner);
            } catch (IOException | RuntimeException e) {
                owner.close();
                throw e;
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Injects a fault from now on, until {@link Injected#close}. */
    public final Injected inject(Fault fault) {
        String name = "java-" + ProcessHandle.current().pid() + "-" + FAULTS.incrementAndGet();
        List<Object> words = new ArrayList<>(List.of("ADD", name));
        words.addAll(fault.words());
        testing("FAULT", words.toArray());
        return () -> testing("FAULT", "DEL", name);
    }

    /** A fault that is in force until it is closed. */
    public interface Injected extends AutoCloseable {
        /** Removes the fault. */
        @Override
        void close();
    }

    /** Records commands and replies of clients from now on, until {@link Recording#close}. */
    public final Recording record() {
        testing("RECORD", "START");
        return new Recording(this);
    }

    /** Does {@link #record}, and has what scripts call and what clients in the spaces of the server do too. */
    public final Recording recordAll() {
        testing("RECORD", "START", "SCRIPTS", "SPACES");
        return new Recording(this);
    }

    /**
     * Sets rules of strict mode, which finds what works in tests but fails in production: {@code strict("all warn",
     * "large-reads error 100")}.
     */
    public final void strict(String... rules) {
        for (String rule : rules) {
            List<Object> words = new ArrayList<>(List.of("SET"));
            words.addAll(List.of(rule.strip().split("\\s+")));
            testing("STRICT", words.toArray());
        }
    }

    /** Returns what strict mode has found since the start or {@link #resetStrict}. */
    public final List<StrictFinding> strictReport() {
        return ((List<?>) testing("STRICT", "REPORT")).stream().map(one -> new StrictFinding((List<?>) one)).toList();
    }

    /**
     * Throws an AssertionError if strict mode has warned since the start or the last reset. A test that expects warnings
     * calls {@link #resetStrict}.
     */
    public final void checkStrict() {
        List<StrictFinding> warnings = strictReport().stream().filter(f -> f.level().equals("warn")).toList();
        if (!warnings.isEmpty()) {
            StringBuilder text = new StringBuilder("strict mode warns of what the test has done:");
            warnings.forEach(finding -> text.append("\n  ").append(finding));
            throw new AssertionError(text.toString());
        }
    }

    /** Forgets what strict mode has found. The rules stay. */
    public final void resetStrict() {
        testing("STRICT", "RESET");
    }

    /**
     * Returns the URL of a private server behind this port. Clients that connect with it have their own data,
     * time, users and faults. The space begins as a fork of this server when its first client connects. It needs the
     * directive {@code spaces yes}.
     *
     * <p>Jedis, Lettuce and Redisson misread a URL with a colon in the user name: give them {@link #url}, and separately
     * the user {@link #spaceUser} with any password.
     */
    public final String spaceUrl(String name) {
        String user = URLEncoder.encode(spaceUser(name), StandardCharsets.UTF_8).replace("+", "%20");
        return "redis://" + user + ":x@" + address() + "/0";
    }

    /** Returns the user whose clients get a private server behind this port. Any password will do. */
    public static String spaceUser(String name) {
        return "space:" + name;
    }

    /** Adds the data of a fixture: an RDB file, JSON, or commands as redis-cli reads them. */
    public final void load(Path file) {
        try {
            load(Files.readAllBytes(file));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Adds the data of a fixture, given as its text: JSON, or commands as redis-cli reads them. */
    public final void load(String text) {
        testing("LOAD", text);
    }

    /** Adds the data of a fixture, given as its bytes. */
    public final void load(byte[] data) {
        testing("LOAD", data);
    }

    /** Returns all data as commands that make them again, in a stable order. */
    public final String dump() {
        return (String) testing("DUMP");
    }

    /** Ends it. Calling it again does nothing. */
    @Override
    public abstract void close();

    final Object testing(String subcommand, Object... words) {
        List<Object> all = new ArrayList<>(List.of("TESTING", subcommand));
        all.addAll(List.of(words));
        return call(all.toArray());
    }

    final synchronized void disconnect() {
        if (connection != null) {
            closeQuietly(connection);
            connection = null;
        }
    }

    static void closeQuietly(Connection connection) {
        try {
            connection.close();
        } catch (IOException e) {
            // Nothing is sent any more, so nothing is lost.
        }
    }

    private String address() {
        return (host.contains(":") ? "[" + host + "]" : host) + ":" + port;
    }
}
