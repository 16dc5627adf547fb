"""What a full check of a local store finds, and what state its parts are in, for `wenju doctor`."""

from __future__ import annotations

from pathlib import Path

from vectorstore.catalog import Catalog
from vectorstore.errors import StoreError
from vectorstore.neighbours import Neighbours
from vectorstore.upkeep import KeywordUpkeep


def find_problems(catalog: Catalog, keyword: KeywordUpkeep, dense: Neighbours) -> list[str]:
    """What is wrong, in plain words; [] for a sound store. Reads every file."""
    found = catalog.problems()
    try:
        index = keyword.current()
        found += index.problems() + dense.problems()
        if len(index) != catalog.count():
            found.append(f"the keyword index holds {len(index)} passages, the catalog {catalog.count()}")
    except StoreError as error:
        found.append(str(error))
    return found


def describe(folder: Path, catalog: Catalog, keyword: KeywordUpkeep, dense: Neighbours) -> list[str]:
    """Generation, fingerprint and size of each part, a line each."""
    meta, index = catalog.meta(), keyword.current()
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    return [
        f"目录 catalog: generation {meta['generation']}, {meta['embedder']} {meta['fingerprint']}",
        f"关键词索引 keyword index: generation {index.generation}, {index.segments} segments, {meta['cutter']}",
        f"向量索引 dense index: {dense.condition()}",
        f"占用磁盘 on disk: {size / 1e6:,.1f} MB",
    ]
