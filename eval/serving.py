"""A new process that opens a store and asks it, for `eval/speed.py`: opening, memory, and each stage of an answer."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

WARM = 20  # questions asked before the clock counts


def main(index: Path, questions: Sequence[str]) -> dict[str, object]:
    """Seconds to open, megabytes grown, and for each stage milliseconds at the 50th and 95th of 100 questions."""
    import faiss  # noqa: F401  imported before opening is timed, as in a process that has served others
    import tantivy  # noqa: F401

    from rag import Assistant, Settings, verify
    from rag.retrieve import CANDIDATES, RERANKED, beside, fuse, headings, rarities, rerank
    from rag.types import Hit
    from vectorstore.embedding import load_embedder
    from vectorstore.local import LocalStore
    from vectorstore.tokens import question_terms

    question_terms("预热")
    embedder = load_embedder()
    embedder.embed(["预热"])
    before = memory()
    begun = time.perf_counter()
    opened_store = LocalStore.open(index, embedder)
    opened = time.perf_counter() - begun
    assistant = Assistant(opened_store, embedder, Settings(index=index))
    begun = time.perf_counter()
    assistant.retrieve(questions[0])
    first = time.perf_counter() - begun
    store, weight = assistant.store, embedder.dense_weight
    wall: dict[str, list[float]] = {}
    cpu: dict[str, list[float]] = {}

    def timed(stage: str, call: Callable[..., Any], *arguments: Any) -> Any:
        begun, spent = time.perf_counter(), time.process_time()
        result = call(*arguments)
        cpu.setdefault(stage, []).append(time.process_time() - spent)
        wall.setdefault(stage, []).append(time.perf_counter() - begun)
        return result

    for number, question in enumerate(questions):
        if number == WARM:
            wall.clear()
            cpu.clear()
        timed("retrieve", assistant.retrieve, question)
    searched = memory()

    def scores(question: str, names: Sequence[str]) -> tuple[dict[str, float], dict[str, float]]:
        bm25, cosines = store.keyword_scores(question, names), store.dense_scores(question, names)
        return dict(zip(names, bm25.tolist(), strict=True)), dict(zip(names, cosines.tolist(), strict=True))

    for question in questions[: 5 * WARM]:
        keyword = dict(timed("keyword", store.search_keyword, question, CANDIDATES))
        dense = dict(timed("dense", store.search_dense, question, CANDIDATES))
        names = [*keyword, *(name for name in dense if name not in keyword)]
        bm25, cosines = timed("scores", scores, question, names)
        ranking = timed("fuse", fuse, bm25, cosines, weight)[:RERANKED]
        passages = timed("fetch", store.passages, [name for name, _ in ranking])
        hits = [
            Hit(passage, score, bm25[name], cosines[name])
            for passage, (name, score) in zip(passages, ranking, strict=True)
        ]
        hits += timed("beside", beside, store, question, question, hits, weight)
        titles = timed("headings", headings, store, hits)
        timed("rerank", rerank, question, hits, titles, weight, partial(rarities, store))
        timed("answer", assistant.answer, question)
        if hits:
            text = hits[0].passage.text
            timed("verify", verify.verify_claim, text.partition("。")[0] + "。", [text])
    answered = memory()
    assistant.close()
    return {
        "open_seconds": opened,
        "first_question_seconds": first,
        "grown_megabytes": searched - before,
        "grown_with_answers_megabytes": answered - before,
        "resident_megabytes": answered,
        "wall_milliseconds": {stage: _percentiles(times) for stage, times in wall.items()},
        "cpu_milliseconds": {stage: _percentiles(times) for stage, times in cpu.items()},
    }


def memory() -> float:
    """Megabytes of this process that are in memory, mapped files included; 0 where the system can't say."""
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    except OSError:
        return 0.0
    return pages * 4096 / 1e6


def _percentiles(seconds: Sequence[float]) -> list[float]:
    """Milliseconds at the 50th and 95th of 100."""
    return [round(float(np.percentile(seconds, percent)) * 1000, 3) for percent in (50, 95)]


if __name__ == "__main__":
    json.dump(main(Path(sys.argv[1]), json.loads(Path(sys.argv[2]).read_text(encoding="utf-8"))), sys.stdout)
