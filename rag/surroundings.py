"""What the embedded answerer looks at beside the passages found: hits for each part of a question, text around them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from rag.parts import split_parts
from rag.types import Hit
from vectorstore.base import Store


def parts_with_hits(text: str, hits: Sequence[Hit], search: Callable[[str], list[Hit]]) -> dict[str, list[Hit]]:
    """The questions inside one message, each with what a search finds for it, then for the whole message.

    Args:
        hits: what was found for the whole message; all there is to see for a single question.
        search: question → hits, best first.
    """
    texts = list(dict.fromkeys(split_parts(text)))
    if len(texts) == 1:
        return {texts[0]: list(hits)}
    parts = {}
    for one in texts:
        own = search(one)
        lowest = min((hit.score for hit in own), default=1.0)
        known = {hit.passage.id for hit in own}
        others = [replace(hit, score=min(hit.score, lowest)) for hit in hits if hit.passage.id not in known]
        parts[one] = [*own, *others]
    return parts


def distinct(hits: Iterable[Hit]) -> list[Hit]:
    """Each passage once, where it comes first."""
    first: dict[str, Hit] = {}
    for hit in hits:
        first.setdefault(hit.passage.id, hit)
    return list(first.values())


def texts_around(store: Store, hits: Sequence[Hit]) -> tuple[dict[str, str], dict[str, str]]:
    """For each hit, by passage id, the passage that stands before it; by document id, the first one of its document.

    The first passage often names what the rest is about. All are read anew, also those that are hits themselves: that
    is how a document that was removed since the search is noticed. Raises KeyError when a passage is gone.
    """
    before = {hit.passage.id: _nth(hit, hit.passage.ordinal - 1) for hit in hits if hit.passage.ordinal > 0}
    openings = {hit.passage.document_id: _nth(hit, 0) for hit in hits}
    names = list(dict.fromkeys([*before.values(), *openings.values()]))
    texts = {passage.id: passage.text for passage in store.passages(names)}
    return {key: texts[name] for key, name in before.items()}, {key: texts[name] for key, name in openings.items()}


def _nth(hit: Hit, ordinal: int) -> str:
    """The id of a passage of a hit's document."""
    return f"{hit.passage.document_id}:{ordinal}"
