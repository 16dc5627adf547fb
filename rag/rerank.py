"""The best candidates of a search, put in order by a small trained model that reads question and passage together.

BM25 counts words anywhere in a passage. The model also sees how much of the question stands in one sentence or in two
neighbours, how long the shared runs of characters are, and what of the question is missing. Passages are compared
character by character in one array, so nothing of them has to be segmented. Pure but for reading the model once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from rag.question import Question, analyse
from rag.rarity import rarity
from rag.trees import Trees, load
from vectorstore.tokens import folded_codes, question_terms

# index terms → how rare each is, shape (len(terms),), > 0
Rarities = Callable[[Sequence[str]], np.ndarray]

MODEL = Path(__file__).parent / "model" / "reranker.safetensors"
_NEVER = 0xFFFFFFFF  # no character
LONGEST = 100  # a longer shared run counts as this long: lengths fit a byte
# Of these the model also sees the distance to the best other candidate.
COMPARED = (
    "bm25.share",
    "words.all",
    "words.sentence",
    "words.titled",
    "pairs.all",
    "pairs.sentence",
    "pairs.titled",
    "pairs.two",
    "runs.mass",
)
# Of these, worked out for every sentence, the highest of each text's counts.
BY_SENTENCE = (
    "words.sentence",
    "words.titled",
    "words.two",
    "pairs.sentence",
    "pairs.titled",
    "pairs.two",
    "names.titled",
    "runs.longest",
    "runs.mass",
)


@dataclass(frozen=True, slots=True)
class Parts:
    """What of a question can be found in a text: its words and its pairs of neighbouring characters, P in all.

    Attributes:
        ends: index of the last character of each in the folded question, shape (P,).
        lengths: in characters, shape (P,).
        words, pairs, names: weight of each part among the words, the pairs and the names, shape (P,), float32;
            each sums to 1, or to 0 where the question has none.
    """

    ends: np.ndarray
    lengths: np.ndarray
    words: np.ndarray
    pairs: np.ndarray
    names: np.ndarray


def lexical_scores(
    question: str, titles: Sequence[str], texts: Sequence[str], bm25: np.ndarray, rarities: Rarities
) -> np.ndarray:
    """How well each candidate's words answer the question, shape (n,), float64; compares within one question only.

    Args:
        question: as asked.
        titles: of the n candidates, n ≥ 1.
        texts: of the n candidates.
        bm25: of the n candidates, shape (n,), ≥ 0.
        rarities: weight of index terms where the candidates come from.
    """
    model = _model()
    columns = features(question, titles, texts, bm25, rarities)
    return model.predict(np.stack([columns[name] for name in model.names], axis=1))


@cache
def _model() -> Trees:
    """The model that ships."""
    return load(MODEL)


def features(
    question: str, titles: Sequence[str], texts: Sequence[str], bm25: np.ndarray, rarities: Rarities
) -> dict[str, np.ndarray]:
    """Columns by name, each of shape (n,), float32; arguments as of `lexical_scores`.

    `words` and `pairs` are shares of the question, weighted by rarity: found anywhere (`all`), in the title, in the
    text, in its best sentence, in that and the title together (`titled`), in the best two neighbours (`two`).
    """
    analysed = analyse(question)
    parts = find_parts(analysed, rarities)
    spans = [part + "\n" for pair in zip(titles, texts, strict=True) for part in pair]
    codes = folded_codes("".join(spans))
    starts = np.cumsum([0, *map(len, spans[:-1])])
    begins = np.empty(len(codes), bool)
    begins[1:] = _sentence_ends()[np.minimum(codes[:-1], 0xFFFF)]
    begins[starts] = True
    sentences = np.flatnonzero(begins)
    runs = longest_runs(analysed.folded, codes, sentences)
    columns = {"bm25.share": bm25 / (float(bm25.max(initial=0.0)) or 1.0)}
    columns |= _coverage(parts, runs, np.searchsorted(sentences, starts))
    compared = np.stack([columns[name] for name in COMPARED])
    columns |= {f"{name}.lead": lead for name, lead in zip(COMPARED, compared - _best_other(compared), strict=True)}
    return {name: column.astype(np.float32) for name, column in columns.items()}


def find_parts(question: Question, rarities: Rarities) -> Parts:
    """The parts of a question; a pair of characters counts where the keyword search looks for it too.

    What is rare is told by the passages searched: in a folder about one town, its name says little.
    """
    folded = question.folded
    searched = set(question_terms(folded))
    pairs: dict[str, int] = {}
    for end in range(1, len(folded)):
        pair = folded[end - 1 : end + 1]
        if pair in searched and not pair.isascii():
            pairs.setdefault(pair, end)
    weights = rarities([*(word.text for word in question.words), *pairs])
    found = [
        # a word's weight over its rarity is what its part of speech counts
        (
            word.start + len(word.text) - 1,
            len(word.text),
            weight * word.weight / rarity(word.text),
            0,
            int(word.is_name),
        )
        for word, weight in zip(question.words, weights, strict=False)
    ]
    found += [(end, 2, weight, 1, 0) for end, weight in zip(pairs.values(), weights[len(found) :], strict=True)]
    columns = np.array(found, np.float32).reshape(-1, 5).T
    weights, is_pair, is_name = columns[2], columns[3].astype(bool), columns[4].astype(bool)
    return Parts(
        ends=columns[0].astype(int),
        lengths=columns[1].astype(int),
        words=_shares(np.where(is_pair, 0.0, weights)),
        pairs=_shares(np.where(is_pair, weights, 0.0)),
        names=_shares(np.where(is_name, weights, 0.0)),
    )


def _shares(weights: np.ndarray) -> np.ndarray:
    """Weights scaled to sum to 1; all 0 stay 0."""
    return (weights / (weights.sum() or 1.0)).astype(np.float32)


def longest_runs(asked: str, codes: np.ndarray, sentences: np.ndarray) -> np.ndarray:
    """The longest run of characters shared with each sentence that ends at each character of a question.

    As in the longest common substring: a run that ends here is one longer than the run that ended one character
    earlier in both. It tells of every part of the question, of any length, whether a sentence holds it.

    Args:
        asked: folded question, Q characters.
        codes: folded text as code points, shape (C,).
        sentences: where each sentence starts in it, shape (S,), ascending from 0.

    Returns:
        Shape (Q, S), uint8, at most LONGEST; 0 where the sentence lacks the character, and for punctuation and blanks.
    """
    runs = np.zeros((len(asked), len(sentences)), np.uint8)
    # Only places that hold a character of the question matter: one in ten.
    matters = np.zeros(0x10000, bool)
    matters[[min(ord(character), 0xFFFF) for character in asked if character.isalnum()]] = True
    places = np.flatnonzero(matters[np.minimum(codes, 0xFFFF)])
    if not len(places):
        return runs
    characters = np.array([ord(character) if character.isalnum() else _NEVER for character in asked], np.uint32)
    # the run that ends at each place, shape (Q, places): 1 where the characters are the same, more where a run goes on
    ending = (codes[places] == characters[:, None]).astype(np.min_scalar_type(len(asked)))
    goes_on = ending[:, 1:] * (np.diff(places) == 1)
    for row in range(1, len(asked)):
        ending[row, 1:] += ending[row - 1, :-1] * goes_on[row]
    of_sentence = np.searchsorted(sentences, places, side="right") - 1
    firsts = np.flatnonzero(np.diff(of_sentence, prepend=-1))
    runs[:, of_sentence[firsts]] = np.minimum(np.maximum.reduceat(ending, firsts, axis=1), LONGEST)
    return runs


def _coverage(parts: Parts, runs: np.ndarray, spans: np.ndarray) -> dict[str, np.ndarray]:
    """What of the question each candidate holds, and how near together.

    Args:
        runs: as `longest_runs` gives them, shape (Q, S).
        spans: first sentence of each title and text in turn, shape (2n,).
    """
    held = (runs[parts.ends] >= parts.lengths[:, None]).astype(np.float32)
    span = np.repeat(np.arange(len(spans)), np.diff(spans, append=runs.shape[1]))
    in_text = span % 2 == 1
    whole = np.maximum.reduceat(held, spans, axis=1)
    title, body = whole[:, 0::2], whole[:, 1::2]
    either = np.maximum(title, body)
    titled = np.maximum(held, title[:, span // 2])
    two = held.copy()
    np.maximum(held[:, :-1], held[:, 1:] * (span[:-1] == span[1:]), out=two[:, :-1])

    columns: dict[str, np.ndarray] = {}
    for name, weights in (("words", parts.words), ("pairs", parts.pairs)):
        columns[f"{name}.all"] = weights @ either
        columns[f"{name}.title"] = weights @ title
        columns[f"{name}.text"] = weights @ body
        columns[f"{name}.sentence"] = weights @ held
        columns[f"{name}.titled"] = weights @ titled
        columns[f"{name}.two"] = weights @ two
    local, in_words = columns["pairs.sentence"], columns["words.sentence"]
    columns["pairs.spread"] = np.add.reduceat(local, spans)[1::2]
    columns["names.all"] = parts.names @ either
    columns["names.titled"] = parts.names @ titled
    columns["words.missing"] = (parts.words[:, None] * (1 - either)).max(axis=0, initial=0.0)
    columns["runs.longest"] = runs.max(axis=0, initial=0).astype(np.float32)
    # a run counts at the character where it is longest; long ones count more than their parts
    prolonged = np.zeros(runs.shape, bool)
    prolonged[:-1] = runs[1:] > runs[:-1]
    counted = np.where(prolonged | (runs < 2), 0, runs).astype(np.float32)
    columns["runs.mass"] = (counted**1.5).sum(axis=0) / (len(runs) or 1) ** 1.5
    columns["place.best"] = _first_best(local + 0.5 * in_words, spans)
    of_sentences = np.stack([columns[name] for name in BY_SENTENCE])
    highest = np.maximum.reduceat(np.where(in_text, of_sentences, 0.0), spans, axis=1)[:, 1::2]
    return columns | dict(zip(BY_SENTENCE, highest, strict=True))


def _first_best(scores: np.ndarray, spans: np.ndarray) -> np.ndarray:
    """How many sentences of each text stand before its best one, shape (n,)."""
    ends = [*spans[2::2], len(scores)]
    return np.array([np.argmax(scores[start:end]) for start, end in zip(spans[1::2], ends, strict=True)], np.float32)


def _best_other(values: np.ndarray) -> np.ndarray:
    """For each value, the highest of the others in its row; 0 where there is none."""
    if values.shape[1] < 2:
        return np.zeros_like(values)
    second, first = np.partition(values, -2, axis=1)[:, -2:].T[..., None]
    return np.where(values == first, second, first)


@cache
def _sentence_ends() -> np.ndarray:
    """Which code points end a sentence once folded, shape (65536,), bool."""
    table = np.zeros(0x10000, bool)
    table[[ord(mark) for mark in "。!?;\n"]] = True
    return table
