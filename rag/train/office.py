"""Office documents to train on (manuals, rules, contracts, minutes, reports), and questions with marked answers.

Those that the evals ship with are trained on in part: their dev split. The others are here for training alone.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from rag.documents import load_document
from rag.language import language_of
from rag.types import Document

EVAL = Path(__file__).resolve().parents[2] / "eval"
QUESTIONS, DOCUMENTS = EVAL / "questions" / "office.jsonl", EVAL / "documents" / "office"
INVENTED = Path(__file__).with_name("office")
IN_ENGLISH = Path(__file__).with_name("in_english")
OFFICE = "office"
Place = tuple[int, int]
# Source of a document, question, places of its answers, whether it is kept for figures.
Marked = tuple[str, str, tuple[Place, ...], bool]


def read_documents(folder: Path) -> dict[str, Document]:
    """The documents by file name; their ids come from it, so that they fall into the same folds anywhere."""
    return {path.name: load_document(path, identity=path.name) for path in sorted(folder.iterdir())}


def read_marked(path: Path = QUESTIONS) -> list[Marked]:
    """Chinese questions that one document answers; those of the test split are kept for figures.

    An answer is a wording of a required fact inside the quoted evidence.
    """
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    marked = []
    for row in rows:
        sources = {evidence["source"] for evidence in row["evidence"]}
        if not row["answerable"] or row["history"] or len(sources) != 1 or language_of(row["question"]) != "zh":
            continue
        if places := _places(row):
            marked.append((sources.pop(), row["question"], places, row["split"] == "test"))
    return marked


def _places(row: dict[str, Any]) -> tuple[Place, ...]:
    """Where the evidence states a fact, as offsets in the document."""
    found = set()
    for evidence in row["evidence"]:
        for wordings in row["facts"]:
            at = next(((evidence["quote"].find(one), one) for one in wordings if one in evidence["quote"]), None)
            if at is not None:
                start = evidence["start"] + at[0]
                found.add((start, start + len(at[1])))
    return tuple(sorted(found))
