<?php

declare(strict_types=1);

use PHPUnit\Framework\TestCase;

final class LimiterTest extends TestCase
{
    use RespServer\UsesRespServer;

    public function testAllowsUntilTheLimit(): void
    {
        $limiter = new Limiter(new Predis\Client($this->redisUrl()), 2);
        self::assertTrue($limiter->allow('ann'));
        self::assertTrue($limiter->allow('ann'));
        self::assertFalse($limiter->allow('ann'));
    }

    public function testAllowsAgainAfterAMinute(): void
    {
        $limiter = new Limiter(new Predis\Client($this->redisUrl()), 1);
        self::assertTrue($limiter->allow('ann'));
        self::assertFalse($limiter->allow('ann'));
        $this->respServer()->clock()->advance(60);
        self::assertTrue($limiter->allow('ann'));
    }
}
