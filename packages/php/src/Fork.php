<?php

declare(strict_types=1);

namespace RespServer;

/** A server in the process of the one that it was forked from, and independent of it. */
final class Fork extends Controls
{
    private ?Connection $owner; // the fork ends with it
    private readonly string $name;

    /** @internal use Controls::fork() */
    public function __construct(string $address)
    {
        $this->owner = new Connection($address);
        $this->name = (string) $this->owner->call('TESTING', 'FORK');
        $colon = (int) strrpos($this->name, ':');
        parent::__construct(trim(substr($this->name, 0, $colon), '[]'), (int) substr($this->name, $colon + 1));
    }

    public function __destruct()
    {
        $this->stop();
    }

    public function stop(): void
    {
        if ($this->owner === null) {
            return;
        }
        $this->disconnect();
        try {
            $this->owner->call('TESTING', 'CLOSE', $this->name);
        } catch (ConnectionException | ReplyException) {
            // It is gone already, alone or with its server.
        }
        $this->owner->close();
        $this->owner = null;
    }
}
