package io.github.respserver;

/** An error that the server replied; the message is its text, such as {@code ERR syntax error}. */
public final class ReplyException extends RuntimeException {
    private static final long serialVersionUID = 1;

    ReplyException(String text) {
        super(text);
    }
}
