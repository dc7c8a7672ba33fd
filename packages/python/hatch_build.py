"""Puts the binary into the wheel, and names the platform that it is for.

The release build sets two variables: RESP_SERVER_BINARY is the path of the
binary, RESP_SERVER_PLATFORM the wheel's platform tag, such as
manylinux_2_17_x86_64. A wheel without a binary would install and then fail, so
without them the build stops with advice.
"""

import os
from pathlib import Path

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

ADVICE = """
resp-server has no wheel for this platform and Python.

The source distribution does not contain the server, which is written in Go.
Wheels exist for Linux (glibc and musl), macOS and Windows on x86-64 and arm64;
an old pip may not find them: try "python -m pip install --upgrade pip".
On any other platform, such as FreeBSD, for which PyPI takes no wheels, build
the server with Go and point RESP_SERVER_BINARY at it:

    go install github.com/resp-server/resp-server/cmd/resp-server@latest
    RESP_SERVER_BINARY=$(go env GOPATH)/bin/resp-server pip install resp-server
"""


class BinaryHook(BuildHookInterface):
    def initialize(self, version, build_data):
        if version == "editable":
            return  # the binary is found by RESP_SERVER_BINARY or on the PATH
        binary = os.environ.get("RESP_SERVER_BINARY")
        if not binary or not Path(binary).is_file():
            raise SystemExit(ADVICE)
        name = "resp-server.exe" if binary.endswith(".exe") else "resp-server"
        build_data["shared_scripts"][binary] = name
        build_data["pure_python"] = False
        platform = os.environ.get("RESP_SERVER_PLATFORM")
        if platform:
            build_data["tag"] = f"py3-none-{platform}"
        else:
            build_data["infer_tag"] = True
