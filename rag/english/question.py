"""What an English question asks for: its kind of answer and the words an answer must cover. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from functools import cache, lru_cache

from rag.english.words import LIGHT_WORDS, STOP_WORDS, Token, any_of, stem_of, tokens
from vectorstore.tokens import fold


class Wanted(StrEnum):
    """The kind of thing that answers."""

    MONEY = "money"
    PERCENT = "percent"
    DURATION = "duration"
    FREQUENCY = "frequency"
    CLOCK = "clock"
    YEAR = "year"
    DATE = "date"
    AGE = "age"
    LENGTH = "length"
    WEIGHT = "weight"
    VOLUME = "volume"
    TEMPERATURE = "temperature"
    NUMBER = "number"
    PERSON = "person"
    PLACE = "place"
    REASON = "reason"
    METHOD = "method"
    YES_NO = "yes_no"
    THING = "thing"


_SPENT = any_of(
    "costs? pays? paid priced spends? spent worth charged? charges fined earn(?:ed|s)? raised? invest(?:ed)? "
    "owed? budgeted donated? sold buy bought awarded contributed? allocated receive[ds]? saved? made? make "
    "set_aside get got put reimbursed? refunded lost lose"
)
_SUMS = any_of(
    "prices? price_tag costs? fees? salary salaries wages? budget fares? rent revenues? turnover deposit "
    "fines? penalty profits? loss(?:es)? income deficit shortfall surplus bill surcharge grant bonus allowance "
    "funding tickets? refund compensation sales debts? premium tuition mileage_rate hourly_rate day_rate levy "
    "subsidy donations? earnings excess net_worth investment loan"
)
_RATES = any_of("interest unemployment vacancy occupancy failure response survival success turnout tax margin")
_PEOPLE = any_of(
    "person man woman player author artist researcher scientist politician minister company firm contractor "
    "supplier manufacturer organi[sz]ation agency team club group brand maker charity foundation bank "
    "publisher architects? lab laboratory sponsor operator carrier airline newspaper party body authority"
)
_HEADS = any_of(r"person man woman author director owner captain winner chair\w* head manager")
_PLACES = any_of(
    "cit(?:y|ies) towns? countr(?:y|ies) count(?:y|ies) villages? places? streets? buildings? rooms? states? "
    "provinces? regions? venues? sites? stations? districts? locations? address ports? hospitals? schools? "
    "universit(?:y|ies) floors? islands? rivers? branch shops? stores? halls? roads?"
)
_DAYS = any_of("dates? days? months? seasons? quarter weeks? weekend decade century")
_HELPERS = any_of("is are was were do does did has have had can could will would shall should may must am")
_QUESTION = rf"(?:who|whom|whose|what|which|when|where|why|how|{_HELPERS})"
# The one that begins first wins, of several at one place the first here: the narrower patterns stand first.
_KINDS = tuple(
    (kind, re.compile(pattern))
    for kind, pattern in (
        (Wanted.YEAR, r"\b(?:what|which|in what|in which) year\b"),
        (Wanted.CLOCK, r"\b(?:what|which) time\b|\bwhat hours?\b|\b(?:opening|closing) (?:time|hour)s?\b"),
        (Wanted.FREQUENCY, r"\bhow (?:often|frequently|regularly)\b|\bhow many times (?:a|per)\b"),
        (Wanted.AGE, r"\bhow old\b|\bwhat age\b|\bage of\b"),
        (
            Wanted.PERCENT,
            r"\b(?:what|which) (?:percent(?:age)?|proportion|share|fraction|part of)\b|\bhow many percent\b"
            rf"|\b{_RATES} rate\b",
        ),
        (
            Wanted.DURATION,
            r"\bhow (?:long|soon|quickly)\b|\bhow many (?:second|minute|hour|day|week|month|year)s?\b",
        ),
        (
            Wanted.LENGTH,
            r"\bhow (?:far|tall|high|deep|wide|thick)\b"
            r"|\bhow many (?:km|kilomet|met(?:er|re)|mile|feet|foot|inch|cm|mm)"
            r"|\bwhat (?:is the |was the )?(?:length|height|depth|width|distance|elevation|altitude)\b",
        ),
        (
            Wanted.WEIGHT,
            r"\bhow heavy\b|\bweigh\b|\bhow many (?:kg|kilo|gram|ton|pound)"
            r"|\bwhat (?:is the |was the )?(?:weight|mass)\b",
        ),
        (Wanted.TEMPERATURE, r"\btemperature\b|\bhow (?:hot|cold|warm)\b|\bhow many degrees\b"),
        (Wanted.VOLUME, r"\bhow many (?:lit(?:er|re)|gallon|ml|cubic)|\bcapacity\b"),
        (
            Wanted.MONEY,
            r"\bhow much (?:money|cash|funding)\b|\b(?:in )?what (?:amount|sum)\b"
            rf"|\bhow much\b.*\b(?:{_SPENT}|{_SUMS})\b|\bhow (?:big|large|high|low)\b.*\b{_SUMS}\b"
            rf"|\bwhich (?:\S+ )?{_SUMS}\b|\bwhat (?:(?:is|was|were|are|will|did) )?(?:\S+ ){{0,6}}?{_SUMS}\b"
            rf"|\bwhat(?:'s| is| was| were| are| will be) (?:\S+ ){{0,9}}?{_SUMS}\b"
            r"|\bwhat (?:will|would|does|do|did) .*\b(?:pay|cost|charge|bill|earn)\b"
            rf"|^(?!.*\b{_QUESTION}\b).*\b{_SUMS}\b",
        ),
        (
            Wanted.NUMBER,
            r"\bhow (?:many|much|large|big|fast|loud|strong|bright|small|low|high)\b"
            r"|\bwhat (?:number|is the number|was the number|total|speed|rank|version|size|dose|amount)\b"
            r"|\b(?:number of|phone number|population|attendance|top speed|headcount|sample size|score|dosage)\b",
        ),
        (
            Wanted.DATE,
            rf"\bwhen\b|\b(?:what|which) {_DAYS}\b|\bhow recently\b|\bdeadline\b|\bdue date\b|\bexpir(?:e|y) date\b",
        ),
        (
            Wanted.PERSON,
            rf"\bwho(?:m|se)?\b|\bname of the {_HEADS}\b|\b(?:what|which) (?:\w+ )?{_PEOPLE}\b",
        ),
        (
            Wanted.PLACE,
            rf"\bwhere\b|\b(?:what|which) (?:\w+ )?(?:{_PLACES}|part of (?:the|town))\b",
        ),
        (
            Wanted.REASON,
            r"\bwhy\b|\breasons?\b|\bhow come\b|\bwhat (?:caused|led|made|prompted)\b|\bcause of\b|\bdue to what\b",
        ),
        (Wanted.METHOD, r"\bhow\b"),
        (Wanted.THING, r"\bwh(?:at|ich)\b"),
        (
            Wanted.YES_NO,
            rf"^\W*{_HELPERS}\b|\b(?:is|are|was|were|do|does|did|can|could|will|would|should)"
            r" (?:it|i|you|we|they|he|she|there)\b",
        ),
    )
)
NUMERIC = frozenset(Wanted) - {
    Wanted.PERSON, Wanted.PLACE, Wanted.REASON, Wanted.METHOD, Wanted.YES_NO, Wanted.THING,
}  # fmt: skip
# Nouns that the question word asks with need not be in the text: what year, how many days.
_TYPES = re.compile(
    r"\b(?:what|which) (?:kind|type|sort) of (?P<kind>\w+)|\b(?:what|which) (?P<noun>\w+)"
    r"|\bhow many (?P<count>\w+)|\bhow (?P<how>\w+)"
)


@dataclass(frozen=True, slots=True)
class Word:
    """A word of a question that the evidence should have.

    Attributes:
        token: the word with its place in the folded question.
        is_name: written with a capital, or with a digit: nothing else can stand for it.
        is_light: so common that a text may say it otherwise.
        is_type: what the question word asks with (what year, how many boxes).
    """

    token: Token
    is_name: bool
    is_light: bool
    is_type: bool


@dataclass(frozen=True, slots=True, eq=False)
class Question:
    """An English question, analysed.

    Attributes:
        text: as asked.
        folded: the same folded, character for character.
        wanted: the kind of thing that answers.
        words: the words to be covered, in order; W in all.
        counted: the stem of what is to be counted (boxes in how many boxes), or "".
    """

    text: str
    folded: str
    wanted: Wanted
    words: tuple[Word, ...]
    counted: str


@cache
def _light() -> frozenset[str]:
    """The stems of the words that a text may well do without."""
    return frozenset(stem_of(word) for word in LIGHT_WORDS)


@lru_cache(maxsize=256)
def analyse(text: str) -> Question:
    """Analyse one question.

    >>> question = analyse("How many residents did the Northfield Authority supply in 2024?")
    >>> question.wanted.value, question.counted, [word.token.text for word in question.words]
    ('number', 'resid', ['residents', 'northfield', 'authority', 'supply', '2024'])
    """
    folded = fold(text)
    found = [
        (match.start(), number, kind)
        for number, (kind, pattern) in enumerate(_KINDS)
        if (match := pattern.search(folded))
    ]
    kind = min(found)[2] if found else Wanted.THING
    asked = _TYPES.search(folded)
    named = asked.lastgroup if asked else None
    place = asked.span(named) if asked and named else (-1, -1)
    said = tokens(folded)
    words = []
    capitals = sum(token.text[0].isalpha() and text[token.start].isupper() for token in said)
    is_title = capitals > len(said) / 2  # all in capitals tells nothing
    for token in said:
        if token.text in STOP_WORDS or token.stem in STOP_WORDS:
            continue
        is_type = place[0] <= token.start < place[1]
        is_capital = text[token.start].isupper() and token is not said[0] and not is_title
        is_name = is_capital or any(c.isdigit() for c in token.text)
        words.append(Word(token, is_name and not is_type, token.stem in _light(), is_type))
    counted = next((token.stem for token in said if named == "count" and token.start == place[0]), "")
    return Question(text, folded, kind, tuple(words), counted)
