"""Formats that are zip packages of XML: opened with limits, parsed without entities or network."""

from __future__ import annotations

import io
import posixpath
import zipfile
from typing import Any

from rag.errors import LoadError

UNPACKED_MAX = 500 * 2**20  # bytes
PARTS_MAX = 20_000
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"  # old Office formats, and new ones behind a password


def open_package(data: bytes, suffix: str) -> zipfile.ZipFile:
    """The parts of a package.

    Raises:
        LoadError: it is no zip package, or would unpack to too much.
    """
    if data.startswith(_OLE):
        raise LoadError(
            f"this is an old Office file, or a {suffix} behind a password; save it as {suffix} without one",
            f"这是旧的 Office 文件，或有密码的 {suffix}，请去掉密码另存为 {suffix}",
        )
    try:
        package = zipfile.ZipFile(io.BytesIO(data))
    except zipfile.BadZipFile as error:
        raise LoadError(
            f"this is no {suffix} file; open it in the program that made it and save it as {suffix}",
            f"这不是 {suffix} 文件，请用生成它的程序打开，另存为 {suffix}",
        ) from error
    parts = package.infolist()
    size = sum(part.file_size for part in parts)
    if size > UNPACKED_MAX or len(parts) > PARTS_MAX:
        raise LoadError(
            f"this {suffix} unpacks to {size / 2**20:.0f} MB in {len(parts)} parts; split it",
            f"这个 {suffix} 解压后有 {size / 2**20:.0f} MB、{len(parts)} 个部分，请拆开",
        )
    return package


def damaged(suffix: str, error: Exception) -> LoadError:
    """The error for a package whose parts can't be read."""
    kind = type(error).__name__
    return LoadError(
        f"this {suffix} file is damaged ({kind}: {error}); open it and save it again",
        f"这个 {suffix} 文件已损坏（{kind}: {error}），请打开后重新保存",
    )


def parse(package: zipfile.ZipFile, name: str) -> Any:
    """The root element of an XML part. Raises KeyError, BadZipFile, zlib.error, XMLSyntaxError."""
    from lxml import etree

    parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False)
    return etree.fromstring(package.read(name), parser)


def beside(part: str, target: str) -> str:
    """The name of a part that another one points to."""
    return posixpath.normpath(posixpath.join("/", posixpath.dirname(part), target)).lstrip("/")
