"""A model's draft → only the sentences that the passages prove, each with its exact quotes. Pure.

Nothing the model claims about its sources is believed: a marker is a hint where to look first. A quote is never taken
from the draft; it is cut from the stored text by offset.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from rag.entail import Entails
from rag.language import Language, language_of
from rag.markers import read_markers, settle_markers, write_markers
from rag.overlap import share_held
from rag.prompts import REFUSAL
from rag.sentences import split_sentences
from rag.types import Citation, Claim, Hit, Passage
from rag.verify import NO_QUOTES, Verdict, supporting_spans, verify_claim


class Outcome(StrEnum):
    """What became of a draft."""

    ANSWERED = "answered"
    DECLINED = "declined"  # the model says that the passages don't hold the answer
    UNSUPPORTED = "unsupported"  # it wrote something, and nothing of it could be proven


@dataclass(frozen=True, slots=True)
class Grounded:
    """A draft after checking.

    Attributes:
        text: the proven sentences with markers `[n]`; "" unless answered.
        claims: every sentence in order, the struck ones too (supported is False, they are not in the text).
        citations: numbered 1..n in order of first use; one number is one quote.
        reason: why nothing is shown, as a sentence; "" when answered.
        notice: what the reader should know of sentences that were struck; "" when none were.
    """

    outcome: Outcome
    text: str = ""
    claims: tuple[Claim, ...] = ()
    citations: tuple[Citation, ...] = ()
    reason: str = ""
    notice: str = ""

    @property
    def share(self) -> float:
        """Share of the claims that are supported, in [0, 1]; 0.0 without claims."""
        return sum(claim.supported for claim in self.claims) / len(self.claims) if self.claims else 0.0


# Share of a sentence's grams that a passage it does not cite must hold to be tried; or add, to be tried beside others.
_ALONE = 0.22
_ADDED = 0.03
# A claim that the rules support less surely than this is put to the cross-encoder too, when there is one.
WEAK = 0.95


def ground(
    draft: str, hits: Sequence[Hit], language: Language | None = None, entails: Entails | None = None
) -> Grounded:
    """Keep what the passages prove.

    Every sentence is checked against the passages it cites, then, when these don't support it, against the others: a
    wrong or missing marker is put right. A sentence that no passage supports is struck. Markers are renumbered.

    Args:
        draft: what the model wrote, with markers that count the hits from 1.
        hits: the passages that were in the prompt, in that order.
        language: of the messages; None takes that of the draft.
        entails: a cross-encoder's opinion; it may strike what the rules support weakly, and saves nothing.
    """
    language = language or language_of(draft)
    text = settle_markers(_clean(draft))
    if _fence.search(text):
        return Grounded(Outcome.UNSUPPORTED, reason=_PARROT[language])
    book = _Book()
    lines: list[str] = []
    claims: list[Claim] = []
    declined = False
    for prefix, sentences in _lines(text):
        kept: list[str] = []
        for sentence in sentences:
            marked = read_markers(sentence, len(hits))
            said = _plain(marked.text)
            if not any(char.isalnum() for char in said) or _bracketed.fullmatch(said):
                continue
            if _is_refusal(said):
                declined = declined or not any(claim.supported for claim in claims)
                continue
            verdict, proof = _doubted(said, *_prove(said, marked.numbers, hits, language), entails, language)
            if not verdict.supported and _is_filler(said):
                continue
            numbers = tuple(book.number(passage, start, end) for passage, start, end in proof)
            claims.append(Claim(said, numbers, verdict.supported, round(verdict.score, 3), verdict.reason))
            if verdict.supported:
                kept.append(said + write_markers(numbers))
        if kept:
            lines.append(prefix + ("" if _spaceless(kept) else " ").join(kept))
    if declined or not lines:
        return _nothing(claims, declined, language)
    struck = sum(not claim.supported for claim in claims)
    return Grounded(Outcome.ANSWERED, "\n".join(lines), tuple(claims), book.citations, notice=_struck(struck, language))


def _nothing(claims: Sequence[Claim], declined: bool, language: Language) -> Grounded:
    """The outcome of a draft of which nothing is shown."""
    if declined:
        reason = (
            "模型读过找到的段落，没有看到答案。"
            if language == "zh"
            else "The model read the passages and found no answer."
        )
        return Grounded(Outcome.DECLINED, reason=reason)
    first = next((claim.reason for claim in claims if claim.reason), "")
    if language == "zh":
        reason = f"模型写的内容在文档里找不到依据{f'（{first}）' if first else ''}。"
    else:
        reason = f"Nothing that the model wrote could be proven from the passages{f' ({first})' if first else ''}."
    return Grounded(Outcome.UNSUPPORTED, claims=tuple(_bare(claim) for claim in claims), reason=reason)


def _bare(claim: Claim) -> Claim:
    """A struck claim on its own: no citation is left for it to point to."""
    return Claim(claim.text, (), False, claim.score, claim.reason)


def _struck(count: int, language: Language) -> str:
    """A line on struck sentences."""
    if not count:
        return ""
    if language == "zh":
        return f"模型写的 {count} 句话在文档里找不到依据，已删去。"
    return f"{count} sentence{'s' if count > 1 else ''} without proof in the documents removed."


Proof = list[tuple[Passage, int, int]]


def _prove(said: str, cited: Sequence[int], hits: Sequence[Hit], language: Language) -> tuple[Verdict, Proof]:
    """A sentence's verdict, and the quotes (passage, start and end in its text) that stand behind it."""
    pool = [hits[number - 1].passage for number in cited]
    others = [hit.passage for hit in hits if hit.passage not in pool]
    trials = [[passage] for passage in pool]
    if len(pool) > 1:
        trials.append(pool)
    best: tuple[Verdict, Proof] | None = None
    alone: Proof = []
    for trial in trials:
        verdict, proof = _try(said, trial, language)
        if verdict.supported and len(trial) == 1:
            alone += proof
        if best is None or (verdict.supported, verdict.score) > (best[0].supported, best[0].score):
            best = verdict, proof
    if best and best[0].supported:
        return best[0], alone or best[1]
    corrected: list[tuple[Verdict, Proof]] = []
    for beside in ([], pool) if 0 < len(pool) < 3 else ([],):  # what one passage proves needs no second
        promising = _promising(said, beside, others)
        corrected += [_try(said, [*beside, passage], language) for passage in promising]
        proven = [trial for trial in corrected if trial[0].supported]
        if proven:
            return max(proven, key=lambda trial: trial[0].score)
    if best is None:
        best = max(corrected, key=lambda trial: trial[0].score, default=(Verdict(False, 0.0, NO_QUOTES[language]), []))
    return best[0], []


