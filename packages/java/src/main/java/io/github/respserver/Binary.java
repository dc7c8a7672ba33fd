package io.github.respserver;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Locale;

/** Finds the server's binary. */
final class Binary {
    static final String VARIABLE = "RESP_SERVER_BINARY";

    private static final boolean WINDOWS = System.getProperty("os.name").startsWith("Windows");
    private static final String NAME = WINDOWS ? "resp-server.exe" : "resp-server";

    private static Path unpacked; // what find has found in a jar

    private Binary() {}

    /**
     * Returns the path of the binary: RESP_SERVER_BINARY if it is set, else that of the jar for this platform, unpacked
     * once for each version into the user's cache.
     */
    static synchronized Path find() throws IOException {
        String chosen = System.getenv(VARIABLE);
        if (chosen != null && !chosen.isEmpty()) {
            Path path = Path.of(chosen);
            if (!Files.isRegularFile(path)) {
                throw new IOException(VARIABLE + " names " + chosen + ", which is no file");
            }
            return path;
        }
        if (unpacked == null || !Files.isExecutable(unpacked)) {
            unpacked = unpack();
        }
        return unpacked;
    }

    private static Path unpack() throws IOException {
        String platform = platform(System.getProperty("os.name"), System.getProperty("os.arch"));
        String resource = "META-INF/resp-server/" + platform + "/" + NAME;
        ClassLoader loader = Binary.class.getClassLoader();
        String digest;
        try (InputStream in = loader.getResourceAsStream(resource + ".sha256")) {
            if (in == null) {
                throw new IOException("no jar on the class path has the resp-server binary for " + platform
                        + ": add the artifact with this classifier, or set " + VARIABLE + " to a binary");
            }
            digest = new String(in.readAllBytes(), StandardCharsets.US_ASCII).strip();
        }
        Path path = cache().resolve("resp-server").resolve(digest).resolve(NAME);
        if (Files.isExecutable(path)) {
            return path;
        }
        try (InputStream in = loader.getResourceAsStream(resource)) {
            try {
                Files.createDirectories(path.getParent());
            } catch (IOException e) { // as where the home directory can't be written to
                path = Files.createTempDirectory("resp-server-").resolve(NAME);
                path.getParent().toFile().deleteOnExit();
                path.toFile().deleteOnExit();
            }
            // Others may do the same at this moment: the file appears with its content complete.
            Path part = Files.createTempFile(path.getParent(), NAME, ".part");
            try {
                Files.copy(in, part, StandardCopyOption.REPLACE_EXISTING);
                part.toFile().setExecutable(true);
                Files.move(part, path, StandardCopyOption.ATOMIC_MOVE);
            } catch (IOException e) {
                Files.deleteIfExists(part);
                if (!Files.isExecutable(path)) { // on Windows nobody can replace a program that runs
                    throw e;
                }
            }
            return path;
        }
    }

    /**
     * The classifier of the artifact with the binary for a system and a processor, which are named as the system
     * properties os.name and os.arch do it.
     */
    static String platform(String name, String processor) {
        String system = name.startsWith("Mac") ? "osx" : name.startsWith("Windows") ? "windows" : name.toLowerCase(Locale.ROOT);
        String arch = switch (processor) {
            case "amd64", "x86_64" -> "x86_64";
            case "aarch64", "arm64" -> "aarch_64";
            default -> processor;
        };
        return system + "-" + arch;
    }

    private static Path cache() {
        Path home = Path.of(System.getProperty("user.home"));
        String name = System.getProperty("os.name");
        if (WINDOWS) {
            return under("LOCALAPPDATA", home.resolve("AppData").resolve("Local"));
        }
        return name.startsWith("Mac") ? home.resolve("Library/Caches") : under("XDG_CACHE_HOME", home.resolve(".cache"));
    }

    private static Path under(String variable, Path otherwise) {
        String value = System.getenv(variable);
        return value != null && Path.of(value).isAbsolute() ? Path.of(value) : otherwise;
    }
}
