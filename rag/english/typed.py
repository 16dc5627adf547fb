"""Things of an asked kind in an English sentence: amounts, dates, people, reasons. Pure."""

from __future__ import annotations

import re
from functools import lru_cache

from rag.english.question import Question, Wanted
from rag.english.words import any_of, tokens
from rag.spans import Span
from vectorstore.tokens import fold

_TEENS = (
    "zero two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen"
)
_POWER = r"(?:\s?(?:hundred|thousand|million|billion|trillion|m|bn|k)\b)"
# A longer run of digits is no figure, and would be looked at from each of its digits to its end.
_N = (
    rf"(?:(?<!\d)\d[\d,]{{0,18}}(?:\.\d+)?{_POWER}?|(?:a |one )?(?:half|quarter|dozen|hundred|thousand|million|billion)"
    rf"|{any_of(_TEENS)}|(?:twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety)(?:-\w+)?|one"
    r"|an?(?= (?:hour|day|week|month|year|minute)))"
)
_ABOUT = any_of(
    "about around roughly nearly almost over under up_to at_least at_most more_than less_than fewer_than just some "
    "approximately"
)
_RANGE = rf"{_N}(?:\s?(?:-|–|—|to|and|or)\s?{_N})?"
_SEASON = any_of("spring summer autumn fall winter")
_MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?"
    r"|nov(?:ember)?|dec(?:ember)?)\b\.?"
)
_WEEKDAY = r"(?:mon|tues|wednes|thurs|fri|satur|sun)days?\b"
_YEAR = r"\b(?:1[5-9]|20)\d\d(?:s\b|[/–-]\d\d(?:\d\d)?\b)?(?![\d,.]\d)"
_CLOCK = (
    r"\d{1,2}(?::\d\d|\.\d\d)?\s?(?:a\.?m\.?|p\.?m\.?)|\d{1,2}:\d\d|\bnoon\b|\bmidnight\b|\bmidday\b"
    r"|\d{1,2} o['’]clock"
)
_UNIT_OF_TIME = (
    r"(?:seconds?|minutes?|mins?|hours?|hrs?|days?|nights?|weeks?|weekends?|fortnights?|months?|years?|decades?"
    r"|centur(?:y|ies)|quarters?|seasons?|(?:working|business) days)\b"
)
_DATE = (
    rf"(?:\d{{1,2}}(?:st|nd|rd|th)?(?: of)? {_MONTH}|{_MONTH} \d{{1,2}}(?:st|nd|rd|th)?\b)(?:,? {_YEAR})?"
    rf"|{_MONTH} {_YEAR}|\d{{4}}-\d\d-\d\d|(?:early |late |mid-?)?{_SEASON}(?: (?:of )?{_YEAR})"
    rf"|{_WEEKDAY}|{_YEAR}|\b{_MONTH}(?= |[.,;]|$)|\b(?:today|tonight|yesterday|tomorrow)\b"
    rf"|\b(?:last|next|this) (?:week|month|year|{_SEASON})\b|the \d{{4}}s"
)
_CURRENCY = r"(?:us\$|[$£€¥]|usd |eur |gbp )"
_COINS = r"(?:dollars?|pounds?|euros?|cents?|pence|yuan|yen|francs?|kron[ae]r?|rupees?|pesos?|usd|eur|gbp|chf)\b"
_LENGTHS = (
    r"(?:km|kilomet(?:re|er)s?|met(?:re|er)s?|cm|mm|centimet\w+|millimet\w+|miles?|feet|foot|ft|inch(?:es)?|yards?"
    r"|nautical|nm|micromet\w+|nanomet\w+|m)\b"
)
_HELD_BY = (
    r"(?:lit(?:re|er)s?|l|ml|millilit\w+|gallons?|cubic|m³|barrels?|cups?|gb|tb|mb|kwh|mwh|mw|gw|kw|people|passengers|seats"
    r"|visitors|guests|beds|places|vehicles|cars|cells|items|tonnes)\b"
)
_BY_THE = any_of("hourly daily weekly biweekly fortnightly monthly bimonthly quarterly annual(?:ly)? yearly nightly")
_SPAN_OF = any_of("consecutive calendar working business full more academic")
_AIM = any_of("avoid prevent reduce protect ensure allow make keep save cut improve give meet help")
_CAUSE = (
    r"because|due to|owing to|as a result of|thanks to|in order to|so that|since|as it|as they|as the"
    r"|which (?:damages?|causes?|made|led)|after|following|blam\w+|caus\w+|citing|cited|attribut\w+|reason|led to"
    r"|to blame|driven by|prompted|for fear|otherwise|for want|lack of|shortage"
)
# What makes each kind.
_PATTERNS = {
    kind: re.compile(pattern)
    for kind, pattern in {
        Wanted.MONEY: rf"{_CURRENCY}\s?\d[\d,.]{{0,18}}{_POWER}?|{_N}\s?{_COINS}|\d+(?:\.\d+)?p\b"
        r"|\bfree(?: of charge)?\b|\bno charge\b",
        Wanted.PERCENT: rf"{_RANGE}\s?(?:%|percent\b|per ?cent\b|percentage points)"
        r"|\b(?:a |one )?(?:half|third|quarter|tenth|fifth)s?\b|\b(?:two|three|four) (?:thirds|quarters|fifths)\b"
        rf"|{_N} (?:in|out of) (?:every )?{_N}",
        Wanted.DURATION: rf"(?:{_ABOUT} )?{_RANGE}[\s-]?(?:and a half |{_SPAN_OF} )?{_UNIT_OF_TIME}|\bovernight\b"
        r"|\b(?:a|one) (?:full )?(?:day|week|month|year|hour|minute|decade|fortnight)\b|\bindefinitely\b"
        r"|\b(?:twenty|thirty|forty|fifty|sixty|ninety)[ -]minutes",
        Wanted.FREQUENCY: rf"\b(?:every|each|once|twice|{_N} times)\b[^.;]{{0,30}}?{_UNIT_OF_TIME}"
        rf"|\bevery [^.;,]{{1,25}}|\b{_BY_THE}\b|\b(?:a|per) (?:second|minute|hour|day|week|month|year)\b",
        Wanted.CLOCK: rf"{_CLOCK}|\b{_N}[\s-]?(?:hours|minutes)\b",
        Wanted.YEAR: _YEAR,
        Wanted.DATE: rf"{_DATE}|{_CLOCK}|(?:within|after|before) {_RANGE} {_UNIT_OF_TIME}"
        rf"|{_N} {_UNIT_OF_TIME} (?:ago|later|after|before|earlier)",
        Wanted.AGE: rf"\baged? (?:of )?{_N}|{_N}(?: years)? (?:or|and) (?:older|over|above|younger|under)"
        rf"|{_N}[\s-](?:months?|weeks?|days?) old|{_N} (?:years|months)|{_N}[\s-]?years?[\s-]olds?"
        rf"|{_N}[\s-](?:years?|months?|weeks?)\b|,\s?\d{{1,3}}(?=,)|born (?:in|on)|\b(?:under|over) {_N}\b",
        Wanted.LENGTH: rf"{_RANGE}[\s-]?{_LENGTHS}",
        Wanted.WEIGHT: rf"{_RANGE}[\s-]?(?:kg|kilos?|kilograms?|grams?|g|mg|milligrams?|tons?|tonnes?|pounds?|lbs?"
        r"|ounces?|oz)\b",
        Wanted.VOLUME: rf"{_RANGE}[\s-]?{_HELD_BY}|{_N}",
        Wanted.TEMPERATURE: rf"[-−]?{_RANGE}\s?(?:°\s?[cf]?|degrees?|celsius|fahrenheit|c\b|f\b)",
        Wanted.NUMBER: rf"{_CURRENCY}?{_RANGE}(?:\s?%)?",
        Wanted.REASON: rf"\b(?:{_CAUSE}|to {_AIM})\b",
    }.items()
}
_HOW_LONG = re.compile(r"\bhow long (?:is|are|was|were)\b")
_CAPITAL = r"[A-ZÀ-ÖØ-Þ][\w'’À-ÿ-]*"
_INSIDE_A_NAME = r" (?:de|van|von|der|al|bin|of|the|and|del|la|di|y) | |\. ?"
_name = re.compile(rf"(?:(?:Dr|Mr|Mrs|Ms|Prof|Sir|Dame)\.? )?{_CAPITAL}(?:(?:{_INSIDE_A_NAME}){_CAPITAL})*\.?")
_WHERE = any_of(
    "in at near on to from outside inside behind beside opposite under above along across around by off between "
    "through north_of south_of east_of west_of next_to"
)
_PLACED = re.compile(rf"\b{_WHERE} ((?:the |a |an |its |their )?[^.,;()]{{2,50}})")
# Words with a capital that name nothing: days, and what sentences begin with.
_NO_NAMES = frozenset(
    "january february march april may june july august september october november december monday tuesday wednesday "
    "thursday friday saturday sunday i the a an in on at it he she they we this that these those if when while after "
    "before since as but and or so for to of by with from no not all each every do use press hold note warning never "
    "always please its his her their our your my one two three however although because during under over both most "
    "many some last next only even there here what who how why where which then".split()
)


