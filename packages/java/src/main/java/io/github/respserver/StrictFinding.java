package io.github.respserver;

import java.time.Instant;
import java.util.List;

/**
 * A rule of strict mode that a command has broken, as it was the first time.
 *
 * @param rule the name of the rule
 * @param level {@code warn}, or {@code error} if the reply was one
 * @param command its name
 * @param message what is wrong
 * @param line the command as redis-cli reads it, cut if it is long
 * @param client its address or name
 * @param count how often
 * @param first when, on the clock of the server
 */
public record StrictFinding(
        String rule, String level, String command, String message, String line, String client, long count, Instant first) {
    StrictFinding(List<?> fields) {
        this(
                (String) field(fields, "rule"),
                (String) field(fields, "level"),
                (String) field(fields, "command"),
                (String) field(fields, "message"),
                (String) field(fields, "line"),
                (String) field(fields, "client"),
                (Long) field(fields, "count"),
                Instant.ofEpochMilli((Long) field(fields, "first")));
    }

    /** Returns rule, command and message in a line. */
    @Override
    public String toString() {
        return rule + ": " + line + ": " + message + (count > 1 ? " (" + count + " times)" : "");
    }

    private static Object field(List<?> fields, String name) {
        return fields.get(fields.indexOf(name) + 1);
    }
}
