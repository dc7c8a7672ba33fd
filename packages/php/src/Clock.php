<?php

declare(strict_types=1);

namespace RespServer;

/** The server's clock. Expiry, TIME, stream ids and timeouts follow it. */
final class Clock
{
    public function __construct(private readonly Controls $owner)
    {
    }

    /**
     * Moves the clock forward, by seconds. Everything that becomes due has happened when this returns: keys have
     * expired, blocked clients have their replies.
     */
    public function advance(int|float $seconds): void
    {
        $this->owner->call('TESTING', 'CLOCK', 'ADVANCE', (int) round($seconds * 1000));
    }

    /** Sets the clock. */
    public function set(\DateTimeInterface $time): void
    {
        $this->owner->call('TESTING', 'CLOCK', 'SET', $time->format('Uv'));
    }

    /** Stops the clock: it moves only by advance() and set(). */
    public function freeze(): void
    {
        $this->owner->call('TESTING', 'CLOCK', 'FREEZE');
    }

    /** Lets the clock run on from where it is. */
    public function resume(): void
    {
        $this->owner->call('TESTING', 'CLOCK', 'RESUME');
    }

    /** Returns the server's time, in UTC. */
    public function now(): \DateTimeImmutable
    {
        $milliseconds = (int) $this->owner->call('TESTING', 'CLOCK', 'NOW');
        $text = sprintf('%d.%03d', intdiv($milliseconds, 1000), $milliseconds % 1000);
        return \DateTimeImmutable::createFromFormat('U.v', $text) ?: throw new \LogicException("no time: $text");
    }
}
