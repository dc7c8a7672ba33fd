<?php

declare(strict_types=1);

/** Allows so many calls in a minute. */
final class Limiter
{
    public function __construct(private Predis\Client $redis, private int $limit)
    {
    }

    public function allow(string $user): bool
    {
        $calls = $this->redis->incr("calls:$user");
        if ($calls === 1) {
            $this->redis->expire("calls:$user", 60);
        }
        return $calls <= $this->limit;
    }
}
