"""`.docx`: headings, paragraphs, lists and tables of a Word file in document order."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import TYPE_CHECKING

from rag.errors import LoadError
from rag.loaders.base import Content, tidy
from rag.loaders.table import Cell, spread, table_lines

if TYPE_CHECKING:
    from lxml.etree import _Element as Element

_UNPACKED_MAX = 300 * 2**20  # bytes
_PARTS_MAX = 10_000
_OLE = b"\xd0\xcf\x11\xe0"  # how old .doc files begin, and .docx files behind a password

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_MATH_TEXT = "{http://schemas.openxmlformats.org/officeDocument/2006/math}t"
_FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"
# Tracked deletions, ruby readings, field codes, and the second copy of every text box.
_SKIPPED = frozenset((*(_W + name for name in ("del", "moveFrom", "rt", "instrText", "pPr", "rPr")), _FALLBACK))
_BREAKS = {_W + "tab": "\t", _W + "br": "\n", _W + "cr": "\n", _W + "noBreakHyphen": "-"}
_GOES_ON = "\ue0fe"  # stands in a cell for the text of the cell above, which reaches down
_TITLE_STYLES = ("Title", "Heading 1")


def load(data: bytes) -> Content:
    """Read a Word file. Tracked insertions count, tracked deletions do not; tables as `table_lines` writes them.

    Title and date of creation come from the file's properties; without a title there, the first paragraph in the style
    Title or Heading 1 is it.

    Raises:
        LoadError: the file is damaged, behind a password, or unpacks to more than the limit.
    """
    import docx
    from docx.opc.exceptions import OpcError
    from lxml.etree import XMLSyntaxError

    _check_package(data)
    try:
        document = docx.Document(io.BytesIO(data))
        styles = {style.style_id: style.name or "" for style in document.styles}
        blocks = list(_blocks(document.element.body, styles))
        properties = document.core_properties
        title, created = properties.title.strip(), properties.created
        facts = {"author": properties.author, "keywords": properties.keywords, "categories": properties.category}
    except (OpcError, zipfile.BadZipFile, zlib.error, XMLSyntaxError, KeyError, ValueError, AttributeError) as error:
        raise LoadError(
            f"this Word file is damaged ({error}); open it in Word and save it again",
            f"这个 Word 文件已损坏（{error}），请用 Word 打开后重新保存",
        ) from error
    headings = (text.strip() for text, style in blocks if style in _TITLE_STYLES)
    return Content(
        tidy("\n".join(text for text, _ in blocks)),
        title=title or next((" ".join(heading.split()) for heading in headings if heading), ""),
        created=created.date().isoformat() if created else None,
        metadata={name: value[:300] for name, value in facts.items() if value and value != "python-docx"},
    )


def _check_package(data: bytes) -> None:
    """Refuse what is no Word package, and one that would unpack to too much."""
    if data.startswith(_OLE):
        raise LoadError(
            "this is an old .doc file, or a .docx behind a password; open it in Word and save it as .docx without one",
            "这是旧的 .doc 文件，或有密码的 .docx，请用 Word 打开，去掉密码另存为 .docx",
        )
    try:
        parts = zipfile.ZipFile(io.BytesIO(data)).infolist()
    except zipfile.BadZipFile as error:
        raise LoadError(
            "this is no Word file (.docx); open it in the program that made it and save it as .docx",
            "这不是 Word 文件（.docx），请用生成它的程序打开，另存为 .docx",
        ) from error
    size = sum(part.file_size for part in parts)
    if size > _UNPACKED_MAX or len(parts) > _PARTS_MAX:
        raise LoadError(
            f"this Word file unpacks to {size / 2**20:.0f} MB in {len(parts)} parts; the limits are "
            f"{_UNPACKED_MAX // 2**20} MB and {_PARTS_MAX} parts; split it",
            f"这个 Word 文件解压后有 {size / 2**20:.0f} MB、{len(parts)} 个部分，上限是 "
            f"{_UNPACKED_MAX // 2**20} MB、{_PARTS_MAX} 个，请拆开",
        )


def _blocks(parent: Element, styles: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """(text, style name) of every paragraph and table row, in document order."""
    for child in parent:
        if child.tag == _W + "p":
            yield _paragraph(child, styles)
        elif child.tag == _W + "tbl":
            yield from ((line, "") for line in _table(child, styles))
        elif child.tag in (_W + "sdt", _W + "sdtContent", _W + "customXml", _W + "ins"):
            yield from _blocks(child, styles)


def _table(table: Element, styles: Mapping[str, str]) -> list[str]:
    """A line for each row of a table; names of columns are rows marked as heading, or set in bold above plain ones."""
    rows = list(_inside(table, "tr"))
    headings = 0
    while headings < len(rows) - 1 and rows[headings].find(f"{_W}trPr/{_W}tblHeader") is not None:
        headings += 1
    if not headings and len(rows) > 1 and _is_bold(rows[0]) and not _is_bold(rows[1]):
        headings = 1
    cells = spread([_cells(row, styles) for row in rows], headings)
    for above, row in pairwise([[], *cells]):  # a cell that goes on from the row above says the same
        for place, text in enumerate(row):
            if text == _GOES_ON:
                row[place] = above[place] if place < len(above) else ""
    return table_lines(cells, headings)


def _is_bold(row: Element) -> bool:
    """Whether all text of a row is bold."""
    runs = [run for run in row.iter(_W + "r") if any((text.text or "").strip() for text in run.iter(_W + "t"))]
    marks = [run.find(f"{_W}rPr/{_W}b") for run in runs]
    return bool(runs) and all(mark is not None and mark.get(_W + "val") not in ("0", "false") for mark in marks)


def _cells(row: Element, styles: Mapping[str, str]) -> list[Cell]:
    """The cells of a row, each on one line."""
    cells = []
    for cell in _inside(row, "tc"):
        span, merge = (cell.find(f"{_W}tcPr/{_W}{name}") for name in ("gridSpan", "vMerge"))
        across = span.get(_W + "val", "1") if span is not None else "1"
        goes_on = merge is not None and merge.get(_W + "val") != "restart"
        text = _GOES_ON if goes_on else " ".join(" ".join(text for text, _ in _blocks(cell, styles)).split())
        cells.append(Cell(text, int(across) if across.isdecimal() else 1))
    return cells


def _inside(parent: Element, name: str) -> Iterator[Element]:
    """Rows of a table or cells of a row, those inside content controls too, those of nested tables not."""
    for child in parent:
        if child.tag == _W + name:
            yield child
        elif child.tag in (_W + "sdt", _W + "sdtContent"):
            yield from _inside(child, name)


def _paragraph(paragraph: Element, styles: Mapping[str, str]) -> tuple[str, str]:
    """Text and style name of a paragraph; a list item starts with `- `."""
    style = paragraph.find(f"{_W}pPr/{_W}pStyle")
    name = styles.get(style.get(_W + "val", ""), "") if style is not None else ""
    numbered = paragraph.find(f"{_W}pPr/{_W}numPr") is not None and not name.startswith(("Heading", "Title"))
    text = "".join(_texts(paragraph))
    return (f"- {text}" if text.strip() and (numbered or name.startswith("List ")) else text), name


def _texts(element: Element) -> Iterator[str]:
    """The pieces of visible text below an element."""
    for child in element:
        if child.tag in _SKIPPED:
            continue
        if child.tag in (_W + "t", _MATH_TEXT):
            yield child.text or ""
        elif child.tag in _BREAKS:
            yield _BREAKS[child.tag]
        else:
            yield from _texts(child)
            if child.tag == _W + "p":  # inside a text box
                yield "\n"
