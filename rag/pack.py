"""Which passages go into one prompt, and in what order. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from rag.injection import disarm
from rag.types import Hit, Passage


def pack(hits: Sequence[Hit], characters: int) -> list[Hit]:
    """The best hits that fit a prompt, as a reader would lay them out; at least one. Markers count what this returns.

    A text that is there already (the same file under two names) is dropped. Passages that follow each other in their
    document stand together in reading order, at the place of the better one. Instructions to the model are blanked.

    Args:
        hits: best first.
        characters: how much passage text a prompt may hold.
    """
    packed: list[Hit] = []
    seen: set[str] = set()
    for hit in disarm(hits):
        text = "".join(hit.passage.text.split())
        if text in seen or (packed and len(hit.passage.text) > characters):
            continue
        seen.add(text)
        characters -= len(hit.passage.text)
        packed.append(hit)
    runs: list[list[Hit]] = []
    for hit in packed:
        beside = [run for run in runs if any(_adjacent(hit.passage, other.passage) for other in run)]
        if not beside:
            runs.append([hit])
            continue
        beside[0].append(hit)
        for run in beside[1:]:  # the passage that was missing between two runs
            beside[0].extend(run)
            runs.remove(run)
    return [hit for run in runs for hit in sorted(run, key=lambda hit: hit.passage.ordinal)]


def follows(passage: Passage, other: Passage) -> bool:
    """Whether a passage comes right after another in its document."""
    return passage.document_id == other.document_id and passage.ordinal == other.ordinal + 1


def _adjacent(one: Passage, other: Passage) -> bool:
    """Whether two passages stand side by side."""
    return follows(one, other) or follows(other, one)
