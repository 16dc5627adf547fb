"""What stands where on a page of a PDF: pieces of text, and the lines and colours drawn around them."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterator, Sequence
from ctypes import byref, c_double, c_float, c_int, c_uint, create_string_buffer
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from pypdfium2 import PdfPage, PdfTextPage

_GAP = 0.6  # heights of a character; wider on one line, it parts two cells (blanks between words are half of that)
_THIN = 3.0  # points; a rectangle up to that is a drawn line
_DIRECTED = 300  # characters that tell which way the text leads
_STEP = 40.0  # points from a character to the next one on its line, at most
_GROUNDS_MAX = 2_000  # painted rectangles of a page
_DRAWN_MAX = 20_000  # lines and edges of a page; more are a drawing


class Box(NamedTuple):
    """A rectangle in points, y upward."""

    left: float
    bottom: float
    right: float
    top: float


@dataclass(frozen=True, slots=True, eq=False)
class Piece:
    """Characters that stand side by side.

    Attributes:
        places: their offsets in PDFium's text of the page; where a blank stands between two, they are not neighbours.
        style: colour of the ground and font of the first, to be compared.
        figures: whether all of them are digits or signs.
    """

    box: Box
    places: tuple[int, ...]
    style: tuple[int, str]
    figures: bool


@dataclass(frozen=True, slots=True)
class Layout:
    """Pieces in the order of the text; drawn lines, level and upright, as boxes without height or width."""

    pieces: tuple[Piece, ...]
    level: tuple[Box, ...]
    upright: tuple[Box, ...]


def lay_out(page: PdfPage, text_page: PdfTextPage, raw: str) -> Layout:
    """The layout of a page, turned so that most of its text is upright; hold `PDFIUM`.

    Args:
        raw: PDFium's text of the page.
    """
    turn = _direction(text_page)
    drawn, grounds = _drawings(page)
    drawn = [_turned(box, turn) for box in drawn]
    level = _joined([box for box in drawn if box.right - box.left >= box.top - box.bottom])
    upright = [_mirrored(b) for b in _joined([_mirrored(b) for b in drawn if b.right - b.left < b.top - b.bottom])]
    upright.sort()
    grounds = [(_turned(box, turn), colour) for box, colour in grounds]
    pieces = tuple(
        Piece(box, places, (_ground(box, grounds), font), not any(raw[place].isalpha() for place in places))
        for box, places, font in _pieces(text_page, raw, upright, turn)
    )
    return Layout(pieces, tuple(level), tuple(upright))


def lines_of(pieces: Sequence[Piece]) -> list[list[Piece]]:
    """Pieces side by side, lines from the top, each from the left."""
    lines: list[list[Piece]] = []
    for piece in sorted(pieces, key=lambda piece: -middle(piece.box)[1]):
        height = piece.box.top - piece.box.bottom
        if lines and middle(lines[-1][0].box)[1] - middle(piece.box)[1] < 0.5 * height:
            lines[-1].append(piece)
        else:
            lines.append([piece])
    return [sorted(line, key=lambda piece: piece.box.left) for line in lines]


def middle(box: Box) -> tuple[float, float]:
    """The middle of a box."""
    return (box.left + box.right) / 2, (box.bottom + box.top) / 2


def _pieces(
    text_page: PdfTextPage, raw: str, upright: Sequence[Box], turn: str
) -> Iterator[tuple[Box, tuple[int, ...], str]]:
    """Box, places and font of every piece: cut at ends of lines, wide gaps and upright lines."""
    from pypdfium2 import raw as pdfium

    walls = [wall.left for wall in upright]
    char_box = pdfium.FS_RECTF()
    reference, box_of = byref(char_box), pdfium.FPDFText_GetLooseCharBox
    # PDFium counts in UTF-16; a character beyond the basic plane has two places there.
    unit, simple = 0, len(raw) == pdfium.FPDFText_CountChars(text_page) and max(raw, default="") <= "\uffff"
    left = bottom = right = top = 0.0
    places: list[int] = []
    font = ""
    for place, char in enumerate(raw):
        number = place if simple else pdfium.FPDFText_GetCharIndexFromTextIndex(text_page, unit)
        unit += 2 if char > "\uffff" else 1
        if char.isspace() or number < 0:
            if char == "\n" and places:
                yield Box(left, bottom, right, top), tuple(places), font
                places = []
            continue
        box_of(text_page, number, reference)
        x0, y0, x1, y1 = char_box.left, char_box.bottom, char_box.right, char_box.top
        if turn != "right":
            x0, y0, x1, y1 = _turned(Box(x0, y0, x1, y1), turn)
        high, gap = y1 - y0, x0 - right
        if x1 <= x0 or high <= 0:
            continue
        if places:
            tallest = top - bottom if top - bottom > high else high
            beside = (y1 if y1 < top else top) - (y0 if y0 > bottom else bottom) > 0.5 * high
            if beside and -tallest < gap < _GAP * tallest and not (walls and _wall(upright, walls, right, x0, y0, y1)):
                right, bottom, top = x1, min(bottom, y0), max(top, y1)
                places.append(place)
                continue
            yield Box(left, bottom, right, top), tuple(places), font
        left, bottom, right, top = x0, y0, x1, y1
        places, font = [place], _font(text_page, number)
    if places:
        yield Box(left, bottom, right, top), tuple(places), font


def _wall(upright: Sequence[Box], walls: Sequence[float], right: float, left: float, bottom: float, top: float) -> bool:
    """Whether an upright line stands between the end of a piece and a character."""
    first, last = bisect_left(walls, right - 1), bisect_right(walls, left + 1)
    height = (bottom + top) / 2
    return any(upright[i].bottom <= height <= upright[i].top for i in range(first, last))


def _font(text_page: PdfTextPage, number: int) -> str:
    """Name of a character's font."""
    from pypdfium2 import raw as pdfium

    name, flags = create_string_buffer(100), c_int()
    pdfium.FPDFText_GetFontInfo(text_page, number, name, 100, byref(flags))
    return name.value.decode("utf-8", errors="replace")


