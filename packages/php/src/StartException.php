<?php

declare(strict_types=1);

namespace RespServer;

/** The server did not start. The message ends with what it logged. */
final class StartException extends \RuntimeException
{
}
