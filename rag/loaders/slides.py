"""`.pptx`: the text of each slide in order; a slide counts as a page."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterator
from typing import Any

from rag.loaders.base import Content, tidy
from rag.loaders.package import beside, damaged, open_package, parse
from rag.loaders.table import table_lines

_A = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
_P = "{http://schemas.openxmlformats.org/presentationml/2006/main}"
_R = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
_DC = "{http://purl.org/dc/elements/1.1/}"
_SMALL_PRINT = frozenset({"sldNum", "ftr", "dt"})  # slide number, footer, date


def load(data: bytes) -> Content:
    """Read a presentation: titles, text, tables; not what is hidden, and no speaker's notes.

    Raises:
        LoadError: it is damaged, behind a password, or no presentation.
    """
    from lxml.etree import XMLSyntaxError

    with open_package(data, ".pptx") as package:
        try:
            slides = [tidy("\n".join(_lines(slide))) for slide in _slides(package)]
            title = ""
            if "docProps/core.xml" in package.namelist():
                title = (parse(package, "docProps/core.xml").findtext(f"{_DC}title") or "").strip()
        except (KeyError, zipfile.BadZipFile, zlib.error, XMLSyntaxError, AttributeError) as error:
            raise damaged(".pptx", error) from error
    text, pages = "", []
    for slide in slides:
        if text and slide:
            text += "\n"
        pages.append(len(text))
        text += slide
    return Content(text, title="" if title == "PowerPoint Presentation" else title, pages=tuple(pages))


def _slides(package: zipfile.ZipFile) -> Iterator[Any]:
    """The shown slides in the order of the presentation."""
    main = "ppt/presentation.xml"
    targets = {
        relation.get("Id"): relation.get("Target") for relation in parse(package, "ppt/_rels/presentation.xml.rels")
    }
    for slide in parse(package, main).iter(f"{_P}sldId"):
        root = parse(package, beside(main, targets[slide.get(f"{_R}id")]))
        if root.get("show") != "0":
            yield root


def _lines(slide: Any) -> Iterator[str]:
    """Paragraphs and table rows of a slide, in the order they are drawn."""
    for element in slide.iter(f"{_P}sp", f"{_A}tbl"):
        if element.tag == f"{_A}tbl":
            yield from table_lines([[_cell(cell) for cell in row.iter(f"{_A}tc")] for row in element.iter(f"{_A}tr")])
            continue
        place = element.find(f"{_P}nvSpPr/{_P}nvPr/{_P}ph")
        if place is None or place.get("type") not in _SMALL_PRINT:
            yield from (_text(paragraph) for paragraph in element.iter(f"{_A}p"))


def _cell(cell: Any) -> str:
    """The text of a table cell."""
    return " ".join(_text(paragraph) for paragraph in cell.iter(f"{_A}p"))


def _text(paragraph: Any) -> str:
    """The text of a paragraph."""
    return "".join("\n" if part.tag == f"{_A}br" else part.text or "" for part in paragraph.iter(f"{_A}t", f"{_A}br"))
