"""Every sentence of a reply against what it cites: supported, cited rightly, quoted exactly. Pure.

A citation proves only what its quote, as stored in the document, says: a quote that is not the document's own text
proves nothing. The judge decides whether quotes support a sentence; the definitions around it are those of

- ALCE: Gao et al., "Enabling Large Language Models to Generate Text with Citations", EMNLP 2023, 2023.emnlp-main.398:
  citation recall (a sentence counts when all it cites, together, supports it) and citation precision (a citation counts
  when its sentence is supported, and it supports the sentence alone or the others don't without it);
- LongBench-Cite: Zhang et al., "LongCite", 2024, arXiv:2409.02897: quotes instead of passages, support in the steps
  full 1, partial 0.5, none 0.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from eval.records import Finding, Quote, Reply
from eval.text import Sentence, read_sentences
from rag.sentences import split_clauses


class Verdict(Protocol):
    """What a judge returns: `supported`, a score in [0, 1], and the reason when not supported."""

    @property
    def supported(self) -> bool: ...

    @property
    def score(self) -> float: ...

    @property
    def reason(self) -> str: ...


# (sentence, quotes, text around them that may supply names and dates) → verdict
Judge = Callable[[str, Sequence[str], str], Verdict]


def offline_judge(claim: str, quotes: Sequence[str], background: str = "") -> Verdict:
    """The deterministic judge, `rag.verify.verify_claim`; its own accuracy is measured by `python -m eval judge`."""
    from rag.verify import verify_claim

    return verify_claim(claim, quotes, background)


def examine(reply: Reply, judge: Judge = offline_judge) -> tuple[Finding, ...]:
    """Judge each sentence of a reply; a refusal or an empty reply has no sentences to judge.

    >>> quote = Quote(1, "甲.txt", "量子院已入职的全职科研人员217名。", 0, 17, exact=True)
    >>> reply = Reply("量子院有全职科研人员217名。[1]其中外籍12名。[1]", refused=False, quotes=(quote,))
    >>> [(finding.supported, finding.markers) for finding in examine(reply)]
    [(True, (1,)), (False, (1,))]
    """
    if reply.refused:
        return ()
    return tuple(_examine_sentence(sentence, reply, judge) for sentence in read_sentences(reply.text))


def _examine_sentence(sentence: Sentence, reply: Reply, judge: Judge) -> Finding:
    """One sentence against its own citations, then against everything else that was retrieved."""
    cited = [quote for quote in reply.quotes if quote.number in sentence.markers]
    verdict = _ask(judge, sentence.text, cited)
    if verdict.supported:
        relevant = tuple(_is_relevant(judge, sentence.text, cited, number) for number in sentence.markers)
        return Finding(sentence.text, sentence.markers, True, False, 1.0, relevant)
    return Finding(
        text=sentence.text,
        markers=sentence.markers,
        supported=False,
        elsewhere=_said_elsewhere(judge, sentence.text, reply),
        grade=0.5 if _supports_a_part(judge, sentence.text, cited) else 0.0,
        relevant=(False,) * len(sentence.markers),
        reason=verdict.reason if sentence.markers else "没有引用标记",
    )


def _ask(judge: Judge, claim: str, quotes: Sequence[Quote]) -> Verdict:
    """The verdict on the quotes that are the documents' own text, with their passages as background."""
    exact = [quote for quote in quotes if quote.exact]
    background = "\n".join(dict.fromkeys(quote.around for quote in exact))
    return judge(claim, [quote.text for quote in exact], background)


def _is_relevant(judge: Judge, claim: str, cited: Sequence[Quote], number: int) -> bool:
    """ALCE: a citation of a supported sentence is relevant when it suffices alone, or the others don't suffice."""
    own = [quote for quote in cited if quote.number == number]
    others = [quote for quote in cited if quote.number != number]
    if not any(quote.exact for quote in own):
        return False
    return not others or _ask(judge, claim, own).supported or not _ask(judge, claim, others).supported


def _supports_a_part(judge: Judge, claim: str, cited: Sequence[Quote]) -> bool:
    """Whether the quotes support some clause of a sentence of several clauses."""
    clauses = split_clauses(claim, 0, len(claim))
    return len(clauses) > 1 and any(_ask(judge, claim[a:b], cited).supported for a, b in clauses if b - a > 4)


def _said_elsewhere(judge: Judge, claim: str, reply: Reply) -> bool:
    """Whether some retrieved passage or other exact quote supports the sentence."""
    texts = dict.fromkeys([found.text for found in reply.found] + [quote.text for quote in reply.quotes if quote.exact])
    return any(judge(claim, [text], "").supported for text in texts)
