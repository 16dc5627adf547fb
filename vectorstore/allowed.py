"""The passages that a filter lets through, looked up in the catalog and handed to both searches as keys.

Resolving a filter where the documents are listed keeps the indexes free of copies of their facts, which could go
stale; it costs one query of the catalog (10 ms where 5,000 of 10,000 documents match), kept until the next change.
"""

from __future__ import annotations

import json
import sqlite3
from dataclasses import dataclass

import numpy as np

from vectorstore.filters import Filter

# The passages of a document have neighbouring keys.
_RANGES = """
SELECT d.key, min(p.key), max(p.key) FROM documents d JOIN passages p ON p.document = d.key
WHERE {conditions} GROUP BY d.key ORDER BY d.key
"""
_METADATA = """
EXISTS (SELECT 1 FROM json_each(d.metadata) m WHERE m.key = ? AND m.value IN (SELECT value FROM json_each(?)))
"""


@dataclass(frozen=True, slots=True, eq=False)
class Allowed:
    """The documents a search may look in, D in all.

    Attributes:
        generation: of the catalog, when they were looked up.
        documents: their keys, shape (D,), int64, ascending.
        first, last: keys of their first and last passages, shape (D,), int64, ascending.
    """

    generation: int
    documents: np.ndarray
    first: np.ndarray
    last: np.ndarray

    def mask(self, keys: np.ndarray) -> np.ndarray:
        """Which of these passage keys, ascending, are allowed; shape (len(keys),), bool."""
        lows = np.searchsorted(keys, self.first)
        highs = np.searchsorted(keys, self.last, side="right")
        some = highs > lows
        steps = np.zeros(len(keys) + 1, np.int8)
        steps[lows[some]] += 1
        steps[highs[some]] -= 1
        return np.cumsum(steps[:-1], dtype=np.int8).view(bool)


def find_allowed(connection: sqlite3.Connection, generation: int, wanted: Filter) -> Allowed:
    """What a filter lets through in the state of the catalog that the connection sees.

    Args:
        generation: of that state.
    """
    conditions, values = ["1"], []
    if wanted.sources:
        conditions.append(f"({' OR '.join('d.source GLOB ?' for _ in wanted.sources)})")
        # Brackets are special to SQLite and plain characters of file names to us.
        values += [name.replace("[", "[[]") for name in wanted.sources]
    for operator, day in ((">=", wanted.since), ("<=", wanted.until)):
        if day:
            conditions.append(f"d.date {operator} ?")
            values.append(day)
    for key, meant in wanted.metadata.items():
        conditions.append(_METADATA)
        values += [key, json.dumps(list(meant))]
    rows = connection.execute(_RANGES.format(conditions=" AND ".join(conditions)), values).fetchall()
    documents, first, last = np.array(rows, np.int64).reshape(len(rows), 3).T
    return Allowed(generation, documents, first, last)
