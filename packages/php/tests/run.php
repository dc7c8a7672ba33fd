<?php

// Tests the package with plain PHP. Usage: php run.php AUTOLOAD-FILE

declare(strict_types=1);

use RespServer\Binary;
use RespServer\ConnectionException;
use RespServer\ReplyException;
use RespServer\Server;
use RespServer\StartException;

require $argv[1];

function same(mixed $want, mixed $got): void
{
    if ($want !== $got) {
        throw new LogicException('want ' . var_export($want, true) . ', got ' . var_export($got, true));
    }
}

function contains(string $part, string $text): void
{
    if (!str_contains($text, $part)) {
        throw new LogicException("no $part in $text");
    }
}

function throws(string $class, Closure $does): string
{
    try {
        $does();
    } catch (Throwable $e) {
        if ($e instanceof $class) {
            return $e->getMessage();
        }
        throw $e;
    }
    throw new LogicException("no $class was thrown");
}

$tests = [
    'runs until it is stopped' => function (): void {
        $server = Server::start();
        same("redis://127.0.0.1:$server->port/0", $server->url());
        same('PONG', $server->call('PING'));
        $server->stop();
        $server->stop();
        throws(ConnectionException::class, fn () => $server->call('PING'));
        contains('Ready to accept connections', $server->log());
    },
    'ends with its object' => function (): void {
        $server = Server::start();
        $port = $server->port;
        unset($server);
        same(false, @stream_socket_client("tcp://127.0.0.1:$port"));
    },
    'replies' => function (): void {
        $server = Server::start();
        same('OK', $server->call('SET', 'k', "\x00\xff"));
        same("\x00\xff", $server->call('GET', 'k'));
        same(null, $server->call('GET', 'none'));
        same(2, $server->call('RPUSH', 'l', 'é', ''));
        same(['é', ''], $server->call('LRANGE', 'l', 0, -1));
        $message = throws(ReplyException::class, fn () => $server->call('GET', 'l'));
        same('WRONGTYPE Operation against a key holding the wrong kind of value', $message);
    },
    'settings' => function (): void {
        $dir = sys_get_temp_dir() . '/resp-server-test-' . bin2hex(random_bytes(8));
        mkdir($dir);
        file_put_contents("$dir/redis.conf", "databases 3\nmaxmemory 50mb\n");
        $config = ['dir' => $dir, 'maxmemory' => '100mb', 'save' => '900 1 300 10', 'spaces' => true];
        $server = Server::start(configFile: "$dir/redis.conf", config: $config);
        same(['databases', '3'], $server->call('CONFIG', 'GET', 'databases'));
        same(['maxmemory', '104857600'], $server->call('CONFIG', 'GET', 'maxmemory'));
        same(['save', '900 1 300 10'], $server->call('CONFIG', 'GET', 'save'));
        $server->call('SET', 'k', 'v');
        $server->stop();
        same('v', Server::start(config: ['dir' => $dir])->call('GET', 'k'));
        array_map('unlink', glob("$dir/*"));
        rmdir($dir);
    },
    'a start that fails says why' => function (): void {
        contains('maxclients', throws(StartException::class, fn () => Server::start(config: ['maxclients' => 'many'])));
        $taken = stream_socket_server('tcp://127.0.0.1:0');
        $port = (int) substr(strrchr(stream_socket_get_name($taken, false), ':'), 1);
        contains('in use', throws(StartException::class, fn () => Server::start(port: $port)));
    },
    'ends with a killed parent' => function () use ($argv): void {
        $code = "require '$argv[1]'; \$s = RespServer\\Server::start(); echo \$s->port, PHP_EOL; sleep(600);";
        $parent = proc_open([PHP_BINARY, '-r', $code], [1 => ['pipe', 'w']], $pipes);
        $connection = stream_socket_client('tcp://127.0.0.1:' . (int) fgets($pipes[1]));
        fwrite($connection, "PING\r\n");
        same("+PONG\r\n", fgets($connection)); // now it is accepted, so that its end is no reset
        proc_terminate($parent, 9);
        stream_set_timeout($connection, 20);
        same('', fread($connection, 1));
        same(true, feof($connection));
        proc_close($parent);
    },
    'clock' => function (): void {
        $server = Server::start();
        $server->call('SET', 'session', 'x', 'EX', 3600);
        $server->clock()->freeze();
        $server->clock()->advance(3599);
        same('x', $server->call('GET', 'session'));
        $server->clock()->advance(1);
        same(null, $server->call('GET', 'session'));
        $day = new DateTimeImmutable('2040-02-29T00:00:00.123Z');
        $server->clock()->set($day);
        same($day->format('U.v'), $server->clock()->now()->format('U.v'));
        $server->clock()->resume();
    },
    'snapshot and reset' => function (): void {
        $server = Server::start();
        $server->call('SET', 'k', 'before');
        $server->snapshot();
        $server->call('SET', 'k', 'after');
        $server->restore();
        same('before', $server->call('GET', 'k'));
        $server->reset();
        same(0, $server->call('DBSIZE'));
    },
    'fork' => function (): void {
        $server = Server::start();
        $server->call('SET', 'k', 'shared');
        $fork = $server->fork();
        $fork->call('SET', 'k', 'changed');
        same('shared', $server->call('GET', 'k'));
        $fork->stop();
        throws(ConnectionException::class, fn () => $fork->call('PING'));
    },
    'space' => function (): void {
        $server = Server::start();
        same("redis://space%3Aworker%201:x@127.0.0.1:$server->port/0", $server->spaceUrl('worker 1'));
    },
    'faults' => function (): void {
        $server = Server::start();
        $remove = $server->inject(['command' => 'GET', 'key' => 'user:*', 'error' => 'LOADING Redis is loading']);
        throws(ReplyException::class, fn () => $server->call('GET', 'user:1'));
        same(null, $server->call('GET', 'other'));
        $remove();
        same(null, $server->call('GET', 'user:1'));

        $server->inject(['command' => 'INCR', 'close' => 'after', 'times' => 1]);
        throws(ConnectionException::class, fn () => $server->call('INCR', 'counter'));
        same(2, $server->call('INCR', 'counter')); // a retry counts twice

        $actions = [['delay' => 1], ['close' => 'before'], ['cut' => 3], ['blackhole' => true], ['trickle' => 0.5]];
        array_push($actions, ['expire' => true], ['evict' => true]);
        foreach ($actions as $action) {
            ($server->inject(['command' => 'GET', 'space' => 'nowhere'] + $action))();
        }
        ($server->inject(['disk' => 'enospc']))();
        ($server->inject(['disk' => 'eio', 'after' => new DateTimeImmutable('2001-01-01')]))();
        ($server->inject(['client' => 'nobody', 'refuse' => true]))();
        throws(InvalidArgumentException::class, fn () => $server->inject(['command' => 'GET']));
        throws(InvalidArgumentException::class, fn () => $server->inject(['comand' => 'GET', 'evict' => true]));
    },
    'strict mode fails the test' => function (): void {
        $case = new class {
            use RespServer\UsesRespServer;

            protected static function strictRules(): array
            {
                return ['all warn'];
            }

            public function run(callable $test): void
            {
                $test($this->respServer());
                $this->stopRespServer();
            }

            public static function fail(string $message): never // as that of PHPUnit
            {
                throw new LogicException($message);
            }

            public function hasFailed(): bool // as that of PHPUnit 9
            {
                return false;
            }
        };
        $why = throws(LogicException::class, fn () => $case->run(fn ($server) => $server->call('MSET', 'a', 1, 'b', 2)));
        contains("strict mode warns of what the test has done:\n  cross-slot: MSET a 1 b 2: ", $why);
        $case->run(fn ($server) => $server->call('MSET', '{a}1', 1, '{a}2', 2));
        $case->run(function ($server): void {
            $server->call('MSET', 'a', 1, 'b', 2);
            $server->resetStrict();
        });
        $server = Server::start(strict: ['all error']);
        throws(ReplyException::class, fn () => $server->call('MSET', 'a', 1, 'b', 2));
        $server->checkStrict(); // an error is no warning
    },
    'record' => function (): void {
        $server = Server::start();
        $recording = $server->record();
        $server->call('SET', 'user:1', 'ann');
        $server->call('GET', 'user:1');
        $recording->stop();
        $server->call('GET', 'user:2');
        same(2, $recording->count());
        same(1, $recording->count('SET user:* *'));
        contains("> GET user:1\n\"ann\"\n", $recording->transcript());
    },
    'strict mode' => function (): void {
        $server = Server::start();
        $server->strict('all warn', 'cross-slot error');
        throws(ReplyException::class, fn () => $server->call('MSET', 'a', 1, 'b', 2));
        $finding = $server->strictReport()[0];
        same(['cross-slot', 'error', 'MSET a 1 b 2', 1], [$finding['rule'], $finding['level'], $finding['line'], $finding['count']]);
        $server->resetStrict();
        same([], $server->strictReport());
    },
    'fixtures' => function (): void {
        $server = Server::start();
        $server->load("SET user:1 ann\nRPUSH queue a b\n");
        $dump = $server->dump();
        $server->reset();
        $server->load($dump);
        same($dump, $server->dump());
    },
    'every system' => function (): void {
        $begin = 'resp-server_' . Binary::VERSION . '_';
        foreach ([
            ['Linux', 'Linux', 'x86_64', 'linux_amd64.tar.gz'],
            ['Linux', 'Linux', 'aarch64', 'linux_arm64.tar.gz'],
            ['Darwin', 'Darwin', 'arm64', 'darwin_arm64.tar.gz'],
            ['Windows', 'WINNT', 'AMD64', 'windows_amd64.zip'],
            ['Windows', 'WINNT', 'ARM64', 'windows_arm64.zip'],
            ['BSD', 'FreeBSD', 'amd64', 'freebsd_amd64.tar.gz'],
            ['BSD', 'FreeBSD', 'arm64', 'freebsd_arm64.tar.gz'],
        ] as [$family, $system, $machine, $archive]) {
            same($begin . $archive, Binary::archive($family, $system, $machine));
            same($family === 'Windows' ? 'resp-server.exe' : 'resp-server', Binary::name($family));
        }
        putenv('LOCALAPPDATA=C:\\Users\\ann\\AppData\\Local');
        same('C:\\Users\\ann\\AppData\\Local', Binary::cache('Windows'));
        putenv('LOCALAPPDATA');
        same(getenv('HOME') . '/Library/Caches', Binary::cache('Darwin'));
    },
    'no binary' => function (): void {
        putenv('RESP_SERVER_BINARY=/does/not/exist');
        contains('/does/not/exist', throws(StartException::class, Binary::find(...)));
        putenv('RESP_SERVER_BINARY');
    },
];
foreach ($tests as $name => $test) {
    try {
        $test();
    } catch (Throwable $e) {
        fwrite(STDERR, "$name: $e\n");
        exit(1);
    }
}
echo count($tests), " tests passed\n";
