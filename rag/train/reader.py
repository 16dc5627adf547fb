"""Train the reader on the sentences that a ranker which never saw their document puts first."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from zlib import compress, crc32

import numpy as np

from rag.asked import find_asked
from rag.question import analyse
from rag.rank import tell
from rag.reader import SCALE, WORDS, Embed, Weights
from rag.reading import TOKEN_COLUMNS, Asking, Reading, describe, question_columns, read
from rag.short import READ
from rag.train.data import Example, View

if TYPE_CHECKING:
    import torch

# Nets, alike but for the seed, whose mean ships.
NETS = 2
EPOCHS, BATCH, DECAY, WARM = 6, 32, 0.01, 0.15
RATE = 1.5e-3
# Times that a word must stand in what is read to be learned of itself.
LEAST = 40
# So many of these words ship, the commonest; reading a word unknown was learned too (`rag.train.net.UNKNOWN`).
MOST_KNOWN = 7_000
# Batches are cut from so many questions at a time, in order of their words: less to pad. Whole batches, so that they
# are no more than without.
SORTED = 64 * BATCH


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence to be read; `answers` are offsets in it, `index` its place among the example's candidates.

    Its columns are kept in half precision: of eighty thousand questions they fill more than a gigabyte.
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


class Vocabulary:
    """The words of the questions to learn from, by number.

    Attributes:
        vectors: of each word, shape (words, dimension).
        rows: each word's row in the reader's table, shape (words,): 0 of one that is too rare to be learned.
        learned: the words that have a row of their own, from row 1 on.
    """

    def __init__(self, items: Sequence[Item], embed: Embed) -> None:
        import torch

        counts = Counter(
            word
            for item in items
            for words in (item.asked.words, *(sentence.reading.words for sentence in item.sentences))
            for word in words
        )
        self._numbers = {word: number for number, word in enumerate(counts)}
        self.vectors = torch.from_numpy(embed(list(counts)).astype(np.float32))
        # a blank is no word, and the file has one word a line
        self.learned = [word for word, count in counts.most_common() if count >= LEAST and word.strip()]
        self.rows = torch.zeros(len(counts), dtype=torch.int64)
        self.rows[torch.tensor(self.numbers(self.learned), dtype=torch.int64)] = torch.arange(1, len(self.learned) + 1)

    def numbers(self, words: Sequence[str]) -> list[int]:
        """The numbers of words."""
        return [self._numbers[word] for word in words]


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
    asking = Asking(question, asked, own, vectors(own.words), vectors([asked.type])[0])
    sentences = []
    for number in chosen:
        reading = read(candidates[number].folded)
        here = vectors(reading.words)
        extra = np.array([*told[number, :3], len(reading.words) / 50, *told[number, 3:]], np.float32)
        sentences.append(
            Sentence(
                number,
                reading,
                round(told[number, 1] * 4),
                float(told[number, 0]),
                describe(asking, reading, extra, here, here @ asking.vectors.T).astype(np.float16),
                tuple(example.answers_in(candidates[number])),
            )
        )
    return Item(own, question_columns(question, asked, own), asked.form, tuple(sentences))


def described(item: Item) -> np.ndarray:
    """What the ranker says of each sentence, as `rag.reader.read_sentences` takes it."""
    return np.stack([sentence.columns[0, TOKEN_COLUMNS:] for sentence in item.sentences]).astype(np.float32)


def digest(items: Sequence[Item]) -> str:
    """What tells a net that learned from these from any other: eight hexadecimal digits.

    All that is read of the questions and sentences counts, and the text of the files with the layers and the recipe.
    """
    here = Path(__file__)
    crc = crc32(here.read_bytes() + here.with_name("net.py").read_bytes())
    for one in items:
        told = one.asked.words, one.form, [(sentence.reading.words, sentence.answers) for sentence in one.sentences]
        crc = crc32(repr(told).encode(), crc)
        for columns in (one.columns, *(sentence.columns for sentence in one.sentences)):
            crc = crc32(columns.tobytes(), crc)
    return f"{crc:08x}"


def fit(items: Sequence[Item], embed: Embed, seed: int = 0) -> dict[str, np.ndarray]:
    """The trained weights, float32, and the words learned of themselves; deterministic for one torch on one thread."""
    import torch

    from rag.train.net import arrays, layers, logits, loss

    torch.set_num_threads(1)
    torch.manual_seed(seed)
    order = random.Random(seed)  # noqa: S311 - an order, not a secret
    vocabulary = Vocabulary(items, embed)
    columns = items[0].sentences[0].columns.shape[1]
    net = layers(vocabulary.vectors.shape[1], columns, len(vocabulary.learned))
    optimiser = torch.optim.AdamW(net.parameters(), RATE, weight_decay=DECAY)
    shuffled = list(items)
    steps = EPOCHS * -(-len(shuffled) // BATCH)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, RATE, total_steps=steps, pct_start=WARM)
    net.train()
    for _ in range(EPOCHS):
        order.shuffle(shuffled)
        for chosen in _batches(shuffled, order):
            batch = _batch(chosen, vocabulary)
            with torch.autocast("cpu", torch.bfloat16):
                starts, ends, none = logits(net, batch)
            cost = loss(starts, none, batch["starts"]) + loss(ends, none, batch["ends"])
            optimiser.zero_grad()
            cost.backward()
            torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
            optimiser.step()
            schedule.step()
    return arrays(net) | {WORDS: np.frombuffer("\n".join(vocabulary.learned).encode(), np.uint8)}


def packed(weights: Weights) -> dict[str, np.ndarray]:
    """The weights of a net as `rag.reader.Net` takes them: a quarter of their size in single precision.

    Of the words that it knows of itself the MOST_KNOWN commonest stay. Rows become bytes, the largest of each 127.
    """
    kept = {**weights, "table.weight": weights["table.weight"][: MOST_KNOWN + 1]}
    words = kept.pop(WORDS).tobytes().decode().split("\n")[:MOST_KNOWN]
    made = {WORDS: np.frombuffer(compress("\n".join(words).encode(), 9), np.uint8)}
    for name, array in kept.items():
        if array.ndim == 1:
            made[name] = array.astype(np.float16)
            continue
        scale = np.abs(array).reshape(len(array), -1).max(axis=1).astype(np.float32) / 127
        steps = array / np.maximum(scale, np.finfo(np.float32).tiny).reshape(-1, *[1] * (array.ndim - 1))
        made |= {name: np.rint(steps).astype(np.int8), name + SCALE: scale}
    return made


def save(nets: Sequence[Weights], path: Path) -> None:
    """Write the file that `rag.reader` reads."""
    from safetensors.numpy import save_file

    path.parent.mkdir(parents=True, exist_ok=True)
    numbered = {f"{number}.{name}": array for number, net in enumerate(nets) for name, array in packed(net).items()}
    save_file(numbered, path)
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


def _batch(items: Sequence[Item], vocabulary: Vocabulary) -> dict[str, torch.Tensor]:
    """Tensors of a batch, as `rag.train.net.logits` takes them, and the targets starts and ends (questions, words)."""
    import torch

    from rag.train.net import GAP

    count = max(len(one.sentences) for one in items)
    shape = (len(items), max(_words(one) + GAP * len(one.sentences) for one in items))
    laid = {
        "sentence": np.full(shape, count),
        "numbers": np.zeros(shape, np.int64),
        "tags": np.zeros(shape, np.int64),
        "columns": np.zeros((*shape, items[0].sentences[0].columns.shape[1]), np.float16),
        "starts": np.zeros(shape, np.float32),
        "ends": np.zeros(shape, np.float32),
        "is_sentence": np.array([[number < len(one.sentences) for number in range(count)] for one in items]),
    }
    for row, one in enumerate(items):
        begin = 0
        for number, sentence in enumerate(one.sentences):
            end = begin + len(sentence.reading.words)
            place = row, slice(begin, end)
            laid["sentence"][place] = number
            laid["numbers"][place] = vocabulary.numbers(sentence.reading.words)
            laid["tags"][place] = sentence.reading.tags
            laid["columns"][place] = sentence.columns
            laid["starts"][place], laid["ends"][place] = _targets(sentence)
            begin = end + GAP
    tensors = {name: torch.from_numpy(array) for name, array in laid.items()}
    asked = _padded([np.array(vocabulary.numbers(one.asked.words)) for one in items])
    numbers = tensors.pop("numbers")
    return tensors | {
        "vectors": vocabulary.vectors[numbers],
        "rows": vocabulary.rows[numbers],
        "asked_vectors": vocabulary.vectors[asked],
        "asked_rows": vocabulary.rows[asked],
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
