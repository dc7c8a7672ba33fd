<?php

declare(strict_types=1);

namespace RespServer;

use PHPUnit\Framework\Attributes\After;

/**
 * For test cases of PHPUnit: a server for each test, which is a fork of one that is started once, made in no time.
 *
 *     final class CounterTest extends TestCase
 *     {
 *         use UsesRespServer;
 *
 *         public function testCounts(): void
 *         {
 *             self::assertSame(1, (new Predis\Client($this->redisUrl()))->incr('visits'));
 *         }
 *     }
 */
trait UsesRespServer
{
    private static ?Server $respServerBase = null;
    private ?Fork $respServer = null;

    /** Starts the server that is forked; override it to give it settings, or fixtures that each test finds. */
    protected static function startRespServer(): Server
    {
        return Server::start();
    }

    protected function respServer(): Fork
    {
        self::$respServerBase ??= static::startRespServer();
        return $this->respServer ??= self::$respServerBase->fork();
    }

    protected function redisUrl(): string
    {
        return $this->respServer()->url();
    }

    /** @after */
    #[After]
    public function stopRespServer(): void
    {
        $this->respServer?->stop();
        $this->respServer = null;
    }
}
