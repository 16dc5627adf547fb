"""What each command does: the edge where question sets, assistants, the terminal and files meet."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from eval import cases, judge, results, speed_table
from eval.records import Question, Record, Run

if TYPE_CHECKING:
    from rag import Assistant, Settings


def check(options: argparse.Namespace) -> int:
    """Check a question set against its documents."""
    questions = cases.read_questions(options.questions)
    if options.write:
        questions = cases.without_offsets(questions)
    checked = cases.check_questions(questions, _texts(options.documents or [cases.documents_of(options.questions)]))
    for line in checked.warnings:
        print(f"note     {line}")
    for line in checked.problems:
        print(f"problem  {line}")
    if options.write and not checked.problems:
        cases.write_questions(options.questions, checked.questions)
    pieces = sum(len(question.evidence) for question in checked.questions)
    unanswerable = sum(not question.answerable for question in checked.questions)
    print(
        f"{len(checked.questions)} questions, {unanswerable} of them unanswerable, {pieces} quotes: "
        f"{len(checked.problems)} problems, {len(checked.warnings)} notes"
    )
    return 1 if checked.problems else 0


def run(options: argparse.Namespace) -> int:
    """Ask the questions, save the result and its report, show the table."""
    questions = cases.select(
        cases.read_questions(options.questions),
        split=options.split,
        core=options.core,
        categories=options.category,
        ids=options.ids,
        limit=options.limit,
    )
    name = Path(options.questions).name
    documents = options.documents or [cases.documents_of(options.questions)]
    with _assistant(options.index, documents, _settings(options.llm)) as assistant:
        finished = _ask(assistant, _checked(assistant, questions, name), _folder(options), name, options.split)
    return _show(finished, options)


def public(options: argparse.Namespace) -> int:
    """Measure on a public set: answers where it has gold ones, else retrieval."""
    from eval.datasets import read_noise, read_public
    from eval.run import rank, temporary_assistant_over

    chosen = read_public(options.layout, options.path)
    noise = read_noise(options.noise, options.noise_count) if options.noise else []
    questions = chosen.questions[: options.limit]
    name = f"{options.path.name} and {len(noise)} documents of noise" if noise else options.path.name
    total = len(chosen.documents) + len(noise)
    with (
        progress(total, "indexing") as indexed,
        temporary_assistant_over([*chosen.documents, *noise], _settings(options.llm), indexed) as assistant,
    ):
        if chosen.answers and not options.retrieval_only:
            finished = _ask(assistant, questions, _folder(options), name, options.layout)
        else:
            started = datetime.now()
            with progress(len(questions), "searching") as advance:
                records = rank(assistant, questions, advance)
            finished = _finished(assistant, records, name, options.layout, started)
    return _show(finished, options)


def _show(finished: Run, options: argparse.Namespace) -> int:
    """Save a run with its report and print its table."""
    from rich.console import Console

    from eval.table import show_run

    if options.judge_llm:
        finished = _with_second_judge(finished, options.judge_llm)
    path = results.save_run(finished, _folder(options))
    console = Console()
    show_run(finished, console, failures=not options.no_failures)
    console.print(f"\nresult  {path}\nreport  {_write_report(finished, path)}", highlight=False, soft_wrap=True)
    return 0


def report(options: argparse.Namespace) -> int:
    """Write the HTML report of a result."""
    path = options.result or results.newest_result(options.results or results.results_folder())
    print(_write_report(results.load_run(path), path))
    return 0


def compare(options: argparse.Namespace) -> int:
    """Compare two results; fails on a significant regression."""
    from rich.console import Console

    from eval.compare import compare as compared
    from eval.compare import scores_of
    from eval.table import show_changes

    after = options.after or results.newest_result(options.results or results.results_folder())
    old, new = results.load_run(options.before), results.load_run(after)
    changes = compared(scores_of(old.records), scores_of(new.records))
    if not changes:
        raise cases.QuestionSetError(f"{options.before} and {after} share no questions, so there is nothing to compare")
    show_changes(changes, old, new, Console())
    return 1 if any(change.is_regression for change in changes) else 0


def baseline(options: argparse.Namespace) -> int:
    """Run the dev split against the baseline, or make it the baseline."""
    from eval.compare import GATED, fallen, scores_of

    questions = cases.select(cases.read_questions(cases.SEED_QUESTIONS), split="dev")
    name = cases.SEED_QUESTIONS.name
    with _assistant(None, [cases.SEEDS], _settings(None)) as assistant:
        finished = _ask(assistant, _checked(assistant, questions, name), _folder(options), name, "dev")
    if options.write:
        results.write_baseline(finished.records, GATED)
        print(f"{results.BASELINE} now holds the scores of {len(finished.records)} questions")
        return 0
    lines = fallen(results.read_baseline(), scores_of(finished.records))
    for line in lines:
        print(line)
    print("the dev split is below its baseline" if lines else "the dev split holds its baseline")
    return 1 if lines else 0


def measure_judge(options: argparse.Namespace) -> int:
    """Measure a judge on labelled statements and keep its figures for the reports."""
    statements = judge.read_citecheck(options.file)
    decide = judge.llm_judge(_settings(options.llm)) if options.llm else judge.offline_judge
    with progress(len(statements), "judging") as advance:
        figures = judge.measure(statements, decide, advance)
    name = f"{options.llm or 'offline judge, rag.verify'} on {options.file.name}"
    judge.save_figures(name, figures, options.figures)
    print(name)
    for part, values in figures.items():
        print(f"  {part}")
        for label, value in values.items():
            print(f"    {label}: {judge.in_words(value)}")
    return 0


def _texts(documents: Sequence[Path]) -> dict[str, str]:
    """Source name → readable text."""
    from rag.documents import find_files, load_document

    return {source: load_document(path, source=source).text for path, source in find_files(documents)}


def _settings(llm: str | None) -> Settings:
    """Settings from the environment; the answerer is the embedded one unless named."""
    from rag import Settings

    return Settings(llm=llm or "extractive")


@contextmanager
def _assistant(index: Path | None, documents: Sequence[Path], settings: Settings) -> Iterator[Assistant]:
    """An open assistant: over the index that is there, or over one made for the run."""
    from eval.run import temporary_assistant
    from rag import Assistant

    with Assistant.open(index, settings=settings) if index else temporary_assistant(documents, settings) as assistant:
        yield assistant


def _checked(assistant: Assistant, questions: Sequence[Question], name: str) -> Sequence[Question]:
    """The questions with their offsets, proven against what the assistant holds."""
    checked = cases.check_questions(questions, _indexed_texts(assistant))
    if checked.problems:
        problems = "\n  ".join(checked.problems[:10])
        raise cases.QuestionSetError(f"{name} does not fit these documents; see `python -m eval check`:\n  {problems}")
    return checked.questions


def _ask(assistant: Assistant, questions: Sequence[Question], folder: Path, name: str, split: str) -> Run:
    """Run the questions over an open assistant, going on from a run that was cut off."""
    from eval import run as runner

    settings, index = runner.public_settings(assistant.settings), runner.index_fingerprint(assistant)
    journal = results.Journal(folder, results.run_key(questions, settings, index))
    started = datetime.now()
    with progress(len(questions), "asking") as advance:

        def keep(record: Record, fresh: bool) -> None:
            if fresh:
                journal.add(record)
            advance()

        records = runner.run(assistant, questions, done=journal.done(), on_record=keep)
    journal.close()
    return _finished(assistant, records, name, split, started)


def _finished(assistant: Assistant, records: Sequence[Record], name: str, split: str, started: datetime) -> Run:
    """The records with all that says how they came about."""
    from eval.run import index_fingerprint, public_settings

    return Run(
        name=results.run_name(split, assistant.settings.llm, started),
        started=started.isoformat(timespec="seconds"),
        commit=results.commit(),
        questions=name,
        split=split,
        settings=public_settings(assistant.settings),
        index=index_fingerprint(assistant),
        records=tuple(records),
    )


def measure_speed(options: argparse.Namespace) -> int:
    """Time stores of several sizes; the table, the JSON and the plot grow with each."""
    from eval import speed

    sizes = sorted({*options.sizes, *([speed.FULL] if options.full else [])})
    folder = _folder(options)
    folder.mkdir(parents=True, exist_ok=True)
    stem = folder / f"{datetime.now():%Y%m%d-%H%M%S}-speed"
    report = None
    for report in speed.measure(speed.find_corpus(options.corpus), sizes):
        stem.with_suffix(".json").write_text(speed.as_json(report), encoding="utf-8")
        stem.with_suffix(".svg").write_text(speed_table.plot(report), encoding="utf-8")
        print(f"… {report.sizes[-1].passages:,} passages done", file=sys.stderr, flush=True)
    if report is not None:
        print(speed_table.table(report))
        print(f"{stem}.json and .svg")
    return 0


def _folder(options: argparse.Namespace) -> Path:
    """Where results go."""
    return options.results or results.results_folder()


def _indexed_texts(assistant: Assistant) -> Mapping[str, str]:
    """Source name → text of every document of an index."""
    return {info.source: assistant.document(info.id).text for info in assistant.documents()}


def _with_second_judge(finished: Run, llm: str) -> Run:
    """The run with a language model's opinion beside the offline judge's."""
    with progress(len(finished.records), "second judge") as advance:
        figures = judge.second_opinion(finished.records, judge.llm_judge(_settings(llm)), advance)
    return replace(finished, judges={**finished.judges, f"second judge {llm}, this run": figures})


def _write_report(finished: Run, result: Path) -> Path:
    """The HTML report beside the result."""
    from eval.report import render_report

    css = (cases.HERE / "report.css").read_text(encoding="utf-8")
    path = result.with_suffix(".html")
    path.write_text(render_report(finished, css, judge.load_figures()), encoding="utf-8")
    return path


@contextmanager
def progress(total: int, doing: str) -> Iterator[Callable[[], None]]:
    """A progress bar on the terminal's error stream; gives the function that moves it on by one."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = TextColumn(doing), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(doing, total=total)
        yield lambda: bar.advance(task)
