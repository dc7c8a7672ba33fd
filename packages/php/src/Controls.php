<?php

declare(strict_types=1);

namespace RespServer;

/**
 * What a test can do with this server and with no other: each method is a subcommand of TESTING. The guide is
 * docs/testing.md of the server.
 */
abstract class Controls
{
    private const CONDITIONS = [
        'command', 'category', 'key', 'client', 'user', 'space', 'from', 'every', 'times', 'probability',
    ];
    private const ACTIONS = [
        'error', 'delay', 'close', 'cut', 'blackhole', 'trickle', 'expire', 'evict', 'refuse', 'disk',
    ];

    private static int $faults = 0;

    private ?Connection $connection = null;

    protected function __construct(public readonly string $host, public readonly int $port)
    {
    }

    /** Returns what clients connect to: redis://127.0.0.1:34567/0. */
    public function url(): string
    {
        return "redis://{$this->address()}/0";
    }

    /**
     * Runs one command on a connection of this object, and returns the reply.
     *
     * @return string|int|list<mixed>|null
     * @throws ReplyException if the reply is an error
     */
    public function call(string|int|float ...$words): string|int|array|null
    {
        $this->connection ??= new Connection($this->address());
        try {
            return $this->connection->call(...$words);
        } catch (ConnectionException $e) {
            $this->disconnect();
            throw $e;
        }
    }

    public function clock(): Clock
    {
        return new Clock($this);
    }

    /** Remembers data, users, scripts, functions, settings and time. */
    public function snapshot(string $name = 'default'): void
    {
        $this->call('TESTING', 'SNAPSHOT', $name);
    }

    /** Goes back to a snapshot. Clients stay connected. */
    public function restore(string $name = 'default'): void
    {
        $this->call('TESTING', 'RESTORE', $name);
    }

    /** Makes the server as it was after its start. */
    public function reset(): void
    {
        $this->call('TESTING', 'RESET');
    }

    /** Makes an independent server with the same data, without copying them. It ends with stop(). */
    public function fork(): Fork
    {
        return new Fork($this->address());
    }

    /**
     * Injects a fault from now on, and returns a function that removes it.
     *
     * Keys say which commands it applies to (command, category, key, client, user, space, from, every, times,
     * probability, and after and before, a \DateTimeInterface on the server's clock) and what happens: exactly one of error (a text), delay and trickle (seconds), close ('before' or 'after' the
     * execution), cut (bytes), blackhole, expire, evict, refuse (true), disk ('enospc' or 'eio').
     *
     * @param array<string, mixed> $fault such as ['command' => 'INCR', 'close' => 'after', 'times' => 1]
     * @return \Closure(): void
     */
    public function inject(array $fault): \Closure
    {
        $name = 'php-' . getmypid() . '-' . ++self::$faults;
        $this->call('TESTING', 'FAULT', 'ADD', $name, ...self::words($fault));
        return function () use ($name): void {
            $this->call('TESTING', 'FAULT', 'DEL', $name);
        };
    }

    /**
     * Records commands and replies of clients from now on, until stop() of the recording.
     *
     * @param bool $scripts also what scripts call
     * @param bool $spaces also what clients in the spaces of the server do
     */
    public function record(bool $scripts = false, bool $spaces = false): Recording
    {
        $options = [...($scripts ? ['SCRIPTS'] : []), ...($spaces ? ['SPACES'] : [])];
        $this->call('TESTING', 'RECORD', 'START', ...$options);
        return new Recording($this);
    }

    /**
     * Sets rules of strict mode, which finds what works in tests but fails in production:
     * strict('all warn', 'large-reads error 100').
     */
    public function strict(string ...$rules): void
    {
        foreach ($rules as $rule) {
            $this->call('TESTING', 'STRICT', 'SET', ...(preg_split('/\s+/', trim($rule)) ?: []));
        }
    }

    /**
     * Returns what strict mode has found since the start or resetStrict(). first is in milliseconds since 1970, on the
     * clock of the server.
     *
     * @return list<array{rule: string, level: string, command: string, message: string, line: string, client: string,
     *     count: int, first: int}>
     */
    public function strictReport(): array
    {
        $pairs = fn (array $fields): array => array_column(array_chunk($fields, 2), 1, 0);
        return array_map($pairs, (array) $this->call('TESTING', 'STRICT', 'REPORT'));
    }

    /**
     * Checks that strict mode has not warned since the start or the last reset. A test that expects warnings calls
     * resetStrict().
     *
     * @throws StrictException if it has
     */
    public function checkStrict(): void
    {
        $text = '';
        foreach ($this->strictReport() as $found) {
            if ($found['level'] === 'warn') {
                $times = $found['count'] > 1 ? " ($found[count] times)" : '';
                $text .= "\n  $found[rule]: $found[line]: $found[message]$times";
            }
        }
        if ($text !== '') {
            throw new StrictException("strict mode warns of what the test has done:$text");
        }
    }

    /** Forgets what strict mode has found. The rules stay. */
    public function resetStrict(): void
    {
        $this->call('TESTING', 'STRICT', 'RESET');
    }

    /**
     * Returns the URL of a private server behind this port. Clients that connect with it have
     * their own data, time, users and faults. It needs the directive "spaces yes".
     */
    public function spaceUrl(string $name): string
    {
        return 'redis://' . rawurlencode("space:$name") . ":x@{$this->address()}/0";
    }

    /** Adds data: the content of an RDB file, JSON, or commands as redis-cli reads them. */
    public function load(string $data): void
    {
        $this->call('TESTING', 'LOAD', $data);
    }

    /** Returns all data as commands that make them again, in a stable order. */
    public function dump(): string
    {
        return (string) $this->call('TESTING', 'DUMP');
    }

    /** Ends it. Calling it again does nothing. */
    abstract public function stop(): void;

    protected function disconnect(): void
    {
        $this->connection?->close();
        $this->connection = null;
    }

    private function address(): string
    {
        return (str_contains($this->host, ':') ? "[$this->host]" : $this->host) . ":$this->port";
    }

    /**
     * @param array<string, mixed> $fault
     * @return list<string|int|float>
     */
    private static function words(array $fault): array
    {
        $words = $action = [];
        foreach ($fault as $name => $value) {
            if (($name === 'after' || $name === 'before') && $value instanceof \DateTimeInterface) {
                array_push($words, strtoupper($name), $value->format('Uv'));
            } elseif (in_array($name, self::CONDITIONS, true)) {
                array_push($words, strtoupper($name), $value);
            } elseif (!in_array($name, self::ACTIONS, true)) {
                throw new \InvalidArgumentException("a fault has no $name");
            } elseif ($action !== []) {
                throw new \InvalidArgumentException('a fault has one action');
            } else {
                $action = match ($name) {
                    'delay', 'trickle' => [strtoupper($name), (int) round($value * 1000)],
                    'close' => ['CLOSE', strtoupper($value)],
                    'disk' => [strtoupper($value)],
                    'error', 'cut' => [strtoupper($name), $value],
                    default => [strtoupper($name)],
                };
            }
        }
        if ($action === []) {
            throw new \InvalidArgumentException('a fault needs one of ' . implode(', ', self::ACTIONS));
        }
        return [...$words, 'DO', ...$action];
    }
}