def _promising(said: str, beside: Sequence[Passage], others: Sequence[Passage]) -> list[Passage]:
    """The passages that hold a fair share of a sentence, or add one to what stands in those beside them."""
    texts = [passage.text for passage in beside]
    needed = share_held(said, texts) + _ADDED if beside else _ALONE
    return [passage for passage in others if share_held(said, [*texts, passage.text]) >= needed]


def _doubted(
    said: str, verdict: Verdict, proof: Proof, entails: Entails | None, language: Language
) -> tuple[Verdict, Proof]:
    """The same, unless the cross-encoder does not follow a weak proof."""
    if entails is None or not verdict.supported or verdict.score >= WEAK:
        return verdict, proof
    probability = entails("\n".join(passage.text[start:end] for passage, start, end in proof), said)
    if probability >= 0.5:
        return verdict, proof
    reason = {"zh": "核对模型认为引文没有这样说", "en": "the verifier model does not read this in the quotes"}
    return Verdict(False, min(verdict.score, probability), reason[language]), []


def _try(said: str, passages: Sequence[Passage], language: Language) -> tuple[Verdict, Proof]:
    """Whether quotes from these passages, together, prove a sentence; each passage must give something."""
    background = "\n".join(f"{p.title}\n{p.date or ''}\n{p.text}" for p in passages)
    verdict = Verdict(False, 0.0, NO_QUOTES[language])
    proof: Proof = []
    for wide in (False, True):
        before = proof
        proof = [(p, start, end) for p in passages for start, end in supporting_spans(said, p.text, wide=wide)]
        if wide and proof == before:
            break
        quotes = [p.text[start:end] for p, start, end in proof]
        verdict = verify_claim(said, quotes, background, language)
        if verdict.supported:
            break
    return verdict, proof


