"""A server whose start() blocks, for those who run it in a thread.

    server = Server(port=6399)
    threading.Thread(target=server.start, daemon=True).start()
    ...
    server.stop()
"""

from typing import Any

import resp_server


class Server(resp_server.Server):
    """A resp_server.Server that accepts connections as soon as it is made.

    So a client can connect right after the thread of start() began: there is no
    moment to wait for. It takes the arguments of resp_server.Server.
    """

    def __init__(self, port: int = 6379, **options: Any):
        super().__init__(port=port, **options)
        super().start()
        self._first = self._process

    def start(self) -> "Server":
        """Block until stop() is called or the server ends."""
        process, self._first = self._first, None
        if process is None:
            super().start()
            process = self._started()
        process.wait()
        return self
