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
        $path = self::cache(PHP_OS_FAMILY) . '/resp-server/' . self::VERSION . '/' . self::name(PHP_OS_FAMILY);
        if (!is_executable($path)) {
            self::download($path);
        }
        return $path;
    }

    private static function download(string $path): void
    {
        $release = (string) getenv('RESP_SERVER_RELEASE') ?: self::RELEASES;
        $archive = self::archive(PHP_OS_FAMILY, PHP_OS, php_uname('m'));
        [$folder, $name] = [dirname($path), basename($path)];
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
            (new \PharData("$scratch/$archive"))->extractTo($scratch, $name);
            chmod("$scratch/$name", 0o755);
            // Others may do the same at this moment: the file appears with its content complete. On Windows nobody can
            // replace a program that runs, and nobody has to.
            if (!@rename("$scratch/$name", $path) && !is_executable($path)) {
                throw new StartException("can't write $path");
            }
        } finally {
            foreach ([$archive, $name] as $file) {
                @unlink("$scratch/$file");
            }
            @rmdir($scratch);
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

    /** @internal the name of the binary on a family of systems, as PHP_OS_FAMILY has it */
    public static function name(string $family): string
    {
        return $family === 'Windows' ? 'resp-server.exe' : 'resp-server';
    }

    /** @internal the name of the archive for a system and a machine, as PHP_OS and php_uname('m') have them */
    public static function archive(string $family, string $system, string $machine): string
    {
        $system = $family === 'BSD' ? strtolower($system) : strtolower($family);
        $machine = strtolower($machine);
        $arch = ['x86_64' => 'amd64', 'aarch64' => 'arm64'][$machine] ?? $machine;
        $ending = $family === 'Windows' ? 'zip' : 'tar.gz';
        return 'resp-server_' . self::VERSION . "_{$system}_$arch.$ending";
    }

    /** @internal the folder for caches of the user */
    public static function cache(string $family): string
    {
        $home = (string) getenv($family === 'Windows' ? 'USERPROFILE' : 'HOME') ?: sys_get_temp_dir();
        return match ($family) {
            'Windows' => (string) getenv('LOCALAPPDATA') ?: "$home/AppData/Local",
            'Darwin' => "$home/Library/Caches",
            default => (string) getenv('XDG_CACHE_HOME') ?: "$home/.cache",
        };
    }
}
