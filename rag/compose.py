"""What an answerer found → an `Answer`. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from rag.errors import ModelError
from rag.extract import Extract
from rag.ground import Grounded, Outcome
from rag.language import language_of
from rag.quote import Quote
from rag.sentences import split_sentences
from rag.settings import EXTRACTIVE
from rag.types import Answer, Citation, Claim, Hit


def refusal(
    question: str,
    standalone: str,
    reason: str,
    hits: Sequence[Hit],
    *,
    model: str,
    claims: Sequence[Claim] = (),
    confidence: float | None = None,
) -> Answer:
    """The answer that says the documents don't hold one, and why."""
    if language_of(question) == "zh":
        text = f"文档里没有这个问题的答案。{reason}"
    else:
        text = f"The documents don't answer this. {reason}".rstrip()
    return Answer(
        text=text,
        refused=True,
        question=question,
        standalone_question=standalone,
        reason=reason,
        claims=tuple(claims),
        hits=tuple(hits),
        model=model,
        confidence=confidence,
    )


def from_extract(found: Extract, question: str, standalone: str, hits: Sequence[Hit]) -> Answer:
    """The quotes one after the other, each of their sentences with its marker; every claim is its own proof."""
    if found.refused:
        return refusal(question, standalone, found.reason, hits, model=EXTRACTIVE, confidence=found.score)
    citations = _whole((_citation(number, quote) for number, quote in enumerate(found.quotes, start=1)), hits)
    said = [(citation, _sentences(citation.quote)) for citation in citations]
    claims = [(sentence, citation.number) for citation, sentences in said for sentence in sentences]
    return Answer(
        text="\n".join(_marked(citation, sentences) for citation, sentences in said),
        refused=False,
        question=question,
        standalone_question=standalone,
        short=found.short,
        claims=tuple(Claim(sentence, (number,), supported=True) for sentence, number in claims),
        citations=citations,
        hits=tuple(hits),
        model=EXTRACTIVE,
        grounding=1.0,
        notice=" ".join(filter(None, (found.reason, found.notice))),
        confidence=found.score,
    )


def from_grounded(found: Grounded, question: str, standalone: str, hits: Sequence[Hit], *, model: str) -> Answer:
    """The proven sentences of a model's draft; a refusal when none is left."""
    if found.outcome is not Outcome.ANSWERED:
        return refusal(question, standalone, found.reason, hits, model=model, claims=found.claims)
    return Answer(
        text=found.text,
        refused=False,
        question=question,
        standalone_question=standalone,
        claims=found.claims,
        citations=_whole(found.citations, hits),
        hits=tuple(hits),
        model=model,
        grounding=found.share,
        notice=found.notice,
    )


def fallback_notice(error: ModelError, question: str) -> str:
    """One line on why the embedded answerer answers instead of the model."""
    if language_of(question) == "zh":
        return f"语言模型没有答成（{error.zh}），以下由内置回答摘自原文。"
    return f"The language model failed ({error.en}); the embedded answerer quotes the documents instead."


def _citation(number: int, quote: Quote) -> Citation:
    """The quote, cut from its passage by offset."""
    passage = quote.passage
    return Citation(
        number=number,
        source=passage.source,
        title=passage.title,
        quote=passage.text[quote.start - passage.start : quote.end - passage.start],
        start=quote.start,
        end=quote.end,
        passage=passage,
        page=passage.page,
        date=passage.date,
        highlight=quote.highlight,
    )


def _whole(citations: Iterable[Citation], hits: Sequence[Hit]) -> tuple[Citation, ...]:
    """Citations of passages as they are stored: the answerers see them without the instructions they may hold."""
    stored = {hit.passage.id: hit.passage for hit in hits}
    restored = []
    for citation in citations:
        passage = stored.get(citation.passage.id, citation.passage)
        quote = passage.text[citation.start - passage.start : citation.end - passage.start]
        restored.append(replace(citation, passage=passage, quote=quote, source=passage.source, title=passage.title))
    return tuple(restored)


def _marked(citation: Citation, sentences: Iterable[str]) -> str:
    """The sentences of a quote as they read in the answer, each with the quote's marker."""
    between = "" if language_of(citation.quote) == "zh" else " "
    return between.join(f"{sentence}[{citation.number}]" for sentence in sentences)


def _sentences(quote: str) -> list[str]:
    """The sentences of a quote; a quote of marks alone stays as it is."""
    pieces = [_sentence(quote[start:end]) for start, end in split_sentences(quote)]
    return [piece for piece in pieces if any(map(str.isalnum, piece))] or [_sentence(quote)]


_CLOSERS = {"“": "”", "‘": "’", "「": "」", "『": "』", "（": "）", "(": ")", "【": "】"}


def _sentence(quote: str) -> str:
    """A quote as it reads in the answer: no clause mark at its end, no quotation mark without its partner."""
    text = quote.strip().rstrip("，,；;：:、")
    for opener, closer in _CLOSERS.items():
        if text.startswith(opener) and closer not in text:
            text = text[1:]
        if text.endswith(closer) and opener not in text:
            text = text[:-1]
    return text.strip()
