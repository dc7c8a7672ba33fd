<?php

declare(strict_types=1);

namespace RespServer;

/**
 * A connection that speaks RESP, for the test controls: no client is needed.
 *
 * @internal
 */
final class Connection
{
    /** @var resource */
    private $socket;

    public function __construct(string $address)
    {
        $socket = @stream_socket_client("tcp://$address", $code, $message, 10);
        if ($socket === false) {
            throw new ConnectionException("can't connect to $address: $message");
        }
        stream_set_timeout($socket, 60);
        $this->socket = $socket;
    }

    /** @return string|int|list<mixed>|null */
    public function call(string|int|float ...$words): string|int|array|null
    {
        $request = '*' . count($words) . "\r\n";
        foreach ($words as $word) {
            $request .= '$' . strlen((string) $word) . "\r\n$word\r\n";
        }
        for ($rest = $request; $rest !== ''; $rest = substr($rest, $sent)) {
            $sent = @fwrite($this->socket, $rest);
            if ($sent === false || $sent === 0) {
                throw new ConnectionException('the server closed the connection');
            }
        }
        $reply = $this->read();
        if ($reply instanceof ReplyException) {
            throw $reply;
        }
        return $reply;
    }

    public function close(): void
    {
        fclose($this->socket);
    }

    private function read(): mixed
    {
        $line = fgets($this->socket);
        if ($line === false || !str_ends_with($line, "\r\n")) {
            throw new ConnectionException('the server closed the connection');
        }
        $rest = substr($line, 1, -2);
        return match ($line[0]) {
            '+' => $rest,
            '-' => new ReplyException($rest),
            ':' => (int) $rest,
            '$' => (int) $rest < 0 ? null : $this->bytes((int) $rest),
            '*' => (int) $rest < 0 ? null : $this->items((int) $rest),
            default => throw new ConnectionException("unexpected reply $line"),
        };
    }

    private function bytes(int $length): string
    {
        $data = (string) stream_get_contents($this->socket, $length + 2);
        if (strlen($data) < $length + 2) {
            throw new ConnectionException('the server closed the connection');
        }
        return substr($data, 0, -2);
    }

    /** @return list<mixed> */
    private function items(int $count): array
    {
        $items = [];
        for ($i = 0; $i < $count; $i++) {
            $items[] = $this->read();
        }
        return $items;
    }
}
