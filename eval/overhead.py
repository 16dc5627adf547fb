"""What retrieval and proof cost around a language model's own time, at any size: `python -m eval overhead`.

No model is called. For each question: search; pack and fence the passages; prove a draft of three sentences, two of
them from the passages found and one with a changed number, cited as a model would. What a model adds is its own time.
"""

from __future__ import annotations

import argparse
import os
import random
import re
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from eval.cases import QuestionSetError
from eval.statistics import SEED
from rag.ground import ground
from rag.pack import pack
from rag.passages import split_passages
from rag.prompts import fence_passages
from rag.sentences import split_sentences
from rag.types import Document, Hit, Passage

if TYPE_CHECKING:
    from rag import Assistant

# Stage → seconds of processor time and on the clock, one pair for each question.
Spent = dict[str, list[tuple[float, float]]]
_STAGES = ("retrieve", "pack and fence", "verify")


def measure_overhead(assistant: Assistant, questions: Sequence[str]) -> Spent:
    """Time each stage for each question; the first question warms up and is not counted.

    Args:
        assistant: an open one; its settings say how many passages are retrieved.
        questions: two at least.
    """
    spent: Spent = {stage: [] for stage in (*_STAGES, "all")}
    for question in questions:
        began = [(time.process_time(), time.perf_counter())]
        hits = assistant.retrieve(question)
        began.append((time.process_time(), time.perf_counter()))
        packed = pack(hits, assistant.settings.llm_context)
        fence_passages(packed, "zh")
        began.append((time.process_time(), time.perf_counter()))
        draft = _draft(packed)
        drafted = (time.process_time(), time.perf_counter())
        ground(draft, packed, "zh")
        ended = (time.process_time(), time.perf_counter())
        for stage, start, end in zip(_STAGES, (began[0], began[1], drafted), (began[1], began[2], ended), strict=True):
            spent[stage].append((end[0] - start[0], end[1] - start[1]))
        sums = [sum(spent[stage][-1][which] for stage in _STAGES) for which in (0, 1)]
        spent["all"].append((sums[0], sums[1]))
    return {stage: pairs[1:] for stage, pairs in spent.items()}


def _draft(hits: Sequence[Hit]) -> str:
    """Two true sentences and one with another number, each with a marker."""
    said: list[str] = []
    for number, hit in enumerate(hits[:3], start=1):
        text = hit.passage.text
        sentences = [text[start:end].strip() for start, end in split_sentences(text) if 12 <= end - start <= 120]
        if not sentences:
            continue
        sentence = max(sentences, key=lambda one: (any(char.isdigit() for char in one), -len(one)))
        if number == 3:
            sentence = re.sub(r"\d", lambda match: str((int(match[0]) + 3) % 10), sentence)
        said.append(f"{sentence}[{number}]")
    return "".join(said)


def measure(options: argparse.Namespace) -> int:
    """`python -m eval overhead`: make or open an index, ask, show half and 95 in 100 of each stage."""
    from rich.console import Console
    from rich.table import Table

    with _opened(options) as assistant:
        passages = len(assistant.store)
        spent = measure_overhead(assistant, _questions(assistant, options.questions))
    table = Table("stage", "half, CPU ms", "95 in 100, CPU ms", "half, clock ms", "95 in 100, clock ms")
    for stage, pairs in spent.items():
        figures = [_at(share, [pair[which] for pair in pairs]) for which in (0, 1) for share in (0.5, 0.95)]
        table.add_row(stage, *(f"{1000 * figure:.1f}" for figure in figures))
    console = Console()
    console.print(f"{passages:,} passages, {options.questions} questions, load {os.getloadavg()[0]:.1f}")
    console.print(table)
    return 0


def _at(share: float, values: Sequence[float]) -> float:
    """The value below which this share of the values lies."""
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


@contextmanager
def _opened(options: argparse.Namespace) -> Iterator[Assistant]:
    """The index named, or a new one of the news."""
    from rag import Assistant, Settings
    from vectorstore.embedding import load_embedder
    from vectorstore.local import LocalStore

    if options.index:
        with Assistant.open(options.index) as assistant:
            yield assistant
        return
    if not options.data:
        raise QuestionSetError("name a folder with news.txt.xz, or an index: python -m eval overhead --index DIR")
    with tempfile.TemporaryDirectory(prefix="wenju-overhead-") as folder:
        index = Path(folder) / "index"
        LocalStore.create(index, load_embedder()).close()
        with Assistant.open(settings=Settings(index=index)) as assistant:
            assistant.store.add(_documents(options.data, options.passages))
            yield assistant


def _documents(data: Path, most: int) -> Iterator[tuple[Document, list[Passage]]]:
    """News articles with their passages, until there are enough passages."""
    from eval.claims import read_news

    made = 0
    for number, text in read_news(data).items():
        if made >= most:
            return
        name = f"news{number}.txt"
        document = Document(id=f"{number:016x}", source=name, path=name, title=text[:20], text=text)
        passages = split_passages(document)
        made += len(passages)
        yield document, passages


def _questions(assistant: Assistant, count: int) -> list[str]:
    """Clauses of documents of the index, put as questions; one more to warm up."""
    rng = random.Random(SEED)  # noqa: S311 - a reproducible choice
    infos = assistant.documents()
    found: list[str] = []
    while len(found) <= count:
        text = assistant.document(rng.choice(infos).id).text
        clauses = [part.strip() for part in re.split(r"[，。；\n]", text) if 8 <= len(part.strip()) <= 40]
        found.append((rng.choice(clauses) if clauses else text[:20]) + "？")
    return found
