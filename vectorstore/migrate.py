"""Copy an index from one home to another: texts, metadata and vectors as they are, nothing embedded again."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from vectorstore.base import Store
from vectorstore.errors import StoreError
from vectorstore.prepared import BATCH, Prepared, prepare
from vectorstore.records import DocumentInfo

# ("copy" or "check", documents done, documents in all)
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Migration:
    """What a migration did.

    Attributes:
        copied: documents written.
        kept: documents that an earlier, interrupted run had written.
        passages: of all these.
        others: documents that only the target holds; they were left alone.
    """

    copied: int
    kept: int
    passages: int
    others: int


def migrate(source: Store, target: Store, progress: Progress | None = None) -> Migration:
    """Copy every document of a store that the target lacks, then compare all of them, field by field.

    Documents go in batches, each of which is there for good when the next begins, so an interrupted run goes on where
    it stopped. Nothing else should change the source meanwhile.

    Args:
        source, target: open stores with the same embedder.

    Raises:
        StoreError: a document is not the same in the target afterwards.
    """
    tell = progress or (lambda stage, done, total: None)
    infos = source.documents()
    there = {info.id: info for info in target.documents()}
    lacking = [info for info in infos if there.get(info.id) != info]
    done = len(infos) - len(lacking)
    tell("copy", done, len(infos))
    for batch in _batches(lacking):
        target.add_prepared(_ready(source, batch))
        done += len(batch)
        tell("copy", done, len(infos))
    _compare(source, target, infos, tell)
    others = len(target.digests().keys() - {info.id for info in infos})
    return Migration(len(lacking), len(infos) - len(lacking), sum(info.passages for info in infos), others)


def _ready(source: Store, infos: Sequence[DocumentInfo]) -> list[Prepared]:
    """Documents with the vectors they have; only their index terms are cut again."""
    held = source.stored([info.id for info in infos])
    cut = prepare([(item.document, item.spans) for item in held], None)
    return [replace(item, vectors=old.vectors) for item, old in zip(cut, held, strict=True)]


def _compare(source: Store, target: Store, infos: Sequence[DocumentInfo], tell: Progress) -> None:
    """Raise StoreError unless the target holds all that the source holds, to the bit."""
    wrong, done = [], 0
    for batch in _batches(infos):
        ids = [info.id for info in batch]
        copies = {item.document.id: item for item in target.stored(ids)}
        for item in source.stored(ids):
            copy = copies.get(item.document.id)
            if (
                copy is None
                or copy.document != item.document
                or list(copy.spans) != list(item.spans)
                or not np.array_equal(copy.vectors, item.vectors)  # type: ignore[arg-type]
            ):
                wrong.append(item.document.source)
        done += len(batch)
        tell("check", done, len(infos))
    if wrong:
        raise StoreError(
            f"{len(wrong)} 个文档复制后不一致 documents differ in the copy: {', '.join(wrong[:5])}. "
            "Remove them there and migrate again; if they were changed meanwhile, just migrate again."
        )


def _batches(infos: Sequence[DocumentInfo]) -> Iterator[list[DocumentInfo]]:
    """Documents with about BATCH passages."""
    batch: list[DocumentInfo] = []
    size = 0
    for info in infos:
        batch.append(info)
        size += 1 + info.passages
        if size >= BATCH:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch
