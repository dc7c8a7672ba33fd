<?php

declare(strict_types=1);

namespace RespServer;

/** Finds the server's binary. */
final class Binary
{
    public const VERSION = '0.1.0';

    private const RELEASES = 'https://github.com/resp-server/resp-server/releases/download/v' . self::VERSION;

    /**
     * Returns the path of the binary: RESP_SERVER_BINARY if it is set, else that in the user's cache, which is
     * downloaded once for each version. RESP_SERVER_RELEASE is the URL of a folder with the archives and SHA256SUMS,
     * for those who have a mirror.
     */
    public static function find(): string
    {
        $chosen = (string) getenv('RESP_SERVER_BINARY');
        if ($chosen !== '') {
            if (!is_file($chosen)) {
                throw new StartException("RESP_SERVER_BINARY names $chosen, which is no file");
            }
            return $chosen;
        }
        $path = self::cache() . '/resp-server/' . self::VERSION . '/' . self::name();
        if (!is_executable($path)) {
            self::download($path);
        }
        return $path;
    }

    private static function download(string $path): void
    {
        $release = (string) getenv('RESP_SERVER_RELEASE') ?: self::RELEASES;
        $archive = self::archive();
        $folder = dirname($path);
        if (!is_dir($folder) && !@mkdir($folder, 0o755, true) && !is_dir($folder)) {
            throw new StartException("can't create $folder");
        }
        $scratch = $folder . '/' . bin2hex(random_bytes(8));
        mkdir($scratch);
        try {
            $data = self::fetch("$release/$archive");
            $sums = self::fetch("$release/SHA256SUMS");
            if (!str_contains("\n$sums", "\n" . hash('sha256', $data) . "  $archive\n")) {
                throw new StartException("$release/$archive is not what SHA256SUMS says");
            }
            file_put_contents("$scratch/$archive", $data);
            (new \PharData("$scratch/$archive"))->extractTo($scratch, self::name());
            chmod("$scratch/" . self::name(), 0o755);
            // Others may do the same at this moment: the file appears with its content complete.
            rename("$scratch/" . self::name(), $path);
        } finally {
            array_map('unlink', glob("$scratch/*") ?: []);
            rmdir($scratch);
        }
    }

    private static function fetch(string $url): string
    {
        $data = @file_get_contents($url);
        if ($data === false) {
            throw new StartException("can't download $url: set RESP_SERVER_BINARY to a binary");
        }
        return $data;
    }

    private static function name(): string
    {
        return PHP_OS_FAMILY === 'Windows' ? 'resp-server.exe' : 'resp-server';
    }

    private static function archive(): string
    {
        $machine = strtolower(php_uname('m'));
        $arch = ['x86_64' => 'amd64', 'amd64' => 'amd64', 'aarch64' => 'arm64', 'arm64' => 'arm64'][$machine] ?? $machine;
        $ending = PHP_OS_FAMILY === 'Windows' ? 'zip' : 'tar.gz';
        return 'resp-server_' . self::VERSION . '_' . strtolower(PHP_OS_FAMILY) . "_$arch.$ending";
    }

    private static function cache(): string
    {
        $home = (string) getenv(PHP_OS_FAMILY === 'Windows' ? 'USERPROFILE' : 'HOME') ?: sys_get_temp_dir();
        return match (PHP_OS_FAMILY) {
            'Windows' => (string) getenv('LOCALAPPDATA') ?: "$home/AppData/Local",
            'Darwin' => "$home/Library/Caches",
            default => (string) getenv('XDG_CACHE_HOME') ?: "$home/.cache",
        };
    }
}
