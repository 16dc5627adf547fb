"""`python -m rag.train STEP DATA_FOLDER`: make a data file the embedded answerer ships with, or measure it."""

from __future__ import annotations

import argparse
import json
import os
import sys
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rag.train.pipeline import Workshop


def main(arguments: list[str] | None = None) -> int:
    """Run one step; returns the exit status."""
    # Steps run in as many processes as there are cores; numpy, not loaded yet, would run as many threads in each.
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    parser = argparse.ArgumentParser(prog="python -m rag.train", description=__doc__)
    parser.add_argument(
        "step",
        choices=[
            *("all", "words", "reranker", "answerability", "sentences", "spans", "verifier", "english"),
            *("evaluate", "ablate", "evaluate-retrieval"),
        ],
        help="all: every step that is not up to date, in order; words: how rare a term is; "
        "reranker, answerability, sentences, spans, verifier, english: train it (spans after sentences); "
        "evaluate, ablate, evaluate-retrieval: held-out figures",
    )
    parser.add_argument(
        "data",
        type=Path,
        nargs="?",
        default=Path(),
        help="folder with news.txt.xz, drcd_dev.json, cmrc2018_trial.json; for the verifier citecheck_dev.jsonl too; "
        "english needs none",
    )
    parser.add_argument(
        "--questions",
        type=Path,
        nargs="+",
        default=[Path("eval/questions/seeds.jsonl"), Path("eval/questions/office.jsonl")],
        metavar="FILE",
        help="for answerability: question sets, dev split only",
    )
    options = parser.parse_args(arguments)
    if options.step == "all":
        from rag.train.recipe import run_all

        run_all(options.data, lambda step: main([step, str(options.data)]), lambda line: sys.stdout.write(line + "\n"))
        return 0
    if options.step == "words":
        from rag.train.words import write_table

        sys.stdout.write(write_table(options.data) + "\n")
        return 0
    if options.step == "english":
        from rag.train import english

        sys.stdout.write(english.write_models() + "\n")
        return 0
    if options.step == "verifier":
        from rag.train import verifier

        sys.stdout.write(verifier.write_model(options.data) + "\n")
        return 0
    if options.step == "answerability":
        from rag.train.answerability import write_model

        sys.stdout.write(write_model(options.data, options.questions) + "\n")
        return 0
    if options.step in {"sentences", "spans", "evaluate", "ablate"}:
        from rag.train.evaluate import ablate, evaluate

        workshop = _workshop(options.data)
        steps = {"sentences": workshop.make_sentences, "spans": workshop.make_spans}
        steps |= {"evaluate": lambda: evaluate(workshop), "ablate": lambda: ablate(workshop)}
        sys.stdout.write(steps[options.step]() + "\n")
        return 0
    from rag.train import reranker

    figures = reranker.train(options.data) if options.step == "reranker" else reranker.evaluate(options.data)
    sys.stdout.write(json.dumps(figures, ensure_ascii=False, indent=1) + "\n")
    return 0


@lru_cache(maxsize=1)
def _workshop(folder: Path) -> Workshop:
    """The examples, made once for the steps that need them."""
    from rag.train.pipeline import Workshop

    return Workshop.open(folder)


if __name__ == "__main__":
    sys.exit(main())
