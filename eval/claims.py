"""How many small lies the verifier catches, and how many true sentences it takes for lies.

Lies are derived by seeded code from the seed documents and from news articles at odd line numbers, one change each
(`rag.train.lies`). Faithful paraphrases, each with a false twin, were written by hand (`eval/claims.jsonl`, own words
with the place of their evidence); those marked "choosing" were looked at while the verifier was built, those marked
"final" were not. Every claim goes the way of a model's sentence: cited, among the passages of its document.
"""

from __future__ import annotations

import argparse
import json
import lzma
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from eval.cases import HERE, QuestionSetError
from eval.statistics import SEED
from rag.ground import Outcome, ground
from rag.passages import split_passages
from rag.train.lies import KINDS, tell_lies, true_sentences
from rag.types import Document, Hit

WRITTEN = HERE / "claims.jsonl"
# Lies of each kind in each of the two sources, and true sentences from each.
EACH_FROM_NEWS = 16
EACH_FROM_SEEDS = 6
VERBATIM = 100
_ARTICLES = 3000
_HITS = 6


@dataclass(frozen=True, slots=True)
class Written:
    """A paraphrase written by hand, its false twin, and where the truth stands: a seed file or a line of the news."""

    source: str | int
    start: int
    end: int
    claim: str
    lie: str
    split: str


@dataclass(frozen=True, slots=True)
class Trial:
    """One claim put to the verifier.

    Attributes:
        true: whether the document says it.
        shown: whether the verifier let it pass.
        score: how surely, in [0, 1].
        reason: why not; "" when shown.
        seconds: processor time.
    """

    kind: str
    claim: str
    true: bool
    shown: bool
    score: float
    reason: str
    seconds: float

    @property
    def right(self) -> bool:
        return self.shown == self.true


def read_written(path: Path = WRITTEN) -> list[Written]:
    """The hand-written claims."""
    return [Written(**json.loads(line)) for line in path.read_text(encoding="utf-8").split("\n") if line]


def read_news(folder: Path) -> dict[int, str]:
    """Line number → article of `news.txt.xz` in a folder.

    Raises:
        QuestionSetError: the folder holds no news.txt.xz.
    """
    path = folder / "news.txt.xz"
    if not path.is_file():
        raise QuestionSetError(f"no {path}: name a folder with news.txt.xz (one article a line)")
    with lzma.open(path, "rt", encoding="utf-8") as lines:
        return {number: line.rstrip("\n") for number, line in enumerate(lines)}


def judge(claim: str, document: str, start: int, end: int) -> tuple[bool, float, str]:
    """Whether the verifier lets a claim pass that cites the passage its evidence starts in, the score, and why not."""
    whole = Document(id="d", source="d.txt", path="d.txt", title="", text=document)
    passages = split_passages(whole)
    own = next((p.ordinal for p in passages if p.start <= start < p.end), 0)
    nearest = sorted(passages, key=lambda p: (abs(p.ordinal - own), p.ordinal))[:_HITS]
    hits = [Hit(passage, 1.0 / (rank + 1)) for rank, passage in enumerate(nearest)]
    if passages and end > passages[own].end and len(hits) > 1:
        hits[1:] = sorted(hits[1:], key=lambda hit: hit.passage.ordinal != own + 1)
        claim += "[1][2]"
    else:
        claim += "[1]"
    found = ground(claim, hits, "zh")
    struck = [said.reason for said in found.claims if not said.supported]
    score = min((said.score for said in found.claims), default=0.0)
    return found.outcome is Outcome.ANSWERED and not struck, score, next(iter(struck), found.reason)


def derived(documents: Sequence[str], each: int, verbatim: int, seed: int = SEED) -> list[Callable[[], Trial]]:
    """Trials of lies of every kind, and of sentences as they stand, over documents."""
    told = {lie.text: (n, lie) for n, lie in tell_lies(documents, each, seed)}
    trials = [_trial(lie.kind, lie.text, False, documents[n], lie.start, lie.end) for n, lie in told.values()]
    rng = random.Random(seed)  # noqa: S311 - a reproducible choice
    places = [(n, a, b) for n, text in enumerate(documents) for a, b in true_sentences(text)]
    for n, a, b in rng.sample(places, min(verbatim, len(places))):
        trials.append(_trial("verbatim", documents[n][a:b].strip(), True, documents[n], a, b))
    return trials


