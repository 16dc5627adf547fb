"""One writer at a time, across threads and processes, and whom to blame when it takes too long."""

from __future__ import annotations

import json
import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from filelock import FileLock, Timeout

from vectorstore.errors import StoreLocked


class WriterLock:
    """A lock file that the operating system frees when its holder dies, with a note beside it that names the holder."""

    def __init__(self, path: Path, timeout: float) -> None:
        """
        Args:
            timeout: seconds to wait for another writer before giving up.
        """
        self.path = path
        self.timeout = timeout
        self._note = path.with_suffix(".holder")
        self._threads = threading.Lock()
        self._processes = FileLock(path, thread_local=False)

    @contextmanager
    def held(self, timeout: float | None = None) -> Iterator[None]:
        """Hold the lock for the block. Raises StoreLocked after `timeout` seconds (None: the lock's own)."""
        patience = self.timeout if timeout is None else timeout
        deadline = time.monotonic() + patience
        if not self._threads.acquire(timeout=patience):
            raise self._refusal(patience)
        try:
            try:
                self._processes.acquire(timeout=max(0.0, deadline - time.monotonic()), poll_interval=0.01)
            except Timeout as error:
                raise self._refusal(patience) from error
            try:
                holder = {"pid": os.getpid(), "host": socket.gethostname(), "since": datetime.now().isoformat()[:19]}
                self._note.write_text(json.dumps(holder), encoding="utf-8")
                yield
            finally:
                self._note.unlink(missing_ok=True)
                self._processes.release()
        finally:
            self._threads.release()

    def _refusal(self, patience: float) -> StoreLocked:
        try:
            note = json.loads(self._note.read_text(encoding="utf-8"))
            holder = f"process {note['pid']} on {note['host']} since {note['since']}"
            by = f"{note['host']} 上的进程 {note['pid']}（{note['since']} 起）"
        except (OSError, ValueError, KeyError, TypeError):
            holder, by = "another process", "另一个程序"
        return StoreLocked(
            f"The index in {self.path.parent} is being written by {holder} (lock file {self.path}); "
            f"waited {patience:g} s. Try again when it has finished, or end that process.",
            f"{by}正在写 {self.path.parent} 的索引，等了 {patience:g} 秒（锁文件 {self.path}）。"
            "请等它写完再试，或结束那个进程。",
        )
