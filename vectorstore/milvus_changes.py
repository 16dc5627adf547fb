"""Changes to an index on Milvus that several processes make at once, and what is left when one of them dies.

A change has a version of its own and a row that says so while it lasts. The rows it writes are seen only once a
document's row names its version. When all are published, the change says that it is done; only then every version of
its documents is deleted that no document's row names and that no living change is still writing. So of two changes
that wrote the same document, the one that looks later sees the other's decision, and the loser's rows go. A change
whose row outlives its process is cleaned up the same way.
"""

from __future__ import annotations

import json
import logging
import os
import secrets
import socket
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress

from vectorstore.errors import StoreError, StoreLocked
from vectorstore.milvus_rows import CHANGE, DOCUMENT, Row, among, both, note_row, piece_count
from vectorstore.milvus_server import Server

logger = logging.getLogger(__name__)

BEAT = 60.0  # seconds between two signs of life of a change
LEASE = 3600.0  # seconds without a sign of life after which a change on another machine counts as dead
MOST_TOUCHED = 100_000  # documents after which a long change takes a new version
SLICE = 256  # documents named in one expression
_ours: set[str] = set()  # versions of the changes that this process is making


class Change:
    """One change under way; `version` is what its rows are written under."""

    def __init__(self, changes: Changes) -> None:
        self._changes = changes
        self.begin()

    def begin(self) -> None:
        """Take a new version."""
        self.version = secrets.token_hex(8)
        self._touched: set[str] = set()
        self._removing: list[str] = []
        _ours.add(self.version)
        self._announce()

    def renew(self) -> None:
        """End the version, all of whose documents are published, and begin another."""
        self.end()
        self.begin()

    def touches(self, documents: Iterable[str]) -> bool:
        """Whether this version has written one of the documents."""
        return not self._touched.isdisjoint(documents)

    def touch(self, documents: Iterable[str], removing: Sequence[str] = ()) -> None:
        """Note the documents, by key, that are about to be written, and those that are about to go."""
        self._touched.update(documents, removing)
        self._removing += removing
        if removing or time.monotonic() - self._alive > BEAT:
            self._announce()

    @property
    def is_long(self) -> bool:
        """Whether it is time to renew, to bound what is remembered."""
        return len(self._touched) > MOST_TOUCHED or len(self._removing) > SLICE

    def end(self) -> None:
        """Say that all is published, delete what it replaced, and take the change's row away."""
        try:
            self._changes.announce(self.version, self._removing, done=True)
            self._changes.sweep(sorted(self._touched))
            self._changes.withdraw(self.version)
        finally:
            _ours.discard(self.version)

    def abandon(self) -> None:
        """Delete what was written and is not seen."""
        _ours.discard(self.version)
        self._changes.sweep(sorted(self._touched))
        self._changes.withdraw(self.version)

    def _announce(self) -> None:
        self._changes.announce(self.version, self._removing)
        self._alive = time.monotonic()