def _ground(box: Box, grounds: Sequence[tuple[Box, int]]) -> int:
    """Colour of the last rectangle painted behind a box; -1 for none."""
    x, y = middle(box)
    behind = (colour for b, colour in reversed(grounds) if b.left <= x <= b.right and b.bottom <= y <= b.top)
    return next(behind, -1)


def _drawings(page: PdfPage) -> tuple[list[Box], list[tuple[Box, int]]]:
    """Straight lines and edges of rectangles on a page, and painted rectangles with their colours."""
    from pypdfium2 import raw as pdfium

    drawn: list[Box] = []
    grounds: list[tuple[Box, int]] = []
    left, bottom, right, top = c_float(), c_float(), c_float(), c_float()
    mode, stroke = c_int(), c_int()
    shades = c_uint(), c_uint(), c_uint(), c_uint()
    for number in range(pdfium.FPDFPage_CountObjects(page)):
        shape = pdfium.FPDFPage_GetObject(page, number)
        if pdfium.FPDFPageObj_GetType(shape) != pdfium.FPDF_PAGEOBJ_PATH:
            continue
        pdfium.FPDFPageObj_GetBounds(shape, byref(left), byref(bottom), byref(right), byref(top))
        box = Box(left.value, bottom.value, right.value, top.value)
        pdfium.FPDFPath_GetDrawMode(shape, byref(mode), byref(stroke))
        if min(box.right - box.left, box.top - box.bottom) <= _THIN:
            if mode.value or stroke.value:
                drawn.append(_thinned(box))
        elif stroke.value:
            drawn += _edges(shape)
        elif mode.value:
            pdfium.FPDFPageObj_GetFillColor(shape, *(byref(shade) for shade in shades))
            grounds.append((box, shades[0].value << 16 | shades[1].value << 8 | shades[2].value))
        if len(drawn) > _DRAWN_MAX or len(grounds) > _GROUNDS_MAX:
            return [], []
    return drawn, grounds


