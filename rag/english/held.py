"""How far English texts hold the words of a question: in any form, or by another word. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from rag.english.question import Question
from rag.english.words import STOP_WORDS, Token, spelled, synonyms_of, tokens
from rag.reader import Embed
from rag.spans import Span

# Words whose vectors are nearer than this may stand for one another, and what that is worth beside the word itself.
ALIKE, MEANT = 0.4, 0.9
# Words of one line of the thesaurus, and words that begin alike for so many characters: invest, investor.
SYNONYMOUS = 0.85
KIN, KIN_WORTH = 5, 0.8
# What a word counts that any text may lack, one that the question word asks with, and a name.
LIGHT, TYPE, NAME = 0.4, 0.25, 1.4
# What stands no further than so many words from a thing of the asked kind is said of it.
BESIDE = 9
# Two words stand together that are no further apart.
NEXT_TO = 4
# What a word loses for each word that it stands further from a place.
FADING = 0.9


class Held:
    """The words of a question beside the words of texts; every word is compared once.

    Made of the sentences in reach, and of the other texts that will be looked at.

    Attributes:
        share: what each word counts, shape (W,), summing to 1: the rarer among the sentences, the more.
        is_name: which of them are names or numbers, shape (W,), 0 or 1.
    """

    def __init__(self, question: Question, sentences: Sequence[str], others: Sequence[str], embed: Embed) -> None:
        self._words, self._embed = question.words, embed
        self.is_name = np.array([word.is_name for word in question.words], float)
        stems = [{token.stem for token in tokens(text)} for text in sentences]
        count = np.array([sum(word.token.stem in there for there in stems) for word in question.words])
        kind = [
            TYPE if word.is_type else LIGHT if word.is_light else NAME if word.is_name else 1.0
            for word in question.words
        ]
        weight = np.log1p(len(stems) / (count + 0.5)) * np.array(kind)
        self.share = weight / weight.sum()
        self._rows = embed([spelled(word.token) for word in question.words])
        self._known: dict[str, int] = {}
        self._read: dict[str, tuple[np.ndarray, np.ndarray]] = {}
        self._held: dict[str, np.ndarray] = {}
        self._worth = np.zeros((len(question.words), 0))
        self._cosine = np.zeros((len(question.words), 0))
        self._add([token for text in dict.fromkeys((*sentences, *others)) for token in tokens(text)])

    def _add(self, there: Sequence[Token]) -> None:
        """Compare words that were not seen yet."""
        new = {token.stem: token for token in there if token.stem not in self._known and _tells(token)}
        if not new:
            return
        cosines = self._rows @ self._embed([spelled(token) for token in new.values()]).T
        worth = np.where(cosines >= ALIKE, MEANT * cosines, 0.0)
        worth[self.is_name > 0] = cosines[self.is_name > 0] = 0.0
        for place, word in enumerate(self._words):
            stem = word.token.stem
            others = () if word.is_name else synonyms_of(stem)
            kin = stem[:KIN] if len(stem) >= KIN and not word.is_name else "-"
            for column, other in enumerate(new):
                if other == stem:
                    worth[place, column] = cosines[place, column] = 1.0
                elif other in others:
                    worth[place, column] = max(worth[place, column], SYNONYMOUS)
                elif other.startswith(kin):
                    worth[place, column] = max(worth[place, column], KIN_WORTH)
        first = len(self._known)
        self._known.update(zip(new, range(first, first + len(new)), strict=True))
        self._worth = np.hstack([self._worth, worth])
        self._cosine = np.hstack([self._cosine, np.clip(cosines, 0.0, 1.0)])

    def _columns(self, folded: str) -> tuple[np.ndarray, np.ndarray]:
        """(the numbers of the telling words of a text, the column of each)."""
        if folded not in self._read:
            there = tokens(folded)
            self._add(there)
            telling = [number for number, token in enumerate(there) if _tells(token)]
            columns = [self._known[there[number].stem] for number in telling]
            self._read[folded] = np.array(telling, int), np.array(columns, int)
        return self._read[folded]

    def exact(self, folded: str) -> np.ndarray:
        """Which words a text has in any form, shape (W,), 0 or 1."""
        there = {token.stem for token in tokens(folded)}
        return np.array([float(word.token.stem in there) for word in self._words])

    def of(self, folded: str) -> np.ndarray:
        """How far a text holds each word, shape (W,), in [0, 1]."""
        if folded not in self._held:
            self._held[folded] = self._most(self._worth[:, np.unique(self._columns(folded)[1])])
        return self._held[folded]

    def meant(self, folded: str) -> np.ndarray:
        """The cosine of each word with its nearest in a text, shape (W,), in [0, 1]; of a name 1 or 0."""
        return self._most(self._cosine[:, self._columns(folded)[1]])

    def _most(self, values: np.ndarray) -> np.ndarray:
        """The most of each row, shape (W,); 0 where there is nothing."""
        return values.max(axis=1) if values.shape[1] else np.zeros(len(self._words))

    def beside(self, folded: str, span: Span) -> np.ndarray:
        """How far the words around a span hold each word, shape (W,), in [0, 1]."""
        inside = _inside(folded, span)
        if not inside:
            return np.zeros(len(self._words))
        numbers, columns = self._columns(folded)
        is_near = (numbers >= inside[0] - BESIDE) & (numbers <= inside[-1] + BESIDE)
        return self._most(self._worth[:, columns[is_near]])

    def nearby(self, folded: str, span: Span) -> float:
        """How much of the question stands near a span, nearer words counting more, in [0, 1]."""
        inside = _inside(folded, span)
        numbers, columns = self._columns(folded)
        if not inside or not len(numbers):
            return 0.0
        gaps = np.maximum(np.maximum(inside[0] - numbers, numbers - inside[-1]), 0)
        return float(self.share @ (self._worth[:, columns] * FADING**gaps).max(axis=1))

    def pairs(self, folded: str) -> tuple[float, float]:
        """(share of neighbours in the question that stand together, share of what lies between the words found)."""
        places: dict[str, list[int]] = {}
        for number, token in enumerate(tokens(folded)):
            places.setdefault(token.stem, []).append(number)
        mine = [places.get(word.token.stem, []) for word in self._words]
        near = [any(abs(a - b) <= NEXT_TO for a in one for b in other) for one, other in pairwise(mine)]
        seen = sorted({place for one in mine for place in one})
        dense = len(seen) / (seen[-1] - seen[0] + 1) if len(seen) > 1 else 0.0
        return (sum(near) / len(near) if near else 0.5), dense


def _tells(token: Token) -> bool:
    """Whether a word says something by itself."""
    return token.text not in STOP_WORDS


def _inside(folded: str, span: Span) -> list[int]:
    """The numbers of the words inside a span of a text."""
    return [number for number, token in enumerate(tokens(folded)) if span[0] <= token.start < span[1]]


def counts(counted: str, folded: str, span: Span) -> bool:
    """Whether a figure is followed by what is to be counted: 26 new apprentices."""
    after = [token.stem for token in tokens(folded[span[1] : span[1] + 60])][:NEXT_TO]
    return counted in after or counted in {token.stem for token in tokens(folded[slice(*span)])}
