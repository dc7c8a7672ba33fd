package io.github.respserver;

import java.io.IOException;

/** A server in the process of the one that it was forked from, and independent of it. */
public final class Fork extends Controls {
    private final String name;
    private final Connection owner; // the fork ends with it
    private boolean closed;

    Fork(String name, Connection owner) {
        super(hostOf(name), Integer.parseInt(name.substring(name.lastIndexOf(':') + 1)));
        this.name = name;
        this.owner = owner;
    }

    private static String hostOf(String name) {
        String host = name.substring(0, name.lastIndexOf(':'));
        return host.startsWith("[") ? host.substring(1, host.length() - 1) : host;
    }

    /** Ends the fork: its clients are disconnected, its data are gone. */
    @Override
    public synchronized void close() {
        if (closed) {
            return;
        }
        closed = true;
        disconnect();
        try {
            owner.call("TESTING", "CLOSE", name);
        } catch (IOException | ReplyException e) {
            // It is gone already, alone or with its server.
        } finally {
            closeQuietly(owner);
        }
    }
}
