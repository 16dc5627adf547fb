"""A PDF's pages as pictures, and where on a page a stretch of the document's text stands.

The loader joins lines, drops running headers, repairs characters and writes the rows of tables with the names of their
columns; here the same page is read again and its lines and cells are matched with the stored text, so that every offset
leads back to PDFium's own characters and their boxes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from rag.loaders.pdf import EDGE, PDFIUM, last_table, line_origins, open_pdf, page_lines, page_tables, page_units
from rag.loaders.pdf_table import Row, Table
from rag.types import Document

if TYPE_CHECKING:
    from pypdfium2 import PdfDocument, PdfPage, PdfTextPage

MAX_WIDTH = 3000  # pixels of a picture; a page of a printed magazine is sharp at that
_MAX_PIXELS = 12_000_000  # of a picture; a page may be a hundred times as long as wide
_FINE = 1_000_000  # parts of a page's width and height in which places are counted
_GAP = 2.0  # heights of a character; a wider gap on a line ends a box
_PAGES_BACK = (0, 1, 3, 9)  # in which the beginning of a table is looked for, one after the other


class Box(NamedTuple):
    """A rectangle on a page as shares of its width and height, from the upper left corner, each in [0, 1]."""

    left: float
    top: float
    right: float
    bottom: float


def page_sizes(pdf: Path) -> list[tuple[float, float]]:
    """Width and height of every page in points (1/72 inch), as it is shown.

    Raises:
        LoadError: the file is damaged or behind a password.
    """
    with _opened(pdf) as document:
        return [document.get_page_size(index) for index in range(len(document))]


def render_page(pdf: Path, page: int, width: int) -> bytes:
    """One page as PNG.

    Args:
        page: 1-based.
        width: pixels; at most MAX_WIDTH, fewer for a very long page.

    Raises:
        IndexError: there is no such page.
        LoadError: as `page_sizes`.
    """
    with _page(pdf, page) as shown:
        wide, high = shown.get_size()
        scale = min(width, MAX_WIDTH) / max(wide, 1.0)
        scale = min(scale, (_MAX_PIXELS / max(wide * high, 1.0)) ** 0.5)
        picture = shown.render(scale=scale).to_pil()
    file = BytesIO()
    picture.save(file, format="PNG", compress_level=3)
    return file.getvalue()


def find_boxes(pdf: Path, document: Document, start: int, end: int) -> dict[int, list[Box]]:
    """Where `document.text[start:end]` stands in the file it was loaded from.

    Returns:
        Page (1-based) → boxes in reading order, one for each line or part of a line. A page whose lines can't be
        matched with the text (another version of the loader wrote it) is left out.

    Raises:
        LoadError: as `page_sizes`.
    """
    found: dict[int, list[Box]] = {}
    first, last = document.page_at(start) or 1, document.page_at(max(end - 1, start)) or 0
    for number in range(first, last + 1):
        above = document.pages[number - 1]
        below = document.pages[number] if number < len(document.pages) else len(document.text)
        with _opened(pdf) as file:
            if number > len(file):  # another file than the one that was read
                continue
            boxes = _boxes(file, number, document.text[above:below], max(start - above, 0), min(end, below) - above)
        if boxes:
            found[number] = boxes
    return found


def trace(raw: str, text: str, tables: Sequence[Table] = ()) -> list[int | None]:
    """For each character of a page's text, where it stands in the page as PDFium gives it.

    Args:
        raw: PDFium's text of one page.
        text: what the loader made of that page; blanks between lines may stand before and after it.
        tables: those of the page.

    Returns:
        len(text) offsets into `raw`; None for the blanks and breaks that joining lines put in, and for names of columns
        in front of values. [] when the text did not come from this page.

    >>> trace("甲乙\\r\\n丙\\r\\n3", "甲乙丙")
    [0, 1, 4]
    """
    lines = page_lines(raw)
    origins = line_origins(raw, lines)
    if origins is None:
        return []
    plain = iter(zip(lines, origins, strict=True))
    units: list[tuple[str, list[int], Row | None]] = []
    for text_of_unit, row in page_units(raw, tables):
        # Lines that a table has taken are passed over.
        own = [] if row else next(places for line, places in plain if line == text_of_unit)
        units.append((text_of_unit, own, row))
    kept = _kept_units(units, text)
    if kept is None:
        return []
    places: list[int | None] = [None] * len(text)
    for number, at, length in kept:
        _, own, row = units[number]
        places[at : at + length] = own[:length] if row is None else _row_places(row, text[at : at + length]) or ()
    return places


def _row_places(row: Row, stored: str) -> list[int | None] | None:
    """Where the characters of a stored row stand; None when it is another row."""
    places: list[int | None] = [None] * len(stored)
    cursor = 0
    for cell in row.written:
        value = cell.text.rstrip(":： ")
        at = stored.find(value, cursor)
        while at > 0 and stored[at - 1] not in "：；| ":  # a part of a name or of another value
            at = stored.find(value, at + 1)
        if at < 0:
            return None
        cursor = at + len(value)
        places[at:cursor] = cell.places[: len(value)]
    return places


def _kept_units(units: Sequence[tuple[str, list[int], Row | None]], text: str) -> list[tuple[int, int, int]] | None:
    """(line or row, offset in text, length) of those that make up the text; None when no choice of them does.

    A dropped header may begin like the heading below it, so all ways are followed until one reaches the text's end.
    """
    # Offset reached → (lines dropped, the last kept line that leads there: line, offset, length, the one before).
    ways: dict[int, tuple[int, tuple[Any, ...]]] = {0: (0, ())}
    for number, (line, _, row) in enumerate(units):
        longer: dict[int, tuple[int, tuple[Any, ...]]] = {}
        for reached, (dropped, way) in ways.items():
            at = reached + (text[reached : reached + 1] in ("\n", " "))
            if row is not None:
                # A row takes up a line; names that came from a page before are not in it.
                stop = text.find("\n", at)
                lengths = [(stop if stop >= 0 else len(text)) - at]
                if _row_places(row, text[at : at + lengths[0]]) is not None:
                    longer[at + lengths[0]] = (dropped, (number, at, lengths[0], way))
                continue
            # A hyphen at the end of a line is dropped when the word goes on below.
            for length in (len(line), len(line) - 1) if line.endswith("-") else (len(line),):
                if text.startswith(line[:length], at):
                    longer[at + length] = (dropped, (number, at, length, way))
        for reached, (dropped, way) in ways.items():
            if dropped < 2 * EDGE and (reached not in longer or longer[reached][0] > dropped + 1):
                longer[reached] = (dropped + 1, way)
        ways = longer
    found = ways.get(len(text)) or ways.get(len(text.rstrip("\n ")))
    if found is None:
        return None
    way = found[1]
    kept = []
    while way:
        kept.append(way[:3])
        way = way[3]
    return kept[::-1]


def _places(document: PdfDocument, number: int, text: str) -> list[int | None]:
    """`trace` of a page of an open file, 1-based; its first table may go on from pages before."""
    raw, tables = _read(document, number, None)
    for back in _PAGES_BACK:
        above = None
        for earlier in range(max(number - back, 1), number):
            text_before, tables = _read(document, earlier, above)
            above = last_table(page_units(text_before, tables), tables)
        if back and above is None:
            continue
        if above is not None:
            _, tables = _read(document, number, above)
        if places := trace(raw, text, tables):
            return places
    return trace(raw, text)  # the version before wrote tables as plain lines


def _read(document: PdfDocument, number: int, above: Table | None) -> tuple[str, list[Table]]:
    """PDFium's text of a page, 1-based, and its tables."""
    page = document[number - 1]
    text_page = page.get_textpage()
    raw = text_page.get_text_range()
    tables = page_tables(page, text_page, raw, above)
    text_page.close()
    page.close()
    return raw, tables


