"""python -m resp_server.main runs the server in the place of the interpreter."""

import os
import subprocess
import sys

from resp_server._binary import find_binary


def main() -> None:
    command = [find_binary(), *sys.argv[1:]]
    if os.name == "nt":  # exec there returns to the shell at once
        sys.exit(subprocess.call(command))
    os.execv(command[0], command)


if __name__ == "__main__":
    main()
