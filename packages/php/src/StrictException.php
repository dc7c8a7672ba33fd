<?php

declare(strict_types=1);

namespace RespServer;

/** Strict mode has warned of what a test has done. The message has rules and commands. */
final class StrictException extends \RuntimeException
{
}