def _edges(shape: object) -> Iterator[Box]:
    """The level and upright lines of a path."""
    from pypdfium2 import raw as pdfium

    matrix = pdfium.FS_MATRIX()
    pdfium.FPDFPageObj_GetMatrix(shape, byref(matrix))
    x, y = c_float(), c_float()
    start = last = (0.0, 0.0)
    for number in range(min(pdfium.FPDFPath_CountSegments(shape), _DRAWN_MAX)):
        segment = pdfium.FPDFPath_GetPathSegment(shape, number)
        pdfium.FPDFPathSegment_GetPoint(segment, byref(x), byref(y))
        here = (
            matrix.a * x.value + matrix.c * y.value + matrix.e,
            matrix.b * x.value + matrix.d * y.value + matrix.f,
        )
        kind = pdfium.FPDFPathSegment_GetType(segment)
        lines = [(last, here)] if kind == pdfium.FPDF_SEGMENT_LINETO else []
        if kind == pdfium.FPDF_SEGMENT_MOVETO:
            start = here
        if pdfium.FPDFPathSegment_GetClose(segment):
            lines.append((here, start))
        for (x0, y0), (x1, y1) in lines:
            if abs(x0 - x1) <= 1 or abs(y0 - y1) <= 1:
                yield _thinned(Box(min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1)))
        last = here


def _thinned(box: Box) -> Box:
    """A line without its thickness."""
    if box.right - box.left >= box.top - box.bottom:
        middle = (box.bottom + box.top) / 2
        return Box(box.left, middle, box.right, middle)
    middle = (box.left + box.right) / 2
    return Box(middle, box.bottom, middle, box.top)


def _joined(level: Sequence[Box]) -> list[Box]:
    """Level lines, those that go on from each other as one."""
    joined: list[Box] = []
    rows: list[Box] = []
    for line in sorted(level, key=lambda line: (line.bottom, line.left)):
        if rows and line.bottom - rows[0].bottom > 1:
            joined += _merged(rows)
            rows = []
        rows.append(line)
    return joined + _merged(rows)


def _merged(row: Sequence[Box]) -> list[Box]:
    """Level lines at one height, those that touch as one."""
    merged: list[Box] = []
    for line in sorted(row, key=lambda line: line.left):
        if merged and line.left <= merged[-1].right + _THIN:
            merged[-1] = merged[-1]._replace(right=max(merged[-1].right, line.right))
        else:
            merged.append(line)
    return merged


def _mirrored(box: Box) -> Box:
    """A box with x and y exchanged."""
    return Box(box.bottom, box.left, box.top, box.right)


def _direction(text_page: PdfTextPage) -> str:
    """Where most lines of the first text lead: "right" as a rule, elsewhere on a page that is shown turned."""
    from pypdfium2 import raw as pdfium

    led: Counter[str] = Counter()
    x0 = y0 = 0.0
    x, y = c_double(), c_double()
    for number in range(min(pdfium.FPDFText_CountChars(text_page), _DIRECTED)):
        pdfium.FPDFText_GetCharOrigin(text_page, number, byref(x), byref(y))
        across, up = x.value - x0, y.value - y0
        if max(abs(across), abs(up)) < _STEP:
            led[("right" if across > 0 else "left") if abs(across) > abs(up) else ("up" if up > 0 else "down")] += 1
        x0, y0 = x.value, y.value
    return max(led, key=lambda way: (led[way], way == "right"), default="right")


def _turned(box: Box, direction: str) -> Box:
    """A box turned so that text which leads in a direction leads to the right; the origin moves with it."""
    left, bottom, right, top = box
    if direction == "up":
        return Box(bottom, -right, top, -left)
    if direction == "left":
        return Box(-right, -top, -left, -bottom)
    if direction == "down":
        return Box(-top, left, -bottom, right)
    return box
