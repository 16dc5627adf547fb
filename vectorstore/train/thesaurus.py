"""What we wrote down for the embedding to learn: words of one meaning, and how people ask for what documents state."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from vectorstore.tokens import fold

WORDS = Path(__file__).with_name("thesaurus.tsv")
PHRASES = Path(__file__).with_name("phrases.tsv")


@dataclass(frozen=True, slots=True)
class Word:
    """A word and its neighbours in meaning, folded.

    Attributes:
        near: what may stand for it, best first; at least one.
        far: what is easily taken for it and means something else.
        english: what it is called in English.
    """

    text: str
    near: tuple[str, ...]
    far: tuple[str, ...] = ()
    english: tuple[str, ...] = ()

    @property
    def texts(self) -> tuple[str, ...]:
        """The word with all its neighbours."""
        return (self.text, *self.near, *self.far, *self.english)

    def near_at(self, drawn: float) -> str:
        """The synonym at that place from 0, the last one for all places behind it."""
        return self.near[min(int(drawn), len(self.near) - 1)]


@dataclass(frozen=True, slots=True)
class Phrase:
    """What an ordinary person asks, and pieces of documents that answer it, folded; at least one."""

    asked: str
    told: tuple[str, ...]

    @property
    def texts(self) -> tuple[str, ...]:
        """The question with all its answers."""
        return (self.asked, *self.told)


def read_words(path: Path = WORDS) -> list[Word]:
    """A line a word: itself, near, far and English ones behind tabs, those of a kind parted by blanks."""
    words = []
    for line in path.read_text(encoding="utf-8").splitlines():
        text, near, far, english = fold(line).split("\t")
        terms = (term.replace("_", " ") for term in english.split())
        words.append(Word(text, tuple(near.split()), tuple(far.split()), tuple(terms)))
    return words


def read_phrases(path: Path = PHRASES) -> list[Phrase]:
    """A line a question: itself, then the answers behind tabs."""
    lines = (fold(line).split("\t") for line in path.read_text(encoding="utf-8").splitlines())
    return [Phrase(asked, tuple(told)) for asked, *told in lines]
