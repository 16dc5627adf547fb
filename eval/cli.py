"""`python -m eval`: check, run, report, compare, …"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from eval import cases, results
from eval.records import Question, Record, Run
from rag.errors import WenjuError

if TYPE_CHECKING:
    from rag import Assistant, Settings


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit status: 0 all is well, 1 a check failed or something broke, 2 wrong usage."""
    options = _parser().parse_args(arguments)
    try:
        return int(options.run(options))
    except WenjuError as error:
        print(f"eval: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\neval: stopped; the same command goes on from here", file=sys.stderr)
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m eval", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    chosen = argparse.ArgumentParser(add_help=False)
    chosen.add_argument(
        "--questions", type=Path, default=cases.SEED_QUESTIONS, metavar="FILE", help="a .jsonl question set"
    )
    chosen.add_argument(
        "--documents", type=Path, nargs="+", metavar="PATH", help="documents of the questions (default: seeds/)"
    )

    run = commands.add_parser("run", parents=[chosen], help="ask all questions; table, JSON and HTML report")
    run.add_argument(
        "--index", type=Path, metavar="DIR", help="an index that is there, instead of one made for the run"
    )
    run.add_argument("--llm", metavar="NAME", help='such as "openai:deepseek-chat" (default: extractive)')
    run.add_argument("--split", choices=["dev", "test", "all"], default="dev", help="test is for a final figure only")
    run.add_argument("--core", action="store_true", help="only the core questions")
    run.add_argument("--category", nargs="+", default=[], metavar="NAME")
    run.add_argument("--id", nargs="+", default=[], metavar="ID", dest="ids")
    run.add_argument("--limit", type=int, metavar="N")
    run.add_argument("--results", type=Path, metavar="DIR", help="where results go")
    run.add_argument("--no-failures", action="store_true", help="don't list the failures")
    run.set_defaults(run=_run)

    check = commands.add_parser("check", parents=[chosen], help="prove every quote, offset and fact of a question set")
    check.add_argument("--write", action="store_true", help="write the offsets into the question set")
    check.set_defaults(run=_check)
    return parser


def _check(options: argparse.Namespace) -> int:
    """Check a question set against its documents."""
    questions = cases.read_questions(options.questions)
    if options.write:
        questions = cases.without_offsets(questions)
    checked = cases.check_questions(questions, _texts(options.documents))
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


def _texts(documents: Sequence[Path] | None) -> dict[str, str]:
    """Source name → readable text."""
    from rag.documents import find_files, load_document

    return {source: load_document(path, source=source).text for path, source in find_files(documents or [cases.SEEDS])}


def _run(options: argparse.Namespace) -> int:
    """Ask the questions, save the result, show the table."""
    from rich.console import Console

    from eval.run import temporary_assistant
    from eval.table import show_run
    from rag import Assistant

    questions = cases.select(
        cases.read_questions(options.questions),
        split=options.split,
        core=options.core,
        categories=options.category,
        ids=options.ids,
        limit=options.limit,
    )
    settings = _settings(options.llm)
    if options.index:
        with Assistant.open(options.index, settings=settings) as assistant:
            run, path = _evaluate(assistant, questions, options)
    else:
        with temporary_assistant(options.documents or [cases.SEEDS], settings) as assistant:
            run, path = _evaluate(assistant, questions, options)
    console = Console()
    show_run(run, console, failures=not options.no_failures)
    console.print(f"\nresult  {path}", highlight=False, soft_wrap=True)
    return 0


def _settings(llm: str | None) -> Settings:
    """Settings from the environment; the answerer is the embedded one unless named."""
    from rag import Settings

    return Settings(llm=llm) if llm else Settings(llm="extractive")


def _evaluate(assistant: Assistant, questions: Sequence[Question], options: argparse.Namespace) -> tuple[Run, Path]:
    """Run the questions over an open assistant, going on from a run that was cut off, and save the result."""
    from eval.run import index_fingerprint, public_settings, run

    checked = cases.check_questions(questions, _indexed_texts(assistant))
    if checked.problems:
        raise cases.QuestionSetError(
            f"{options.questions} does not fit these documents:\n  " + "\n  ".join(checked.problems[:10])
        )
    settings, index = public_settings(assistant.settings), index_fingerprint(assistant)
    folder = options.results or results.results_folder()
    journal = results.Journal(folder, results.run_key(checked.questions, settings, index))
    started = datetime.now()
    with _progress(len(checked.questions)) as advance:

        def keep(record: Record, fresh: bool) -> None:
            if fresh:
                journal.add(record)
            advance()

        records = run(assistant, checked.questions, done=journal.done(), on_record=keep)
    finished = Run(
        name=results.run_name(options.split, assistant.settings.llm, started),
        started=started.isoformat(timespec="seconds"),
        commit=results.commit(),
        questions=Path(options.questions).name,
        split=options.split,
        settings=settings,
        index=index,
        records=tuple(records),
    )
    path = results.save_run(finished, folder)
    journal.close()
    return finished, path


def _indexed_texts(assistant: Assistant) -> Mapping[str, str]:
    """Source name → text of every document of an index."""
    return {info.source: assistant.document(info.id).text for info in assistant.documents()}


@contextmanager
def _progress(total: int) -> Iterator[Callable[[], None]]:
    """A progress bar on the terminal's error stream; gives the function that moves it on by one."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = TextColumn("asking"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("asking", total=total)
        yield lambda: bar.advance(task)
