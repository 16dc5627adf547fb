"""Files → documents: find them, read them, give each an id, a title and a date."""

from __future__ import annotations

import glob
import hashlib
import os
import stat
from collections.abc import Iterable, Mapping
from datetime import date as calendar_date
from pathlib import Path

from rag.errors import LoadError
from rag.loaders import SUFFIXES, loader_for, suffix_of
from rag.loaders.base import tidy
from rag.loaders.facts import date_in_name, date_in_opening, title_in_text
from rag.types import Document

# How often the reading of a format has changed what it gives; files that were indexed before are then read again.
_READINGS = dict.fromkeys(SUFFIXES, 2)
MAX_BYTES = 200 * 2**20  # of one file; the whole text is held in memory


def find_files(paths: Iterable[str | Path]) -> list[tuple[Path, str]]:
    """The files to load for what a person named.

    Args:
        paths: files, folders (searched to the bottom) and glob patterns such as `docs/**/*.md`.

    Returns:
        (absolute path, source) pairs, in the order of `paths`, sorted inside a folder or pattern, each file once. The
        source is the file's name, or its path below the folder (or below the fixed part of the pattern), with `/`.
        Hidden files, Office lock files and formats that can't be read are left out, unless named themselves.

    Raises:
        LoadError: a path or pattern that matches nothing.
        UnsupportedFormat: a file named itself has a format that can't be read.
    """
    if isinstance(paths, str | Path):
        paths = [paths]
    found: dict[Path, str] = {}
    for given in paths:
        path = (given if isinstance(given, Path) else Path(given)).expanduser()
        if path.is_dir():
            pairs = _folder_files(path)
        elif path.exists():
            loader_for(path.name)
            pairs = [(path, path.name)]
        elif glob.has_magic(str(path)):
            pairs = _matching_files(path)
        else:
            raise LoadError(f"{path}: there is no such file or folder; check the path, seen from {Path.cwd()}")
        for file, source in pairs:
            found.setdefault(_absolute(file), source)
    return list(found.items())


def load_document(path: str | Path, *, source: str | None = None, identity: str | None = None) -> Document:
    """Read one file.

    Args:
        source: the name people know it by; the file's name by default.
        identity: what the id is made of, for a file whose path means nothing (an upload); its path by default.

    Returns:
        The document. Its date is the one the content, the file name or the file's properties state, else None; the day
        on which the file was last changed is `metadata["modified"]`.

    Raises:
        LoadError: the file is missing, empty, too large, damaged, or holds no text. The text names the file.
        UnsupportedFormat: no loader reads this format.
    """
    path = _absolute((path if isinstance(path, Path) else Path(path)).expanduser())
    load = loader_for(path.name)
    data, modified = _read(path)
    try:
        content = load(data)
    except LoadError as error:
        raise error.about(path.name) from error
    except Exception as error:  # parsers of other people's files: one bad file must not end a build of thousands
        kind = type(error).__name__
        raise LoadError(
            f"{path.name}: this file can't be read ({kind}: {error}); save it again, or as text",
            f"{path.name}：这个文件读不了（{kind}: {error}），请重新保存，或另存为文本",
        ) from error
    if not content.text.strip():
        raise LoadError(
            f"{path.name}: there is no text in this file; check that it is the right one",
            f"{path.name}：这个文件里没有文字，请确认没有选错",
        )
    return Document(
        id=document_id(path if identity is None else identity),
        source=path.name if source is None else source,
        path=str(path),
        title=content.title.strip() or (title_in_text(content.text) if content.prose else "") or path.stem,
        text=content.text,
        date=content.date
        or date_in_name(path.name)
        or (date_in_opening(content.text) if content.prose else None)
        or content.created,
        metadata={**content.metadata, "modified": modified},
        pages=content.pages,
        digest=_digest(path, hashlib.sha256(data)),
    )


def document_from_text(
    text: str,
    *,
    source: str,
    title: str | None = None,
    date: str | None = None,
    metadata: Mapping[str, str] | None = None,
) -> Document:
    """A document from text at hand; its id comes from `source`, so the same source replaces it.

    Line ends are made one kind and invisible characters dropped, as in a file; offsets count in `Document.text`.

    Raises:
        LoadError: the text is blank.
        ValueError: `date` is no ISO date.
    """
    readable = tidy(text)
    if not readable.strip():
        raise LoadError(f"{source}: there is no text in this document")
    if date is not None:
        calendar_date.fromisoformat(date)
    return Document(
        id=document_id(source),
        source=source,
        path="",
        title=title or title_in_text(readable) or source,
        text=readable,
        date=date or date_in_opening(readable),
        metadata=dict(metadata or {}),
        digest=hashlib.sha256(text.encode("utf-8", errors="surrogatepass")).hexdigest(),
    )


