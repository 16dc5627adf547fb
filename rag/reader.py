"""A convolutional reader: where in a sentence the short answer starts and ends. Numpy alone at run time.

Words enter as vectors of the static embedder, the common ones also with what was learned of each by itself, with tags,
matches with the question and what the question's nearest words are; three convolutions look at five words each, one,
two and four apart; behind the first of them every word takes in the question's words that were learned to match it.
The question as a whole, pooled by attention, scores every word as a start and as an end, and every sentence beside the
others. Trained by `python -m rag.train spans`, on questions without an answer too.

Sources: aligned question vectors and pooled question, Chen et al. 2017 (arXiv:1704.00051); learned attention to the
question, Seo et al. 2017 (arXiv:1611.01603); dilated convolutions, Yu & Koltun 2016 (arXiv:1511.07122).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from zlib import decompress

import numpy as np

from rag.asked import Asked
from rag.question import Question
from rag.reading import Asking, Reading, describe, question_columns, read

WEIGHTS = Path(__file__).parent / "model" / "reader.safetensors"
DILATIONS = (1, 2, 4)
# The convolution before which words look at the question once more, now by what was learned to match.
LOOKS_BEFORE = 1
# How sharply a word looks at the question words nearest to it.
SHARPNESS = 8.0
_NOWHERE = np.float32(-1e4)

Embed = Callable[[Sequence[str]], np.ndarray]
Weights = Mapping[str, np.ndarray]


# Log-odds of no answer are kept within this.
MOST_NONE = 8.0
# Name of the words that a reader knows of itself: one a line, UTF-8, packed by zlib.
WORDS = "table.words"
# Ends the name of what the rows of an array of bytes are to be multiplied with.
SCALE = ".scale"


@dataclass(frozen=True, slots=True)
class Net:
    """A trained reader.

    Attributes:
        layers: weights by name, float32.
        rows: of words that the reader knows of itself, their rows in the layer `table`; row 0 is for all others.
    """

    layers: Weights
    rows: Mapping[str, int]

    @classmethod
    def of(cls, packed: Weights) -> Net:
        """From the arrays of the file: half precision, or bytes with a scale for each row; see `unpacked`."""
        layers = unpacked({name: array for name, array in packed.items() if name != WORDS})
        words = decompress(packed[WORDS].tobytes()).decode().split("\n")
        return cls(layers, {word: row for row, word in enumerate(words, start=1)})


@cache
def _net() -> Net:
    """The shipped reader."""
    from safetensors.numpy import load_file

    if not WEIGHTS.is_file():
        raise FileNotFoundError(
            f"{WEIGHTS} is missing: reinstall wenju, or run `python -m rag.train spans DATA_FOLDER`"
        )
    return Net.of(load_file(WEIGHTS))


def unpacked(arrays: Weights) -> dict[str, np.ndarray]:
    """The arrays in single precision, those of bytes times their scales."""
    whole = {name: array.astype(np.float32) for name, array in arrays.items()}
    for name in [name for name in whole if name.endswith(SCALE)]:
        array = whole[name.removesuffix(SCALE)]
        array *= whole.pop(name).reshape(-1, *[1] * (array.ndim - 1))
    return whole


def read_sentences(
    question: Question,
    asked: Asked,
    readings: Sequence[Reading],
    extras: np.ndarray,
    embed: Embed,
    net: Net | None = None,
) -> tuple[list[tuple[np.ndarray, np.ndarray]], float]:
    """How likely the answer starts and ends at each word, and how likely there is none.

    Args:
        question: analysed question.
        asked: its question word.
        readings: S sentences, each of at least one word.
        extras: what the ranker says of each sentence, shape (S, columns).
        embed: the static embedder: texts → unit rows.
        net: instead of the shipped one.

    Returns:
        (for each sentence (start, end), each of shape (words,): log-probabilities over the words of all sentences;
        log-odds of no answer, within ±MOST_NONE).
    """
    net = net or _net()
    own = read(question.folded)
    texts = list(dict.fromkeys([*own.words, asked.type, *(word for reading in readings for word in reading.words)]))
    vectors = embed(texts)
    row = {text: number for number, text in enumerate(texts)}
    asking = Asking(question, asked, own, vectors[[row[word] for word in own.words]], vectors[row[asked.type]])
    seen = []
    for reading, extra in zip(readings, extras, strict=True):
        mine = vectors[[row[word] for word in reading.words]]
        cosines = mine @ asking.vectors.T
        seen.append((reading, mine, cosines, describe(asking, reading, extra, mine, cosines)))
    start, end, none = _read(net, asking, seen)
    lengths = np.cumsum([len(reading.words) for reading in readings])[:-1]
    return list(zip(np.split(start, lengths), np.split(end, lengths), strict=True)), none


# A sentence, the vectors of its words, their cosines with the question's, and their columns.
_Seen = tuple[Reading, np.ndarray, np.ndarray, np.ndarray]


def _read(net: Net, asking: Asking, seen: Sequence[_Seen]) -> tuple[np.ndarray, np.ndarray, float]:
    """Log-probability of a start, and of an end, at each word of all sentences; log-odds of none."""
    weights = net.layers
    asked_words = _words(net, asking.reading.words, asking.vectors)
    question, pooled = _ask(weights, asking, asked_words)
    width, longest = len(pooled), max(len(mine) for _, mine, *_ in seen)
    mask = np.array([np.arange(longest) < len(mine) for _, mine, *_ in seen])[..., None]
    kernel = weights["inp.weight"]
    rows = np.zeros((len(seen), longest, kernel.shape[1] - width), np.float32)
    for place, (reading, mine, cosines, described) in zip(rows, seen, strict=True):
        looks = _softmax(SHARPNESS * cosines)
        words = _words(net, reading.words, mine)
        parts = [words, weights["tag.weight"][reading.tags], described, looks @ asked_words]
        place[: len(mine)] = np.concatenate(parts, axis=1)
    # The question as a whole stands beside every word: its part of the product is the same for all.
    common = pooled @ kernel[:, -width:].T + weights["inp.bias"]
    hidden = _relu(rows @ kernel[:, :-width].T + common) * mask
    for number, dilation in enumerate(DILATIONS):
        if number == LOOKS_BEFORE:
            hidden = (hidden + _relu(_look(weights, hidden, question))) * mask
        convolved = _relu(_convolve(weights, f"convs.{number}", hidden, dilation))
        hidden = _normalise(weights, f"norm.{number}", hidden + convolved) * mask
    own_most = np.where(mask, hidden, _NOWHERE).max(axis=1)
    most = own_most.max(axis=0)
    worth = _worth(weights, own_most, most, pooled)
    sides = (
        _side(weights, name, by_question, hidden, pooled) + whole[:, None]
        for name, by_question, whole in zip(("start", "end"), ("ws", "we"), worth.T, strict=True)
    )
    start, end = (one[mask[..., 0]] for one in sides)
    none = float(_linear(weights, "none", np.concatenate([pooled, most]))[0])
    starts, ends = (float(np.logaddexp.reduce(logits)) for logits in (start, end))
    odds = float(np.clip(none - (starts + ends) / 2, -MOST_NONE, MOST_NONE))
    return start - starts, end - ends, odds


def _look(weights: Weights, hidden: np.ndarray, question: np.ndarray) -> np.ndarray:
    """What each word takes from the question's words that were learned to match it.

    It is take(softmax(seek(hidden) · offer(question)) @ question); the products are on the side with fewer words.
    """
    offered = _linear(weights, "offer", question)
    match = hidden @ (offered @ weights["seek.weight"]).T + offered @ weights["seek.bias"]
    taken = question @ weights["take.weight"].T
    return _softmax(match / hidden.shape[-1] ** 0.5) @ taken + weights["take.bias"]


def _side(weights: Weights, name: str, by_question: str, hidden: np.ndarray, pooled: np.ndarray) -> np.ndarray:
    """How each word does as a start or an end: its own layer, and a tenth of the product with the question."""
    direction = weights[f"{name}.weight"][0] + pooled @ weights[f"{by_question}.weight"] / 10
    return hidden @ direction + weights[f"{name}.bias"] + pooled @ weights[f"{by_question}.bias"] / 10


def _words(net: Net, words: Sequence[str], vectors: np.ndarray) -> np.ndarray:
    """What words are by their vectors and, those that the reader knows, of themselves; shape (words, numbers)."""
    known = net.layers["table.weight"][[net.rows.get(word, 0) for word in words]]
    return _relu(_linear(net.layers, "emb", vectors) + known)


def _ask(weights: Weights, asking: Asking, own: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The question's words, and the question as one vector."""
    form = weights["form.weight"][asking.asked.form]
    columns = question_columns(asking.question, asking.asked, asking.reading)
    words = np.concatenate([own, weights["tag.weight"][asking.reading.tags], columns], axis=1)
    hidden = _relu(_linear(weights, "qin", words))[None]
    hidden = (hidden + _relu(_convolve(weights, "qconv", hidden, 1)))[0]
    formed = np.concatenate([hidden, np.broadcast_to(form, (len(hidden), len(form)))], axis=1)
    attention = _softmax(_linear(weights, "qatt", formed)[:, 0])
    return hidden, _relu(_linear(weights, "qout", attention @ formed))


