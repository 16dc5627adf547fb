"""Other words for what a question says, where the documents don't have its own: 老外 → 外籍. Pure but for a table."""

from __future__ import annotations

from collections import defaultdict
from functools import cache
from pathlib import Path

TABLE = Path(__file__).with_name("synonyms.txt")


def synonyms(word: str) -> tuple[str, ...]:
    """Words that may stand for a folded word, in the order of the table; () for most.

    >>> synonyms("老外"), synonyms("外籍"), synonyms("量子")
    (('外国人', '外籍', '外国籍', '外宾'), ('老外',), ())
    """
    return _table().get(word, ())


@cache
def _table() -> dict[str, tuple[str, ...]]:
    """Each word with those it shares a line with: the first of a line with all others, those with the first."""
    known: dict[str, dict[str, None]] = defaultdict(dict)
    for line in TABLE.read_text(encoding="utf-8").splitlines():
        if line.startswith("#"):
            continue
        said, *written = line.split()
        for word in written:
            known[said][word] = None
            known[word][said] = None
    return {word: tuple(others) for word, others in known.items()}
