<?php

declare(strict_types=1);

namespace RespServer;

/** An error that the server replied. */
final class ReplyException extends \RuntimeException
{
}
