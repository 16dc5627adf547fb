"""English words of folded text, with their stems. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from rag.synonyms import english_words

THESAURUS = Path(__file__).with_name("thesaurus.txt")
_word = re.compile(r"[a-z]+\d[a-z\d]*|\d+(?:[.,:]\d+)*|[a-z]+(?:['’][a-z]+)?|[^\W_a-z\d]+")
_possessive = re.compile(r"['’]s?$")
_thousands = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")
_NUMBERS = {
    word: str(value)
    for value, word in enumerate(
        "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
        "seventeen eighteen nineteen twenty".split()
    )
} | {"thirty": "30", "forty": "40", "fifty": "50", "sixty": "60", "seventy": "70", "eighty": "80", "ninety": "90"}
# Forms that no stemmer brings together.
_IRREGULAR = {
    form: word
    for word, forms in (
        ("begin", "began begun"), ("break", "broke broken"), ("bring", "brought"), ("build", "built"),
        ("buy", "bought"), ("catch", "caught"), ("choose", "chose chosen"), ("come", "came"), ("draw", "drew drawn"),
        ("drive", "drove driven"), ("eat", "ate eaten"), ("fall", "fell fallen"), ("feed", "fed"), ("feel", "felt"),
        ("fight", "fought"), ("find", "found"), ("fly", "flew flown"), ("forget", "forgot forgotten"),
        ("freeze", "froze frozen"), ("get", "got gotten"), ("give", "gave given"), ("go", "went gone"),
        ("grow", "grew grown"), ("hide", "hid hidden"), ("hold", "held"), ("keep", "kept"), ("know", "knew known"),
        ("lead", "led"), ("leave", "left"), ("lend", "lent"), ("lose", "lost"), ("make", "made"), ("mean", "meant"),
        ("meet", "met"), ("pay", "paid"), ("ride", "rode ridden"), ("rise", "rose risen"), ("run", "ran"),
        ("say", "said"), ("see", "saw seen"), ("sell", "sold"), ("send", "sent"), ("shake", "shook shaken"),
        ("shoot", "shot"), ("shrink", "shrank shrunk"), ("sing", "sang sung"), ("sink", "sank sunk"), ("sit", "sat"),
        ("sleep", "slept"), ("speak", "spoke spoken"), ("spend", "spent"), ("stand", "stood"),
        ("steal", "stole stolen"), ("stick", "stuck"), ("strike", "struck"), ("swim", "swam swum"),
        ("take", "took taken"), ("teach", "taught"), ("tell", "told"), ("think", "thought"), ("throw", "threw thrown"),
        ("understand", "understood"), ("wear", "wore worn"), ("win", "won"), ("write", "wrote written"),
        ("child", "children"), ("foot", "feet"), ("man", "men"), ("mouse", "mice"), ("person", "people"),
        ("tooth", "teeth"), ("woman", "women"), ("knife", "knives"),
        ("die", "dying"), ("good", "better best"), ("bad", "worse worst"), ("long", "length"), ("high", "height"),
        ("wide", "width"), ("deep", "depth"), ("strong", "strength"), ("weigh", "weight"), ("heavy", "heavily"),
        ("hot", "heat"), ("lose", "loss"), ("choose", "choice"), ("sell", "sale sales"), ("grow", "growth"),
        ("die", "death dead"), ("live", "alive"), ("arrive", "arrival"), ("approve", "approval"),
    )
    for form in forms.split()
}  # fmt: skip
# They join, ask or stand for something; the evidence need not have them.
STOP_WORDS = frozenset(
    "a an the this that these those it its he him his she her hers they them their theirs we us our you your "
    "yours i me my mine who whom whose which what when where why how is are was were be been being am do does "
    "did doing done has have had having will would shall should can could may might must ought and or but nor "
    "so yet if then than as of in on at to from by with for about into onto over under between among through "
    "during before after above below up down out off per via not no any some each every all both either "
    "neither there here also too very just only ever please tell know much many more most less least few lot "
    "lots such same other another s t re ve ll d m isn't aren't wasn't don't doesn't didn't can't won't "
    "what's who's it's that's there's exactly actually currently get got".split()
)
# They say so little that a text may well do without them.
LIGHT_WORDS = frozenset(
    "make take give go come use need want have happen mean say call name kind type sort thing way one people "
    "person someone anyone work able long large big old far often soon late high low good bad new total "
    "number amount many time date day year month week hour first last next now today part place level size "
    "cost price percentage share rate figure count value quantity person man woman company firm reason cause "
    "purpose end start begin run put set keep let see look find show include allow require ask help change "
    "different main overall whole".split()
)


def any_of(words: str) -> str:
    """A pattern for any of some words or patterns; `_` stands for a blank in one."""
    return f"(?:{'|'.join(word.replace('_', ' ') for word in words.split())})"


@dataclass(frozen=True, slots=True)
class Token:
    """A word of a text.

    Attributes:
        text: as it stands there, folded.
        stem: what its forms have in common; of a number its digits.
        start, end: offsets.
    """

    text: str
    stem: str
    start: int
    end: int


@lru_cache(maxsize=2048)
def tokens(folded: str) -> tuple[Token, ...]:
    """The words of a folded text, in order.

    >>> [token.stem for token in tokens("the boxes' prices rose to $1,200, says two of 3 owners")]
    ['the', 'box', 'price', 'rise', 'to', '1200', 'say', '2', 'of', '3', 'owner']
    """
    found = list(_word.finditer(folded))
    return tuple(Token(one.group(), stem_of(one.group()), *one.span()) for one in found)


@lru_cache(maxsize=32768)
def stem_of(word: str) -> str:
    """What the forms of a word have in common."""
    if word[0].isdigit():
        return _thousands.sub("", word)
    word = _possessive.sub("", word)
    word = _IRREGULAR.get(word, word)
    if number := _NUMBERS.get(word):
        return number
    return (_stemmer().analyze(word) or [word])[0] if word.isascii() and word.isalpha() else word


def spelled(token: Token) -> str:
    """A form of a word that the static embedder knows: it learned English from a word list, in base forms."""
    return _known().get(token.stem, token.text)


@lru_cache(maxsize=4096)
def synonyms_of(stem: str) -> frozenset[str]:
    """The stems that share a line of the thesaurus with one, itself included; none of most.

    >>> "purchas" in synonyms_of("buy"), "sell" in synonyms_of("buy")
    (True, False)
    """
    return frozenset(other for line in _groups().get(stem, ()) for other in line)


@cache
def _groups() -> dict[str, list[frozenset[str]]]:
    """Stem → the lines of the thesaurus that it stands in, as stems."""
    found: dict[str, list[frozenset[str]]] = {}
    for line in THESAURUS.read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            stems = frozenset(stem_of(word) for word in line.split())
            for stem in stems:
                found.setdefault(stem, []).append(stems)
    return found


@cache
def _known() -> dict[str, str]:
    """Stem → the shortest word of the English word list that has it."""
    known: dict[str, str] = {}
    for word in sorted(english_words(), key=len, reverse=True):
        known[stem_of(word)] = word
    return known


@cache
def _stemmer() -> Any:
    """Snowball's stemmer for English, as tantivy has it."""
    import tantivy

    analyzer = tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.whitespace())
    return analyzer.filter(tantivy.Filter.stemmer("english")).build()
