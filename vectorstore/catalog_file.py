"""The SQLite file of the catalog: connections with our guarantees, one change at a time, damage told in plain words."""

from __future__ import annotations

import logging
import os
import sqlite3
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from vectorstore import schema
from vectorstore.change import Change
from vectorstore.errors import StoreDamaged, StoreError, StoreMissing

logger = logging.getLogger(__name__)

PRAGMAS = (
    "synchronous=FULL",  # on disk when a change returns
    "fullfsync=ON",  # the same on macOS
    "foreign_keys=ON",
    "cache_size=-4096",  # KiB of pages kept by a connection
    "secure_delete=ON",  # what is deleted is overwritten
    "journal_size_limit=16777216",  # bytes of log kept after a large change
)
BUSY_WAIT = 30.0  # seconds SQLite waits for a lock of its own
CLEAN_WAIT = 1.0  # seconds `clean` waits for readers of older states

GENERATION = "SELECT value FROM meta WHERE name = 'generation'"


class CatalogFile:
    """An existing catalog file, read from any thread and written by one at a time (the caller sees to that).

    Connections are lent from a pool for the length of one operation, so threads neither share nor keep them.
    """

    def __init__(self, path: Path, *, read_only: bool = False) -> None:
        """Open an existing catalog.

        Raises:
            StoreMissing: there is no such file.
            StoreDamaged: it is not a readable catalog.
            StoreError: a newer version of this program wrote it.
        """
        if not path.is_file():
            raise StoreMissing(
                f"There is no index in {path.parent}. Make one with: wenju index PATH…",
                f"{path.parent} 里没有索引。请先建立：wenju index 路径…",
            )
        self.path = path
        self.read_only = read_only
        self._pool: deque[sqlite3.Connection] = deque()
        self._closed = False
        try:
            self._check()
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Close every connection; the last one folds the write-ahead log into the file."""
        self._closed = True
        while self._pool:
            self._pool.pop().close()

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """A connection that sees one state of the catalog until the block ends."""
        with self._connection() as connection:
            connection.execute("BEGIN")
            try:
                yield connection
            finally:
                connection.execute("ROLLBACK")

    @contextmanager
    def writing(self) -> Iterator[Change]:
        """One change: all of it is on disk when the block ends, and nothing of it when the block raises."""
        with self._connection() as connection:
            connection.execute("BEGIN IMMEDIATE")
            try:
                change = Change(connection, 1 + int(single(connection, GENERATION)))
                yield change
                if change.changed:
                    change.set_meta("generation", str(change.generation))
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise

    def note(self, name: str, value: str) -> None:
        """Set a meta value that says nothing of the documents: the generation stays."""
        with self._connection() as connection:
            connection.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (name, value))

    def clean(self) -> None:
        """Give freed pages back to the disk and empty the write-ahead log, which still holds what they held."""
        with self._connection() as connection:
            connection.execute("PRAGMA incremental_vacuum").fetchall()
            connection.execute(f"PRAGMA busy_timeout={int(CLEAN_WAIT * 1000)}")
            (busy, *_) = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            connection.execute(f"PRAGMA busy_timeout={int(BUSY_WAIT * 1000)}")
        if busy:
            logger.info("%s: a reader is at work, its log is emptied by a later change", self.path)

    @contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
        """Lend a connection, and say what broke in plain words."""
        if self._closed:
            raise StoreError(
                f"The index in {self.path.parent} is closed. Open it again.",
                f"{self.path.parent} 的索引已经关闭，请重新打开。",
            )
        try:
            connection = self._pool.pop() if self._pool else self._connect()
            try:
                yield connection
            finally:
                if self._closed:
                    connection.close()
                else:
                    self._pool.append(connection)
        except sqlite3.Error as error:
            raise self._explained(error) from error

    def _connect(self) -> sqlite3.Connection:
        """A new connection with our guarantees switched on (they are kept per connection)."""
        mode = "ro" if self.read_only else "rw"
        if self.read_only and not os.access(self.path.parent, os.W_OK):
            mode += "&immutable=1"  # a read-only disk: the shared-memory file of the log can't be made there
        connection = sqlite3.connect(
            f"{self.path.absolute().as_uri()}?mode={mode}",
            uri=True,
            isolation_level=None,
            check_same_thread=False,
            timeout=BUSY_WAIT,
        )
        for pragma in PRAGMAS:
            connection.execute(f"PRAGMA {pragma}")
        return connection

    def _explained(self, error: sqlite3.Error) -> StoreError:
        code = getattr(error, "sqlite_errorcode", None)
        if code is not None and code & 0xFF in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
            return self.damaged(str(error))
        if code is not None and code & 0xFF in (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR):
            return StoreError(
                "磁盘已满或无法读写，这次改动没有写入，原有内容不变。 "
                f"The catalog {self.path} can't be written or read ({error}); nothing of this change was kept. "
                "Free some space and try again."
            )
        return StoreError(f"The catalog {self.path} could not be used: {error}.")

    def damaged(self, what: str) -> StoreDamaged:
        return StoreDamaged(
            f"The catalog {self.path} is damaged ({what}). Put back a copy of it, or index the documents again into "
            "a new folder: wenju index --index NEW_FOLDER PATH…",
            f"目录文件 {self.path} 坏了（{what}）。请把备份放回去，"
            "或把文档重新索引到新文件夹：wenju index --index 新文件夹 路径…",
        )

    def _check(self) -> None:
        """Refuse what is not a whole catalog, before anything is read from it."""
        with self.path.open("rb") as file:
            head = file.read(16)
        if head != b"SQLite format 3\x00":
            raise self.damaged("it is empty" if not head else "it is not an SQLite file")
        with self.reading() as connection:
            if single(connection, "PRAGMA application_id") != schema.APPLICATION:
                raise self.damaged("another program wrote it")
            log = self.path.with_name(self.path.name + "-wal")
            if not log.exists() or log.stat().st_size == 0:
                needed = single(connection, "PRAGMA page_count") * single(connection, "PRAGMA page_size")
                seen = self.path.stat().st_size
                if seen < needed:
                    raise self.damaged(f"it has {seen:,} bytes of {needed:,}")
            try:
                version = int(read_meta(connection)["format"])
            except (sqlite3.OperationalError, KeyError, ValueError) as error:
                raise self.damaged(f"its meta table can't be read: {error}") from error
        if version > schema.FORMAT:
            raise StoreError(
                f"The index in {self.path.parent} has format {version}; this version reads up to {schema.FORMAT}. "
                "Update with: pip install --upgrade wenju",
                f"{self.path.parent} 的索引是 {version} 版格式，"
                f"这个程序只认到 {schema.FORMAT} 版。请升级：pip install --upgrade wenju",
            )

    def meta(self) -> dict[str, str]:
        """Format, generation, embedder and whatever else was set."""
        with self.reading() as connection:
            return read_meta(connection)

    def generation(self) -> int:
        """The number of changes so far."""
        with self._connection() as connection:
            return int(single(connection, GENERATION))


def read_meta(connection: sqlite3.Connection) -> dict[str, str]:
    """All meta values."""
    return dict(connection.execute("SELECT name, value FROM meta"))


def single(connection: sqlite3.Connection, sql: str) -> Any:
    """The one value a statement returns."""
    (value,) = connection.execute(sql).fetchone()
    return value
