"""`python -m eval speed`: how fast a store is made and asked at several sizes, and where the time goes.

Each size is a store of its own, made from text files in a temporary folder by the same calls a person makes, and opened
in a new process to be asked (`eval/serving.py`). Where the texts are fewer than a size needs, they are taken again
with a marker in front; the report says how many passages that are.
"""

from __future__ import annotations

import json
import lzma
import os
import platform
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from itertools import islice
from pathlib import Path

from eval.cases import QuestionSetError
from rag.settings import Settings

SIZES = (1_000, 10_000, 100_000)
FULL = 1_000_000
QUESTIONS = 300
SAMPLE = 2_000  # files of which each stage is timed alone
ADDED = 100  # documents added to the saved store
_NEWS, _ASKED = "news.txt.xz", "cmrc2018_trial.json"
_ARTICLES_A_FOLDER = 1_000


@dataclass(frozen=True, slots=True)
class Measured:
    """One size.

    Attributes:
        passages, documents: in the store; `repeated` of the documents are texts taken again.
        text_bytes: of the documents, in UTF-8.
        build_seconds: from text files to a saved store, as `wenju index` makes one.
        stage_microseconds: processor time of each stage for one passage, each alone on one core.
        add_seconds, add_cpu_seconds: to add 100 documents to the saved store, on disk on return.
        remove_seconds: to remove one document with every trace.
        disk_bytes: of each part of the store's folder.
        serving: what `eval/serving.py` measured in a new process.
    """

    passages: int
    documents: int
    repeated: int
    text_bytes: int
    build_seconds: float
    stage_microseconds: dict[str, float]
    add_seconds: float
    add_cpu_seconds: float
    remove_seconds: float
    disk_bytes: dict[str, int]
    serving: dict[str, object]

    @property
    def passages_a_second(self) -> float:
        """Indexed end to end."""
        return self.passages / self.build_seconds

    @property
    def disk_ratio(self) -> float:
        """Bytes on disk for one byte of text."""
        return sum(self.disk_bytes.values()) / self.text_bytes


@dataclass(frozen=True, slots=True)
class Report:
    """All sizes, and the machine they were measured on.

    Attributes:
        load: average number of processes that wanted to run, when it began and when it ended.
    """

    corpus: str
    machine: str
    cores: int
    started: str
    load: tuple[float, float]
    sizes: list[Measured] = field(default_factory=list)


def measure(corpus: Path, sizes: Sequence[int]) -> Iterator[Report]:
    """The report so far, after each size.

    Args:
        corpus: a folder of documents, or a text file (`.xz` too) with one article a line.
        sizes: passages, ascending.
    """
    started, load = datetime.now().isoformat(timespec="seconds"), _load()
    measured: list[Measured] = []
    with tempfile.TemporaryDirectory(prefix="wenju-speed-") as scratch:
        texts = Path(scratch, "texts")
        texts.mkdir()
        for size in sizes:
            files, repeated = _write_texts(corpus, texts, size)
            measured.append(_measured(files, repeated, Path(scratch, f"index-{size}"), _questions(corpus, files)))
            machine = f"{platform.processor() or platform.machine()}, Python {platform.python_version()}"
            yield Report(corpus.name, machine, os.cpu_count() or 1, started, (load, _load()), list(measured))


def find_corpus(named: Path | None) -> Path:
    """What to measure on: what was named, or the news in the folder that WENJU_DATA names.

    Raises:
        QuestionSetError: neither is there.
    """
    data = os.environ.get("WENJU_DATA")
    corpus = named or (Path(data, _NEWS) if data else None)
    if corpus is None or not corpus.exists():
        raise QuestionSetError(
            f"{corpus or 'nothing'} to measure on: name a folder of documents, or a text file (.xz too) with one "
            f"article a line: python -m eval speed PATH; or set WENJU_DATA to a folder with {_NEWS}"
        )
    return corpus