@lru_cache(maxsize=2048)
def names(text: str) -> tuple[Span, ...]:
    """Names in a text as it was written: runs of words with capitals, not a word that only starts the sentence."""
    found = []
    for match in _name.finditer(text):
        start, end = match.span()
        said = list(tokens(fold(text[start:end])))
        while said and said[0].text in _NO_NAMES:
            said.pop(0)
        if not said:
            continue
        first, last = start + said[0].start, start + said[-1].end
        if len(said) == 1 and not re.search(r"\w", text[:first]):
            continue
        found.append((first, last))
    return tuple(found)


def things(question: Question, text: str) -> list[Span]:
    """Where things of the asked kind stand in a sentence as it was written; [] for kinds that have no form.

    What the question itself names is none.
    """
    folded = fold(text)
    wanted = question.wanted
    asked = {word.token.stem for word in question.words}
    if wanted is Wanted.PERSON:
        found = [span for span in names(text) if not _is_said(asked, folded, span)]
    elif wanted is Wanted.PLACE:
        found = [match.span(1) for match in _PLACED.finditer(folded) if match[1][0].isalpha()]
        found += [span for span in names(text) if not _is_said(asked, folded, span)]
    elif pattern := _PATTERNS.get(wanted):
        found = [match.span() for match in pattern.finditer(folded)]
        if wanted is Wanted.DURATION and _HOW_LONG.search(question.folded):  # a bridge or a journey
            found += [match.span() for match in _PATTERNS[Wanted.LENGTH].finditer(folded)]
        if wanted is not Wanted.REASON:
            found = [span for span in found if not _is_said(asked, folded, span)]
    else:
        found = []
    return found


def _is_said(asked: set[str], folded: str, span: Span) -> bool:
    """Whether the question has every word of a span itself."""
    said = [token.stem for token in tokens(folded[slice(*span)])]
    return bool(said) and all(stem in asked for stem in said)