class Changes:
    """The changes to one index."""

    def __init__(self, server: Server, documents: str, texts: str, passages: str) -> None:
        self._server = server
        self._documents = documents
        self._texts = texts
        self._passages = passages

    @contextmanager
    def change(self) -> Iterator[Change]:
        """One change, cleaned up when the block raises."""
        self.mend()
        change = Change(self)
        try:
            yield change
        except BaseException:
            with suppress(StoreError):  # the server may be why: then whoever opens the index next cleans up
                change.abandon()
            _ours.discard(change.version)
            raise
        change.end()

    @contextmanager
    def removal(self, documents: Sequence[str]) -> Iterator[None]:
        """The removal of documents, by key, finished by someone else should it be interrupted."""
        version = secrets.token_hex(8)
        _ours.add(version)
        try:
            for start in range(0, len(documents), SLICE):
                self.announce(version, documents[start : start + SLICE], part=start)
            yield
            for start in range(0, len(documents), SLICE):
                self.withdraw(version, part=start)
        finally:
            _ours.discard(version)

    def announce(self, version: str, removing: Sequence[str] = (), part: int = 0, done: bool = False) -> None:
        """Write the row of a change, with the time as a sign of life."""
        facts = {
            "host": socket.gethostname(),
            "pid": os.getpid(),
            "time": time.time(),
            "removing": list(removing),
            "done": done,
        }
        self._server.put(self._documents, [note_row(CHANGE, f"{CHANGE}:{version}:{part}", version, **facts)])

    def withdraw(self, version: str, part: int = 0) -> None:
        """Take the row of a change away."""
        self._server.delete(self._documents, among("key", [f"{CHANGE}:{version}:{part}"]))

    def mend(self) -> None:
        """Delete what changes left whose process is gone."""
        for row in self._under_way():
            if _is_alive(row):
                continue
            logger.warning("Cleaning up after an interrupted change of %s", self._server.place)
            version = row["version"]
            first = both(among("version", [version]), "number == 0")
            written = [piece["document"] for piece in self._server.scan(self._texts, first, ("document",))]
            self.sweep([*json.loads(row["facts"])["removing"], *written])
            self._server.delete(self._documents, among("key", [row["key"]]))

    def refuse_others(self) -> None:
        """Raise StoreLocked while another process is changing the index."""
        for row in self._under_way():
            facts = json.loads(row["facts"])
            raise StoreLocked(
                f"The index at {self._server.place} is being written by process {facts['pid']} on {facts['host']}. "
                "Try again when it has finished, or end that process."
            )

    def sweep(self, documents: Sequence[str]) -> None:
        """Delete every version of these documents, by key, that is neither theirs now nor still being written.

        What is there is read before what is kept, so that a version begun meanwhile is not taken for a stale one.
        """
        for start in range(0, len(documents), SLICE):
            some = documents[start : start + SLICE]
            pieces = self._server.query(
                self._texts, both(among("document", some), "number == 0"), ("document", "version")
            )
            there = {(piece["document"], piece["version"]) for piece in pieces}
            writing = {row["version"] for row in self._under_way() if _is_writing(row)}
            rows = self._server.get(self._documents, some, ("version",))
            self._delete(
                {
                    (document, version)
                    for document, version in there
                    if version not in writing and not (document in rows and rows[document]["version"] == version)
                }
            )

    def _delete(self, stale: set[tuple[str, str]]) -> None:
        by_version: dict[str, list[str]] = defaultdict(list)
        for document, version in sorted(stale):
            by_version[version].append(document)
        for version, documents in by_version.items():
            condition = both(among("version", [version]), among("document", documents))
            self._server.delete(self._passages, condition)
            self._server.delete(self._texts, condition)  # the last: by its pieces a version is found

    def _under_way(self) -> list[Row]:
        return self._server.query(self._documents, among("kind", [CHANGE]), ("version", "facts"))

    # Checking

    def sweep_all(self) -> None:
        """Delete every row that belongs to no document; reads all of them."""
        self.mend()
        pieces = self._server.scan(self._texts, "number == 0", ("document",))
        self.sweep(sorted({piece["document"] for piece in pieces}))

    def problems(self) -> list[str]:
        """What a full check finds wrong, in plain words."""
        fields = ("version", "source", "characters", "passages")
        rows = {row["key"]: row for row in self._server.scan(self._documents, among("kind", [DOCUMENT]), fields)}
        pieces, characters = self._tally(self._texts, rows, "text")
        passages, _ = self._tally(self._passages, rows)
        found = []
        for key, row in rows.items():
            if pieces[key] != piece_count(row) or characters[key] != row["characters"]:
                found.append(f"{row['source']}: {characters[key]:,} characters of {row['characters']:,} are there")
            if passages[key] != row["passages"]:
                found.append(f"{row['source']}: {passages[key]:,} passages of {row['passages']:,} are there")
        stray = pieces[""] + passages[""]
        if stray:
            found.append(f"{stray:,} rows belong to no document; they are never shown")
        return found

    def _tally(self, collection: str, rows: dict[str, Row], text: str = "") -> tuple[dict[str, int], dict[str, int]]:
        """How many rows, and characters of them, each document has; "" stands for none."""
        counts: dict[str, int] = defaultdict(int)
        characters: dict[str, int] = defaultdict(int)
        for row in self._server.scan(collection, 'key != ""', ("document", "version", *([text] if text else []))):
            owner = rows.get(row["document"])
            key = row["document"] if owner and owner["version"] == row["version"] else ""
            counts[key] += 1
            characters[key] += len(row[text]) if text else 0
        return counts, characters


def _is_writing(change: Row) -> bool:
    """Whether a change may still write rows that are not seen yet."""
    return _is_alive(change) and not json.loads(change["facts"])["done"]


def _is_alive(change: Row) -> bool:
    """Whether the process that makes a change may still be at it."""
    facts = json.loads(change["facts"])
    if change["version"] in _ours:
        return True
    if facts["host"] != socket.gethostname():
        return bool(time.time() - facts["time"] < LEASE)
    if facts["pid"] == os.getpid():
        return False
    try:
        os.kill(facts["pid"], 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True