def _boxes(document: PdfDocument, number: int, text: str, start: int, end: int) -> list[Box]:
    """Boxes on a page, 1-based, of `text[start:end]`, where `text` is what the loader made of the page."""
    from pypdfium2 import raw as pdfium

    traced = _places(document, number, text)[start:end]
    page = document[number - 1]
    text_page = page.get_textpage()
    raw = text_page.get_text_range()
    places = [place for place in traced if place is not None and not raw[place].isspace()]
    # PDFium counts in UTF-16; a character beyond the basic plane has two places there.
    units = [0]
    for char in raw:
        units.append(units[-1] + (2 if ord(char) > 0xFFFF else 1))
    chars = [pdfium.FPDFText_GetCharIndexFromTextIndex(text_page, units[place]) for place in places]
    boxes = [_on_page(page, box) for box in _lines_of(text_page, [char for char in chars if char >= 0])]
    text_page.close()
    page.close()
    return boxes


def _lines_of(text_page: PdfTextPage, chars: Sequence[int]) -> Iterator[tuple[float, float, float, float]]:
    """The boxes of characters, joined along each line: left, bottom, right, top in points, y upward."""
    current: tuple[float, float, float, float] | None = None
    for char in chars:
        left, bottom, right, top = text_page.get_charbox(char, loose=True)
        if right <= left or top <= bottom:
            continue
        if current is not None:
            overlap = min(top, current[3]) - max(bottom, current[1])
            height = min(top - bottom, current[3] - current[1])
            near = -height <= left - current[2] <= _GAP * height
            if near and overlap > height / 2:
                current = (
                    min(left, current[0]),
                    min(bottom, current[1]),
                    max(right, current[2]),
                    max(top, current[3]),
                )
                continue
            yield current
        current = left, bottom, right, top
    if current is not None:
        yield current


def _on_page(page: PdfPage, box: tuple[float, float, float, float]) -> Box:
    """A box in points → shares of the page as it is shown, rotated and cropped."""
    from ctypes import byref, c_int

    from pypdfium2 import raw as pdfium

    corners = []
    for x, y in ((box[0], box[3]), (box[2], box[1])):
        across, down = c_int(), c_int()
        pdfium.FPDF_PageToDevice(page, 0, 0, _FINE, _FINE, 0, x, y, byref(across), byref(down))
        corners.append((_share(across.value), _share(down.value)))
    (x0, y0), (x1, y1) = corners
    return Box(min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1))


def _share(place: int) -> float:
    """A place on the page in [0, 1]."""
    return min(max(place / _FINE, 0.0), 1.0)


@contextmanager
def _opened(pdf: Path) -> Iterator[PdfDocument]:
    """A PDF for as long as it is needed, with no other thread in PDFium."""
    with PDFIUM:
        document = open_pdf(pdf)
        try:
            yield document
        finally:
            document.close()


@contextmanager
def _page(pdf: Path, number: int) -> Iterator[PdfPage]:
    """One page of a PDF, 1-based. Raises IndexError when there is no such page."""
    with _opened(pdf) as document:
        if not 0 < number <= len(document):
            raise IndexError(f"page {number} of {len(document)}")
        page = document[number - 1]
        try:
            yield page
        finally:
            page.close()
