"""Train the reader on the sentences that a ranker which never saw their document puts first."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from rag.asked import find_asked
from rag.question import analyse
from rag.rank import tell
from rag.reader import READERS, Embed
from rag.reading import TOKEN_COLUMNS, Reading, question_columns, read, token_columns
from rag.short import READ
from rag.train.data import Example, View

if TYPE_CHECKING:
    import torch

EPOCHS, BATCH, DECAY, WARM = 6, 32, 0.01, 0.15
# Batches are cut from so many questions at a time, in order of their words: less to pad. Whole batches, so
# that they are no more than without.
SORTED = 64 * BATCH


@dataclass(frozen=True, slots=True)
class Size:
    """How large a reader is.

    Attributes:
        hidden: numbers that a word is in its layers.
        word: numbers that are made of its vector.
        rate: highest learning rate.
    """

    hidden: int
    word: int
    rate: float


# Of each of `rag.reader.READERS`: the second learns from a fifteenth of the questions.
SIZES = {"everything": Size(128, 64, 1.5e-3), "encyclopaedia": Size(64, 40, 2e-3)}


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence to be read; `answers` are offsets in it, `index` its place among the example's candidates.

    Its columns are kept in half precision: of sixty thousand questions they fill a gigabyte.
    """

    index: int
    reading: Reading
    rank: int
    gap: float
    columns: np.ndarray
    answers: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Item:
    """A question with the sentences that were ranked highest."""

    asked: Reading
    columns: np.ndarray
    form: int
    sentences: tuple[Sentence, ...]


class Vectors:
    """Vectors of words, embedded once."""

    def __init__(self, embed: Embed) -> None:
        self._embed = embed
        self._known: dict[str, np.ndarray] = {}

    def __call__(self, words: Sequence[str]) -> np.ndarray:
        """Unit rows, shape (len(words), dimension)."""
        unknown = [word for word in dict.fromkeys(words) if word not in self._known]
        if unknown:
            self._known.update(zip(unknown, self._embed(unknown), strict=True))
        return np.stack([self._known[word] for word in words])


def item(
    example: Example,
    view: View,
    columns: Mapping[str, np.ndarray],
    scores: np.ndarray,
    vectors: Vectors,
    *,
    with_answer: bool,
) -> Item:
    """What the reader sees of an example.

    Args:
        columns: the ranker's features of every candidate of the view.
        scores: its scores.
        with_answer: to learn from: put an answering sentence in the last place where none was ranked high enough, and
            leave out those that may answer or not.
    """
    question, candidates = analyse(example.text), view.candidates()
    asked = find_asked(question.folded)
    order = np.argsort(-scores, kind="stable").tolist()
    if with_answer:
        order = [number for number in order if not example.is_unclear(candidates[number])]
    chosen = order[:READ]
    answering = [number for number in order if example.answers_in(candidates[number])]
    if with_answer and answering and not set(answering) & set(chosen):
        chosen[READ - 1 :] = answering[:1]
    told = tell(dict(columns), scores)
    own = read(question.folded)
    own_vectors, type_vector = vectors(own.words), vectors([asked.type])[0]
    tells = np.array([word[0].isalnum() and word != "的" for word in own.words])
    sentences = []
    for number in chosen:
        reading = read(candidates[number].folded)
        here = vectors(reading.words)
        nearest = np.where(tells, here @ own_vectors.T, 0.0).max(axis=1)
        extra = np.array([*told[number, :3], len(reading.words) / 50, *told[number, 3:]], np.float32)
        described = token_columns(question, asked, reading, nearest, here @ type_vector)
        sentences.append(
            Sentence(
                number,
                reading,
                round(told[number, 1] * 4),
                float(told[number, 0]),
                np.concatenate([described, np.broadcast_to(extra, (len(here), len(extra)))], axis=1).astype(np.float16),
                tuple(example.answers_in(candidates[number])),
            )
        )
    return Item(own, question_columns(question, asked, own), asked.form, tuple(sentences))


def described(item: Item) -> np.ndarray:
    """What the ranker says of each sentence, as `rag.reader.read_sentences` takes it."""
    return np.stack([sentence.columns[0, TOKEN_COLUMNS:] for sentence in item.sentences]).astype(np.float32)