class _Book:
    """Numbers quotes in order of first use; the same quote keeps its number."""

    def __init__(self) -> None:
        self._numbers: dict[tuple[str, int, int], int] = {}
        self._citations: list[Citation] = []

    @property
    def citations(self) -> tuple[Citation, ...]:
        return tuple(self._citations)

    def number(self, passage: Passage, start: int, end: int) -> int:
        """The number of `passage.text[start:end]`."""
        key = (passage.document_id, passage.start + start, passage.start + end)
        if key not in self._numbers:
            self._numbers[key] = len(self._numbers) + 1
            self._citations.append(
                Citation(
                    number=self._numbers[key],
                    source=passage.source,
                    title=passage.title,
                    quote=passage.text[start:end],
                    start=key[1],
                    end=key[2],
                    passage=passage,
                    page=passage.page,
                    date=passage.date,
                )
            )
        return self._numbers[key]


_bracketed = re.compile(r"(?:\[\d+\]\W*)+")
_greeting = re.compile(
    r"^[ \t]*(?:(?:好的|当然可以|当然|没问题|您好|你好|sure|certainly|of course|hello)[，,！!。.:：][ \t]*)"
    r"(?:(?:根据|依据|基于)(?:您|你)?(?:提供的)?(?:以上|上述)?(?:资料|文档|段落|信息)[^，,：:。\n]{0,6}[：:]"
    r"|(?:以下|下面)是[^：:。\n]{0,16}[：:]|here (?:is|are)[^:.\n]{0,30}:)?[ \t]*",
    re.IGNORECASE | re.MULTILINE,
)
# What fences passages in the prompt: a draft with it repeats what it was told.
_fence = re.compile(r"<(?:资料|passage)\s*\[\d+\]")
_PARROT: dict[Language, str] = {
    "zh": "模型没有回答，只重复了资料。",
    "en": "The model did not answer: it repeated the passages.",
}
_code_fence = re.compile(r"\A```(?:json)?\s*|\s*```\Z", re.IGNORECASE)
_ANSWER_KEYS = ("answer", "response", "text", "content", "output", "回答", "答案")
_pointing = re.compile(
    r"请?(?:点击?|戳|看)?(?:这里|此处|链接|详情|原文|更多)"
    r"|(?:click )?(?:here|this|link|more|source|see more|read more)",
    re.IGNORECASE,
)
_thinking = re.compile(r"<think(?:ing)?>.*?(?:</think(?:ing)?>|\Z)", re.DOTALL | re.IGNORECASE)
_image = re.compile(r"!\[[^\]\n]*\]\([^)\n]*\)")
_link = re.compile(r"\[([^\]\n]+)\]\((?:[a-z]+:|//|/|#)[^)\n]*\)", re.IGNORECASE)
_references = re.compile(
    r"\n\s*(?:#+\s*|\**)?(?:参考(?:资料|文献|来源)|引用来源|资料来源|来源|references|sources)\**\s*[:：]?\s*\n.*\Z",
    re.DOTALL | re.IGNORECASE,
)
_markup = re.compile(r"\*\*|__|`+|</?[a-z][^>\n]{0,200}>", re.IGNORECASE)
_bullet = re.compile(r"\s*(?:#{1,6}\s+|>\s*|[-*+•·]\s+|\d{1,2}[.)、．](?!\d)\s*|[（(]\d{1,2}[)）]\s*|[①-⑳]\s*)*")


