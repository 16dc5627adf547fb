"""Keeps the keyword index in step with the catalog.

The index in use is the folder the catalog names. One that is behind (a crash between the two commits of a change,
another process's change) is caught up; one that is damaged, ahead or cut by another segmenter is made anew in a folder
of its own, so that whoever still reads the old one is left in peace.
"""

from __future__ import annotations

import logging
import shutil
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path

from vectorstore import tokens
from vectorstore.catalog import Catalog
from vectorstore.change import Change, Entry
from vectorstore.errors import StoreError, StoreLocked
from vectorstore.keyword import KeywordIndex, KeywordIndexError, KeywordWriter
from vectorstore.lock import WriterLock
from vectorstore.prepared import BATCH, titled_terms

logger = logging.getLogger(__name__)

WRITER_WAIT = 0.25  # seconds a search waits for a writer that is between its two commits
# Most passages that are written anew so that no word of a removed document stays: some four seconds. Of 100,000 in one
# segment a removal took half a minute and more.
AT_ONCE = 20_000


class KeywordUpkeep:
    """The keyword index of one store folder, at the catalog's generation."""

    def __init__(self, folder: Path, catalog: Catalog, lock: WriterLock) -> None:
        self.folder = folder
        self._catalog = catalog
        self._lock = lock
        self._refreshing = threading.Lock()
        self._index: KeywordIndex | None = None

    def current(self) -> KeywordIndex:
        """The keyword index at the catalog's generation, or the newest there is while a writer is at work."""
        index = self._index
        if index is not None and index.generation == self._catalog.generation():
            return index
        with self._refreshing:
            self._index = self._refreshed()
            return self._index

    def forget_index(self) -> None:
        """Let go of the opened files."""
        self._index = None

    def _refreshed(self) -> KeywordIndex:
        deadline = time.monotonic() + WRITER_WAIT
        while True:
            generation, index, fault = self._on_disk()
            if index is not None and index.generation == generation:
                return index
            if not self._catalog.read_only:
                try:
                    # A free lock means that no writer will bring the index up to date: it is for us to do.
                    with self._lock.held(timeout=0.0 if index is not None else None):
                        return self.mended()
                except StoreLocked:
                    if index is None:
                        raise
            late = time.monotonic() > deadline
            if index is None and late:
                raise StoreError(
                    f"The keyword index in {self.folder} can't be used ({fault}) and is open for reading only. "
                    "Mend it with: wenju index --rebuild"
                )
            if index is not None and (late or not self._catalog.removed_since(index.generation)):
                return index
            time.sleep(0.005)

    def _on_disk(self) -> tuple[int, KeywordIndex | None, str]:
        """The catalog's generation, and the keyword index it names or what is wrong with that."""
        meta = self._catalog.meta()
        generation = int(meta["generation"])
        if not meta["keyword"]:
            return generation, None, "it was never made"
        try:
            return generation, KeywordIndex(self.folder / meta["keyword"]), ""
        except KeywordIndexError as error:
            return generation, None, str(error)

    def mended(self) -> KeywordIndex:
        """The keyword index in step with the catalog, caught up or made anew; needs the writer lock."""
        self._tidy()
        generation, index, fault = self._on_disk()
        if index is not None and index.generation == generation:
            return index
        if index is None or index.generation > generation:
            if generation:
                logger.warning("Making the keyword index of %s anew: %s", self.folder, fault or "it is ahead")
            return self.renew()
        logger.warning("Bringing the keyword index of %s from %d to %d", self.folder, index.generation, generation)
        try:
            return self._caught_up(index, generation)
        except KeywordIndexError as error:
            logger.warning("Making the keyword index of %s anew: %s", self.folder, error)
            return self.renew()

    def _caught_up(self, index: KeywordIndex, generation: int) -> KeywordIndex:
        removed = [gone.document for gone in self._catalog.removed_since(index.generation)]
        with index.writer() as writer:
            writer.sweep()
            writer.remove(removed)
            self.forget(index, writer, removed)
            for entries in batches(self._catalog.entries_since(index.generation), BATCH):
                write_terms(writer, entries)
            writer.commit(generation)
        return index.newest()

    def forget(self, index: KeywordIndex, writer: KeywordWriter, documents: Sequence[int]) -> None:
        """Leave no word of these removed documents: write anew what shares a segment with them.

        tantivy would drop their words when it next merges the segment, which may be never. Where more than AT_ONCE
        passages share it, single words (never text) wait for that merge or for the index to be made anew.
        """
        beside = index.beside(documents, AT_ONCE) if documents else []
        if beside is None:
            logger.info("Single words of what was removed stay in %s until: wenju index --rebuild", self.folder)
            return
        for entries in batches(self._catalog.entries(beside), BATCH):
            for entry in entries:
                writer.drop(entry.key)
            write_terms(writer, entries)

    def renew(
        self, meta: Mapping[str, str] | None = None, also: Callable[[Change, Sequence[Entry]], None] | None = None
    ) -> KeywordIndex:
        """Make the index anew; needs the writer lock.

        Args:
            meta: meta values to set in the same transaction.
            also: called with each batch of passages, to change more in the same transaction.
        """
        names = [self._catalog.meta()["keyword"] or "keyword-0", *(path.name for path in keyword_folders(self.folder))]
        folder = self.folder / f"keyword-{1 + max(int(name.rpartition('-')[2]) for name in names)}"
        index = KeywordIndex.create(folder)
        with self._catalog.writing() as change:
            with index.writer() as writer:
                for entries in batches(self._catalog.entries_since(0), BATCH):
                    write_terms(writer, entries)
                    if also:
                        also(change, entries)
                writer.commit(change.generation)
            for name, value in {**(meta or {}), "keyword": folder.name, "cutter": tokens.cutter()}.items():
                change.set_meta(name, value)
        self._tidy()
        return index.newest()

    def _tidy(self) -> None:
        """Delete the keyword indexes the catalog does not name: old ones, and those of a rebuild that was cut off."""
        named = self._catalog.meta()["keyword"]
        for path in keyword_folders(self.folder):
            if path.name != named:
                shutil.rmtree(path, ignore_errors=True)


def write_terms(writer: KeywordWriter, entries: Sequence[Entry]) -> None:
    """Cut passages and index them, each with its document's title in front."""
    lines = titled_terms([(entry.title, entry.text) for entry in entries])
    for entry, line in zip(entries, lines, strict=True):
        writer.add(entry.key, entry.document, line)


def batches(entries: Iterable[Entry], size: int) -> Iterator[list[Entry]]:
    """Lists of up to `size`."""
    remaining = iter(entries)
    while batch := list(islice(remaining, size)):
        yield batch


def keyword_folders(folder: Path) -> list[Path]:
    """Every keyword index in the folder, the one in use and those left by an interrupted rebuild."""
    return sorted(path for path in folder.glob("keyword-*") if path.name.rpartition("-")[2].isdecimal())
