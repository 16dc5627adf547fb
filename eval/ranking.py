"""Retrieval metrics over ranked ids. Pure; ids are passages, documents or pieces of evidence."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from math import log2

from eval.records import Evidence, Found


def recall_at(ranked: Sequence[str], gold: Collection[str], k: int) -> float | None:
    """Share of the gold ids among the first k; None without gold.

    >>> recall_at(["乙", "甲", "丙"], {"甲", "丁"}, 2)
    0.5
    """
    return len(set(ranked[:k]) & set(gold)) / len(set(gold)) if gold else None


def reciprocal_rank(ranked: Sequence[str], gold: Collection[str], k: int = 10) -> float | None:
    """1 / rank of the first gold id among the first k, 0 when none is there; None without gold.

    Source:
        Voorhees, TREC-8 question answering track, 1999 (MRR is the mean of it).

    >>> reciprocal_rank(["乙", "甲"], {"甲"}), reciprocal_rank(["乙"], {"甲"})
    (0.5, 0.0)
    """
    if not gold:
        return None
    return next((1 / rank for rank, name in enumerate(ranked[:k], start=1) if name in gold), 0.0)


def ndcg_at(ranked: Sequence[str], gold: Collection[str], k: int = 10) -> float | None:
    """Discounted gain of the gold ids among the first k over that of the best ranking, in [0, 1]; None without gold.

    Gains are 0 or 1, the discount is log2(rank + 1).

    Source:
        Järvelin & Kekäläinen, ACM TOIS 20(4), 2002, doi:10.1145/582415.582418.

    >>> round(ndcg_at(["乙", "甲"], {"甲"}), 3)  # 1/log2(3)
    0.631
    """
    if not gold:
        return None
    gain = sum(1 / log2(rank + 1) for rank, name in enumerate(ranked[:k], start=1) if name in gold)
    return gain / sum(1 / log2(rank + 1) for rank in range(1, min(len(set(gold)), k) + 1))


def covers(source: str, start: int, end: int, evidence: Evidence) -> bool:
    """Whether a span of a document holds at least half of a piece of evidence, or the evidence is its whole document.

    >>> covers("甲.txt", 0, 10, Evidence("甲.txt", "…", 6, 12)), covers("甲.txt", 0, 8, Evidence("甲.txt", "…", 6, 12))
    (True, False)
    """
    if source != evidence.source:
        return False
    if evidence.start is None or evidence.end is None:
        return not evidence.quote
    return 2 * (min(end, evidence.end) - max(start, evidence.start)) >= evidence.end - evidence.start


def gold_groups(
    ranked: Sequence[Found], evidence: Sequence[Evidence], any_evidence: bool = False
) -> tuple[list[str], set[str]]:
    """(ranked ids, gold ids) of retrieved passages against pieces of evidence.

    Each passage that holds evidence goes by the first pieces it holds, so several pieces in one passage count once;
    pieces that nothing retrieved holds are grouped by nearness: 400 characters of one document make one group. Where
    any piece suffices, the first passage that holds one is the only gold id.

    >>> found = [Found("p1", "甲", 0, 100, 1.0, ""), Found("p2", "甲", 100, 200, 0.9, "")]
    >>> pieces = [Evidence("甲", "", 110, 120), Evidence("甲", "", 150, 160), Evidence("乙", "", 0, 9)]
    >>> ranked, gold = gold_groups(found, pieces)
    >>> ranked, sorted(gold)
    (['p1', 'p2'], ['missing:乙:0', 'p2'])
    """
    if any_evidence:
        holds = [any(covers(hit.source, hit.start, hit.end, piece) for piece in evidence) for hit in ranked]
        first = holds.index(True) if True in holds else None
        return ["gold" if index == first else hit.id for index, hit in enumerate(ranked)], {"gold"}
    gold: set[str] = set()
    missing: list[Evidence] = []
    for piece in evidence:
        holder = next((hit.id for hit in ranked if covers(hit.source, hit.start, hit.end, piece)), None)
        if holder is None:
            missing.append(piece)
        else:
            gold.add(holder)
    last: Evidence | None = None
    for piece in sorted(missing, key=lambda piece: (piece.source, piece.start or 0)):
        if last is None or last.source != piece.source or (piece.start or 0) - (last.start or 0) > _ONE_PASSAGE:
            gold.add(f"missing:{piece.source}:{piece.start}")
            last = piece
    return [hit.id for hit in ranked], gold


_ONE_PASSAGE = 400  # characters: the longest passage of the default settings
