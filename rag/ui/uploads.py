"""Files dropped on the page → checked copies in the index folder."""

from __future__ import annotations

import shutil
import unicodedata
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import TYPE_CHECKING, Protocol

from rag.documents import document_id
from rag.errors import LoadError, WenjuError
from rag.ui.labels import Language, say
from vectorstore.records import DocumentInfo

if TYPE_CHECKING:
    from rag import IndexReport

MAX_MEGABYTES = 50
MAX_FILES = 20
# Longest file name in UTF-8 bytes; Linux and macOS stop at 255, and a temporary suffix must still fit.
MAX_NAME_BYTES = 200
# Not allowed in a file name on Windows; an index folder may move there.
_RESERVED = frozenset('<>:"/\\|?*')


class Library(Protocol):
    """What uploads need of an `Assistant`."""

    def add(self, paths: Path) -> IndexReport:
        """Index one file, replacing what was indexed from the same path."""

    def remove(self, name: str) -> int:
        """Take a document out of the index."""

    def documents(self) -> list[DocumentInfo]:
        """Everything that is indexed."""


class UploadRefused(ValueError):
    """A dropped file is not taken; its text is the reason in the reader's language."""


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


def check_upload(file: Path, name: str, suffixes: Collection[str], language: Language) -> str:
    """The safe name under which a dropped file may be kept.

    Args:
        file: where the upload lies.
        name: the name it had on the reader's machine.
        suffixes: accepted suffixes, lower case with the dot.

    Raises:
        UploadRefused: the name, the suffix or the size is not acceptable.
    """
    safe = safe_name(name)
    if not safe:
        raise UploadRefused(say(language, "bad_name"))
    suffix = Path(safe).suffix.lower()
    if suffix not in suffixes:
        reason = "bad_type" if suffix else "no_type"
        raise UploadRefused(say(language, reason, seen=suffix, suffixes=" ".join(suffixes)))
    megabytes = file.stat().st_size / 2**20
    if megabytes > MAX_MEGABYTES:
        raise UploadRefused(say(language, "too_large", seen=f"{megabytes:.1f}", limit=MAX_MEGABYTES))
    return safe


def add_files(
    library: Library, files: Sequence[str], folder: Path, suffixes: Collection[str], language: Language
) -> Iterator[list[tuple[bool, str]]]:
    """Copy dropped files to `folder` and index the copies.

    Yields:
        Before each file and at the end: one (went well, what happened) line per file so far.
    """
    lines: list[tuple[bool, str]] = []
    if len(files) > MAX_FILES:
        lines.append((False, say(language, "too_many", limit=MAX_FILES, seen=len(files))))
        for file in files[MAX_FILES:]:
            Path(file).unlink(missing_ok=True)
    for file in files[:MAX_FILES]:
        yield [*lines, (True, say(language, "reading", name=Path(file).name))]
        lines.append(add_file(library, Path(file), folder, suffixes, language))
    yield lines


def add_file(
    library: Library, file: Path, folder: Path, suffixes: Collection[str], language: Language
) -> tuple[bool, str]:
    """Copy one dropped file to `folder` under its safe name, index the copy, and say how it went.

    A file of the same name is replaced; if the new one can't be read, the old one stays as it was.
    """
    try:
        name = check_upload(file, file.name, suffixes, language)
        replaced = _keep(library, file, folder / name)
    except (UploadRefused, WenjuError, OSError) as error:
        # Loaders name the file first, and so does our line.
        return False, say(language, "rejected", name=file.name, reason=str(error).removeprefix(f"{file.name}: "))
    finally:
        file.unlink(missing_ok=True)
    identity = document_id(folder / name)
    passages = sum(info.passages for info in library.documents() if info.id == identity)
    return True, say(language, "replaced" if replaced else "added", name=name, passages=passages)


def remove_document(library: Library, identity: str, folder: Path, language: Language) -> tuple[bool, str]:
    """Take a document out of the index by its id and say how it went.

    Its file is deleted only if it is a copy in `folder`; a file indexed where the reader keeps it is never touched.
    """
    gone = [info for info in library.documents() if info.id == identity]
    try:
        library.remove(identity)
        for info in gone:
            if Path(info.path).parent.resolve() == folder.resolve():
                Path(info.path).unlink(missing_ok=True)
    except (WenjuError, OSError) as error:
        return False, str(error)
    return True, say(language, "removed", name="、".join(info.source for info in gone))


def _keep(library: Library, file: Path, target: Path) -> bool:
    """Put a copy of `file` at `target` and index it; True if it replaced an older one, which comes back on failure."""
    target.parent.mkdir(parents=True, exist_ok=True)
    partial, older = (target.with_name(f".{target.name}.{end}") for end in ("part", "old"))
    shutil.copyfile(file, partial)
    replaced = target.exists()
    if replaced:
        target.replace(older)
    partial.replace(target)
    try:
        report = library.add(target)
        if report.failed:
            raise LoadError(report.failed[0][1])
    except BaseException:
        target.unlink()
        if replaced:
            older.replace(target)
        raise
    older.unlink(missing_ok=True)
    return replaced
