"""Questions → records: ask an assistant each one, look at what came back, judge and score it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Protocol

from eval.grounding import Judge, examine, offline_judge
from eval.metrics import score, score_ranking
from eval.records import Found, Question, Quote, Record, Reply
from rag.errors import WenjuError

if TYPE_CHECKING:
    from rag import Answer, Assistant, Citation, Document, Hit, Passage, Settings

# Passages looked at for the retrieval metrics; three times as many where whole documents are wanted, of which several
# passages may be found.
RANKED = 10
_RANKED_FOR_DOCUMENTS = 30


class Answerer(Protocol):
    """What is evaluated; `rag.Assistant` is one."""

    def answer(self, question: str, history: Sequence[tuple[str, str]] = ()) -> Answer: ...

    def retrieve(self, question: str, k: int | None = None) -> list[Hit]: ...

    def document(self, document_id: str) -> Document: ...


def run(
    answerer: Answerer,
    questions: Iterable[Question],
    *,
    judge: Judge = offline_judge,
    done: Mapping[str, Record] | None = None,
    on_record: Callable[[Record, bool], None] | None = None,
) -> list[Record]:
    """Ask every question and score the replies.

    Args:
        done: records of an interrupted run by question id; these questions are not asked again.
        on_record: called after each question with its record and whether it is new.
    """
    records: list[Record] = []
    for question in questions:
        record = (done or {}).get(question.id)
        fresh = record is None
        if record is None:
            reply = ask(answerer, question)
            findings = examine(reply, judge)
            record = Record(question, reply, findings, score(question, reply, findings))
        records.append(record)
        if on_record:
            on_record(record, fresh)
    return records


def rank(answerer: Answerer, questions: Iterable[Question], advance: Callable[[], None] = lambda: None) -> list[Record]:
    """Only retrieve for every question, and score the rankings; for sets without gold answers.

    Where the evidence is whole documents, each document counts once, by its best passage.
    """
    records: list[Record] = []
    for question in questions:
        start = time.perf_counter()
        hits = answerer.retrieve(question.question, _RANKED_FOR_DOCUMENTS)
        seconds = time.perf_counter() - start
        found = [_found(hit) for hit in hits]
        if all(not piece.quote for piece in question.evidence):
            best: dict[str, Found] = {}
            for item in found:
                best.setdefault(item.source, item)
            found = list(best.values())
        reply = Reply("", refused=False, found=tuple(found[:RANKED]), seconds=seconds)
        records.append(Record(question, reply, (), {**score_ranking(question, reply.found), "seconds": seconds}))
        advance()
    return records


def ask(answerer: Answerer, question: Question) -> Reply:
    """One question to the answerer, timed; an error of ours becomes an empty reply that names it."""
    start = time.perf_counter()
    try:
        answer = answerer.answer(question.question, list(question.history))
    except WenjuError as error:
        return Reply("", refused=False, error=f"{type(error).__name__}: {error}", seconds=time.perf_counter() - start)
    seconds = time.perf_counter() - start
    ranked = answerer.retrieve(answer.standalone_question or question.question, RANKED)
    return Reply(
        text=answer.text,
        refused=answer.refused,
        reason=answer.reason,
        short=answer.short,
        standalone=answer.standalone_question,
        quotes=tuple(_quote(answerer, citation) for citation in answer.citations),
        found=tuple(_found(hit) for hit in ranked),
        confidence=answer.confidence,
        model=answer.model,
        notice=answer.notice,
        seconds=seconds,
    )


def _quote(answerer: Answerer, citation: Citation) -> Quote:
    """A citation as shown, checked against the stored document and not against what the answerer says of it."""
    try:
        text = answerer.document(citation.document_id).text
    except WenjuError:
        text = ""
    exact = bool(citation.quote.strip()) and text[citation.start : citation.end] == citation.quote
    passage = citation.passage
    return Quote(
        number=citation.number,
        source=citation.source,
        text=citation.quote,
        start=citation.start,
        end=citation.end,
        exact=exact,
        around=f"{passage.title}\n{text[passage.start : passage.end]}",
    )


def _found(hit: Hit) -> Found:
    """A retrieved passage."""
    passage = hit.passage
    return Found(passage.id, passage.source, passage.start, passage.end, hit.score, passage.text)


@contextmanager
def temporary_assistant(documents: Sequence[Path], settings: Settings) -> Iterator[Assistant]:
    """An assistant over an index of its own, gone afterwards; nobody's index is touched."""
    from rag import Assistant

    with (
        TemporaryDirectory(prefix="wenju-eval-", ignore_cleanup_errors=True) as folder,
        Assistant.build(list(documents), index=Path(folder) / "index", settings=settings) as assistant,
    ):
        yield assistant


@contextmanager
def temporary_assistant_over(
    documents: Iterable[Document], settings: Settings, advance: Callable[[], None] = lambda: None
) -> Iterator[Assistant]:
    """An assistant over documents at hand, in an index that is gone afterwards."""
    from rag import Assistant
    from rag.passages import split_passages

    def cut(document: Document) -> tuple[Document, list[Passage]]:
        advance()
        return document, split_passages(document, minimum=settings.passage_min, maximum=settings.passage_max)

    with (
        TemporaryDirectory(prefix="wenju-eval-", ignore_cleanup_errors=True) as folder,
        Assistant.open_or_create(Path(folder) / "index", settings=settings) as assistant,
    ):
        assistant.store.add(map(cut, documents))
        yield assistant


def index_fingerprint(assistant: Assistant) -> dict[str, str]:
    """What was searched: the embedder, how many documents and passages, and a digest of the documents' bytes."""
    digests = sorted(f"{info.source} {info.digest}" for info in assistant.documents())
    return {
        "embedder": assistant.settings.embedder,
        "documents": str(len(digests)),
        "passages": str(len(assistant.store)),
        "digest": sha256("\n".join(digests).encode()).hexdigest()[:16],
    }


def public_settings(settings: Settings) -> dict[str, str]:
    """The settings that shape answers, without keys and machine paths."""
    hidden = {"llm_api_key", "index"}
    values: dict[str, Any] = settings.model_dump(mode="json", exclude=hidden)
    return {name: str(value) for name, value in values.items()}
