"""Keeps the dense index in step with the catalog, and its file on disk fit for its size.

Up to LARGE passages the vectors are read from the catalog and searched exactly. Beyond, inverted lists are saved in the
folder `dense-N`; they are made, extended and cleared of removed vectors by whoever changes the store.
"""

from __future__ import annotations

import logging
import shutil
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np

from vectorstore.catalog import Catalog, Changes
from vectorstore.change import Removed
from vectorstore.dense import DenseIndex
from vectorstore.errors import StoreLocked
from vectorstore.inverted import (
    SAMPLED,
    About,
    InvertedFile,
    InvertedFileError,
    best_scores,
    list_count,
    load,
    measure_probes,
    rewritten,
    save,
    train,
)
from vectorstore.lock import WriterLock

logger = logging.getLogger(__name__)

# Passages from which on lists pay: comparing 50,000 vectors of 128 numbers one by one takes 1.1 ms, the lists 0.4.
LARGE = 50_000
MOST_TAIL = 0.1  # share of passages searched beside the lists above which they are taken in
RETRAINED = 4  # lists are trained anew when there are so many times more vectors than they were trained for
_NAMED = "dense"  # the meta value that names the saved lists in use
_QUESTIONS = 256  # on which the number of lists to look at is measured
_QUESTION_LENGTH = 16  # characters