def _measured(files: Sequence[Path], repeated: int, index: Path, questions: Sequence[str]) -> Measured:
    """Make a store of these files, then ask, enlarge and weigh it."""
    from rag import Assistant

    settings = Settings(index=index)
    folder = index.parent / f"{index.name}-texts"
    folder.mkdir()
    begun = time.perf_counter()
    assistant, report = Assistant.build_reported(files, settings=settings)
    took = time.perf_counter() - begun
    documents = assistant.documents()
    assistant.close()
    disk = _disk(index)
    serving = _serve(index, questions)
    with Assistant.open(settings=settings) as assistant:
        for number, path in enumerate(files[:ADDED]):
            text = f"增补{number}\n{path.read_text(encoding='utf-8', errors='replace')}"
            (folder / f"{number}.txt").write_text(text, encoding="utf-8")
        begun, cpu = time.perf_counter(), time.process_time()
        assistant.add(folder)
        add_seconds, add_cpu = time.perf_counter() - begun, time.process_time() - cpu
        begun = time.perf_counter()
        assistant.remove(documents[len(documents) // 2].id)
        remove_seconds = time.perf_counter() - begun
    return Measured(
        passages=report.passages,
        documents=len(documents),
        repeated=repeated,
        text_bytes=sum(path.stat().st_size for path in files),
        build_seconds=took,
        stage_microseconds=_stages(files[:SAMPLE]),
        add_seconds=add_seconds,
        add_cpu_seconds=add_cpu,
        remove_seconds=remove_seconds,
        disk_bytes=disk,
        serving=serving,
    )


def _stages(files: Sequence[Path]) -> dict[str, float]:
    """Processor time of each stage for one passage, in microseconds, without a second core's help."""
    from rag.documents import load_document
    from rag.passages import passage_spans
    from vectorstore.embedding import load_embedder
    from vectorstore.local import LocalStore
    from vectorstore.prepared import Prepared, embedded, titled_terms

    embedder = load_embedder()
    titled_terms([("题", "预热")])
    spent: dict[str, float] = {}

    def timed(stage: str, begun: float) -> None:
        spent[stage] = spent.get(stage, 0.0) + time.process_time() - begun

    prepared, passages = [], 0
    for start in range(0, len(files), 32):
        begun = time.process_time()
        documents = [load_document(path) for path in files[start : start + 32]]
        timed("read", begun)
        begun = time.process_time()
        spans = [passage_spans(document) for document in documents]
        timed("split", begun)
        titled = [
            (document.title, document.text[first:last])
            for document, own in zip(documents, spans, strict=True)
            for first, last, _ in own
        ]
        begun = time.process_time()
        terms = iter(titled_terms(titled))
        timed("cut", begun)
        begun = time.process_time()
        vectors = embedded(embedder, titled)
        timed("embed", begun)
        done = 0
        for document, own in zip(documents, spans, strict=True):
            rows = vectors[done : done + len(own)]
            prepared.append(Prepared(document, own, list(islice(terms, len(own))), rows))
            done += len(own)
        passages += done
    with tempfile.TemporaryDirectory() as folder, LocalStore.create(folder, embedder) as store:
        begun = time.process_time()
        store.add_prepared(prepared)
        timed("write", begun)
    return {stage: seconds / passages * 1e6 for stage, seconds in spent.items()}


def _serve(index: Path, questions: Sequence[str]) -> dict[str, object]:
    """What a new process measures."""
    asked = index.parent / "questions.json"
    asked.write_text(json.dumps(questions), encoding="utf-8")
    command = [sys.executable, "-m", "eval.serving", str(index), str(asked)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603  (this very program)
    return dict(json.loads(done.stdout))


def _write_texts(corpus: Path, folder: Path, passages: int) -> tuple[list[Path], int]:
    """Text files that make about so many passages, and how many of them repeat others behind a marker."""
    files: list[Path] = []
    estimated = repeats = 0.0
    for number, (text, again) in enumerate(_texts(corpus)):
        if estimated >= passages:
            break
        path = folder / f"{number // _ARTICLES_A_FOLDER:04}" / f"{number:07}.txt"
        if not path.exists():
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8")
        files.append(path)
        estimated += max(1, round(len(text) / _MEAN_LENGTH))
        repeats += again
    return files, int(repeats)


_MEAN_LENGTH = 298  # characters of a passage of Chinese news, with the default settings


def _texts(corpus: Path) -> Iterator[tuple[str, bool]]:
    """The corpus's texts, then the same again and again behind a marker; with whether they are repeats."""
    taken = 0
    while True:
        before = taken
        for text in _articles(corpus):
            taken += 1
            yield (f"副本{taken}\n{text}" if before else text), bool(before)
        if taken == before:
            raise QuestionSetError(f"no document in {corpus} could be read")


def _articles(corpus: Path) -> Iterator[str]:
    """The texts of a folder's documents, or of a file's lines."""
    if corpus.is_dir():
        from rag.documents import find_files, load_document
        from rag.errors import LoadError

        for path, _ in find_files([corpus]):
            try:
                yield load_document(path).text
            except LoadError:
                continue
        return
    with lzma.open(corpus, "rt", encoding="utf-8") if corpus.suffix == ".xz" else corpus.open(encoding="utf-8") as file:
        yield from (line.strip() for line in file if line.strip())


def _questions(corpus: Path, files: Sequence[Path]) -> list[str]:
    """Half questions of a set beside the corpus, where there is one; the rest clauses of the texts themselves."""
    choose = random.Random(0)  # noqa: S311
    found: list[str] = []
    beside = corpus.parent / _ASKED
    if beside.is_file():
        data = json.loads(beside.read_text(encoding="utf-8"))["data"]
        asked = [qa["question"] for item in data for paragraph in item["paragraphs"] for qa in paragraph["qas"]]
        found = choose.sample([question for question in asked if question.strip()], QUESTIONS // 2)
    while len(found) < QUESTIONS:
        text = choose.choice(files).read_text(encoding="utf-8", errors="replace")
        clauses = [part for part in text.replace("。", "，").split("，") if 8 <= len(part.strip()) <= 40]
        found.append(choose.choice(clauses).strip() + "？" if clauses else text[:20] + "？")
    choose.shuffle(found)
    return found


def _disk(index: Path) -> dict[str, int]:
    """Bytes of each file or folder of a store."""
    parts: dict[str, int] = {}
    for path in sorted(index.rglob("*")):
        if path.is_file():
            part = path.relative_to(index).parts[0].partition("-")[0]
            parts[part] = parts.get(part, 0) + path.stat().st_size
    return parts


def _load() -> float:
    """Processes that want to run, averaged over a minute; 0 where the system can't say."""
    return os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0


def as_json(report: Report) -> str:
    """The report with the figures that follow from others."""
    plain = asdict(report)
    for size, measured in zip(plain["sizes"], report.sizes, strict=True):
        size["passages_a_second"] = round(measured.passages_a_second, 1)
        size["disk_ratio"] = round(measured.disk_ratio, 3)
    return json.dumps(plain, ensure_ascii=False, indent=1)