def file_digest(path: Path) -> str | None:
    """The digest that `load_document` would give the document of this file; None when it can't be read."""
    try:
        with path.open("rb") as file:
            return _digest(path, hashlib.file_digest(file, "sha256"))
    except OSError:
        return None


def _digest(path: Path, content: hashlib._Hash) -> str:
    """What tells whether a file needs to be read again: its bytes, and how its format is read."""
    if reading := _READINGS.get(suffix_of(path.name)):
        content.update(f"\0reading {reading}".encode())
    return content.hexdigest()


def document_id(path: str | Path) -> str:
    """16 hex digits, stable for one path (made absolute), or for one given name.

    A `Path` is a place: relative and absolute spellings give one id. A `str` is taken as it is, so that an upload or
    a text can be known by its name.
    """
    name = str(_absolute(path)) if isinstance(path, Path) else path
    return hashlib.sha256(name.encode("utf-8", errors="surrogatepass")).hexdigest()[:16]


def _absolute(path: Path) -> Path:
    """The absolute path with `..` folded; links are kept, since people know the file by that name."""
    absolute = os.path.abspath(path)  # noqa: PTH100  (Path.absolute keeps "..", resolve follows links)
    return path if absolute == str(path) else Path(absolute)  # taking a path apart takes longer than folding it


def _folder_files(folder: Path) -> list[tuple[Path, str]]:
    """Readable files below a folder, sorted by their path in it. Links to folders are not followed."""
    pairs = []
    for parent, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not _is_hidden(name)]
        below = Path(parent).relative_to(folder).as_posix()
        prefix = "" if below == "." else f"{below}/"
        for name in names:
            if suffix_of(name) in SUFFIXES and not _is_hidden(name):
                pairs.append((Path(parent, name), prefix + name))
    return sorted(pairs, key=lambda pair: pair[1])


def _matching_files(pattern: Path) -> list[tuple[Path, str]]:
    """Readable files that match a pattern, sorted, named by their path below its fixed part."""
    fixed = Path(*_fixed_parts(pattern.parts))
    matches = [Path(match) for match in glob.glob(str(pattern), recursive=True)]  # noqa: PTH207  (absolute patterns)
    if not matches:
        raise LoadError(f"{pattern}: no file matches this pattern, seen from {Path.cwd()}")
    files = [match for match in matches if match.is_file() and suffix_of(match.name) in SUFFIXES]
    pairs = ((file, file.relative_to(fixed)) for file in files)
    shown = ((file, below.as_posix()) for file, below in pairs if not any(map(_is_hidden, below.parts)))
    return sorted(shown, key=lambda pair: pair[1])


def _fixed_parts(parts: tuple[str, ...]) -> list[str]:
    """The leading parts of a pattern without wildcards."""
    fixed: list[str] = []
    for part in parts[:-1]:
        if glob.has_magic(part):
            break
        fixed.append(part)
    return fixed


def _is_hidden(name: str) -> bool:
    """Hidden files and folders, Office lock files, and what archives of macOS bring along."""
    return name.startswith((".", "~$")) or name == "__MACOSX"


def _read(path: Path) -> tuple[bytes, str]:
    """The bytes of a file and the ISO day of its last change."""
    try:
        status = path.stat()
        if stat.S_ISDIR(status.st_mode):
            raise LoadError(f"{path.name}: this is a folder; give it to `wenju index` instead")
        if status.st_size > MAX_BYTES:
            raise LoadError(
                f"{path.name}: {status.st_size / 2**20:.0f} MB is over the limit of {MAX_BYTES // 2**20} MB; split it",
                f"{path.name}：{status.st_size / 2**20:.0f} MB 超过了 {MAX_BYTES // 2**20} MB 的上限，请拆开",
            )
        data = path.read_bytes()
    except FileNotFoundError as error:
        raise LoadError(
            f"{path}: there is no such file; check the path", f"{path}：没有这个文件，请检查路径"
        ) from error
    except OSError as error:
        raise LoadError(
            f"{path}: this file can't be opened ({error.strerror}); check its permissions",
            f"{path}：这个文件打不开（{error.strerror}），请检查权限",
        ) from error
    if not data or data.isspace():
        raise LoadError(f"{path.name}: this file is empty", f"{path.name}：这是个空文件")
    return data, calendar_date.fromtimestamp(status.st_mtime).isoformat()
