"""Files dropped on the page → checked copies in the index folder, indexed."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Sequence
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import TYPE_CHECKING

from rag.errors import LoadError
from rag.indexing import FileReport, Watch, index_file
from rag.originals import FILES, find_original
from rag.ui.labels import say

if TYPE_CHECKING:
    from rag.assistant import Assistant

MAX_MEGABYTES = 50
MAX_FILES = 200  # in one drop
# Longest file name in UTF-8 bytes; Linux and macOS stop at 255, and a temporary suffix must still fit.
MAX_NAME_BYTES = 200
# Not allowed in a file name on Windows; an index folder may move there.
_RESERVED = frozenset('<>:"/\\|?*')


class UploadRefused(LoadError):
    """A dropped file is not taken."""


def refuse(key: str, **values: object) -> UploadRefused:
    """The refusal with these words of the interface."""
    return UploadRefused(say("en", key, **values), say("zh", key, **values))


def safe_name(name: str) -> str:
    """A file name without path parts, control characters or characters some system forbids; "" if nothing is left.

    >>> safe_name("../../etc/笔记 1.txt"), safe_name("C:\\\\资料\\\\a?.md"), safe_name("..")
    ('笔记 1.txt', 'a_.md', '')
    """
    name = PureWindowsPath(PurePosixPath(name).name).name
    name = unicodedata.normalize("NFC", name)
    kept = ("_" if c in _RESERVED else c for c in name if unicodedata.category(c)[0] != "C")
    name = "".join(kept).strip(" .")
    stem, dot, suffix = name.rpartition(".")
    if not dot:
        stem, suffix = name, ""
    while stem and len((stem + dot + suffix).encode()) > MAX_NAME_BYTES:
        stem = stem[:-1]
    return stem + dot + suffix if stem else ""


def check_upload(name: str, size: int, suffixes: Collection[str]) -> str:
    """The safe name under which a dropped file may be kept.

    Args:
        name: the name it had on the reader's machine.
        size: bytes.
        suffixes: accepted suffixes, lower case with the dot.

    Raises:
        UploadRefused: the name, the suffix or the size is not acceptable.
    """
    safe = safe_name(name)
    if not safe:
        raise refuse("bad_name")
    suffix = Path(safe).suffix.lower()
    if suffix not in suffixes:
        raise refuse("bad_type" if suffix else "no_type", seen=suffix, suffixes=" ".join(suffixes))
    megabytes = size / 2**20
    if megabytes > MAX_MEGABYTES:
        raise refuse("too_large", seen=f"{megabytes:.1f}", limit=MAX_MEGABYTES)
    return safe


def keep_file(assistant: Assistant, file: Path, name: str, watch: Watch | None = None) -> FileReport:
    """Move an uploaded file to its place in the index folder and index it there.

    A file of the same name is replaced; if the new one can't be read or is stopped, the old one stays as it was. A file
    with the bytes of another document is not kept.

    Args:
        name: its safe name, with `/` between folders.

    Raises:
        LoadError: it can't be read.
        OSError: it can't be kept.
    """
    folder = Path(assistant.settings.index) / FILES
    target = folder / name
    above = list(target.relative_to(folder).parents)[:-1]
    if target.is_dir() or any((folder / parent).is_file() for parent in above):
        raise refuse("name_taken")
    target.parent.mkdir(parents=True, exist_ok=True)
    older = target.with_name(f".{target.name}.old")
    replaced = target.exists()
    if replaced:
        target.replace(older)
    try:
        file.replace(target)
        report = index_file(assistant.store, target, assistant.settings, source=name, unique=True, watch=watch)
    except BaseException:
        target.unlink(missing_ok=True)
        if replaced:
            older.replace(target)
        else:
            prune(target.parent, folder)
        raise
    if report.outcome == "duplicate":
        target.unlink()
        if replaced:
            older.replace(target)
    older.unlink(missing_ok=True)
    prune(target.parent, folder)
    return report


def read_again(assistant: Assistant, identity: str, watch: Watch | None = None) -> FileReport:
    """Read a document's file once more and index what it says now.

    Raises:
        LoadError: the file is gone or can't be read; the document stays as it was.
    """
    info = next((info for info in assistant.documents() if info.id == identity), None)
    if info is None:
        raise refuse("gone")
    path = Path(info.path) if info.path else None
    if path is None or not path.is_file():
        path = find_original(info, Path(assistant.settings.index))
    if path is None:
        raise LoadError(say("en", "file_gone"), say("zh", "file_gone"))
    report = index_file(assistant.store, path, assistant.settings, source=info.source, anew=True, watch=watch)
    if report.document_id != identity:  # the index was moved: the document has its new place now
        assistant.store.remove([identity])
    return report


def remove_documents(assistant: Assistant, identities: Sequence[str]) -> int:
    """Take documents out of the index by their ids; returns how many were there.

    A file is deleted only if it is a copy in the index folder; one indexed where the reader keeps it is never touched.
    """
    folder = Path(assistant.settings.index) / FILES
    gone = [info for info in assistant.documents() if info.id in set(identities)]
    removed = assistant.store.remove([info.id for info in gone])
    for info in gone:
        path = Path(info.path)
        if info.path and folder.resolve() in path.resolve().parents:
            path.unlink(missing_ok=True)
            prune(path.parent, folder)
    return removed


def prune(folder: Path, root: Path) -> None:
    """Delete a folder below `root` and those above it, as far as they are empty."""
    while folder != root and root in folder.parents:
        try:
            folder.rmdir()
        except OSError:
            return
        folder = folder.parent
