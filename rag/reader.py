"""A convolutional reader: where in a sentence the short answer starts and ends. Numpy alone at run time.

Words enter as vectors of the static embedder, the common ones also with what was learned of each by itself, with tags,
matches with the question and what the question's nearest words are; three convolutions look at five words each, one,
two and four apart; behind the first of them every word takes in the question's words that were learned to match it.
The question as a whole, pooled by attention, scores every word as a start and as an end, and every sentence beside the
others. What ships is the mean of several such nets, which err apart. Trained by `python -m rag.train spans`, on
questions without an answer too.

Sources: aligned question vectors and pooled question, Chen et al. 2017 (arXiv:1704.00051); learned attention to the
question, Seo et al. 2017 (arXiv:1611.01603); dilated convolutions, Yu & Koltun 2016 (arXiv:1511.07122).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
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
    """One trained net.

    Attributes:
        layers: weights by name, float32.
        rows: of words that the reader knows of itself, their rows in the layer `table`; row 0 is for all others.
        kernels: of the convolutions, by name, as they are multiplied with: shape (width · in, out).
    """

    layers: Weights
    rows: Mapping[str, int]
    kernels: Weights = field(init=False)

    def __post_init__(self) -> None:
        """Turn the kernels about once, not for every question."""
        turned = {
            name: array.transpose(2, 1, 0).reshape(-1, len(array))
            for name, array in self.layers.items()
            if array.ndim == 3
        }
        object.__setattr__(self, "kernels", turned)

    @classmethod
    def of(cls, packed: Weights) -> Net:
        """From its arrays in the file: half precision, or bytes with a scale for each row; see `unpacked`."""
        layers = unpacked({name: array for name, array in packed.items() if name != WORDS})
        words = decompress(packed[WORDS].tobytes()).decode().split("\n")
        return cls(layers, {word: row for row, word in enumerate(words, start=1)})


def nets_of(arrays: Weights) -> tuple[Net, ...]:
    """The nets of a file: those of each have its number and a point before their names."""
    packed: dict[str, dict[str, np.ndarray]] = {}
    for name, array in arrays.items():
        number, _, own = name.partition(".")
        packed.setdefault(number, {})[own] = array
    return tuple(Net.of(packed[number]) for number in sorted(packed))


@cache
def _nets() -> tuple[Net, ...]:
    """The shipped nets."""
    from safetensors.numpy import load_file

    if not WEIGHTS.is_file():
        raise FileNotFoundError(
            f"{WEIGHTS} is missing: reinstall wenju, or run `python -m rag.train spans DATA_FOLDER`"
        )
    return nets_of(load_file(WEIGHTS))


def unpacked(arrays: Weights) -> dict[str, np.ndarray]:
    """The arrays in single precision, those of bytes times their scales."""
    whole = {name: array.astype(np.float32) for name, array in arrays.items()}
    for name in [name for name in whole if name.endswith(SCALE)]:
        array = whole[name.removesuffix(SCALE)]
        array *= whole.pop(name).reshape(-1, *[1] * (array.ndim - 1))
    return whole


@dataclass(frozen=True, slots=True)
class _Seen:
    """The W words of all sentences behind one another, as every net sees them.

    Attributes:
        words: their texts.
        lengths: words of each sentence.
        vectors: shape (W, dimension).
        looks: the share of each of the question's words in what a word looks at, shape (W, words of the question).
        tags: shape (W,).
        columns: what describes them beside, shape (W, columns).
    """

    words: tuple[str, ...]
    lengths: np.ndarray
    vectors: np.ndarray
    looks: np.ndarray
    tags: np.ndarray
    columns: np.ndarray


def read_sentences(
    question: Question,
    asked: Asked,
    readings: Sequence[Reading],
    extras: np.ndarray,
    embed: Embed,
    nets: Sequence[Net] = (),
) -> tuple[list[tuple[np.ndarray, np.ndarray]], float]:
    """How likely the answer starts and ends at each word, and how likely there is none.

    Args:
        question: analysed question.
        asked: its question word.
        readings: S sentences, each of at least one word.
        extras: what the ranker says of each sentence, shape (S, columns).
        embed: the static embedder: texts → unit rows.
        nets: instead of the shipped ones.

    Returns:
        (for each sentence (start, end), each of shape (words,): the nets' mean of the log-probabilities over the words
        of all sentences; the mean of their log-odds of no answer, each within ±MOST_NONE).
    """
    own = read(question.folded)
    texts = list(dict.fromkeys([*own.words, asked.type, *(word for reading in readings for word in reading.words)]))
    vectors = embed(texts)
    row = {text: number for number, text in enumerate(texts)}
    asking = Asking(question, asked, own, vectors[[row[word] for word in own.words]], vectors[row[asked.type]])
    seen = _see(asking, readings, extras, [vectors[[row[word] for word in reading.words]] for reading in readings])
    starts, ends, nones = zip(*(_read(net, asking, seen) for net in nets or _nets()), strict=True)
    cuts = np.cumsum(seen.lengths)[:-1]
    start, end = (np.split(np.mean(one, axis=0), cuts) for one in (starts, ends))
    return list(zip(start, end, strict=True)), sum(nones) / len(nones)


def _see(asking: Asking, readings: Sequence[Reading], extras: np.ndarray, vectors: Sequence[np.ndarray]) -> _Seen:
    """The words of the sentences with all that no net has to say of them."""
    cosines = [mine @ asking.vectors.T for mine in vectors]
    columns = [
        describe(asking, reading, extra, mine, near)
        for reading, extra, mine, near in zip(readings, extras, vectors, cosines, strict=True)
    ]
    return _Seen(
        tuple(word for reading in readings for word in reading.words),
        np.array([len(reading.words) for reading in readings]),
        np.concatenate(vectors),
        _softmax(SHARPNESS * np.concatenate(cosines)),
        np.concatenate([reading.tags for reading in readings]),
        np.concatenate(columns),
    )


def _read(net: Net, asking: Asking, seen: _Seen) -> tuple[np.ndarray, np.ndarray, float]:
    """Log-probability of a start, and of an end, at each word of all sentences; log-odds of none."""
    weights = net.layers
    asked_words = _words(net, asking.reading.words, asking.vectors)
    question, pooled = _ask(net, asking, asked_words)
    width = len(pooled)
    kernel = weights["inp.weight"]
    words = _words(net, seen.words, seen.vectors)
    described = np.concatenate(
        [words, weights["tag.weight"][seen.tags], seen.columns, seen.looks @ asked_words], axis=1, dtype=np.float32
    )
    # The question as a whole stands beside every word: its part of the product is the same for all.
    common = pooled @ kernel[:, -width:].T + weights["inp.bias"]
    hidden = _relu(described @ kernel[:, :-width].T + common)
    for number, dilation in enumerate(DILATIONS):
        if number == LOOKS_BEFORE:
            hidden = hidden + _relu(_look(weights, hidden, question))
        convolved = _relu(_convolve(net, f"convs.{number}", hidden, seen.lengths, dilation))
        hidden = _normalise(weights, f"norm.{number}", hidden + convolved)
    own_most = np.maximum.reduceat(hidden, np.cumsum(seen.lengths) - seen.lengths)
    most = own_most.max(axis=0)
    worth = _worth(weights, own_most, most, pooled)
    start, end = (
        _side(weights, name, by_question, hidden, pooled) + np.repeat(whole, seen.lengths)
        for name, by_question, whole in zip(("start", "end"), ("ws", "we"), worth.T, strict=True)
    )
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


def _ask(net: Net, asking: Asking, own: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The question's words, and the question as one vector."""
    weights = net.layers
    form = weights["form.weight"][asking.asked.form]
    columns = question_columns(asking.question, asking.asked, asking.reading)
    words = np.concatenate([own, weights["tag.weight"][asking.reading.tags], columns], axis=1)
    hidden = _relu(_linear(weights, "qin", words))
    hidden = hidden + _relu(_convolve(net, "qconv", hidden, np.array([len(hidden)]), 1))
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


def _convolve(net: Net, name: str, x: np.ndarray, lengths: np.ndarray, dilation: int) -> np.ndarray:
    """Convolution along the words (W, channels) of each sentence, zeros beyond both its ends."""
    kernel = net.kernels[f"{name}.weight"]
    width = len(kernel) // x.shape[1]
    ends = np.cumsum(lengths)
    first, behind = (np.repeat(edge, lengths)[:, None] for edge in (ends - lengths, ends))
    places = np.arange(len(x))[:, None] + dilation * (np.arange(width) - width // 2)
    nowhere = len(x)
    places = np.where((places >= first) & (places < behind), places, nowhere)
    seen = np.concatenate([x, np.zeros((1, x.shape[1]), x.dtype)])[places].reshape(len(x), -1)
    return seen @ kernel + net.layers[f"{name}.bias"]


def _normalise(weights: Weights, name: str, x: np.ndarray) -> np.ndarray:
    """Layer normalisation over the last axis."""
    centred = x - x.mean(axis=-1, keepdims=True)
    scaled = centred / np.sqrt((centred**2).mean(axis=-1, keepdims=True) + 1e-5)
    return scaled * weights[f"{name}.weight"] + weights[f"{name}.bias"]
