"""Figures on the held-out articles, beside naive references, and what each group of features brings."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from rag.question import analyse
from rag.rank import rank_sentences
from rag.short import choose
from rag.train import sentences
from rag.train.data import DRCD, RETRIEVED, Example, View
from rag.train.news import NEWS
from rag.train.office import OFFICE
from rag.train.pipeline import Featured, Workshop
from rag.train.spans import overlap

SOURCES = {DRCD: "DRCD", NEWS: "news", OFFICE: "office"}
VIEWS = {"given": "gold passage", "found": f"top {RETRIEVED} retrieved"}


def evaluate(workshop: Workshop) -> str:
    """A table: hit@1 of sentences; EM, F1 and the EM of the surest third of short answers."""
    lines = [f"{'':40}{'hit@1':>8}{'EM':>8}{'F1':>8}{'surest third EM':>18}"]
    for source, where in SOURCES.items():
        for view, name in VIEWS.items():
            held_out = [one for one in workshop.examples if one.held_out and one.source == source and one.answers]
            if not held_out:
                continue
            answers = [_answer(workshop, example, getattr(example, view)) for example in held_out]
            naive = [
                one
                for one in workshop.featured(view, held_out=True)
                if one.example.source == source and one.example.answers
            ]
            name = f"{where}, {name}"
            lines.append(f"{name + ', idf overlap':40}{100 * _first(naive, 'pairs.recall'):8.1f}")
            lines.append(f"{name + ', hand-set score':40}{100 * _first(naive, 'coverage.prior'):8.1f}")
            hits, exact, near, sure = (np.array(column) for column in zip(*answers, strict=True))
            third = np.argsort(-sure, kind="stable")[: len(sure) // 3]
            shares = f"{100 * hits.mean():8.1f}{100 * exact.mean():8.1f}{100 * near.mean():8.1f}"
            lines.append(f"{name:40}{shares}{100 * exact[third].mean():18.1f}")
    return "\n".join(lines)


def _answer(workshop: Workshop, example: Example, view: View) -> tuple[bool, bool, float, float]:
    """(right sentence, exact short answer, its F1, confidence) of the whole answerer but for refusals."""
    question = analyse(example.text)
    candidates = view.candidates()
    if not candidates or not question.words:
        return False, False, 0.0, 0.0
    read = choose(question, rank_sentences(question, candidates, workshop.similarity), workshop.embed)
    best = read[0]
    right = example.answers_in(best.scored.candidate)
    if best.short is None or not right:  # short answers count whether or not they are sure enough to be shown
        return bool(right), False, 0.0, best.short.confidence if best.short else 0.0
    text = best.scored.candidate.folded
    f1 = max(overlap(text[best.short.start : best.short.end], text[first:last]) for first, last in right)
    return True, f1 == 1.0, f1, best.short.confidence


def _first(featured: Sequence[Featured], column: str) -> float:
    """Share of examples whose sentence with the highest value of one feature holds an answer."""
    return float(np.mean([len(one.rows) > 0 and one.labels[np.argmax(one.columns[column])] for one in featured]))


def ablate(workshop: Workshop) -> str:
    """hit@1 of the ranker alone, trained without each group of its features."""
    learned = [one for view in VIEWS for one in workshop.featured(view, held_out=False) if len(one.rows)]
    tested = {
        view: [
            one for one in workshop.featured(view, held_out=True) if one.example.source == DRCD and one.example.answers
        ]
        for view in VIEWS
    }
    names = learned[0].names
    groups = dict.fromkeys(name.split(".")[0] for name in names)
    lines = [f"{'ranker alone, hit@1':34}" + "".join(f"{name:>18}" for name in VIEWS.values())]
    for left_out in ("", *groups):
        keep = [number for number, name in enumerate(names) if name.split(".")[0] != left_out]
        trees = sentences.train([one.group for one in learned], names, keep)
        rates = [
            sentences.hit_rate(trees, [one.group if len(one.rows) else None for one in tested[view]], keep=keep)
            for view in VIEWS
        ]
        label = f"without {left_out}" if left_out else "all"
        lines.append(f"{label:34}" + "".join(f"{100 * rate:18.1f}" for rate in rates))
    return "\n".join(lines)
