"""Files → documents ready for the store, in order; in several processes where there is much to do.

A worker is this program started anew (`python -m rag.worker`) and spoken to over its pipes: it runs nothing of the
script that called us, needs no fork, and nothing is pickled. Each reads some files, splits, cuts and embeds them while
this process writes.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, fields
from itertools import accumulate, chain, pairwise
from pathlib import Path
from queue import LifoQueue
from typing import IO, TYPE_CHECKING, Any

import numpy as np

from rag.documents import load_document
from rag.errors import LoadError
from rag.passages import passage_spans
from rag.types import Document
from vectorstore.base import Embedder
from vectorstore.prepared import Prepared, Span, prepare
from vectorstore.static import EMBEDDED

if TYPE_CHECKING:
    from rag.settings import Settings

# Bytes of files from which on workers pay for the half second that each takes to start, on two cores.
MANY_BYTES = 6_000_000
MOST_WORKERS = 8  # beyond it one writer can't keep up; each takes about 150 MB
_CHUNK_BYTES = 250_000  # of files that a worker gets at a time
_CHUNK_FILES = 128
_AHEAD = 3  # chunks a worker may be ahead of the writer: bounds memory
_SENT = tuple(field.name for field in fields(Document) if field.name != "text")  # beside its text

Job = tuple[Path, str]
Lengths = tuple[int, int]  # characters a passage should have, and may have


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A file that could not be read, and why."""

    why: str


def prepare_files(jobs: Sequence[Job], settings: Settings, embedder: Embedder) -> Iterator[Prepared | Unreadable]:
    """Read, split, cut and embed files, given as (path, source); one result for each, in that order.

    Vectors of other embedders than the embedded one are left open: a large model is loaded once, by the caller.
    """
    sizes = [_size(path) for path, _ in jobs]
    lengths = settings.passage_min, settings.passage_max
    workers = min(MOST_WORKERS, _cores())
    chunks = _chunks(jobs, sizes)
    if workers < 2 or sum(sizes) < MANY_BYTES or not sys.executable:
        ready = embedder if embedder.name == EMBEDDED else None
        return chain.from_iterable(prepare_chunk(chunk, lengths, ready) for chunk in chunks)
    return _in_processes(chunks, lengths, embedder, workers)


def prepare_chunk(jobs: Sequence[Job], lengths: Lengths, embedder: Embedder | None) -> list[Prepared | Unreadable]:
    """Some files, here and now; without an embedder their vectors are left open."""
    loaded = [_load(path, source, lengths) for path, source in jobs]
    ready = iter(prepare([item for item in loaded if not isinstance(item, Unreadable)], embedder))
    return [item if isinstance(item, Unreadable) else next(ready) for item in loaded]


def _load(path: Path, source: str, lengths: Lengths) -> tuple[Document, list[Span]] | Unreadable:
    """A file as a document and where its passages are."""
    try:
        document = load_document(path, source=source)
    except LoadError as error:
        return Unreadable(str(error))
    minimum, maximum = lengths
    return document, passage_spans(document, minimum=minimum, maximum=maximum)


def _chunks(jobs: Sequence[Job], sizes: Sequence[int]) -> Iterator[list[Job]]:
    """The files in lists of about equal size."""
    chunk: list[Job] = []
    size = 0
    for job, more in zip(jobs, sizes, strict=True):
        chunk.append(job)
        size += more
        if size >= _CHUNK_BYTES or len(chunk) >= _CHUNK_FILES:
            yield chunk
            chunk, size = [], 0
    if chunk:
        yield chunk


def _in_processes(
    chunks: Iterable[list[Job]], lengths: Lengths, embedder: Embedder, workers: int
) -> Iterator[Prepared | Unreadable]:
    """The chunks, prepared by worker processes a few ahead of the one that is taken next."""
    fingerprint = embedder.fingerprint if embedder.name == EMBEDDED else None
    with _Workers(workers, lengths, fingerprint) as pool, ThreadPoolExecutor(workers) as threads:
        waiting: deque[Future[list[Prepared | Unreadable]]] = deque()
        try:
            for chunk in chunks:
                waiting.append(threads.submit(pool.prepare, chunk))
                if len(waiting) >= _AHEAD * workers:
                    yield from waiting.popleft().result()
            while waiting:
                yield from waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()


