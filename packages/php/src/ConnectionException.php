<?php

declare(strict_types=1);

namespace RespServer;

/** The connection broke, or could not be made. */
final class ConnectionException extends \RuntimeException
{
}
