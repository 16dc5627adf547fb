"""The file a document was read from: where it lies now, and whether it is still the same."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from rag.documents import file_digest
from vectorstore.records import Document, DocumentInfo

FILES = "files"  # folder in the index that keeps what was uploaded


def find_original(document: Document | DocumentInfo, index: Path) -> Path | None:
    """The file whose bytes are those that were indexed; None when it is gone, has changed or is read otherwise now.

    Only two places are looked at: the path the document was read from, and, for an upload, the same place below
    `index`, which may have been moved as a whole.
    """
    if not (document.path and document.digest):
        return None
    path = Path(document.path)
    kept = [path.parts[at + 1 :] for at, part in enumerate(path.parts) if part == FILES]
    places = [path, *(Path(index, FILES, *below) for below in kept if below)]
    return next((place for place in places if _digest_of(place) == document.digest), None)


def _digest_of(path: Path) -> str:
    """The digest of a file, remembered while its size and time stay; "" when there is no such file."""
    try:
        if not path.is_file():
            return ""
        status = path.stat()
        return _digest(str(path), status.st_size, status.st_mtime_ns)
    except OSError:
        return ""


@lru_cache(maxsize=256)
def _digest(path: str, size: int, changed: int) -> str:
    """The digest of the file of this size and time; "" when it can't be read."""
    return file_digest(Path(path)) or ""
