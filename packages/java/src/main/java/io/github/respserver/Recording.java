package io.github.respserver;

/**
 * The commands that clients send, with the replies, while it is open. It can be read until the server's next recording
 * begins.
 */
public final class Recording implements AutoCloseable {
    private final Controls owner;

    Recording(Controls owner) {
        this.owner = owner;
    }

    /** Returns how many commands came. */
    public long count() {
        return (Long) owner.testing("RECORD", "COUNT");
    }

    /**
     * Returns how many commands came that match a pattern: a glob for each word, {@code SET user:* *}. As the last word
     * {@code ...} stands for any further ones.
     */
    public long count(String pattern) {
        return (Long) owner.testing("RECORD", "COUNT", pattern);
    }

    /** Returns all of it as a transcript, for a person to read. */
    public String transcript() {
        return (String) owner.testing("RECORD", "GET");
    }

    /** Ends the recording. */
    @Override
    public void close() {
        owner.testing("RECORD", "STOP");
    }
}
