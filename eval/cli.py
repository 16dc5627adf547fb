"""`python -m eval`: the commands and their options."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from eval import authoring, cases, claims, commands, datasets, judge, overhead, speed
from eval.statistics import SEED
from rag.errors import WenjuError

_ABOUT = "Grounding evals: are answers right, proven to the character, and refused where the documents don't say?"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit status: 0 all is well, 1 a check failed or something broke, 2 wrong usage."""
    options = _parser().parse_args(arguments)
    try:
        return int(options.run(options))
    except WenjuError as error:
        print(f"eval: {error}", file=sys.stderr)
        return 1
    except BrokenPipeError:  # `python -m eval run | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except KeyboardInterrupt:
        print("\neval: stopped; the same command goes on from here", file=sys.stderr)
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m eval", description=_ABOUT)
    verbs = parser.add_subparsers(required=True, metavar="COMMAND")

    chosen = argparse.ArgumentParser(add_help=False)
    chosen.add_argument(
        "--questions", type=Path, default=cases.SEED_QUESTIONS, metavar="FILE", help="a .jsonl question set"
    )
    chosen.add_argument(
        "--documents",
        type=Path,
        nargs="+",
        metavar="PATH",
        help="what it asks about (default: eval/documents/NAME for NAME.jsonl, else seeds/)",
    )

    placed = argparse.ArgumentParser(add_help=False)
    placed.add_argument("--results", type=Path, metavar="DIR", help="where results go (default: eval/results)")

    asking = argparse.ArgumentParser(add_help=False, parents=[placed])
    asking.add_argument("--llm", metavar="NAME", help='such as "openai:deepseek-chat" (default: the embedded answerer)')
    asking.add_argument("--judge-llm", metavar="NAME", help="a language model as second judge, reported beside")
    asking.add_argument("--limit", type=int, metavar="N", help="only the first N questions")
    asking.add_argument("--no-failures", action="store_true", help="don't list the failures")

    run = verbs.add_parser("run", parents=[chosen, asking], help="ask all questions: table, JSON and HTML report")
    run.add_argument("--index", type=Path, metavar="DIR", help="an index that is there, instead of one for this run")
    run.add_argument("--split", choices=["dev", "test", "all"], default="dev", help="test is for a final figure only")
    run.add_argument("--core", action="store_true", help="only the core questions")
    run.add_argument("--category", nargs="+", default=[], metavar="NAME", help="only these kinds of question")
    run.add_argument("--id", nargs="+", default=[], metavar="ID", dest="ids", help="only these questions")
    run.set_defaults(run=commands.run)

    public = verbs.add_parser("public", parents=[asking], help="a public set that you have downloaded")
    public.add_argument(
        "layout", choices=list(datasets.READERS), help="squad: CMRC2018, DRCD, DuReader; beir: also MTEB"
    )
    public.add_argument("path", type=Path, help="its file, or its folder for beir")
    public.add_argument("--retrieval-only", action="store_true", help="measure retrieval alone")
    public.add_argument("--noise", type=Path, metavar="FILE", help="a text an article a line (.xz too), mixed in")
    public.add_argument(
        "--noise-count", type=int, default=20000, metavar="N", help="how many lines of it (default 20000)"
    )
    public.set_defaults(run=commands.public)

    check = verbs.add_parser("check", parents=[chosen], help="prove every quote, offset and fact of a question set")
    check.add_argument("--write", action="store_true", help="write the offsets into the question set")
    check.set_defaults(run=commands.check)

    report = verbs.add_parser("report", parents=[placed], help="the HTML report of a result")
    report.add_argument("result", type=Path, nargs="?", help="a result file (default: the newest)")
    report.set_defaults(run=commands.report)

    compare = verbs.add_parser(
        "compare", parents=[placed], help="two results, paired; fails on a significant regression"
    )
    compare.add_argument("before", type=Path, help="a result file")
    compare.add_argument("after", type=Path, nargs="?", help="a result file (default: the newest)")
    compare.set_defaults(run=commands.compare)

    baseline = verbs.add_parser("baseline", parents=[placed], help="check the dev split against the committed baseline")
    baseline.add_argument("--write", action="store_true", help="make today's scores the baseline")
    baseline.set_defaults(run=commands.baseline)

    trust = verbs.add_parser("judge", help="measure the judge on CiteCheck, for the report")
    trust.add_argument("file", type=Path, help="citecheck_dev.jsonl, from github.com/xzy-xzy/CiteCheck")
    trust.add_argument("--llm", metavar="NAME", help="measure a language model instead of the offline judge")
    trust.add_argument("--figures", type=Path, default=judge.FIGURES, metavar="FILE", help="where the figures are kept")
    trust.set_defaults(run=commands.measure_judge)

    fast = verbs.add_parser("speed", parents=[placed], help="how fast a store is made and asked, at several sizes")
    fast.add_argument(
        "corpus",
        type=Path,
        nargs="?",
        metavar="PATH",
        help="a folder of documents, or a text with an article a line (.xz too); default: news.txt.xz in $WENJU_DATA",
    )
    fast.add_argument("--sizes", type=int, nargs="+", default=speed.SIZES, metavar="N", help="passages, ascending")
    fast.add_argument("--full", action="store_true", help="a million passages, too: about an hour and 8 GB of disk")
    fast.set_defaults(run=commands.measure_speed)

    tried = verbs.add_parser("claims", help="small lies caught, true sentences taken for lies, by the verifier")
    tried.add_argument("data", type=Path, help="a folder with news.txt.xz, one article a line")
    tried.add_argument(
        "--choosing", action="store_true", help="the claims that may be looked at while working on the verifier"
    )
    tried.add_argument("--failures", action="store_true", help="list what was judged wrongly")
    tried.set_defaults(run=claims.measure)

    around = verbs.add_parser("overhead", help="time of retrieval and proof around a language model's own")
    around.add_argument("data", type=Path, nargs="?", help="a folder with news.txt.xz, to make an index of")
    around.add_argument("--index", type=Path, metavar="DIR", help="an index that is there, instead")
    around.add_argument("--passages", type=int, default=100_000, metavar="N", help="how many (default 100000)")
    around.add_argument("--questions", type=int, default=200, metavar="N", help="how many (default 200)")
    around.set_defaults(run=overhead.measure)

    draft = verbs.add_parser("draft", help="propose questions about your own documents, to accept one by one")
    draft.add_argument("paths", type=Path, nargs="+", metavar="DOCS", help="files and folders")
    draft.add_argument("--to", type=Path, default=authoring.OWN_QUESTIONS, metavar="FILE", help="the set they go to")
    draft.add_argument("--count", type=int, default=30, metavar="N", help="how many, a third of them unanswerable")
    draft.add_argument("--seed", type=int, default=SEED, metavar="N", help="another seed proposes others")
    draft.add_argument("--llm", metavar="NAME", help="a language model that proposes the answerable ones")
    draft.add_argument("--yes", action="store_true", help="accept all without looking")
    draft.set_defaults(run=authoring.draft)

    add = verbs.add_parser("add", help="make a case of a question, or of an answer that went wrong")
    add.add_argument("question", nargs="?")
    add.add_argument("--answer", metavar="FILE", help="what `wenju ask --json` printed; - reads it from a pipe")
    add.add_argument(
        "--fact", action="append", default=[], metavar="A|B", help="what the answer must state; repeatable"
    )
    add.add_argument("--quote", action="append", default=[], metavar="TEXT", help="where it says so; repeatable")
    add.add_argument("--unanswerable", action="store_true", help="the documents don't hold the answer")
    add.add_argument("--history", nargs=2, action="append", metavar=("Q", "A"), help="a turn before; repeatable")
    add.add_argument("--note", default="", help="anything a reader should know")
    add.add_argument("--id", metavar="ID", help="default: u001 and so on")
    add.add_argument("--to", type=Path, default=authoring.OWN_QUESTIONS, metavar="FILE", help="the set it goes to")
    add.add_argument("--documents", type=Path, nargs="+", metavar="PATH", help="default: seeds/")
    add.set_defaults(run=authoring.add)
    return parser
