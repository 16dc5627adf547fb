"""Training pairs, a batch a step: sentences and the articles they stood in, words and their synonyms, questions and
answers. What a step draws depends on the seed and the step alone.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from vectorstore.pieces import Pieces
from vectorstore.train.corpus import Corpus
from vectorstore.train.recipe import Recipe
from vectorstore.train.thesaurus import Phrase, Word

Bags = tuple[np.ndarray, np.ndarray]  # token rows one after another, and where each text begins


@dataclass(frozen=True, slots=True)
class Batch:
    """Texts and what each has to find.

    Attributes:
        asked: N texts.
        told: at least as many; text i is to find told text i, the rest are there to mislead.
        either: (asked text, told text) that are right as well: neither learned nor punished, shape (n, 2).
    """

    asked: Bags
    told: Bags
    either: np.ndarray


_NOTHING_ELSE = np.zeros((0, 2), np.int64)


class ArticleDraw:
    """Query and passage are cut from one article: a thinned-out sentence, and the sentences around it without it.

    Half the tokens that both share are dropped from the query, so that related words have to do the work.

    Args:
        corpus: the articles.
        reworded: the same sentences in other words; `recipe.reworded` of the queries are taken from there.
        recipe: how many, how long and how thin.
        vocabulary: number of tokens.
    """

    def __init__(self, corpus: Corpus, reworded: Corpus, recipe: Recipe, vocabulary: int) -> None:
        self._corpus, self._reworded, self._recipe = corpus, reworded, recipe
        self._begins = np.flatnonzero(np.diff(corpus.articles, prepend=-1))
        self._sizes = np.diff(np.append(self._begins, len(corpus.articles)))
        self._usable = np.flatnonzero(self._sizes >= recipe.span)
        self._shared = np.zeros((recipe.batch, vocabulary), bool)

    def __call__(self, step: int) -> Batch:
        """Queries and their passages for one step."""
        recipe, starts = self._recipe, self._corpus.starts
        rng = np.random.default_rng((recipe.seed, step))
        article = rng.choice(self._usable, recipe.batch, replace=False)
        first = self._begins[article] + rng.integers(self._sizes[article] - recipe.span + 1)
        last = first + recipe.span
        chosen = rng.integers(first, last)
        query, owner = self._queries(chosen, rng.random(recipe.batch) < recipe.reworded)
        before, before_owner = _tokens(self._corpus, starts[first], starts[chosen])
        after, after_owner = _tokens(self._corpus, starts[chosen + 1], starts[last])
        passage, passage_owner = np.concatenate((before, after)), np.concatenate((before_owner, after_owner))

        kept = self._thinned(rng, passage_owner, np.full(recipe.batch, recipe.passage))
        passage, passage_owner = passage[kept], passage_owner[kept]
        self._shared[passage_owner, passage] = True
        common = self._shared[owner, query]
        self._shared[passage_owner, passage] = False
        kept = self._thinned(rng, owner, rng.integers(recipe.query[0], recipe.query[1] + 1, recipe.batch))
        kept &= ~(common & (rng.random(len(query)) < recipe.overlap))
        return Batch(self._bags(query[kept], owner[kept]), self._bags(passage, passage_owner), _NOTHING_ELSE)

    def _queries(self, chosen: np.ndarray, reworded: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Tokens of the sentences, some in other words, and the number of the sentence each came from."""
        parts = []
        for corpus, numbers in ((self._corpus, np.flatnonzero(~reworded)), (self._reworded, np.flatnonzero(reworded))):
            tokens, owner = _tokens(corpus, corpus.starts[chosen[numbers]], corpus.starts[chosen[numbers] + 1])
            parts.append((tokens, numbers[owner]))
        tokens, owner = (np.concatenate(part) for part in zip(*parts, strict=True))
        order = np.argsort(owner, kind="stable")
        return tokens[order], owner[order]

    def _thinned(self, rng: np.random.Generator, owner: np.ndarray, most: np.ndarray) -> np.ndarray:
        """Which tokens stay, so that about `most` of each text do."""
        sizes = np.maximum(np.bincount(owner, minlength=len(most)), 1)
        return rng.random(len(owner)) < np.minimum(1 - self._recipe.thin, most / sizes)[owner]

    def _bags(self, ids: np.ndarray, owner: np.ndarray) -> Bags:
        order = np.argsort(owner, kind="stable")
        return ids[order].astype(np.int64), np.searchsorted(owner[order], np.arange(self._recipe.batch))


