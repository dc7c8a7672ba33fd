package io.github.respserver;

import java.time.Duration;
import java.time.Instant;

/** The server's clock. Expiry, TIME, stream ids and timeouts follow it. */
public final class Clock {
    private final Controls owner;

    Clock(Controls owner) {
        this.owner = owner;
    }

    /**
     * Moves the clock forward. Everything that becomes due has happened when this returns: keys have expired, blocked
     * clients have their replies. Fractions of a millisecond are cut off.
     */
    public void advance(Duration by) {
        call("ADVANCE", by.toMillis());
    }

    /** Sets the clock, to the millisecond. */
    public void set(Instant to) {
        call("SET", to.toEpochMilli());
    }

    /** Stops the clock: it moves only by {@link #advance} and {@link #set}. */
    public void freeze() {
        call("FREEZE");
    }

    /** Lets the clock run on from where it is. */
    public void resume() {
        call("RESUME");
    }

    /** Returns the server's time. */
    public Instant now() {
        return Instant.ofEpochMilli((Long) call("NOW"));
    }

    private Object call(Object... words) {
        return owner.testing("CLOCK", words);
    }
}