def _worth(weights: Weights, own: np.ndarray, most: np.ndarray, pooled: np.ndarray) -> np.ndarray:
    """What each sentence as a whole, beside the others, speaks for a start and an end in it, shape (sentences, 2)."""
    both = np.broadcast_to(np.concatenate([most, pooled]), (len(own), len(most) + len(pooled)))
    return _linear(weights, "worth", _relu(_linear(weights, "sentence", np.concatenate([own, both], axis=1))))


def _linear(weights: Weights, name: str, x: np.ndarray) -> np.ndarray:
    return x @ weights[f"{name}.weight"].T + weights[f"{name}.bias"]


def _relu(x: np.ndarray) -> np.ndarray:
    return np.maximum(x, 0.0)


def _softmax(x: np.ndarray) -> np.ndarray:
    """Over the last axis."""
    raised = np.exp(x - x.max(axis=-1, keepdims=True))
    return raised / raised.sum(axis=-1, keepdims=True)


def _convolve(weights: Weights, name: str, x: np.ndarray, dilation: int) -> np.ndarray:
    """Convolution along axis 1 of (batch, length, channels), zeros beyond both ends."""
    kernel = weights[f"{name}.weight"]  # (out, in, width)
    width = kernel.shape[2]
    reach = dilation * (width // 2)
    padded = np.zeros((x.shape[0], x.shape[1] + 2 * reach, x.shape[2]), x.dtype)
    padded[:, reach : reach + x.shape[1]] = x
    seen = np.concatenate([padded[:, k * dilation : k * dilation + x.shape[1]] for k in range(width)], axis=2)
    return seen @ kernel.transpose(2, 1, 0).reshape(-1, kernel.shape[0]) + weights[f"{name}.bias"]


def _normalise(weights: Weights, name: str, x: np.ndarray) -> np.ndarray:
    """Layer normalisation over the last axis."""
    centred = x - x.mean(axis=-1, keepdims=True)
    scaled = centred / np.sqrt((centred**2).mean(axis=-1, keepdims=True) + 1e-5)
    return scaled * weights[f"{name}.weight"] + weights[f"{name}.bias"]
