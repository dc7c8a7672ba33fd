package io.github.respserver;

import java.io.EOFException;
import java.io.IOException;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Starts the server as a process and ends it. */
final class ServerProcess {
    private static final Pattern PORT = Pattern.compile("\"port\":(\\d+)");
    static final boolean WINDOWS = System.getProperty("os.name").startsWith("Windows");

    final Process process;
    final int port;

    private final String host;
    private final Path folder;
    private final FileChannel log;
    private String closedLog; // what was logged; null while the process runs

    /** Starts the binary. Returns when it accepts connections on a host. */
    ServerProcess(List<String> args, String host, Duration timeout) throws IOException {
        this.host = host;
        Path binary = Binary.find();
        folder = Files.createTempDirectory("resp-server-");
        // The log is a file: a pipe that nobody reads would block the server.
        Path file = Files.createFile(folder.resolve("log"));
        log = FileChannel.open(file, StandardOpenOption.READ);
        boolean started = false;
        try {
            Path ready = folder.resolve("ready.json");
            List<String> command = new ArrayList<>(List.of(binary.toString()));
            command.addAll(args);
            command.addAll(List.of("--exit-with-parent", "--ready-file", ready.toString()));
            process = new ProcessBuilder(command)
                    .redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.appendTo(file.toFile()))
                    .start();
            process.getOutputStream().close();
            port = awaitPort(ready, timeout);
            started = true;
        } finally {
            if (!started) {
                closeLog();
            } else if (!WINDOWS) {
                remove(); // an open file needs no name, so nothing is left when this JVM is killed
            }
        }
    }

    private int awaitPort(Path ready, Duration timeout) throws IOException {
        long begin = System.nanoTime();
        while (!Files.exists(ready)) {
            if (!process.isAlive()) {
                throw new StartException(failure("exit code " + process.exitValue()));
            }
            if (System.nanoTime() - begin > timeout.toNanos()) {
                process.destroyForcibly().onExit().join();
                throw new StartException(failure("not ready within " + timeout.toMillis() + " ms"));
            }
            try {
                Thread.sleep(1);
            } catch (InterruptedException e) {
                process.destroyForcibly().onExit().join();
                Thread.currentThread().interrupt();
                throw new StartException(failure("interrupted"), e);
            }
        }
        Matcher match = PORT.matcher(Files.readString(ready));
        if (!match.find()) {
            throw new IOException("no port in " + ready);
        }
        return Integer.parseInt(match.group(1));
    }

    private String failure(String why) {
        return ("resp-server did not start: " + why + "\n" + log()).stripTrailing();
    }

    /** Returns what the server has logged. */
    synchronized String log() {
        if (closedLog != null) {
            return closedLog;
        }
        try {
            ByteBuffer text = ByteBuffer.allocate((int) log.size());
            while (text.hasRemaining() && log.read(text, text.position()) >= 0) {
                // A read may return less than there is.
            }
            return new String(text.array(), 0, text.position(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            return "the log can't be read: " + e;
        }
    }

    /**
     * Ends the process, which may save its data before; kills it if that takes more than 10 seconds. On Windows there
     * is no signal that lets a program save its data.
     */
    void end(boolean bySignal) {
        if (bySignal || !shutDown()) {
            process.destroy();
        }
        try {
            if (!process.waitFor(10, TimeUnit.SECONDS)) {
                process.destroyForcibly().onExit().join();
            }
        } catch (InterruptedException e) {
            process.destroyForcibly().onExit().join();
            Thread.currentThread().interrupt();
        }
        closeLog();
    }

    /** Asks the server to end. Returns false if it does not: it may want a password. */
    private boolean shutDown() {
        if (!process.isAlive()) {
            return true;
        }
        try (Connection connection = new Connection(host, port)) {
            connection.call("SHUTDOWN");
            return false;
        } catch (EOFException | SocketException e) {
            return true; // there is no other reply to it
        } catch (IOException | ReplyException e) {
            return false;
        }
    }

    private synchronized void closeLog() {
        if (closedLog != null) {
            return;
        }
        closedLog = log();
        try {
            log.close();
        } catch (IOException e) {
            // It was only read.
        }
        remove();
    }

    private void remove() {
        for (String name : List.of("log", "ready.json", "")) {
            try {
                Files.deleteIfExists(folder.resolve(name));
            } catch (IOException e) {
                // The system empties its folder of temporary files.
            }
        }
    }
}