class Neighbours:
    """The dense index of one store folder, at the catalog's generation."""

    def __init__(
        self,
        folder: Path,
        catalog: Catalog,
        lock: WriterLock,
        check: Callable[[Changes], None],
        embed: Callable[[Sequence[str]], np.ndarray],
    ) -> None:
        """
        Args:
            check: raises when the vectors are not those of our embedder.
            embed: texts → their vectors.
        """
        self.folder = folder
        self._catalog = catalog
        self._lock = lock
        self._check = check
        self._embed = embed
        self._refreshing = threading.Lock()
        self._index: DenseIndex | None = None
        self._file: InvertedFile | None = None

    def current(self) -> DenseIndex:
        """The dense index at the catalog's generation."""
        index = self._index
        if index is not None and index.generation == self._catalog.generation():
            return index
        with self._refreshing:
            index = self._index
            file = self._usable()
            if file is not self._file:
                index, self._file = (DenseIndex.over(file) if file else None), file
            changes = self._catalog.changes_since(index.generation if index else 0)
            self._check(changes)
            if index is None or not changes.since:
                index = DenseIndex(int(changes.meta["dimension"]))
            generation = int(changes.meta["generation"])
            self._index = index.updated(generation, changes.removed, changes.keys, changes.vectors)
            return self._index

    def open(self) -> None:
        """See at opening whether the saved lists are sound, and make them anew where they are not."""
        named = self._catalog.meta().get(_NAMED, "")
        if not named and self._catalog.count() < LARGE:
            return
        if self._usable() is None and not self._catalog.read_only:
            try:
                with self._lock.held(timeout=0.0):
                    self.tend()
            except StoreLocked:
                logger.warning("%s: another process is writing; its vectors are searched one by one", self.folder)

    def forget(self) -> None:
        """Let go of files and memory."""
        self._index = self._file = None

    def tend(self) -> None:
        """Make, extend or clear the saved lists where that is due; needs the writer lock.

        What goes wrong here costs speed, not truth: the log says it, and the catalog's vectors are searched instead.
        """
        try:
            self._tend()
        except (OSError, RuntimeError) as error:  # FAISS raises RuntimeError when a disk is full
            logger.warning("%s: the dense index could not be saved: %s", self.folder, error)

    def _tend(self) -> None:
        file = self._usable()
        count = self._catalog.count()
        if count < (LARGE if file is None else LARGE // 2):
            self._keep(None)
            return
        if file is None or count > RETRAINED * file.about.trained:
            self._keep(self._made())
            return
        removed = _positions(file, self._catalog.removed_since(file.about.generation))
        if len(removed) or self._catalog.count_after(file.last_key) > MOST_TAIL * count:
            changes = self._catalog.changes_since(file.about.generation)
            generation = int(changes.meta["generation"])
            self._keep(rewritten(file, self._next(), generation, removed, changes.keys, changes.vectors))

    def condition(self) -> str:
        """In what form the vectors are searched, for people."""
        index, file = self.current(), self._file
        if file is None:
            return f"{len(index):,} vectors, generation {index.generation}, compared one by one"
        about = file.about
        return (
            f"{len(index):,} vectors, generation {index.generation}; {len(file.keys):,} of them in "
            f"{file.index.nlist} lists of generation {about.generation}, {about.probes} looked at, "
            f"recall@10 {about.recall:.3f}"
        )

    def problems(self) -> list[str]:
        """What a full check finds wrong with the saved lists."""
        found = []
        if name := self._catalog.meta().get(_NAMED, ""):
            try:
                load(self.folder / name.partition(":")[0])
            except InvertedFileError as error:
                found.append(str(error))
        index = self.current()
        if len(index) != self._catalog.count():
            found.append(f"the dense index holds {len(index)} passages, the catalog {self._catalog.count()}")
        return found

    def _usable(self) -> InvertedFile | None:
        """The saved lists that the catalog names; the opened ones where they are still those."""
        meta = self._catalog.meta()
        name = meta.get(_NAMED, "")
        if not name:
            return None
        if self._file is not None and self._file.name == name:
            return self._file
        try:
            file = load(self.folder / name.partition(":")[0])
        except InvertedFileError as error:
            if self._catalog.meta().get(_NAMED, "") != name:  # a writer has just put others in their place
                return self._usable()
            logger.warning("%s: the saved dense index can't be used (%s)", self.folder, error)
            return None
        if file.name != name or file.about.embedded != int(meta["embedded"]):
            logger.warning("%s: the saved dense index in %s is not of this catalog", self.folder, file.folder.name)
            return None
        return file

    def _made(self) -> InvertedFile:
        """New lists over all vectors."""
        logger.info("%s: training the dense index", self.folder)
        count = self._catalog.count()
        wanted = SAMPLED * list_count(count)
        keys: list[np.ndarray] = []
        sample: list[np.ndarray] = []
        choose = np.random.default_rng(0)
        with self._catalog.all_vectors() as (meta, blocks):
            for some_keys, vectors in blocks():
                keys.append(some_keys)
                share = min(1.0, wanted / max(count, 1))
                sample.append(vectors[choose.random(len(vectors)) < share].astype(np.float32))
            index = train(np.concatenate(sample), count)
            all_keys = np.concatenate(keys)
            questions = self._questions(choose.choice(all_keys, _QUESTIONS).tolist())

            def added() -> Iterator[np.ndarray]:
                first = 0
                for _, vectors in blocks():
                    index.add_with_ids(vectors.astype(np.float32), np.arange(first, first + len(vectors)))
                    first += len(vectors)
                    yield vectors

            best = best_scores(questions, added())
        probes, recall = measure_probes(index, questions, best)
        about = About(int(meta["generation"]), int(meta["embedded"]), len(all_keys), probes, recall, {})
        return save(self._next(), index, all_keys, about)

    def _questions(self, keys: Sequence[int]) -> np.ndarray:
        """Vectors of texts as short as questions: the first words of these passages."""
        texts = [passage.text[:_QUESTION_LENGTH] for passage in self._catalog.passages(keys).values()]
        vectors = self._embed(texts)
        return vectors[np.any(vectors, axis=1)]

    def _next(self) -> Path:
        """A folder that was never there."""
        last = max((int(path.name.rpartition("-")[2]) for path in _dense_folders(self.folder)), default=0)
        return self.folder / f"dense-{last + 1}"

    def _keep(self, kept: InvertedFile | None) -> None:
        """Name these saved lists in the catalog and delete all others."""
        name = kept.name if kept else ""
        if self._catalog.meta().get(_NAMED, "") != name:
            self._catalog.note(_NAMED, name)
        for path in (*_dense_folders(self.folder), *self.folder.glob("dense-*.new")):
            if kept is None or path != kept.folder:
                shutil.rmtree(path, ignore_errors=True)


def _positions(file: InvertedFile, removed: Sequence[Removed]) -> np.ndarray:
    """Positions in the lists of what was removed since."""
    lows = np.searchsorted(file.keys, [gone.first for gone in removed])
    highs = np.searchsorted(file.keys, [gone.last for gone in removed], side="right")
    ranges = [np.arange(low, high) for low, high in zip(lows, highs, strict=True)]
    return np.concatenate(ranges) if ranges else np.empty(0, np.int64)


def _dense_folders(folder: Path) -> list[Path]:
    """Every saved dense index in the folder, oldest first."""
    paths = (path for path in folder.glob("dense-*") if path.name.rpartition("-")[2].isdecimal())
    return sorted(paths, key=lambda path: int(path.name.rpartition("-")[2]))
