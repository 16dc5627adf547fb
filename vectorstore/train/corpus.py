"""The news as token ids: vocabulary, sentences, and where each article begins."""

from __future__ import annotations

import lzma
import random
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from vectorstore.pieces import HAN_FIRST, HAN_LAST, Pieces
from vectorstore.tokens import fold
from vectorstore.tokens import words as words_of
from vectorstore.train.thesaurus import Word

NEWS = "news.txt.xz"
CHARACTER_MIN = 20  # a character seen less often teaches nothing
WORD_BONUS = 4
WRITTEN_MIN = 2
UNKNOWN = "[UNK]"

_body = re.compile(r"^.{0,40}?正文：")
_sentence = re.compile(r"[^。！？!?]*[。！？!?]+[”’」』）)]*|[^。！？!?]+")
_word = re.compile(r"[a-z0-9]{2,}")


@dataclass(frozen=True)
class Corpus:
    """Sentences as token rows; sentence s is `ids[starts[s]:starts[s + 1]]` and belongs to article `articles[s]`."""

    ids: np.ndarray
    starts: np.ndarray
    articles: np.ndarray


def read_news(folder: Path) -> list[str]:
    """The articles of `news.txt.xz`, one a line, without the date in front."""
    with lzma.open(folder / NEWS, "rt", encoding="utf-8") as file:
        return [_body.sub("", line).strip() for line in file]


def vocabulary(articles: Sequence[str], pairs: int, words: int, written: Sequence[str] = ()) -> list[str]:
    """Tokens in row order: nothing, characters, the commonest pairs, the commonest ASCII words; ties by code point.

    A pair that jieba takes for a word counts `WORD_BONUS` times more, since a chance neighbourhood tells less. Behind
    the pairs and the words come those of the `written` texts: pairs that `WRITTEN_MIN` of them hold, words of any.
    """
    folded = [fold(article) for article in articles]
    text = "\n".join(folded)
    codes = np.frombuffer(text.encode("utf-32-le"), np.uint32).astype(np.int64)
    han = (codes >= HAN_FIRST) & (codes <= HAN_LAST)
    seen = np.bincount(codes[han], minlength=HAN_LAST + 1)
    known = seen >= CHARACTER_MIN
    usable = np.zeros(len(codes), bool)
    usable[han] = known[codes[han]]
    both = np.flatnonzero(usable[:-1] & usable[1:])
    keys, counts = np.unique(codes[both] << 16 | codes[both + 1], return_counts=True)
    as_words = Counter(word for article in folded for word in words_of(article) if len(word) == 2)
    bonus = {ord(word[0]) << 16 | ord(word[1]): WORD_BONUS * count for word, count in as_words.items()}
    counts += np.fromiter((bonus.get(key, 0) for key in keys.tolist()), np.int64, len(keys))
    best = keys[np.lexsort((keys, -counts))[:pairs]]
    characters = [chr(code) for code in np.flatnonzero(known).tolist()]
    common_pairs = [chr(key >> 16) + chr(key & 0xFFFF) for key in best.tolist()]
    word_counts = Counter(_word.findall(text))
    common = sorted(word_counts, key=lambda word: (-word_counts[word], word))[:words]
    ours = [fold(one) for one in written]
    held = Counter(pair for one in ours for pair in {one[i : i + 2] for i in range(len(one) - 1)})
    alphabet = set(characters)
    our_pairs = {pair for pair, count in held.items() if count >= WRITTEN_MIN and alphabet.issuperset(pair)}
    our_words = {word for one in ours for word in _word.findall(one)}
    return [
        UNKNOWN,
        *characters,
        *common_pairs,
        *sorted(our_pairs.difference(common_pairs)),
        *common,
        *sorted(our_words.difference(common)),
    ]


def folded_characters(tokens: Sequence[str]) -> dict[str, str]:
    """Characters that are read as another one of the vocabulary: traditional ones, full-width letters and digits."""
    alphabet = set("abcdefghijklmnopqrstuvwxyz0123456789").union(token for token in tokens if len(token) == 1)
    codes = (*range(0x3400, HAN_LAST + 1), *range(0xFF01, 0xFF5F))
    readings = {chr(code): fold(chr(code)) for code in codes}
    return {old: new for old, new in readings.items() if new != old and new in alphabet}


def sentences(articles: Sequence[str]) -> Iterator[tuple[int, str]]:
    """(article number, sentence) in reading order."""
    for number, article in enumerate(articles):
        for sentence in _sentence.findall(article):
            yield number, sentence


def reword(sentence: str, words: Mapping[str, Word], share: float, rng: random.Random) -> str:
    """A folded sentence with that share of the words that have synonyms replaced, by the first ones more often.

    >>> reword("机器坏了", {"机器": Word("机器", ("设备",))}, 1.0, random.Random(0))
    '设备坏了'
    """
    import rjieba

    said = []
    for text in rjieba.cut(sentence):
        word = words.get(text)
        if word is None or rng.random() >= share:
            said.append(text)
        else:
            said.append(word.near_at(rng.expovariate(0.7)))
    return "".join(said)


def encode(numbered: Iterable[tuple[int, str]], pieces: Pieces, batch: int = 20_000) -> Corpus:
    """Sentences with the number of their article, in reading order, as token rows."""
    numbers, texts = zip(*numbered, strict=True)
    parts = [pieces.encode(texts[start : start + batch]) for start in range(0, len(texts), batch)]
    lengths = np.concatenate([length for _, length in parts])
    starts = np.concatenate(([0], np.cumsum(lengths)))
    return Corpus(np.concatenate([ids for ids, _ in parts]), starts, np.array(numbers))
