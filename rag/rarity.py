"""How rare a term is in general Chinese, in nats: log(passages / passages with the term)."""

from __future__ import annotations

import gzip
from functools import cache
from pathlib import Path

TABLE = Path(__file__).parent / "model" / "terms.txt.gz"
BUCKETS_PER_UNIT = 8


@cache
def _table() -> tuple[float, dict[str, float]]:
    """(rarity of an unseen term, rarity of each known term)."""
    unseen, *lines = gzip.decompress(TABLE.read_bytes()).decode().splitlines()
    rarities: dict[str, float] = {}
    for line in lines:
        bucket, *terms = line.split(" ")
        rarities.update(dict.fromkeys(terms, int(bucket) / BUCKETS_PER_UNIT))
    return int(unseen) / BUCKETS_PER_UNIT, rarities


def rarity(term: str) -> float:
    """Inverse document frequency of a folded word or character pair over 2023 news; the highest for unseen ones.

    >>> rarity("我们") < rarity("量子") < rarity("荷塘生华")
    True
    """
    unseen, rarities = _table()
    return rarities.get(term, unseen)


def is_known(term: str) -> bool:
    """Whether general Chinese uses the term at all; names and typing errors mostly are not known."""
    return term in _table()[1]
