"""Questions that people wrote about news and office documents, each with the passage that answers: for the reranker.

Those of a kind are searched for in one store, cut into passages as the product cuts them. The held-out documents are
searched among the others, and only measured on.
"""

from __future__ import annotations

import math
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from rag.passages import split_passages
from rag.retrieve import RERANKED, retrieve
from rag.train.data import SEED, TELLING, of_one_answer_or_none
from rag.train.news import NEWS, read_among_others
from rag.train.office import INVENTED, OFFICE, read_documents
from rag.train.questions import Asked, asked_of_news, asked_of_office
from vectorstore.embedding import load_embedder
from vectorstore.local import LocalStore
from vectorstore.records import Document, Hit
from vectorstore.tokens import fold
from vectorstore.train.evaluate import summary


@dataclass(frozen=True, slots=True)
class Written:
    """A question with its answer.

    Attributes:
        document_id, start: where the answer begins.
        answer: its words, folded.
        held_out: whether its document is only measured on.
    """

    text: str
    document_id: str
    start: int
    answer: str
    held_out: bool

    def answered_by(self, hit: Hit) -> bool | None:
        """Whether a passage holds the answer; None where it has the same words elsewhere and may answer as well."""
        passage = hit.passage
        if passage.document_id == self.document_id and passage.start <= self.start < passage.end:
            return True
        return None if len(self.answer) >= TELLING and self.answer in fold(passage.text) else False


@contextmanager
def collections(folder: Path) -> Iterator[dict[str, tuple[LocalStore, list[Written]]]]:
    """By kind of document a store of all there are, and the questions about them that have one answer.

    Raises:
        FileNotFoundError: there is no news.txt.xz in `folder`.
    """
    of_news = of_one_answer_or_none(asked_of_news())
    news = read_among_others(folder, {one.source for one in of_news}, SEED)
    kinds = {
        NEWS: (news, of_news),
        OFFICE: (read_documents(INVENTED), of_one_answer_or_none(asked_of_office())),
    }
    with ExitStack() as stack:
        made = {}
        for kind, (documents, asked) in kinds.items():
            scratch = stack.enter_context(tempfile.TemporaryDirectory(prefix="wenju-train-"))
            store = stack.enter_context(LocalStore.create(Path(scratch) / "index", load_embedder()))
            once = {document.id: document for document in documents.values()}  # a file may hold an article twice
            store.add((document, split_passages(document)) for document in once.values())
            made[kind] = (store, _written(documents, asked))
        yield made


def _written(documents: Mapping[str, Document], asked: Sequence[Asked]) -> list[Written]:
    """The questions that have an answer and a document."""
    return [
        Written(one.text, document.id, start, fold(document.text[start:end]), one.held_out)
        for one in asked
        if one.answerable and (document := documents.get(one.source))
        for start, end in one.answers
    ]


def figures(made: Mapping[str, tuple[LocalStore, Sequence[Written]]]) -> dict[str, str]:
    """R@1 / R@5 / MRR@10 on the held-out documents, without and with the reranker.

    A passage that may answer as well is passed over.
    """
    weight = load_embedder().dense_weight
    rows = {}
    for kind, (store, written) in made.items():
        asked = [one for one in written if one.held_out]
        for name, reranked in (("fused", 0), ("fused, reranked", RERANKED)):
            places = [_place(one, retrieve(store, one.text, 20, weight, reranked=reranked)) for one in asked]
            values = " / ".join(f"{value:.1f}" for value in summary(places).values())
            rows[f"as asked | {kind} | {len(asked)} questions | {name}"] = values
    return rows


def _place(one: Written, hits: Sequence[Hit]) -> float:
    """From 1; infinite where no hit answers."""
    told = [answers for hit in hits if (answers := one.answered_by(hit)) is not None]
    return told.index(True) + 1 if True in told else math.inf