def written(claims: Sequence[Written], texts: dict[str | int, str]) -> list[Callable[[], Trial]]:
    """Trials of hand-written claims and their false twins."""
    trials = []
    for one in claims:
        text = texts[one.source]
        trials.append(_trial(f"paraphrase, {one.split}", one.claim, True, text, one.start, one.end))
        trials.append(_trial(f"lie by hand, {one.split}", one.lie, False, text, one.start, one.end))
    return trials


def _trial(kind: str, claim: str, true: bool, document: str, start: int, end: int) -> Callable[[], Trial]:
    """A trial yet to be run."""

    def run() -> Trial:
        began = time.process_time()
        shown, score, reason = judge(claim, document, start, end)
        return Trial(kind, claim, true, shown, score, reason, time.process_time() - began)

    return run


def collect(folder: Path, *, final: bool) -> list[Callable[[], Trial]]:
    """All trials: with `final`, over articles at odd lines and with the untouched paraphrases."""
    from eval.cases import SEEDS
    from rag.documents import find_files, load_document

    news = read_news(folder)
    # Lines divisible by four train the verifier (`rag.train.claims`).
    lines = [number for number in news if (number % 2 == 1 if final else number % 4 == 2)]
    seeds = {source: load_document(path, source=source).text for path, source in find_files([SEEDS])}
    articles = random.Random(SEED).sample(lines, _ARTICLES)  # noqa: S311 - a reproducible choice
    trials = derived([news[n] for n in articles], EACH_FROM_NEWS, VERBATIM)
    # Seeds are small: each of their sentences may be changed, so every sentence is a document of its own kind.
    trials += derived(_windows(list(seeds.values())), EACH_FROM_SEEDS, VERBATIM)
    split = "final" if final else "choosing"
    texts: dict[str | int, str] = dict([*news.items(), *seeds.items()])
    return trials + written([one for one in read_written() if one.split == split], texts)


def _windows(texts: Sequence[str], size: int = 1200) -> list[str]:
    """Overlapping stretches of texts, so that a short corpus gives more than one lie of a kind."""
    return [
        text[start : start + size] for text in texts for start in range(0, max(1, len(text) - size // 2), size // 4)
    ]


def measure(options: argparse.Namespace) -> int:
    """`python -m eval claims`: run all trials, show the table and what went wrong."""
    from rich.console import Console
    from rich.table import Table

    from eval.commands import progress

    waiting = collect(options.data, final=not options.choosing)
    trials = []
    with progress(len(waiting), "judging") as advance:
        for run in waiting:
            trials.append(run())
            advance()
    console = Console()
    table = Table("claims", "judged rightly", "of", "%")
    for kind, right, of in summary(trials):
        table.add_row(kind, str(right), str(of), f"{100 * right / of:.1f}")
    console.print(table)
    seconds = sorted(trial.seconds for trial in trials)
    console.print(f"processor time a claim: {1000 * seconds[len(seconds) // 2]:.1f} ms (half), "
                  f"{1000 * seconds[int(0.95 * len(seconds))]:.1f} ms (95 in 100)")  # fmt: skip
    if options.failures:
        for wrong in (trial for trial in trials if not trial.right):
            console.print(f"{wrong.kind} | {wrong.claim} | {wrong.reason}", markup=False, highlight=False)
    return 0


def summary(trials: Sequence[Trial]) -> list[tuple[str, int, int]]:
    """(kind, how many judged rightly, how many), lies first, with their sum."""
    kinds = [*KINDS, *dict.fromkeys(trial.kind for trial in trials if trial.kind not in KINDS)]
    rows = []
    for kind in kinds:
        of_kind = [trial for trial in trials if trial.kind == kind]
        rows.append((kind, sum(trial.right for trial in of_kind), len(of_kind)))
    lies = [trial for trial in trials if trial.kind in KINDS]
    rows.insert(len(KINDS), ("all derived lies", sum(trial.right for trial in lies), len(lies)))
    return [row for row in rows if row[2]]
