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


def texts_before(store: Store, hits: Sequence[Hit]) -> dict[str, str]:
    """For each hit, the passage that stands before it in its document. Raises KeyError when one is gone."""
    previous = {
        hit.passage.id: f"{hit.passage.document_id}:{hit.passage.ordinal - 1}"
        for hit in hits
        if hit.passage.ordinal > 0
    }
    passages = store.passages(list(previous.values()))
    return {name: passage.text for name, passage in zip(previous, passages, strict=True)}


def openings_of(store: Store, hits: Sequence[Hit]) -> dict[str, str]:
    """The first passage of each hit's document, which often names what the rest is about. Raises KeyError as above."""
    documents = list(dict.fromkeys(hit.passage.document_id for hit in hits))
    passages = store.passages([f"{document}:0" for document in documents])
    return {document: passage.text for document, passage in zip(documents, passages, strict=True)}
