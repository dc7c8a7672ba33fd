package io.github.respserver;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A server process. It ends with {@link #close}, or with this JVM, however that ends.
 *
 * <pre>{@code
 * try (RespServer server = RespServer.start(); Jedis jedis = new Jedis(server.url())) {
 *     jedis.set("foo", "bar");
 * }
 * }</pre>
 */
public final class RespServer extends Controls {
    private final ServerProcess running;

    private RespServer(String host, ServerProcess running) {
        super(host, running.port);
        this.running = running;
    }

    /** Starts a server on a free port of 127.0.0.1. Returns when it accepts connections. */
    public static RespServer start() {
        return builder().start();
    }

    /** Returns a builder with the default settings. */
    public static Builder builder() {
        return new Builder();
    }

    /** Returns the id of the process. */
    public long pid() {
        return running.process.pid();
    }

    /** Reports whether the process runs. */
    public boolean isRunning() {
        return running.process.isAlive();
    }

    /** Returns what the server has logged, also after its end. */
    public String log() {
        return running.log();
    }

    /** Ends the server, after a last save if the settings have save points. */
    @Override
    public void close() {
        disconnect();
        running.end(!ServerProcess.WINDOWS);
    }

    /** How to start a server. A builder may start several. */
    public static final class Builder {
        private int port;
        private String host = "127.0.0.1";
        private Path unixSocket;
        private Path configFile;
        private final Map<String, String> config = new LinkedHashMap<>();
        private final List<Path> load = new ArrayList<>();
        private final List<String> strict = new ArrayList<>();
        private final List<String> args = new ArrayList<>();
        private boolean testing = true;
        private Duration timeout = Duration.ofSeconds(10);

        private Builder() {}

        /** The TCP port. 0, the default, picks a free one. */
        public Builder port(int port) {
            this.port = port;
            return this;
        }

        /** The address to listen on, 127.0.0.1 by default. */
        public Builder host(String host) {
            this.host = host;
            return this;
        }

        /** A Unix socket to listen on as well. */
        public Builder unixSocket(Path path) {
            unixSocket = path;
            return this;
        }

        /**
         * A directive of redis.conf, such as {@code config("maxmemory", "100mb")}. No files are written unless there is
         * a {@code dir}.
         */
        public Builder config(String name, String value) {
            config.put(name, value);
            return this;
        }

        /** A redis.conf to read first. */
        public Builder configFile(Path file) {
            configFile = file;
            return this;
        }

        /** Fixtures to load, in this order: .rdb, .json, or commands as redis-cli reads them. */
        public Builder load(Path... files) {
            load.addAll(List.of(files));
            return this;
        }

        /** Rules of strict mode, such as {@code "all warn"}; see {@link Controls#checkStrict}. */
        public Builder strict(String... rules) {
            strict.addAll(List.of(rules));
            return this;
        }

        /** Reports whether there are rules of strict mode. */
        public boolean isStrict() {
            return !strict.isEmpty();
        }

        /** More arguments for the binary, as they are. */
        public Builder args(String... words) {
            args.addAll(List.of(words));
            return this;
        }

        /** Whether the test controls are allowed; they are by default. */
        public Builder testing(boolean allowed) {
            testing = allowed;
            return this;
        }

        /** How long a start may take, 10 seconds by default. */
        public Builder timeout(Duration limit) {
            timeout = limit;
            return this;
        }

        /**
         * Starts a server. Returns when it accepts connections.
         *
         * @throws StartException if it does not
         */
        public RespServer start() {
            try {
                return new RespServer(host, new ServerProcess(arguments(), host, timeout));
            } catch (IOException e) {
                throw new StartException("resp-server did not start: " + e.getMessage(), e);
            }
        }

        private List<String> arguments() {
            List<String> words = new ArrayList<>();
            if (configFile != null) {
                words.add(configFile.toString());
            }
            words.addAll(List.of("--port", Integer.toString(port), "--bind", host));
            if (configFile == null && !config.containsKey("dir")) {
                words.addAll(directive("dir", ""));
                words.addAll(directive("save", ""));
            }
            if (unixSocket != null) {
                words.addAll(List.of("--unixsocket", unixSocket.toString()));
            }
            config.forEach((name, value) -> words.addAll(directive(name, value)));
            for (Path file : load) {
                words.addAll(List.of("--load", file.toString()));
            }
            for (String rule : strict) {
                words.addAll(List.of("--strict", rule));
            }
            if (testing) {
                words.add("--testing");
            }
            words.addAll(args);
            return words;
        }

        private static List<String> directive(String name, String value) {
            if (value.isBlank()) {
                return List.of("--" + name + " ''"); // ProcessBuilder loses an empty word on Windows
            }
            return List.of(("--" + name + " " + value.strip()).split("\\s+"));
        }
    }
}
