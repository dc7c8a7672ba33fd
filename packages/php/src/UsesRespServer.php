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

    /**
     * Returns rules of strict mode; override it with such as ['all warn'] to have tests fail that they warn of.
     *
     * @return list<string>
     */
    protected static function strictRules(): array
    {
        return [];
    }

    protected function respServer(): Fork
    {
        if (self::$respServerBase === null) {
            self::$respServerBase = static::startRespServer();
            self::$respServerBase->strict(...static::strictRules());
        }
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
        // PHPUnit 9 and those after it.
        $failed = method_exists($this, 'hasFailed') ? $this->hasFailed() : $this->status()->isFailure() || $this->status()->isError();
        if ($failed && $this->respServer !== null) {
            fwrite(STDERR, "\n" . static::class . " failed; the log of the server:\n" . self::$respServerBase?->log());
        }
        try {
            if (static::strictRules() !== []) {
                $this->respServer?->checkStrict();
            }
        } catch (StrictException $e) {
            self::fail($e->getMessage());
        } finally {
            $this->respServer?->stop();
            $this->respServer = null;
        }
    }
}