def fit(items: Sequence[Item], vectors: Vectors, size: Size, seed: int = 0) -> dict[str, np.ndarray]:
    """The trained weights, float16, as `rag.reader` reads them; deterministic for one torch on one thread."""
    import torch

    from rag.train.net import arrays, layers, logits, loss

    torch.set_num_threads(1)
    torch.manual_seed(seed)
    order = random.Random(seed)  # noqa: S311 - an order, not a secret
    first = items[0].sentences[0]
    net = layers(vectors(first.reading.words).shape[1], first.columns.shape[1], size.hidden, size.word)
    optimiser = torch.optim.AdamW(net.parameters(), size.rate, weight_decay=DECAY)
    shuffled = list(items)
    steps = EPOCHS * -(-len(shuffled) // BATCH)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, size.rate, total_steps=steps, pct_start=WARM)
    net.train()
    for _ in range(EPOCHS):
        order.shuffle(shuffled)
        for chosen in _batches(shuffled, order):
            batch = _batch(chosen, vectors)
            with torch.autocast("cpu", torch.bfloat16):
                starts, ends, none = logits(net, batch)
            cost = loss(starts, none, batch["starts"]) + loss(ends, none, batch["ends"])
            optimiser.zero_grad()
            cost.backward()
            torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
            optimiser.step()
            schedule.step()
    return arrays(net)


def save(readers: Sequence[Mapping[str, np.ndarray]], path: Path) -> None:
    """Write the file that `rag.reader` reads, of the weights of its READERS."""
    from safetensors.numpy import save_file

    path.parent.mkdir(parents=True, exist_ok=True)
    named = zip(READERS, readers, strict=True)
    save_file({f"{reader}.{name}": array for reader, weights in named for name, array in weights.items()}, path)
    path.chmod(0o644)


def _batches(items: Sequence[Item], order: random.Random) -> list[list[Item]]:
    """The questions in batches, each of as many words to read, in an order drawn anew."""
    batches = []
    for start in range(0, len(items), SORTED):
        alike = sorted(items[start : start + SORTED], key=_words)
        batches += [alike[first : first + BATCH] for first in range(0, len(alike), BATCH)]
    order.shuffle(batches)
    return batches


def _words(item: Item) -> int:
    """Words of its sentences."""
    return sum(len(sentence.reading.words) for sentence in item.sentences)


def _batch(items: Sequence[Item], vectors: Vectors) -> dict[str, torch.Tensor]:
    """Tensors of a batch, as `rag.train.net.logits` takes them, and the targets starts and ends (questions, words)."""
    import torch

    from rag.train.net import GAP

    count = max(len(one.sentences) for one in items)
    longest = max(_words(one) + GAP * len(one.sentences) for one in items)
    first = items[0].sentences[0].columns
    shape = (len(items), longest)
    laid = {
        "sentence": np.full(shape, count),
        "vectors": np.zeros((*shape, vectors(items[0].asked.words).shape[1]), np.float32),
        "tags": np.zeros(shape, np.int64),
        "columns": np.zeros((*shape, first.shape[1]), np.float32),
        "starts": np.zeros(shape, np.float32),
        "ends": np.zeros(shape, np.float32),
        "is_sentence": np.array([[number < len(one.sentences) for number in range(count)] for one in items]),
    }
    for row, one in enumerate(items):
        begin = 0
        for number, sentence in enumerate(one.sentences):
            place = row, slice(begin, begin + len(sentence.reading.words))
            laid["sentence"][place] = number
            laid["vectors"][place] = vectors(sentence.reading.words)
            laid["tags"][place] = sentence.reading.tags
            laid["columns"][place] = sentence.columns
            laid["starts"][place], laid["ends"][place] = _targets(sentence)
            begin = place[1].stop + GAP
    return {name: torch.from_numpy(array) for name, array in laid.items()} | {
        "asked_vectors": _padded([vectors(one.asked.words) for one in items]),
        "asked_tags": _padded([one.asked.tags.astype(np.int64) for one in items]),
        "asked_columns": _padded([one.columns.astype(np.float32) for one in items]),
        "asked_mask": _padded([np.ones(len(one.asked.words), bool) for one in items]),
        "form": torch.tensor([one.form for one in items]),
    }


def _padded(rows: Sequence[np.ndarray]) -> torch.Tensor:
    """Arrays of different lengths as one tensor, zeros behind each."""
    import torch

    out = np.zeros((len(rows), max(map(len, rows)), *rows[0].shape[1:]), rows[0].dtype)
    for place, row in zip(out, rows, strict=True):
        place[: len(row)] = row
    return torch.from_numpy(out)


def _targets(sentence: Sentence) -> tuple[np.ndarray, np.ndarray]:
    """1.0 at the words where an answer starts, and where one ends."""
    reading = sentence.reading
    starts, ends = np.zeros(len(reading.words)), np.zeros(len(reading.words))
    for begin, finish in sentence.answers:
        first = int(np.searchsorted(reading.starts, begin, "right")) - 1
        last = int(np.searchsorted(reading.ends, finish, "left"))
        if last < len(ends):
            starts[first] = ends[last] = 1.0
    return starts, ends
