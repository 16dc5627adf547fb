"""A process that prepares files for another; `rag.prepare` starts it and speaks to it over its pipes."""

from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path

from rag.prepare import prepare_chunk, write_answer
from vectorstore.static import StaticModel


def main() -> int:
    """Answer every line of file names with what is in the files, until standard input ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the process that started us, which then ends us
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever a library prints must not get between the answers
    greeting = json.loads(sys.stdin.buffer.readline() or "null")
    if greeting is None:
        return 0
    minimum, maximum = greeting["lengths"]
    embedder = None
    if greeting["embedded"] is not None:
        embedder = StaticModel()
        if embedder.fingerprint != greeting["embedded"]:
            return 1
    try:
        for line in sys.stdin.buffer:
            jobs = [(Path(path), source) for path, source in json.loads(line)]
            write_answer(answers, prepare_chunk(jobs, (minimum, maximum), embedder))
    except BrokenPipeError:  # nobody is waiting for the answer any more
        os.dup2(os.open(os.devnull, os.O_WRONLY), answers.fileno())
    return 0


if __name__ == "__main__":
    sys.exit(main())