class _Workers:
    """Worker processes, each lent to one thread at a time."""

    def __init__(self, count: int, lengths: Lengths, fingerprint: str | None) -> None:
        self._greeting = {"lengths": lengths, "embedded": fingerprint}
        self._lengths = lengths
        self._proven = False  # whether a worker has ever answered
        self._idle: LifoQueue[subprocess.Popen[bytes]] = LifoQueue()
        self._started: list[subprocess.Popen[bytes]] = []
        for _ in range(count):
            self._idle.put(self._start())

    def __enter__(self) -> _Workers:
        return self

    def __exit__(self, *exc: object) -> None:
        for worker in self._started:
            worker.kill()
            worker.communicate()

    def prepare(self, jobs: Sequence[Job]) -> list[Prepared | Unreadable]:
        """One chunk. A file that ends the process that reads it is found out and left out."""
        worker = self._idle.get()
        try:
            answer = self._asked(worker, jobs)
            self._proven = True
            return answer
        except (OSError, EOFError):
            worker = self._start()
        finally:
            self._idle.put(worker)
        if not self._proven:  # other processes can't be used on this machine
            return prepare_chunk(jobs, self._lengths, None)
        if len(jobs) == 1:
            path = jobs[0][0]
            return [Unreadable(f"{path.name}: 读取这个文件的进程崩溃了。 The process that read this file crashed.")]
        return [item for job in jobs for item in self.prepare([job])]

    def _start(self) -> subprocess.Popen[bytes]:
        """A new process, greeted with what it needs to know."""
        paths = os.pathsep.join([path for path in sys.path if path] + [str(Path(__file__).resolve().parent.parent)])
        worker = subprocess.Popen(
            [sys.executable, "-m", "rag.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            # one thread each: there are as many workers as cores
            env={**os.environ, "PYTHONPATH": paths, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
        )
        self._started.append(worker)
        with suppress(OSError):  # one that is dead already is noticed when it is asked
            _write_line(worker.stdin, self._greeting)
        return worker

    @staticmethod
    def _asked(worker: subprocess.Popen[bytes], jobs: Sequence[Job]) -> list[Prepared | Unreadable]:
        """What the worker makes of these files. Raises OSError or EOFError when it dies."""
        _write_line(worker.stdin, [(str(path), source) for path, source in jobs])
        assert worker.stdout is not None  # noqa: S101  (a pipe was asked for)
        return read_answer(worker.stdout)


def _write_line(pipe: IO[bytes] | None, value: Any) -> None:
    """One JSON line."""
    assert pipe is not None  # noqa: S101  (a pipe was asked for)
    pipe.write(json.dumps(value).encode() + b"\n")
    pipe.flush()


def write_answer(pipe: IO[bytes], items: Sequence[Prepared | Unreadable]) -> None:
    """Send prepared documents: the lengths of what follows, records as JSON, all text in one piece, all vectors."""
    records: list[dict[str, Any]] = []
    texts: list[str] = []
    vectors: list[bytes] = []
    for item in items:
        if isinstance(item, Unreadable):
            records.append({"why": item.why})
            continue
        texts += (item.document.text, *item.terms)
        if item.vectors is not None:
            vectors.append(item.vectors.tobytes())
        records.append(
            {
                "document": {name: getattr(item.document, name) for name in _SENT},
                "spans": item.spans,
                "lengths": [len(item.document.text), *map(len, item.terms)],
                "width": None if item.vectors is None else item.vectors.shape[1],
            }
        )
    parts = [
        part.encode("utf-8", "surrogatepass") for part in (json.dumps(records, ensure_ascii=False), "".join(texts))
    ]
    parts.append(b"".join(vectors))
    pipe.write(b"".join(len(part).to_bytes(8, "little") for part in parts))
    for part in parts:
        pipe.write(part)
    pipe.flush()


def read_answer(pipe: IO[bytes]) -> list[Prepared | Unreadable]:
    """What `write_answer` sent. Raises EOFError when the pipe ends before."""
    sizes = [int.from_bytes(_exactly(pipe, 8), "little") for _ in range(3)]
    head, body, rest = (_exactly(pipe, size) for size in sizes)
    text = body.decode("utf-8", "surrogatepass")
    numbers = np.frombuffer(rest, np.float16)
    items: list[Prepared | Unreadable] = []
    begun = first = 0
    for record in json.loads(head.decode("utf-8", "surrogatepass")):
        if "why" in record:
            items.append(Unreadable(record["why"]))
            continue
        vectors = None
        if (width := record["width"]) is not None:
            last = first + width * len(record["spans"])
            vectors, first = numbers[first:last].reshape(-1, width), last
        ends = list(accumulate(record["lengths"], initial=begun))
        own, *terms = (text[start:end] for start, end in pairwise(ends))
        begun = ends[-1]
        known = record["document"]
        document = Document(**{**known, "pages": tuple(known["pages"]), "text": own})
        items.append(Prepared(document, record["spans"], terms, vectors))
    return items


def _exactly(pipe: IO[bytes], count: int) -> bytes:
    """So many bytes. Raises EOFError when there are fewer."""
    data = pipe.read(count)
    if len(data) != count:
        raise EOFError("a worker process has ended")
    return data


def _size(path: Path) -> int:
    """Bytes of a file; 0 for one that is gone, which its loading will say."""
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _cores() -> int:
    """How many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
