"""A real Milvus Lite server on loopback, as a process of its own that a test may kill."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from pathlib import Path


class MilvusProcess:
    """`milvus-lite server` over a folder.

    Attributes:
        uri: where it listens; stays the same over restarts.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        self.uri = f"http://127.0.0.1:{self.port}"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it and wait until it answers."""
        program = Path(sys.executable).with_name("milvus-lite")
        arguments = ["server", "--data-dir", str(self.folder), "--host", "127.0.0.1", "--port", str(self.port)]
        with (self.folder.parent / "milvus.log").open("ab") as log:
            self._process = subprocess.Popen([program, *arguments], stdout=log, stderr=log)
        deadline = time.monotonic() + 60
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return
            except OSError:
                if self._process.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError((self.folder.parent / "milvus.log").read_text("utf-8")) from None
                time.sleep(0.02)

    def kill(self) -> None:
        """End it as a power cut would."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None
