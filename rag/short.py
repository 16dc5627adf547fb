"""The short answer, read: where it stands, in which of the best sentences, and how sure that is."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cache
from math import log
from pathlib import Path

import numpy as np

from rag.asked import find_asked
from rag.measures import is_of_another
from rag.question import Kind, Question
from rag.reader import Embed, read_sentences
from rag.reading import Reading, read
from rag.score import Scored
from rag.span_features import ReadSentence, SpanCandidate, find_spans, span_features
from rag.spans import FAMILY_NAMES, find_short, kind_fit
from rag.trees import Trees, load
from rag.whole import whole

WEIGHTS = Path(__file__).parent / "model" / "spans.safetensors"
# Sentences that are read, the ranker's best; more add time and little else.
READ = 4
# What the reader's log share of a sentence is worth beside its ranking score, and the share of one that was not read. 1
# puts the answer first as often on DRCD, one in 200 less often on news, one in 100 on office documents.
READER_WEIGHT = 3.0
# Log-odds of no answer where nothing was read: what they are of most questions with an answer.
UNREAD_NONE = -2.0
LEAST_SHARE = 0.001
# What is left of a span with figures of another measure than is asked for: 300万英镑 for 多少天.
OTHER_MEASURE = 0.1


# A short answer is shown from this confidence on. Those that are shown are exactly right in 78 of 100 cases on DRCD's
# held-out articles, in 71 on news, in 60 on office documents: of 60, 58 and 57 % of the questions.
SURE = 0.5
# From here on the reader is believed against the rules about the kind of figure.
CERTAIN = 0.75
# A span longer than this share of its sentence, and than so many characters, says no more than the sentence.
MOST_OF_SENTENCE = 0.6
LONG_SHORT = 30
# A question that names what may answer it: 北京还是上海, 张三和李四谁先到.
_OFFERS = re.compile(r"还是|或者|[和与跟、].*[谁哪]")
_OUTER = " ,，。.、;；:：!！?？“”‘’「」『』\"'《》〈〉—-…"

# What the reader takes along of the words around a person: 由徐海荣, 卡加梅曾.
_BEFORE_A_PERSON = re.compile(rf"[由被据]|[为是](?=[{''.join(sorted(FAMILY_NAMES))}])")  # not 让: 让-马克·艾罗
# A post whose department was cut in two (设备科|科长韩青松) in front of a Chinese name.
_CUT_POST = re.compile(
    r"[^\W副正总老新原前][科处部局司厅所室组院系](?:主任|经理|[长员])"
    rf"(?=[{''.join(sorted(FAMILY_NAMES))}]\w{{1,2}}$)"
)
_AFTER_A_PERSON = re.compile(r"(?:介绍|表示|透露|指出|强调|认为|回应|告诉|坦言|[曾也还已将则说称])+$")

# A document's id, and where in its text a short answer starts and ends.
Place = tuple[str, int, int]


@dataclass(frozen=True, slots=True)
class Short:
    """A short answer inside one sentence.

    Attributes:
        start, end: offsets in the sentence.
        confidence: how likely it is exactly the answer, in [0, 1].
    """

    start: int
    end: int
    confidence: float


@dataclass(frozen=True, slots=True)
class Read:
    """One sentence, read.

    Attributes:
        share: how much of what speaks for any span speaks for one in this sentence, in [0, 1].
        short: its best span, None where it has none.
        none: log-odds that none of the sentences read answers, by the reader; the same for all sentences.
    """

    scored: Scored
    share: float
    short: Short | None
    none: float = UNREAD_NONE


@cache
def _trees() -> Trees:
    """The shipped span ranker."""
    return load(WEIGHTS)


def choose(question: Question, ranked: Sequence[Scored], embed: Embed, given: Collection[Place] = ()) -> list[Read]:
    """The ranked sentences, the best of them read, in an order that heeds what was read.

    Args:
        ranked: what `rag.rank.rank_sentences` gave, best first; not empty.
        embed: the static embedder: texts → unit rows.
        given: places of short answers that other questions got; no span that shares text with one is taken.
    """
    chosen = [item for item in ranked if item.told[1] * 4 < READ]
    some = _read(question, chosen, embed, given)
    read = {id(one.scored): one for one in some}
    none = some[0].none if some else UNREAD_NONE
    everything = [read.get(id(item)) or Read(item, 0.0, None, none) for item in ranked]
    return sorted(everything, key=lambda one: -(one.scored.score + READER_WEIGHT * log(one.share + LEAST_SHARE)))


def _read(question: Question, chosen: Sequence[Scored], embed: Embed, given: Collection[Place]) -> list[Read]:
    """Each sentence with its best span."""
    readings = [read(item.candidate.folded) for item in chosen]
    asked = find_asked(question.folded)
    told = [
        (*item.told[:3], len(reading.words) / 50, *item.told[3:])
        for item, reading in zip(chosen, readings, strict=True)
    ]
    logits, none = read_sentences(question, asked, readings, np.array(told, np.float32), embed)
    sentences = [
        ReadSentence(reading, round(item.told[1] * 4), item.told[0], start, end)
        for item, reading, (start, end) in zip(chosen, readings, logits, strict=True)
    ]
    spans = [span for span in find_spans(question, sentences) if not _is_given(chosen[span.sentence], span, given)]
    if not spans:
        return [Read(item, 0.0, None, none) for item in chosen]
    columns = span_features(question, asked, sentences, spans)
    scores = _trees().predict(np.column_stack(list(columns.values())).astype(np.float32))
    other = np.array(
        [is_of_another(question.folded, readings[one.sentence].folded, one.begin, one.finish) for one in spans]
    )
    share = np.where(other, OTHER_MEASURE, 1.0) * columns["reader.share"]
    confidence = np.where(other, OTHER_MEASURE, 1.0) / (1 + np.exp(-scores))
    own = [[place for place, span in enumerate(spans) if span.sentence == number] for number in range(len(chosen))]
    return [
        Read(item, *_best(question, reading, places, spans, confidence, share), none)
        for item, reading, places in zip(chosen, readings, own, strict=True)
    ]


def _is_given(item: Scored, span: SpanCandidate, given: Collection[Place]) -> bool:
    """Whether a span shares text with one of the places."""
    passage = item.candidate.hit.passage
    start, end = (passage.start + item.candidate.start + place for place in (span.begin, span.finish))
    return any(document == passage.document_id and first < end and start < last for document, first, last in given)


def settle(question: Question, reading: Reading, start: int, end: int) -> tuple[int, int] | None:
    """A read span as it is shown: without outer marks and what the question says, a name cut inside a word, or None.

    The reader's words are the tagger's, which glues 张硕向 together; the rules cut names to the character.
    None where nothing is left.

    >>> from rag.question import analyse
    >>> text = "打造“生命谷”。"
    >>> first, last = settle(analyse("打造什么谷？"), read(text), 2, 7)
    >>> text[first:last]
    '生命谷'
    """
    folded = reading.folded
    rules = find_short(question, folded) if question.kind is Kind.PERSON else None
    if rules and start <= rules[0] and rules[1] <= end:
        edges = {*reading.starts.tolist(), *reading.ends.tolist()}
        if not edges.issuperset(rules):
            return rules
    while start < end and folded[start] in _OUTER and not _opens_title(folded, start, end):
        start += 1
    while end > start and folded[end - 1] in _OUTER and not _closes_title(folded, start, end):
        end -= 1
    if question.kind is Kind.PERSON:
        start, end = _person_alone(folded, start, end)
    figure, _, thing = folded[start:end].partition("的")
    if thing and thing in question.folded and any(c.isdigit() for c in figure):  # 9000M2的孵化器 for 孵化器有多大
        end = start + len(figure)
    return (start, end) if start < end else None


def _person_alone(folded: str, start: int, end: int) -> tuple[int, int]:
    """A span without what leads to a person, goes on about them or names them again; two characters stay."""
    lead = _BEFORE_A_PERSON.match(folded, start, end) or _CUT_POST.match(folded, start, end)
    first = lead.end() if lead else start
    tail = _AFTER_A_PERSON.search(folded[first:end])
    last = first + tail.start() if tail else end
    one, mark, again = folded[first:last].partition(",")
    if mark and one == again:  # 基金经理为祁禾,祁禾于2017年任职
        last = first + len(one)
    return (first, last) if last - first > 1 else (start, end)


def is_worth_showing(question: Question, folded: str, short: Short) -> bool:
    """Whether a short answer is sure enough, says less than its sentence, and holds no figures of another kind."""
    shown = folded[short.start : short.end]
    if (
        says_nothing(question, shown)
        or short.confidence < SURE
        or len(shown) > max(MOST_OF_SENTENCE * len(folded), LONG_SHORT)
    ):
        return False
    return short.confidence >= CERTAIN or not is_wrong_kind(question, shown)


def is_wrong_kind(question: Question, shown: str) -> bool:
    """Whether a short answer has figures, none of them of the kind asked for.

    >>> from rag.question import analyse
    >>> is_wrong_kind(analyse("量子院有多少人？"), "2017年"), is_wrong_kind(analyse("量子院有多少人？"), "217名")
    (True, False)
    """
    return any(c.isdigit() for c in shown) and kind_fit(question, shown) < 0


def says_nothing(question: Question, shown: str) -> bool:
    """Whether a short answer is only what the question says itself, and does not offer to be chosen.

    >>> from rag.question import analyse
    >>> says_nothing(analyse("《暗黑4》卖了多少份？"), "4"), says_nothing(analyse("北京还是上海中标？"), "上海")
    (True, False)
    """
    return shown in question.folded and not _OFFERS.search(question.folded)


def _opens_title(folded: str, start: int, end: int) -> bool:
    """Whether a title mark opens here whose partner is inside the span."""
    return folded[start] == "《" and "》" in folded[start:end]


def _closes_title(folded: str, start: int, end: int) -> bool:
    """Whether a title mark closes here whose partner is inside the span."""
    return folded[end - 1] == "》" and "《" in folded[start:end]


def _best(
    question: Question,
    reading: Reading,
    own: Sequence[int],
    spans: Sequence[SpanCandidate],
    confidence: np.ndarray,
    share: np.ndarray,
) -> tuple[float, Short | None]:
    """(share of a sentence, its best span), from the places of its spans among all."""
    if not own:
        return 0.0, None
    best = max(own, key=lambda place: (confidence[place], -place))
    settled = settle(question, reading, spans[best].begin, spans[best].finish)
    total = float(share[list(own)].sum())
    if settled is None:
        return total, None
    start, end = whole(question, reading.folded, *settled)
    return total, Short(start, end, float(confidence[best]))
