<?php

declare(strict_types=1);

namespace RespServer;

/** A server process. It ends with stop(), with this object, or with this PHP process, however that ends. */
final class Server extends Controls
{
    private bool $stopped = false;
    private string $text = ''; // the log, once it is closed

    /**
     * @param resource $process
     * @param resource $log
     */
    private function __construct(string $host, int $port, private $process, private $log, private readonly string $folder)
    {
        parent::__construct($host, $port);
    }

    /**
     * Starts a server. Returns when it accepts connections.
     *
     * @param int $port 0 picks a free one
     * @param array<string, string|int|bool> $config directives of redis.conf, such as ['maxmemory' => '100mb']; no files
     *     are written unless there is a dir
     * @param string|null $configFile a redis.conf to read first
     * @param list<string> $load files with fixtures
     * @param list<string> $strict rules of strict mode, such as ['all warn']; see checkStrict()
     * @param list<string> $args more arguments for the binary
     * @param bool $testing whether the test controls are allowed
     * @param float $timeout the seconds that a start may take
     */
    public static function start(
        int $port = 0,
        string $host = '127.0.0.1',
        ?string $unixsocket = null,
        array $config = [],
        ?string $configFile = null,
        array $load = [],
        array $strict = [],
        array $args = [],
        bool $testing = true,
        float $timeout = 10,
    ): self {
        $words = $configFile === null ? [] : [$configFile];
        array_push($words, '--port', (string) $port, '--bind', $host);
        if ($configFile === null && !isset($config['dir'])) {
            array_push($words, '--dir', '', '--save', '');
        }
        if ($unixsocket !== null) {
            array_push($words, '--unixsocket', $unixsocket);
        }
        foreach ($config as $name => $value) {
            array_push($words, "--$name", ...self::directive($value));
        }
        foreach ($load as $file) {
            array_push($words, '--load', $file);
        }
        foreach ($strict as $rule) {
            array_push($words, '--strict', $rule);
        }
        if ($testing) {
            $words[] = '--testing';
        }
        return self::launch($host, [...$words, ...$args], $timeout);
    }

    public function __destruct()
    {
        $this->stop();
    }

    /** Ends the server, after a last save if the settings have save points. */
    public function stop(): void
    {
        if ($this->stopped) {
            return;
        }
        $this->stopped = true;
        $this->disconnect();
        if (PHP_OS_FAMILY !== 'Windows' || !self::shutDown("$this->host:$this->port")) {
            proc_terminate($this->process);
        }
        $begin = hrtime(true);
        while (proc_get_status($this->process)['running']) {
            if (hrtime(true) - $begin > 10e9) { // it may have had a snapshot to save
                proc_terminate($this->process, 9);
            }
            usleep(1000);
        }
        proc_close($this->process);
        $this->text = self::read($this->log);
        fclose($this->log);
        self::remove($this->folder);
    }

    /** Returns what the server has logged, also after its end. */
    public function log(): string
    {
        return $this->stopped ? $this->text : self::read($this->log);
    }

    /** @return list<string> */
    private static function directive(string|int|bool $value): array
    {
        if (is_bool($value)) {
            return [$value ? 'yes' : 'no'];
        }
        return preg_split('/\s+/', trim((string) $value)) ?: [''];
    }

    /** Asks a server to end: Windows has no signal that lets a program save its data. False: it may want a password. */
    private static function shutDown(string $address): bool
    {
        try {
            (new Connection($address))->call('SHUTDOWN');
        } catch (ConnectionException) {
            return true; // there is no other reply to it
        } catch (ReplyException) {
        }
        return false;
    }

    /** @param list<string> $words */
    private static function launch(string $host, array $words, float $timeout): self
    {
        $binary = Binary::find();
        $folder = sys_get_temp_dir() . '/resp-server-' . bin2hex(random_bytes(8));
        mkdir($folder, 0o700);
        $ready = "$folder/ready.json";
        touch("$folder/log");
        $log = fopen("$folder/log", 'r') ?: throw new StartException("can't read $folder/log");
        // A file: a pipe that nobody reads would block the server.
        $out = ['file', "$folder/log", 'a'];
        $null = ['file', PHP_OS_FAMILY === 'Windows' ? 'NUL' : '/dev/null', 'r'];
        $command = [$binary, ...$words, '--exit-with-parent', '--ready-file', $ready];
        $process = proc_open($command, [$null, $out, $out], $pipes);
        if ($process === false) {
            throw new StartException("can't start $binary");
        }
        $begin = hrtime(true);
        for ($why = ''; !file_exists($ready); clearstatcache(true, $ready)) {
            $status = proc_get_status($process);
            if (!$status['running']) {
                $why = "exit code {$status['exitcode']}";
            } elseif (hrtime(true) - $begin > $timeout * 1e9) {
                $why = "not ready within $timeout seconds";
                proc_terminate($process, 9);
            }
            if ($why !== '') {
                proc_close($process);
                $text = self::read($log);
                fclose($log);
                self::remove($folder);
                throw new StartException(rtrim("resp-server did not start: $why\n$text"));
            }
            usleep(1000);
        }
        $port = json_decode((string) file_get_contents($ready), true)['port'];
        if (PHP_OS_FAMILY !== 'Windows') {
            self::remove($folder); // an open file needs no name, so nothing is left when PHP is killed
        }
        return new self($host, $port, $process, $log, $folder);
    }

    /** @param resource $log */
    private static function read($log): string
    {
        rewind($log);
        return (string) stream_get_contents($log);
    }

    private static function remove(string $folder): void
    {
        foreach (['log', 'ready.json'] as $file) {
            @unlink("$folder/$file");
        }
        @rmdir($folder);
    }
}