def _clean(draft: str) -> str:
    """The draft without thinking aloud, images, link targets, emphasis, tags and a list of sources at the end."""
    text = _unwrapped(_thinking.sub("", draft))
    text = _image.sub("", text)
    text = _link.sub(lambda match: "" if _pointing.fullmatch(match[1].strip()) else match[1], text)
    text = _references.sub("", "\n" + _greeting.sub("", text))
    return text.strip() if _fence.search(text) else _markup.sub("", text).strip()


def _unwrapped(text: str) -> str:
    """The answer inside a JSON object, which some models write whatever they are told; other text as it is."""
    bare = _code_fence.sub("", text.strip())
    if not bare.startswith("{"):
        return text
    try:
        held = json.loads(bare)
    except ValueError:
        return text
    return next((held[key] for key in _ANSWER_KEYS if isinstance(held.get(key), str)), text)


def _lines(text: str) -> Iterator[tuple[str, list[str]]]:
    """Each line as its list mark and its sentences."""
    for line in text.splitlines():
        bullet = _bullet.match(line)
        mark = bullet.group() if bullet else ""
        body = line[len(mark) :]
        number = mark.strip()
        yield (
            (f"{number} " if number and not number.startswith(("#", ">")) else ""),
            [body[start:end] for start, end in split_sentences(body)],
        )


def _plain(text: str) -> str:
    """A sentence without blanks that its markers left behind, on one line."""
    return re.sub(r"\s+(?=[，。；：！？,.;:!?])", "", " ".join(text.split())).strip()


def _spaceless(sentences: Sequence[str]) -> bool:
    """Whether sentences are set without blanks between them."""
    return any(language_of(sentence) == "zh" for sentence in sentences)


_filler = re.compile(
    r".*[:：]\Z|(?:好的|当然|您好|你好|以上|综上|希望|如(?:需|有)|请注意|以下是|根据(?:您|你)?(?:提供的)?(?:资料|文档|段落)[，,]?\Z)"
    r"|(?:sure|here (?:is|are)|hope|let me know|based on the (?:passages|documents)[,.]?\Z|i hope)",
    re.IGNORECASE | re.DOTALL,
)
_refusal = re.compile(
    r"(?:文档|资料|文中|段落|文章|原文|材料|上下文|提供的(?:信息|内容)).{0,16}(?:没有|未|并未|不(?:包含|含|涉及)|找不到|无)"
    r".{0,24}(?:答案|提到|提及|说明|包含|涉及|给出|找到|信息|记载|介绍|相关|内容|描述)"
    r"|(?:无法|不能|没法)(?:根据|从|依据|由).{0,20}(?:回答|得知|确定|判断|得出|找到)|我?(?:不知道|无法回答)"
    r"|(?:documents?|passages?|context|text|sources?)\b.{0,30}\b(?:do(?:es)? not|don't|doesn't|no)\b.{0,30}"
    r"(?:answer|mention|contain|provide|say|state|information|include|specify)"
    r"|(?:cannot|can't|unable to) (?:answer|determine|find)|no (?:answer|information) (?:was |is )?(?:found|in the)",
    re.IGNORECASE,
)


def _is_filler(said: str) -> bool:
    """Whether a sentence only leads in, greets or sums up; dropped without a word when it is not supported."""
    return _filler.match(said) is not None


def _is_refusal(said: str) -> bool:
    """Whether a sentence says that the passages don't hold the answer."""
    bare = said.strip(" 。.“”\"'")
    return any(line.strip("。.") in bare for line in REFUSAL.values()) or (
        len(said) <= 160 and _refusal.search(said) is not None
    )
