"""Indexing in the background: one row for each file, one file at a time for each collection, stoppable at any stage."""

from __future__ import annotations

import itertools
import logging
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from rag.errors import WenjuError
from rag.indexing import FileReport, Stage, Watch

log = logging.getLogger(__name__)

KEPT = 2000  # rows remembered; older ones that are over are forgotten
WAITING_MAX = 1500  # files that may wait at one time

State = Literal["waiting", "working", "done", "failed", "stopped"]
Work = Callable[[Watch], FileReport]


class Stopped(Exception):
    """The visitor stopped a file; raised through the work so that its change is undone."""


@dataclass
class Row:
    """One file on its way into a collection.

    Attributes:
        visitor: who sent it; nobody else sees the row.
        error: why it failed.
        report: what became of it.
    """

    number: int
    visitor: str
    collection: str
    name: str
    state: State = "waiting"
    stage: Stage = "read"
    done: int = 0
    total: int = 0
    error: Exception | None = None
    report: FileReport | None = None
    work: Work | None = field(default=None, repr=False)
    drop: Callable[[], None] = field(default=lambda: None, repr=False)

    @property
    def is_over(self) -> bool:
        """Whether nothing more happens to it."""
        return self.state in ("done", "failed", "stopped")


class Jobs:
    """The rows of all visitors, and a thread for each collection that has files waiting."""

    def __init__(self) -> None:
        self._numbers = itertools.count(1)
        self._lock = threading.Lock()
        self._rows: deque[Row] = deque()
        self._busy: set[str] = set()
        self._changed: dict[str, int] = {}

    def submit(
        self, visitor: str, collection: str, name: str, work: Work, drop: Callable[[], None] = lambda: None
    ) -> Row:
        """Queue one file.

        Args:
            work: indexes it, telling the watch it is given.
            drop: cleans up behind it, however it ends.
        """
        row = Row(next(self._numbers), visitor, collection, name, work=work, drop=drop)
        with self._lock:
            self._remember(row)
            if collection not in self._busy:
                self._busy.add(collection)
                threading.Thread(target=self._run, args=(collection,), name="wenju-index", daemon=True).start()
        return row

    def refuse(self, visitor: str, collection: str, name: str, error: Exception) -> Row:
        """A row for a file that is not even tried."""
        row = Row(next(self._numbers), visitor, collection, name, state="failed", error=error)
        with self._lock:
            self._remember(row)
        return row

    def rows(self, visitor: str, collection: str) -> list[Row]:
        """A visitor's rows in a collection, in the order they came."""
        with self._lock:
            return [row for row in self._rows if (row.visitor, row.collection) == (visitor, collection)]

    def waiting(self) -> int:
        """How many files of all visitors are not over yet."""
        with self._lock:
            return sum(not row.is_over for row in self._rows)

    def changed(self, collection: str) -> int:
        """A number that grows whenever a file has gone into a collection, whoever sent it."""
        with self._lock:
            return self._changed.get(collection, 0)

    def stop(self, visitor: str, collection: str, number: int | None = None) -> None:
        """Stop one row of a visitor, or all: what waits is dropped, what is at work is undone."""
        dropped = []
        with self._lock:
            for row in self._rows:
                if (row.visitor, row.collection) == (visitor, collection) and number in (None, row.number):
                    if row.state == "waiting":
                        dropped.append(row)
                    if not row.is_over:
                        row.state = "stopped"
        for row in dropped:
            row.drop()

    def clear(self, visitor: str, collection: str) -> None:
        """Forget a visitor's rows that are over."""
        with self._lock:
            mine = (visitor, collection)
            self._rows = deque(row for row in self._rows if not (row.is_over and (row.visitor, row.collection) == mine))

    def _remember(self, row: Row) -> None:
        """Add a row and forget the oldest ones that are over; called with the lock held."""
        self._rows.append(row)
        while len(self._rows) > KEPT and self._rows[0].is_over:
            self._rows.popleft()

    def _run(self, collection: str) -> None:
        """Work off what waits in one collection."""
        while True:
            with self._lock:
                row = next((row for row in self._rows if row.collection == collection and row.state == "waiting"), None)
                if row is None:
                    self._busy.discard(collection)
                    return
                row.state = "working"
            self._work(row)

    def _work(self, row: Row) -> None:
        """Index the file of one row and note how it ended."""

        def watch(stage: Stage, done: int, total: int) -> None:
            row.stage, row.done, row.total = stage, done, total
            if row.state == "stopped":
                raise Stopped

        try:
            report = row.work(watch) if row.work else None
        except Stopped:
            pass
        except (WenjuError, OSError) as error:
            self._end(row, "failed", error=error)
        except Exception as error:  # one file must not end the queue
            log.exception("indexing %s failed", row.name)
            self._end(row, "failed", error=error)
        else:
            self._end(row, "done", report=report)
        finally:
            row.work = None
            row.drop()

    def _end(self, row: Row, state: State, error: Exception | None = None, report: FileReport | None = None) -> None:
        """Note how a row ended."""
        with self._lock:
            row.error, row.report, row.state = error, report, state
            self._changed[row.collection] = self._changed.get(row.collection, 0) + 1