class WordDraw:
    """A word has to find a synonym or its English name, among those of others and what is easily taken for it.

    Args:
        words: the thesaurus.
        pieces: cuts them into tokens.
        recipe: how many a step.
    """

    def __init__(self, words: Sequence[Word], pieces: Pieces, recipe: Recipe) -> None:
        self._words, self._recipe = words, recipe
        self._texts = _Texts((text for word in words for text in word.texts), pieces)
        self._alike: dict[str, set[str]] = defaultdict(set)
        for word in words:
            for near in (*word.near, *word.english):
                self._alike[word.text].add(near)
                self._alike[near].add(word.text)

    def __call__(self, step: int) -> Batch:
        """Words and synonyms for one step, either way about."""
        recipe = self._recipe
        rng = np.random.default_rng((recipe.seed, step, 1))
        chosen = rng.choice(len(self._words), min(recipe.batch, len(self._words)), replace=False)
        words = [self._words[number] for number in chosen.tolist()]
        pairs = [(word.text, _synonym(rng, word, recipe.english)) for word in words]
        turned = rng.random(len(words)) < 0.5
        asked, told = zip(
            *(pair[::-1] if turn else pair for pair, turn in zip(pairs, turned, strict=True)), strict=True
        )
        mislead = tuple(word.far[rng.integers(len(word.far))] for word in words if word.far)
        return Batch(
            self._texts.bags(asked), self._texts.bags((*told, *mislead)), self._either(words, asked, told + mislead)
        )

    def _either(self, words: Sequence[Word], asked: Sequence[str], told: Sequence[str]) -> np.ndarray:
        """Where a told text is a synonym by chance."""
        places: dict[str, list[int]] = defaultdict(list)
        for place, text in enumerate(told):
            places[text].append(place)
        found = [
            (row, place)
            for row, (word, text) in enumerate(zip(words, asked, strict=True))
            for alike in sorted({word.text, *self._alike[word.text], *self._alike[text]})
            for place in places.get(alike, ())
            if place != row
        ]
        return np.array(found, np.int64).reshape(-1, 2)


class PhraseDraw:
    """What people ask has to find how a document states it.

    Args:
        phrases: what we wrote.
        pieces: cuts them into tokens.
        recipe: how many a step.
    """

    def __init__(self, phrases: Sequence[Phrase], pieces: Pieces, recipe: Recipe) -> None:
        self._phrases, self._recipe = phrases, recipe
        self._texts = _Texts((text for phrase in phrases for text in phrase.texts), pieces)

    def __call__(self, step: int) -> Batch:
        """Questions and answers for one step."""
        rng = np.random.default_rng((self._recipe.seed, step, 2))
        size = min(self._recipe.batch // 2, len(self._phrases))
        phrases = [self._phrases[number] for number in rng.choice(len(self._phrases), size, replace=False).tolist()]
        told = [phrase.told[rng.integers(len(phrase.told))] for phrase in phrases]
        return Batch(self._texts.bags([phrase.asked for phrase in phrases]), self._texts.bags(told), _NOTHING_ELSE)


class _Texts:
    """Texts cut into tokens once."""

    def __init__(self, texts: Iterable[str], pieces: Pieces) -> None:
        self._place = {text: place for place, text in enumerate(dict.fromkeys(texts))}
        ids, lengths = pieces.encode(list(self._place))
        self._parts = np.split(ids, np.cumsum(lengths)[:-1])

    def bags(self, texts: Sequence[str]) -> Bags:
        parts = [self._parts[self._place[text]] for text in texts]
        starts = np.concatenate(([0], np.cumsum([len(part) for part in parts])[:-1]))
        return np.concatenate(parts).astype(np.int64), starts.astype(np.int64)


def _tokens(corpus: Corpus, begin: np.ndarray, end: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Tokens of the ranges one after another, and the number of the range each came from."""
    sizes = end - begin
    shift = np.repeat(begin - (np.cumsum(sizes) - sizes), sizes)
    return corpus.ids[np.arange(sizes.sum()) + shift], np.repeat(np.arange(len(sizes)), sizes)


def _synonym(rng: np.random.Generator, word: Word, english: float) -> str:
    """One of the word's, the first more often."""
    if word.english and rng.random() < english:
        return word.english[rng.integers(len(word.english))]
    return word.near_at(rng.exponential(2))
