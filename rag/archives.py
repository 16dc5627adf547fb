"""Unpacking a .zip that anyone may have made: no path leaves its folder, no link, no bomb, Chinese names as written."""

from __future__ import annotations

import stat
import unicodedata
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from rag.errors import LoadError

ENTRIES_MAX = 1000  # files in one archive
UNPACKED_MAX = 500 * 2**20  # bytes of all files together
RATIO_MAX = 200  # unpacked to packed bytes of one file; text reaches 20, a bomb 1000
_SMALL = 2**20  # bytes below which the ratio does not matter
_UTF8 = 0x800  # flag: the name is UTF-8
_LOCKED = 0x1  # flag: the entry is behind a password
_CHUNK = 2**16


@dataclass(frozen=True, slots=True)
class Entry:
    """One file of an archive.

    Attributes:
        name: its path in the archive, with `/`; every part is safe as a file name.
        file: where it was unpacked to; None when it was refused.
        error: why it was refused.
    """

    name: str
    file: Path | None = None
    error: LoadError | None = None


def unpack(archive: Path, into: Path, safe_name: Callable[[str], str], largest: int) -> Iterator[Entry]:
    """Unpack one file after another into a folder, under numbers; the names are only told.

    Args:
        into: an empty folder.
        safe_name: makes a part of a path safe as a file name; "" when nothing of it can be kept.
        largest: bytes that one file may have.

    Yields:
        The files in the archive's order, and what was refused. Folders, hidden files and what systems add are passed
        over in silence.

    Raises:
        LoadError: it is no zip file, or too much is in it; nothing was unpacked then.
    """
    try:
        with zipfile.ZipFile(archive) as opened:
            infos = [info for info in opened.infolist() if not info.is_dir() and not _is_noise(entry_name(info))]
            if len(infos) > ENTRIES_MAX:
                raise LoadError(
                    f"this archive holds {len(infos)} files; at most {ENTRIES_MAX} are taken, split it",
                    f"压缩包里有 {len(infos)} 个文件，最多 {ENTRIES_MAX} 个，请拆开",
                )
            if sum(info.file_size for info in infos) > UNPACKED_MAX:
                raise LoadError(
                    f"this archive unpacks to more than {UNPACKED_MAX // 2**20} MB; split it",
                    f"压缩包解开后超过 {UNPACKED_MAX // 2**20} MB，请拆开",
                )
            taken: set[str] = set()
            for number, info in enumerate(infos):
                yield _unpacked(opened, info, into / str(number), safe_name, largest, taken)
    except (zipfile.BadZipFile, NotImplementedError, EOFError, UnicodeDecodeError) as error:
        raise LoadError(
            f"this archive is damaged or of a kind that can't be read ({error}); pack it again as .zip",
            f"这个压缩包已损坏或格式读不了（{error}），请重新打成 .zip",
        ) from error


def entry_name(info: zipfile.ZipInfo) -> str:
    """The name of an entry as its maker wrote it: UTF-8 where it says or reads so, else GB18030 of Chinese Windows."""
    if info.flag_bits & _UTF8:
        return info.filename
    try:
        raw = info.orig_filename.encode("cp437")
    except UnicodeEncodeError:
        return info.filename
    for encoding in ("utf-8", "gb18030"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    return info.filename


def _unpacked(
    opened: zipfile.ZipFile,
    info: zipfile.ZipInfo,
    target: Path,
    safe_name: Callable[[str], str],
    largest: int,
    taken: set[str],
) -> Entry:
    """One entry on disk, or why not."""
    written = entry_name(info).replace("\\", "/")
    parts = [safe_name(part) for part in PurePosixPath(written).parts]
    shown = "/".join(part for part in parts if part) or "?"
    if not all(parts) or written.startswith("/") or ".." in written.split("/") or written[1:2] == ":":
        return Entry(shown, error=LoadError("its path leads out of the archive", "它的路径指向压缩包之外"))
    kind = info.external_attr >> 16
    if stat.S_ISLNK(kind) or (stat.S_IFMT(kind) and not stat.S_ISREG(kind)):
        return Entry(shown, error=LoadError("it is a link or a device, no file", "它是链接或设备，不是文件"))
    if info.flag_bits & _LOCKED:
        return Entry(
            shown, error=LoadError("it is behind a password; pack it without one", "它有密码，请去掉密码重新打包")
        )
    if info.file_size > largest:
        return Entry(
            shown,
            error=LoadError(
                f"it has {info.file_size / 2**20:.0f} MB; the limit is {largest // 2**20} MB",
                f"它有 {info.file_size / 2**20:.0f} MB，上限是 {largest // 2**20} MB",
            ),
        )
    if info.file_size > _SMALL and info.file_size > RATIO_MAX * info.compress_size:
        return Entry(shown, error=_bomb())
    name, number = shown, 1
    while unicodedata.normalize("NFC", name).casefold() in taken:  # two names that became the same
        number += 1
        path = PurePosixPath(shown)
        name = str(path.with_name(f"{path.stem} ({number}){path.suffix}"))
    taken.add(unicodedata.normalize("NFC", name).casefold())
    try:
        with opened.open(info) as source, target.open("xb") as copy:
            left = info.file_size  # what it says it has; a bomb has more
            while chunk := source.read(_CHUNK):
                left -= len(chunk)
                if left < 0:
                    copy.close()
                    target.unlink()
                    return Entry(name, error=_bomb())
                copy.write(chunk)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        target.unlink(missing_ok=True)
        return Entry(name, error=LoadError(f"it is damaged ({error})", f"它已损坏（{error}）"))
    return Entry(name, target)


def _is_noise(name: str) -> bool:
    """Hidden files, Office lock files and what macOS and Windows add."""
    parts = name.replace("\\", "/").split("/")
    hidden = any((part.startswith(".") and part != "..") or part == "__MACOSX" for part in parts)
    return hidden or parts[-1].startswith("~$") or parts[-1] in ("Thumbs.db", "desktop.ini")


def _bomb() -> LoadError:
    """A file that unpacks to far more than is plausible."""
    return LoadError(
        "it unpacks to far more than a document holds; it was not unpacked", "它解开后大得不像文档，没有解开"
    )
