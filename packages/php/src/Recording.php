<?php

declare(strict_types=1);

namespace RespServer;

/** The commands that clients send, with the replies, until it is stopped. It can be read until the next recording begins. */
final class Recording
{
    /** @internal use Controls::record() */
    public function __construct(private readonly Controls $owner)
    {
    }

    /**
     * Returns how many commands came that match a pattern: a glob for each word, 'SET user:* *'. As the last word '...'
     * stands for any further ones.
     */
    public function count(string $pattern = '...'): int
    {
        return (int) $this->owner->call('TESTING', 'RECORD', 'COUNT', $pattern);
    }

    /** Returns all of it as a transcript, for a person to read. */
    public function transcript(): string
    {
        return (string) $this->owner->call('TESTING', 'RECORD', 'GET');
    }

    /** Ends the recording. */
    public function stop(): void
    {
        $this->owner->call('TESTING', 'RECORD', 'STOP');
    }
}
