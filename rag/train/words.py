"""How rare a term is in general Chinese: in how many news passages it occurs, written to `rag/model/terms.txt.gz`.

Two documents can't tell a name from a function word; 100,000 passages can. The same news give the same file.
"""

from __future__ import annotations

import gzip
import lzma
import math
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path

from rag.rarity import BUCKETS_PER_UNIT, TABLE
from vectorstore.tokens import terms

PASSAGE_CHARACTERS = 400
# Rarer terms than this count as unseen: they are names, and weigh the most either way.
MINIMUM_PASSAGES = 12


def news_passages(folder: Path) -> Iterator[str]:
    """Pieces of up to 400 characters of `news.txt.xz` (one article a line) in `folder`.

    Raises:
        FileNotFoundError: the folder holds no news.txt.xz.
    """
    with lzma.open(folder / "news.txt.xz", "rt", encoding="utf-8") as lines:
        for line in lines:
            article = line.strip()
            for start in range(0, len(article), PASSAGE_CHARACTERS):
                yield article[start : start + PASSAGE_CHARACTERS]


def count_terms(folder: Path) -> str:
    """Term table as text: the number of passages, then one line a rarity bucket with its terms."""
    frequency: Counter[str] = Counter()
    passages = 0
    for passage in news_passages(folder):
        frequency.update(set(terms(passage)))
        passages += 1
    buckets: defaultdict[int, list[str]] = defaultdict(list)
    for term, count in frequency.items():
        if count >= MINIMUM_PASSAGES:
            buckets[round(math.log(passages / count) * BUCKETS_PER_UNIT)].append(term)
    lines = [str(round(math.log(passages / MINIMUM_PASSAGES) * BUCKETS_PER_UNIT))]
    lines += [" ".join([str(bucket), *sorted(buckets[bucket])]) for bucket in sorted(buckets)]
    return "\n".join(lines) + "\n"


def write_table(folder: Path) -> str:
    """Count the terms of the news in `folder` and write the table; returns what was written, in words."""
    table = count_terms(folder)
    TABLE.parent.mkdir(exist_ok=True)
    # mtime=0: the same table gives the same bytes
    TABLE.write_bytes(gzip.compress(table.encode(), compresslevel=9, mtime=0))
    return f"{TABLE}: {len(table.split()):,} terms, {TABLE.stat().st_size:,} bytes"
