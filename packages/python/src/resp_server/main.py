"""python -m resp_server.main runs the server in the place of the interpreter."""

import os
import signal
import subprocess
import sys

from resp_server._binary import find_binary


def main() -> None:
    command = [find_binary(), *sys.argv[1:]]
    if os.name == "nt":  # exec there returns to the shell at once
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # the server has it, too, and ends
        sys.exit(subprocess.call(command))
    os.execv(command[0], command)


if __name__ == "__main__":
    main()
