package io.github.respserver;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * A rule that makes something go wrong: what happens, and for which commands. The factory methods say what happens;
 * each condition returns a new rule. Without conditions it applies to all commands.
 *
 * <pre>{@code Fault.error("LOADING Redis is loading the dataset in memory").command("GET").key("user:*").times(1)}</pre>
 */
public final class Fault {
    private final List<Object> conditions;
    private final List<Object> action;

    private Fault(List<Object> conditions, List<Object> action) {
        this.conditions = conditions;
        this.action = action;
    }

    private static Fault does(Object... action) {
        return new Fault(List.of(), List.of(action));
    }

    /** An error reply, such as {@code LOADING Redis is loading the dataset in memory}. */
    public static Fault error(String text) {
        return does("ERROR", text);
    }

    /** The command is executed later, on the server's clock. */
    public static Fault delay(Duration by) {
        return does("DELAY", by.toMillis());
    }

    /** The connection closes, and the command is not executed. */
    public static Fault closeBefore() {
        return does("CLOSE", "BEFORE");
    }

    /** The command is executed, but the connection closes before its reply. */
    public static Fault closeAfter() {
        return does("CLOSE", "AFTER");
    }

    /** The command is executed; this many bytes of the reply arrive, then the connection closes. */
    public static Fault cut(int bytes) {
        return does("CUT", bytes);
    }

    /** The command is not executed, and there is no reply. */
    public static Fault blackhole() {
        return does("BLACKHOLE");
    }

    /** The reply comes byte by byte, with this much time between bytes. */
    public static Fault trickle(Duration pause) {
        return does("TRICKLE", pause.toMillis());
    }

    /** The keys of the command expire before it runs. */
    public static Fault expire() {
        return does("EXPIRE");
    }

    /** The keys of the command are evicted before it runs. */
    public static Fault evict() {
        return does("EVICT");
    }

    /** New connections are closed. */
    public static Fault refuse() {
        return does("REFUSE");
    }

    /** An operation that writes a file fails, because the disk is full. */
    public static Fault diskFull() {
        return does("ENOSPC");
    }

    /** An operation that writes a file fails, because of an input/output error. */
    public static Fault diskError() {
        return does("EIO");
    }

    /** Only commands of this name: {@code GET}, or {@code CONFIG|SET}. */
    public Fault command(String name) {
        return when("COMMAND", name);
    }

    /** Only commands in this category of ACL, such as {@code write}. */
    public Fault category(String name) {
        return when("CATEGORY", name);
    }

    /** Only commands with a key that matches a glob. */
    public Fault key(String glob) {
        return when("KEY", glob);
    }

    /** Only for clients whose name or address matches a glob. */
    public Fault client(String glob) {
        return when("CLIENT", glob);
    }

    /** Only for clients of this user. */
    public Fault user(String name) {
        return when("USER", name);
    }

    /** Only for clients in this space. */
    public Fault space(String name) {
        return when("SPACE", name);
    }

    /** Only from the nth match on. */
    public Fault from(long n) {
        return when("FROM", n);
    }

    /** Only every nth match. */
    public Fault every(long n) {
        return when("EVERY", n);
    }

    /** At most this many times. */
    public Fault times(long n) {
        return when("TIMES", n);
    }

    /** With this probability, from 0 to 1, drawn from the server's seed. */
    public Fault probability(double p) {
        return when("PROBABILITY", String.format(Locale.ROOT, "%.6f", p));
    }

    /** Only after this time of the server's clock. */
    public Fault after(Instant time) {
        return when("AFTER", time.toEpochMilli());
    }

    /** Only before this time of the server's clock. */
    public Fault before(Instant time) {
        return when("BEFORE", time.toEpochMilli());
    }

    private Fault when(String name, Object value) {
        List<Object> more = new ArrayList<>(conditions);
        more.add(name);
        more.add(value);
        return new Fault(List.copyOf(more), action);
    }

    /** The rule as words of TESTING FAULT ADD, after its name. */
    List<Object> words() {
        List<Object> words = new ArrayList<>(conditions);
        words.add("DO");
        words.addAll(action);
        return words;
    }

    @Override
    public String toString() {
        return words().toString();
    }
}
