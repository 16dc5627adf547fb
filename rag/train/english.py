"""Train what answers English questions: the ranker of sentences, and the model that tells whether one answers.

    python -m rag.train english

Everything comes from this repository: invented English documents in `in_english` and the questions about them
in `asked_in_english.jsonl`, half of them near misses. Each question is asked over all documents; the second model
learns from what a ranker says that has not seen the documents of the question's writer.

Seeded: the same data give the same files. Needs LightGBM, which answering does not.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from rag.answerable import rows
from rag.english.answer import ANSWERABLE, RANKER, rank, readable
from rag.english.evidence import describe
from rag.english.features import Looked, look
from rag.english.question import Question, analyse
from rag.similarity import word_vectors
from rag.train.answerability import calibrate, calibrated
from rag.train.data import view
from rag.train.export import GROWTH, flatten, save
from rag.train.near_misses import IN_REACH, TOP_K, Pool
from rag.train.office import IN_ENGLISH, read_documents
from rag.train.questions import ASKED_IN_ENGLISH, read_rows
from rag.trees import Trees
from rag.types import Hit

FOLDS = 5
# A sentence answers that shares so much with a marked place, of the shorter of the two.
SHARED = 0.5
RANKING: Mapping[str, Any] = {
    **GROWTH,
    "objective": "lambdarank",
    "num_leaves": 7,
    "min_data_in_leaf": 30,
    "label_gain": [0, 1],
}
RANKING_ROUNDS = 300
WEIGHING: Mapping[str, Any] = {
    **GROWTH,
    "objective": "binary",
    "num_leaves": 7,
    "extra_trees": True,
    "feature_fraction": 0.3,
    "min_data_in_leaf": 20,
    "lambda_l2": 10.0,
}
WEIGHING_ROUNDS = 300
# First words of the features that tell how much of a question is there.
_COVERAGE = frozenset(
    "own near wide titled around meant focus predicate beside share best counts pairs density cosine score".split()
)
THRESHOLDS = (0.3, 0.35, 0.4, 0.45, 0.5)


@dataclass(frozen=True, slots=True)
class Asked:
    """One question of one writer, with every sentence in reach.

    Attributes:
        writer: whose documents it is about; those of one writer are never split between fitting and measuring.
        answers: which of the sentences answer, shape (len(looked),).
        gone: the sentences in reach where its document is taken away; () for questions without an answer.
        alone: those of its document alone, as if there were no other.
    """

    writer: str
    question: Question
    answerable: bool
    looked: tuple[Looked, ...]
    answers: np.ndarray
    gone: tuple[Looked, ...]
    alone: tuple[Looked, ...]


def read_asked() -> list[dict[str, Any]]:
    """The questions as they stand in the file."""
    return read_rows(ASKED_IN_ENGLISH)


def in_reach() -> list[Asked]:
    """Every question with what a search over all documents finds."""
    documents = read_documents(IN_ENGLISH)
    made = []
    with tempfile.TemporaryDirectory() as place:
        pool = Pool(list(documents.values()), Path(place) / "index")
        for line in read_asked():
            hits = pool.search(line["question"], IN_REACH)
            question = analyse(line["question"])
            looked = _looked(pool, question, hits[:TOP_K])
            if not looked:
                continue
            places = line.get("sentences", [])
            rest = [hit for hit in hits if hit.passage.source != line["source"]][:TOP_K] if places else []
            answers = np.array([_answers(one, line["source"], places) for one in looked])
            mine = [hit for hit in hits if hit.passage.source == line["source"]][:TOP_K]
            gone, alone = _looked(pool, question, rest), _looked(pool, question, mine)
            made.append(Asked(line["source"][:3], question, line["answerable"], looked, answers, gone, alone))
    return made


def _looked(pool: Pool, question: Question, hits: Sequence[Hit]) -> tuple[Looked, ...]:
    """The English sentences of these passages, described."""
    candidates = readable(view(pool.passages, hits).candidates())
    return tuple(look(question, candidates, word_vectors)) if candidates and question.words else ()


def _answers(looked: Looked, source: str, places: Sequence[Sequence[int]]) -> bool:
    """Whether a sentence shares enough with a marked place of its document."""
    passage = looked.candidate.hit.passage
    start, end = passage.start + looked.candidate.start, passage.start + looked.candidate.end
    return passage.source == source and any(
        min(end, last) - max(start, first) >= SHARED * min(end - start, last - first) for first, last in places
    )


def fit_ranker(asked: Sequence[Asked]) -> Trees:
    """Trees that put the sentences that answer first."""
    import lightgbm

    told = [one for one in asked if one.answers.any()]
    names = [name.replace(" ", "_") for name in sorted(told[0].looked[0].columns)]
    seen = rows((sentence.columns for one in told for sentence in one.looked), names)
    labels = np.concatenate([one.answers for one in told]).astype(int)
    data = lightgbm.Dataset(seen, labels, group=[len(one.answers) for one in told])
    return flatten(lightgbm.train(dict(RANKING), data, RANKING_ROUNDS).dump_model(), names)


def _case(ranker: Trees, question: Question, looked: Sequence[Looked]) -> dict[str, float]:
    """What speaks for the best sentence of a ranker."""
    return describe(question, *rank(looked, ranker))


def cases(ranker: Trees, asked: Sequence[Asked]) -> list[tuple[dict[str, float], bool]]:
    """(what speaks for the best sentence, whether there is an answer) of each question.

    Once more without its document, and with that alone: many a user has few.
    """
    found = [(_case(ranker, one.question, one.looked), one.answerable) for one in asked]
    found += [(_case(ranker, one.question, one.gone), False) for one in asked if one.gone]
    return found + [(_case(ranker, one.question, one.alone), one.answerable) for one in asked if one.alone]


def fit_answerability(known: Sequence[tuple[dict[str, float], bool]]) -> Trees:
    """Trees whose sum is the log-odds of an answer."""
    import lightgbm

    names = [name.replace(" ", "_") for name in sorted(known[0][0])]
    seen = rows((features for features, _ in known), names)
    data = lightgbm.Dataset(seen, np.array([truth for _, truth in known], float))
    parameters = {**WEIGHING, "monotone_constraints": [_direction(name) for name in names]}
    return flatten(lightgbm.train(parameters, data, WEIGHING_ROUNDS).dump_model(), names)


def _direction(name: str) -> int:
    """+1 for what may only speak for an answer, -1 for what may only speak against one, 0 for all others.

    Most near misses are written with words of the text and most questions with an answer in others: without this, a
    question in the very words of the text would be doubted.
    """
    if "lacking" in name or name.endswith("_behind"):
        return -1
    return int(name.split("_")[0] in _COVERAGE)


def write_models() -> str:
    """Train both and write them; returns the figures, each of documents that were not fitted."""
    asked = in_reach()
    writers = sorted({one.writer for one in asked})
    parts = [[one for one in asked if writers.index(one.writer) % FOLDS == fold] for fold in range(FOLDS)]
    rankers = [fit_ranker([one for other in parts if other is not part for one in other]) for part in parts]
    described = [cases(ranker, part) for ranker, part in zip(rankers, parts, strict=True)]
    models = [
        fit_answerability([case for other in described if other is not part for case in other]) for part in described
    ]
    odds = [_odds(model, part) for model, part in zip(models, described, strict=True)]
    truth = np.array([answerable for part in described for _, answerable in part])
    scale, shift = calibrate(np.concatenate(odds), truth)
    save(fit_ranker(asked), RANKER)
    save(calibrated(fit_answerability([case for part in described for case in part]), scale, shift), ANSWERABLE)
    chances = 1 / (1 + np.exp(-(scale * np.concatenate(odds) + shift)))
    # of each part the questions as they were asked stand first
    is_asked = np.concatenate([np.arange(len(all_)) < len(part) for all_, part in zip(described, parts, strict=True)])
    hits = [
        one.answers[one.looked.index(rank(one.looked, ranker)[0][0])]
        for ranker, part in zip(rankers, parts, strict=True)
        for one in part
        if one.answerable
    ]
    return json.dumps({"hit@1": round(float(np.mean(hits)), 3), **_figures(chances, truth, is_asked)}, indent=1)


def _odds(model: Trees, known: Sequence[tuple[dict[str, float], bool]]) -> np.ndarray:
    """The log-odds of an answer of each case, shape (len(known),)."""
    return model.predict(rows((features for features, _ in known), model.names))


def _figures(chances: np.ndarray, truth: np.ndarray, is_asked: np.ndarray) -> dict[str, Any]:
    """How well questions with an answer are told apart, and what each threshold would refuse."""
    from sklearn.metrics import roc_auc_score

    there, near = chances[is_asked & truth], chances[is_asked & ~truth]
    labels = [1] * len(there) + [0] * len(near)
    return {
        "questions": len(labels),
        "auroc": round(float(roc_auc_score(truth, chances)), 3),
        "auroc of near misses": round(float(roc_auc_score(labels, [*there, *near])), 3),
        "threshold: falsely, refused": {
            least: (round(float((there < least).mean()), 3), round(float((near < least).mean()), 3))
            for least in THRESHOLDS
        },
    }
