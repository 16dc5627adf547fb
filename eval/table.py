"""Results in the terminal: the table of figures, and the failures."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from eval.metrics import BY_NAME, METRICS, has_failed, shortcomings, slices, summarise
from eval.records import Record, Run
from eval.statistics import Figure, quantile

if TYPE_CHECKING:
    from rich.console import Console

    from eval.compare import Change

_STYLE: dict[str, Any] = {"box": None, "title_justify": "left", "header_style": "dim", "pad_edge": False}
# What the table per slice shows; the report has all metrics.
_COLUMNS = {
    "good": "good",
    "correct": "correct",
    "refusal_recall": "refused",
    "false_refusal": "falsely",
    "citation_recall": "cite R",
    "citation_precision": "cite P",
    "recall_5": "found@5",
}


def show_run(run: Run, console: Console, failures: bool = True) -> None:
    """Print the figures of a run, then every question that is not right, cited and short."""
    from rich.table import Table

    records = run.records
    asked = f"{len(records)} questions, split {run.split}"
    table = Table(title=f"{asked}, mean with bootstrap 95 % interval", **_STYLE)
    table.add_column("metric", no_wrap=True)
    table.add_column("all", justify="right", no_wrap=True)
    core = [record for record in records if record.question.core]
    if core and len(core) < len(records):
        table.add_column(f"core ({len(core)})", justify="right", no_wrap=True)
    figures = summarise(records)
    core_figures = summarise(core)
    for metric in METRICS:
        if figures[metric.name].count:
            row = [metric.label, in_words(figures[metric.name], metric.name)]
            row += [in_words(core_figures[metric.name], metric.name)] if len(table.columns) == 3 else []
            table.add_row(*row, style="bold" if metric.name == "good" else "")
    console.print(table)
    console.print(_by_slice(records))
    times = [record.reply.seconds for record in records]
    p50, p95 = quantile(times, 0.5) or 0.0, quantile(times, 0.95) or 0.0
    console.print(f"answer in {p50 * 1000:.0f} ms at p50, {p95 * 1000:.0f} ms at p95", highlight=False)
    if failures:
        show_failures(records, console)


def _by_slice(records: Sequence[Record]) -> object:
    """The main figures per slice, without intervals."""
    from rich.table import Table

    table = Table(title="by kind of question", **_STYLE)
    table.add_column("", no_wrap=True)
    table.add_column("n", justify="right", no_wrap=True)
    for heading in _COLUMNS.values():
        table.add_column(heading, justify="right", no_wrap=True)
    for label, group in slices(records):
        figures = summarise(group)
        table.add_row(label, str(len(group)), *(_plain(figures[name]) for name in _COLUMNS))
    return table


def show_failures(records: Sequence[Record], console: Console) -> None:
    """Each question that is not right, cited and short: what was replied, what was wanted, and why it fails."""
    for record in records:
        if not has_failed(record):
            continue
        question, reply = record.question, record.reply
        lines = [f"✗ {question.id} {question.category}  {question.question}"]
        lines += [f"    after   {asked} → {told}" for asked, told in question.history]
        lines.append(f"    reply   {f'(refused) {reply.reason}' if reply.refused else reply.text}")
        if question.answerable:
            lines.append(f"    facts   {'; '.join(' | '.join(fact) for fact in question.facts)}")
            lines += [f"    gold    {piece.quote}" for piece in question.evidence]
        else:
            lines.append(f"    gold    (to be refused) {question.note}")
        lines.append(f"    why     {'; '.join(shortcomings(question, reply))}")
        console.print()
        for line in lines:
            console.print(line.replace("\n", "\n            "), markup=False, highlight=False, soft_wrap=True)


def in_words(figure: Figure, metric: str) -> str:
    """A figure with its interval, in the metric's unit.

    >>> in_words(Figure(0.912, 0.86, 0.95, 100), "good"), in_words(Figure(None, None, None, 0), "good")
    ('91.2 [86.0, 95.0]', '–')
    """
    if figure.mean is None or figure.low is None or figure.high is None:
        return "–"
    factor, digits = {"length": (1.0, 0), "seconds": (1.0, 3)}.get(metric, (100.0, 1))
    mean, low, high = (f"{value * factor:.{digits}f}" for value in (figure.mean, figure.low, figure.high))
    return f"{mean} [{low}, {high}]"


def _plain(figure: Figure) -> str:
    """A mean in percent without its interval."""
    return "–" if figure.mean is None else f"{figure.mean * 100:.1f}"


def show_changes(changes: Sequence[Change], old: Run, new: Run, console: Console) -> None:
    """Print what changed between two runs, metric by metric, and which questions lost or gained."""
    from rich.table import Table

    table = Table(title=f"{old.name} → {new.name}", **_STYLE)
    for heading in ("metric", "before", "after", "difference, 95 % interval", ""):
        table.add_column(heading, justify="left" if heading in ("metric", "") else "right", no_wrap=True)
    for change in changes:
        verdict = ("worse" if change.loss > 0 else "better") if change.is_significant else ""
        before, after = f"{change.before * 100:.1f}", f"{change.after * 100:.1f}"
        table.add_row(BY_NAME[change.metric].label, before, after, in_words(change.difference, change.metric), verdict)
    console.print(table)
    for change in changes:
        if change.metric == "good":
            for label, names in (("worse", change.worse), ("better", change.better)):
                console.print(f"{label}: {', '.join(names) or 'none'}", highlight=False, soft_wrap=True)
