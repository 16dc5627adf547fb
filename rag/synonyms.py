"""Other words for what a question says, where the documents don't have its own: 老外 → 外籍, warranty → 保修.

Pure but for two tables.
"""

from __future__ import annotations

from collections import defaultdict
from functools import cache
from pathlib import Path

TABLE = Path(__file__).with_name("synonyms.txt")
ENGLISH = Path(__file__).with_name("english.txt")
# What an English word may end in that the table leaves out, and what stands there instead.
_ENDINGS = (("ies", "y"), ("es", ""), ("s", ""), ("ied", "y"), ("ed", ""), ("ed", "e"), ("ing", ""), ("ing", "e"))
_SHORTEST_STEM = 3


def synonyms(word: str) -> tuple[str, ...]:
    """Words that may stand for a folded word, in the order of the table; () for most.

    >>> synonyms("老外"), synonyms("warranties")
    (('外国人', '外籍', '外国籍', '外宾', 'foreigner'), ('保修', '质保', '保修期', '保证'))
    """
    found = _table().get(word, ())
    if found or not word.isascii():
        return found
    stems = (word.removesuffix(ending) + instead for ending, instead in _ENDINGS if word.endswith(ending))
    return next((_table()[stem] for stem in stems if len(stem) >= _SHORTEST_STEM and stem in _table()), ())


@cache
def english_words() -> tuple[str, ...]:
    """The English words of the word list, in its order."""
    lines = (line.split(maxsplit=1) for line in ENGLISH.read_text(encoding="utf-8").splitlines())
    return tuple(line[0] for line in lines if line and not line[0].startswith("#"))


@cache
def _table() -> dict[str, tuple[str, ...]]:
    """Each word with those it shares a line with: the first of a line with all others, those with the first."""
    known: dict[str, dict[str, None]] = defaultdict(dict)
    for table in (TABLE, ENGLISH):
        for line in table.read_text(encoding="utf-8").splitlines():
            if line.startswith("#"):
                continue
            said, *written = line.split()
            for word in written:
                known[said][word] = None
                known[word][said] = None
    return {word: tuple(others) for word, others in known.items()}
