"""The tables of the catalog, and how an empty one is made."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Mapping
from pathlib import Path

FORMAT = 1
APPLICATION = 0x57454E4A  # "WENJ" in the file header: tells our catalog from any other SQLite file
# Rows are a few kilobytes: 20,000 news passages take 20.8 MB with these pages, 23.7 MB with SQLite's usual 4,096.
PAGE_SIZE = 8192

_SCHEMA = """
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE documents (
    key INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, generation INTEGER NOT NULL,
    source TEXT NOT NULL, path TEXT NOT NULL, title TEXT NOT NULL, date TEXT, metadata TEXT NOT NULL,
    pages TEXT NOT NULL, digest TEXT NOT NULL, characters INTEGER NOT NULL
) STRICT;
CREATE INDEX documents_by_generation ON documents (generation);
CREATE TABLE pieces (
    document INTEGER NOT NULL REFERENCES documents ON DELETE CASCADE, number INTEGER NOT NULL, text TEXT NOT NULL,
    UNIQUE (document, number)
) STRICT;
CREATE TABLE passages (
    key INTEGER PRIMARY KEY AUTOINCREMENT, document INTEGER NOT NULL REFERENCES documents ON DELETE CASCADE,
    ordinal INTEGER NOT NULL, start INTEGER NOT NULL, stop INTEGER NOT NULL, page INTEGER,
    UNIQUE (document, ordinal)
) STRICT;
CREATE TABLE vectors (
    passage INTEGER PRIMARY KEY REFERENCES passages ON DELETE CASCADE, vector BLOB NOT NULL
) STRICT;
CREATE TABLE removed (
    document INTEGER PRIMARY KEY, generation INTEGER NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL
) STRICT;
CREATE INDEX removed_by_generation ON removed (generation);
"""


def create(path: Path, meta: Mapping[str, str]) -> None:
    """Make an empty catalog with these meta values; an interrupted call leaves none behind."""
    draft = path.with_suffix(".new")
    for suffix in ("", "-wal", "-shm", "-journal"):
        draft.with_name(draft.name + suffix).unlink(missing_ok=True)
    connection = sqlite3.connect(draft, isolation_level=None)
    try:
        connection.execute(f"PRAGMA page_size={PAGE_SIZE}")
        connection.execute("PRAGMA auto_vacuum=INCREMENTAL")
        connection.execute(f"PRAGMA application_id={APPLICATION}")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("BEGIN")
        for statement in _SCHEMA.split(";"):
            connection.execute(statement)
        values = {"format": str(FORMAT), "generation": "0", "embedded": "0", **meta}
        connection.executemany("INSERT INTO meta VALUES (?, ?)", values.items())
        connection.execute("COMMIT")
        connection.execute("PRAGMA journal_mode=WAL")
    finally:
        connection.close()
    draft.replace(path)
    _sync(path.parent)


def problems(connection: sqlite3.Connection) -> list[str]:
    """What a full check of a catalog finds wrong; [] for a sound one."""
    found = [row[0] for row in connection.execute("PRAGMA integrity_check(10)") if row[0] != "ok"]
    found += [f"{row[0]} row without its {row[2]}" for row in connection.execute("PRAGMA foreign_key_check")]
    sql = "SELECT count(*) FROM passages WHERE key NOT IN (SELECT passage FROM vectors)"
    (bare,) = connection.execute(sql).fetchone()
    return [*found, f"{bare} passages without a vector"] if bare else found


def _sync(folder: Path) -> None:
    """Make a rename durable; a folder can't be opened for this on Windows, where it is not needed."""
    if os.name == "posix":
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
