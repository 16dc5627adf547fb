"""Results on disk: one JSON file a run, a journal while it goes on, and the baseline that guards the dev split."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from eval.cases import HERE, QuestionSetError, question_from, question_to
from eval.records import Finding, Found, Question, Quote, Record, Reply, Run

BASELINE = HERE / "baseline.json"
VERSION = 1


def results_folder() -> Path:
    """`eval/results` in a checkout; `eval-results` in the working folder for an installed package."""
    return HERE / "results" if (HERE.parent / "pyproject.toml").exists() else Path("eval-results")


def run_name(split: str, model: str, now: datetime | None = None) -> str:
    """A file stem that sorts by time and says what was run.

    >>> run_name("dev", "openai:deepseek/chat", datetime(2026, 1, 2, 3, 4, 5))
    '20260102-030405-dev-openai-deepseek-chat'
    """
    tame = "".join(char if char.isalnum() else "-" for char in model).strip("-")
    return f"{now or datetime.now():%Y%m%d-%H%M%S}-{split}-{tame}"


def commit() -> str:
    """Short commit of the checkout, with "+" when files have been changed since; "" outside a checkout."""
    try:
        head = _git("rev-parse", "--short=10", "HEAD")
        return head + ("+" if _git("status", "--porcelain", "--untracked-files=no") else "")
    except (OSError, subprocess.SubprocessError):
        return ""


def _git(*arguments: str) -> str:
    """Output of a git command in this checkout."""
    command = ["git", "-C", str(HERE.parent), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=20).stdout.strip()  # noqa: S603


def run_key(questions: Sequence[Question], *facts: Mapping[str, str]) -> str:
    """Digest of all that decides a run's replies: the questions, settings, index and the code as it is on disk."""
    digest = sha256(json.dumps([question_to(q) for q in questions], ensure_ascii=False).encode())
    digest.update(json.dumps(facts, sort_keys=True).encode())
    for package in ("rag", "vectorstore", "eval"):
        for path in sorted((HERE.parent / package).rglob("*.py")):
            digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


class Journal:
    """Records of a run that is going on, a line each, so that a run that was cut off goes on where it stopped."""

    def __init__(self, folder: Path, key: str) -> None:
        self.path = folder / f"unfinished-{key}.jsonl"
        self.path.parent.mkdir(parents=True, exist_ok=True)

    def done(self) -> dict[str, Record]:
        """The records that are there, by question id; a half-written last line is left out."""
        if not self.path.exists():
            return {}
        found: dict[str, Record] = {}
        for line in self.path.read_text(encoding="utf-8").split("\n"):
            try:
                record = record_from(json.loads(line))
            except (ValueError, KeyError, TypeError):
                continue
            found[record.question.id] = record
        return found

    def add(self, record: Record) -> None:
        """Keep a record."""
        with self.path.open("a", encoding="utf-8") as file:
            file.write("\n" + json.dumps(record_to(record), ensure_ascii=False))

    def close(self) -> None:
        """The run is finished and saved elsewhere."""
        self.path.unlink(missing_ok=True)


def record_to(record: Record) -> dict[str, Any]:
    """The JSON object of a record; the text of retrieved passages stays in the index."""
    reply = asdict(record.reply)
    for found in reply["found"]:
        del found["text"]
    return {
        "question": question_to(record.question),
        "reply": reply,
        "findings": [asdict(finding) for finding in record.findings],
        "scores": dict(record.scores),
    }


def record_from(data: Mapping[str, Any]) -> Record:
    """A record from its JSON object."""
    reply = dict(data["reply"])
    reply["quotes"] = tuple(Quote(**quote) for quote in reply["quotes"])
    reply["found"] = tuple(Found(**found) for found in reply["found"])
    findings = (
        {**finding, "markers": tuple(finding["markers"]), "relevant": tuple(finding["relevant"])}
        for finding in data["findings"]
    )
    return Record(
        question=question_from(data["question"]),
        reply=Reply(**reply),
        findings=tuple(Finding(**finding) for finding in findings),
        scores=data["scores"],
    )


def save_run(run: Run, folder: Path) -> Path:
    """Write a run to `<folder>/<name>.json`; returns the path."""
    folder.mkdir(parents=True, exist_ok=True)
    data = {
        "version": VERSION,
        "name": run.name,
        "started": run.started,
        "commit": run.commit,
        "questions": run.questions,
        "split": run.split,
        "settings": dict(run.settings),
        "index": dict(run.index),
        "judges": run.judges,
        "records": [record_to(record) for record in run.records],
    }
    path = folder / f"{run.name}.json"
    _write(path, json.dumps(data, ensure_ascii=False, indent=1))
    return path


def load_run(path: Path) -> Run:
    """A run from its file.

    Raises:
        QuestionSetError: the file is missing or no result of `python -m eval run`.
    """
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        if data["version"] != VERSION:
            raise QuestionSetError(f"{path} has version {data['version']}, this program reads {VERSION}; run it again")
        return Run(
            name=data["name"],
            started=data["started"],
            commit=data["commit"],
            questions=data["questions"],
            split=data["split"],
            settings=data["settings"],
            index=data["index"],
            records=tuple(record_from(record) for record in data["records"]),
            judges=data["judges"],
        )
    except OSError as error:
        raise QuestionSetError(
            f"can't read the result {path}: {error.strerror}; `python -m eval run` makes one"
        ) from None
    except (ValueError, KeyError, TypeError) as error:
        raise QuestionSetError(f"{path} is no result of `python -m eval run`: {error!r}") from None


def newest_result(folder: Path) -> Path:
    """The latest result of a folder.

    Raises:
        QuestionSetError: there is none.
    """
    found = sorted(folder.glob("*.json"))
    if not found:
        raise QuestionSetError(f"no results in {folder} yet; `python -m eval run` makes one")
    return found[-1]


def write_baseline(records: Iterable[Record], metrics: Sequence[str], path: Path = BASELINE) -> None:
    """Keep the scores that later runs must not fall below: metric → question id → score, where it applies."""
    there = list(records)
    table = {
        metric: {r.question.id: round(value, 4) for r in there if (value := r.scores.get(metric)) is not None}
        for metric in metrics
    }
    _write(path, json.dumps(table, indent=0, sort_keys=True) + "\n")


def read_baseline(path: Path = BASELINE) -> dict[str, dict[str, float]]:
    """Metric → question id → score.

    Raises:
        QuestionSetError: there is no baseline.
    """
    try:
        return {metric: dict(scores) for metric, scores in json.loads(path.read_text(encoding="utf-8")).items()}
    except OSError:
        raise QuestionSetError(f"there is no baseline at {path}; `python -m eval baseline` makes one") from None


def _write(path: Path, text: str) -> None:
    """Write a file in one go."""
    draft = path.with_name(path.name + ".new")
    draft.write_text(text, encoding="utf-8")
    draft.replace(path)
