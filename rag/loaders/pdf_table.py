"""Tables on a page of a PDF, ruled or only lined up in columns → rows with the names of their columns.

A ruled grid is a table as drawn: its lines say what a cell is, over how many lines of text it goes, and which cells are
merged. Without a grid, at least three rows have to stand in the columns of the first, and that has to name them for
sure (`first_row_names`), or be set off by a line below it, its font or its ground.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from rag.loaders.pdf_layout import Box, Layout, Piece, lines_of, middle
from rag.loaders.table import Cell, first_row_names, names_columns, spread, table_lines

_NEAR = 3.0  # points between lines that meet
_GRID_MAX = 400  # lines of one direction; more are a drawing
_CELLS_MAX = 5000  # of a grid
_CELL_MAX = 400  # characters; a larger cell is a part of the page
_APART = 3.0  # heights of a line from one row to the next, at most
_TIGHT = 1.6  # heights of a line from one line of a cell to the next, at most
_SIDE = 1.5  # heights of a line between two pieces of one cell, at most
_TOP = 3  # lines that may stand above a table that goes on from the page before
_NAME_MAX = 30  # characters of a name of a column on one line
_YEAR = 4  # digits of a year, which may be a name too
_LOOKED_AT = 20  # lines that decide
_LEAST = 3  # rows of a table without a grid, that of names among them
_cjk = re.compile("[\u2e80-\u9fff\uf900-\ufaff\uff00-\uff60]")
_digit = re.compile(r"\d")
Sign = Callable[[str], str]  # a character of PDFium's → as it is stored, "" for none


@dataclass(frozen=True, slots=True)
class Written:
    """What stands in a cell, and for each character its offset in PDFium's text; None for a blank put in."""

    text: str
    places: tuple[int | None, ...]


@dataclass(frozen=True, slots=True)
class Row:
    """A row: a text for each column, and the cells that are written in this row and no other."""

    cells: tuple[str, ...]
    written: tuple[Written, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """A table of one page.

    Attributes:
        edges: where its columns begin and end, in points.
        head: the rows of this page that name its columns; () where it has none, or goes on from another page.
        names: those rows, or those of the page where it began.
        body: every other row.
        taken: offsets in PDFium's text of all its characters.
    """

    edges: tuple[float, ...]
    head: tuple[Row, ...]
    names: tuple[Row, ...]
    body: tuple[Row, ...]
    taken: frozenset[int]

    def lines(self) -> list[tuple[str, Row]]:
        """Every row of this page as it is stored."""
        lines = table_lines([row.cells for row in (*self.names, *self.body)], len(self.names))
        below = list(zip(lines[len(self.names) :], self.body, strict=True))
        return [*zip(lines, self.head, strict=False), *below] if self.head else below


def find_tables(layout: Layout, raw: str, sign: Sign, above: Table | None = None) -> list[Table]:
    """The tables of a page, from its top.

    Args:
        raw: PDFium's text of the page.
        above: the table at the end of the page before, for the case that this page goes on with it.
    """
    tables: list[tuple[float, Table]] = []
    free = list(layout.pieces)
    tops = sorted((piece.box.top for piece in free), reverse=True)
    for xs, ys in _grids(layout):
        inside = [piece for piece in free if _within(piece.box, xs[0], xs[-1], ys[-1], ys[0])]
        before = above if tops[:1] and len(lines_of([p for p in free if p.box.bottom > ys[0]])) <= _TOP else None
        if inside and (table := _ruled(inside, layout, xs, ys, raw, sign, before)):
            tables.append((ys[0], table))
            gone = set(inside)
            free = [piece for piece in free if piece not in gone]
    tables += _aligned_tables(free, layout, raw, sign, above)
    return [table for _, table in sorted(tables, key=lambda pair: -pair[0])]


def _grids(layout: Layout) -> Iterator[tuple[list[float], list[float]]]:
    """Where the columns and rows of each grid begin and end: x from the left, y from the top."""
    level, upright = layout.level, layout.upright
    if not upright or len(level) > _GRID_MAX or len(upright) > _GRID_MAX:
        return
    groups: list[tuple[set[Box], list[Box]]] = []
    for wall in upright:
        floors, walls = {floor for floor in level if _meet(floor, wall)}, [wall]
        for group in [group for group in groups if not group[0].isdisjoint(floors)]:
            groups.remove(group)
            floors |= group[0]
            walls += group[1]
        groups.append((floors, walls))
    for floors, walls in groups:
        ends = [min(floor.left for floor in floors), max(floor.right for floor in floors)] if floors else []
        xs = _levels([wall.left for wall in walls] + ends)
        ys = _levels([floor.bottom for floor in floors])[::-1]
        if len(xs) > 2 and len(ys) > 2 and len(xs) * len(ys) <= _CELLS_MAX:
            yield xs, ys


def _ruled(
    inside: Sequence[Piece],
    layout: Layout,
    xs: Sequence[float],
    ys: Sequence[float],
    raw: str,
    sign: Sign,
    above: Table | None,
) -> Table | None:
    """The table in a grid; None where nothing names its columns, or it frames parts of the page."""
    ys, between = _parted(inside, xs, ys)
    high, wide = len(ys) - 1, len(xs) - 1
    there: dict[tuple[int, int], list[Piece]] = {}
    for piece in inside:
        x, y = middle(piece.box)
        there.setdefault((bisect_right([-level for level in ys], -y) - 1, bisect_right(xs, x) - 1), []).append(piece)

    def walled(row: int, column: int) -> bool:
        y = (ys[row] + ys[row + 1]) / 2
        return any(
            abs(wall.left - xs[column + 1]) <= _NEAR and wall.bottom - _NEAR <= y <= wall.top + _NEAR
            for wall in layout.upright
        )

    def floored(row: int, column: int) -> bool:
        x = (xs[column] + xs[column + 1]) / 2
        return ys[row + 1] in between or any(
            abs(floor.bottom - ys[row + 1]) <= _NEAR and floor.left - _NEAR <= x <= floor.right + _NEAR
            for floor in layout.level
        )

    covered: set[tuple[int, int]] = set()
    rows: list[list[Cell]] = []
    written: list[list[Written]] = []
    for row in range(high):
        rows.append([])
        written.append([])
        for column in range(wide):
            if (row, column) in covered:
                continue
            across = down = 1
            while (
                column + across < wide
                and (row, column + across) not in covered
                and not walled(row, column + across - 1)
            ):
                across += 1
            while row + down < high and not floored(row + down - 1, column):
                down += 1
            area = [(row + i, column + j) for i in range(down) for j in range(across)]
            covered.update(area)
            cell = _write([piece for place in area for piece in there.get(place, [])], raw, sign)
            if len(cell.text) > _CELL_MAX:
                return None
            rows[-1].append(Cell(cell.text, across, down))
            written[-1].append(cell)
    first = next((number for number, row in enumerate(rows) if len(row) > 1), len(rows))  # a title may stand above
    rows, written = rows[first:], written[first:]
    headings = max((cell.down for cell in rows[0]), default=1) if rows and any(c.across > 1 for c in rows[0]) else 1
    cells = spread(rows, headings)
    made = [
        Row(tuple(row), tuple(w for w in own if w.text)) for row, own in zip(cells, written, strict=True) if any(row)
    ]
    if len(made) < 2 or sum(any(row.cells[i : i + 1] != ("",) for row in made) for i in range(wide)) < 2:
        return None
    texts = [list(row.cells) for row in made]
    styles = [{p.style for column in range(wide) for p in there.get((first + i, column), [])} for i in range(len(rows))]
    marked = bool(styles[0]) and not any(styles[0] & style for style in styles[1:3])
    named = headings > 1 or first_row_names(texts, marked) or names_columns(texts)
    table = _table(tuple(xs), made, headings if named else 0, _taken(made), above)
    return table if table.names else None  # a form, or a frame around parts of the page


def _parted(inside: Sequence[Piece], xs: Sequence[float], ys: Sequence[float]) -> tuple[list[float], set[float]]:
    """Where rows end, those too that no line parts, and where those end.

    Several lines between two drawn ones are rows if each has the same columns, one of them figures in every line.
    """
    between: set[float] = set()
    for top, bottom in list(pairwise(ys))[1:]:
        lines = lines_of([piece for piece in inside if bottom < middle(piece.box)[1] < top])
        placed = [{bisect_right(xs, middle(piece.box)[0]): piece for piece in line} for line in lines]
        if len(lines) < 2 or len(placed[0]) < 2 or any(cells.keys() != placed[0].keys() for cells in placed):
            continue
        if any(all(cells[column].figures for cells in placed) for column in placed[0]):
            between.update((middle(a[0].box)[1] + middle(b[0].box)[1]) / 2 for a, b in pairwise(lines))
    return sorted({*ys, *between}, reverse=True), between


def _table(
    edges: tuple[float, ...], rows: Sequence[Row], headings: int, taken: frozenset[int], above: Table | None
) -> Table:
    """A table, as what goes on from the page before if it has the same columns and no names, or the same."""
    head, body = tuple(rows[:headings]), tuple(rows[headings:])
    if above is not None and above.names and _alike(edges, above.edges):
        same = [row.cells for row in head] == [row.cells for row in above.names]
        if same or not head:
            return Table(edges, (), above.names, body, taken)
    return Table(edges, head, head, body, taken)


def _aligned_tables(
    free: Sequence[Piece], layout: Layout, raw: str, sign: Sign, above: Table | None
) -> Iterator[tuple[float, Table]]:
    """Tables without a grid, and the height at which each begins."""
    lines = lines_of(free)
    at = 0
    while at < len(lines):
        found = _aligned(lines, at, layout, raw, sign, above) if len(lines[at]) > 1 else None
        if found is None and above is not None and at < _TOP and len(lines[at]) > 1:
            found = _gone_on(lines, at, raw, sign, above)
        if found is not None:
            table, taken = found
            yield lines[at][0].box.top, table
            at += taken
        else:
            at += 1


def _aligned(
    lines: Sequence[Sequence[Piece]], at: int, layout: Layout, raw: str, sign: Sign, above: Table | None
) -> tuple[Table, int] | None:
    """The table whose names may be this line, and how many lines it takes."""
    if any(len(p.places) > _NAME_MAX or (p.figures and len(p.places) != _YEAR) for p in lines[at]):
        return None
    columns = [(piece.box.left, piece.box.right) for piece in lines[at]]
    if at + 1 < len(lines) and len(lines[at + 1]) > len(columns) and lines[at + 1][0].box.right < columns[0][0]:
        columns.insert(0, (lines[at + 1][0].box.left, lines[at + 1][0].box.right))  # the corner is empty
    cells, _, _ = _below(lines[: at + _LOOKED_AT], at, columns)
    if len(cells) < _LEAST:
        return None
    styles = [{piece.style for cell in row for piece in cell} for row in cells[:3]]
    set_off = len(styles[0]) == 1 and not styles[0] & (styles[1] | styles[2]) and len(columns) > 2
    marked = set_off or _underlined(cells, columns, layout.level)
    if not first_row_names([_row(row, raw, sign).cells for row in cells], marked):
        return None
    cells, columns, taken = _below(lines, at, columns)
    rows = [_row(row, raw, sign) for row in cells]
    return _table(_edges(columns), rows, 1, _taken(rows), above), taken


def _gone_on(lines: Sequence[Sequence[Piece]], at: int, raw: str, sign: Sign, above: Table) -> tuple[Table, int] | None:
    """The rows that go on with a table without a grid from the page before."""
    if len(above.edges) != 2 * len(above.names[0].cells):
        return None
    cells, columns, taken = _below(lines, at, list(zip(above.edges[::2], above.edges[1::2], strict=True)))
    if not cells:
        return None
    rows = [_row(row, raw, sign) for row in cells]
    return Table(_edges(columns), (), above.names, tuple(rows), _taken(rows)), taken


def _below(
    lines: Sequence[Sequence[Piece]], at: int, columns: list[tuple[float, float]]
) -> tuple[list[list[list[Piece]]], list[tuple[float, float]], int]:
    """Rows of cells from a line on that stand in these columns, the columns as wide as they come, and lines taken."""
    rows: list[list[list[Piece]]] = []
    ends: list[int] = []
    columns = list(columns)
    for number in range(at, len(lines)):
        line = lines[number]
        height = line[0].box.top - line[0].box.bottom
        gap = middle(lines[number - 1][0].box)[1] - middle(line[0].box)[1] if rows else 0.0
        cells = _in_columns(line, columns)
        if cells is None or gap > _APART * height:
            break
        goes_on = bool(rows) and not cells[0] and gap <= _TIGHT * height and 2 * sum(map(bool, cells)) <= len(columns)
        if goes_on and all(above or not cell for above, cell in zip(rows[-1], cells, strict=True)):
            rows[-1] = [[*above, *cell] for above, cell in zip(rows[-1], cells, strict=True)]
            ends[-1] = number
        else:
            rows.append(cells)
            ends.append(number)
        for place, cell in enumerate(cells):
            for piece in cell:
                columns[place] = (min(columns[place][0], piece.box.left), max(columns[place][1], piece.box.right))
    while rows and sum(map(bool, rows[-1])) < 2:  # a note below, or the next paragraph
        rows.pop()
        ends.pop()
    return rows, columns, ends[-1] + 1 - at if ends else 0


def _in_columns(line: Sequence[Piece], columns: Sequence[tuple[float, float]]) -> list[list[Piece]] | None:
    """The pieces of a line in their columns; None where one reaches over two, or two far apart share one."""
    cells: list[list[Piece]] = [[] for _ in columns]
    bounds = [(left[1] + right[0]) / 2 for left, right in pairwise(columns)]
    for piece in line:
        over = [i for i, (left, right) in enumerate(columns) if min(right, piece.box.right) > max(left, piece.box.left)]
        if len(over) > 1:
            return None
        place = over[0] if over else bisect_right(bounds, middle(piece.box)[0])
        height = piece.box.top - piece.box.bottom
        if cells[place] and piece.box.left - cells[place][-1].box.right > _SIDE * height:
            return None
        cells[place].append(piece)
    return cells


def _underlined(
    rows: Sequence[Sequence[Sequence[Piece]]], columns: Sequence[tuple[float, float]], level: Sequence[Box]
) -> bool:
    """Whether a line is drawn below the first row over most of its width, and none below the second."""

    def height(row: Sequence[Sequence[Piece]]) -> float:
        return min(middle(piece.box)[1] for cell in row for piece in cell)

    width = columns[-1][1] - columns[0][0]
    drawn = [
        line.bottom for line in level if min(line.right, columns[-1][1]) - max(line.left, columns[0][0]) > 0.6 * width
    ]
    first, second, third = (height(row) for row in rows[:3])
    return any(second < y < first for y in drawn) and not any(third < y < second for y in drawn)


def _row(cells: Sequence[Sequence[Piece]], raw: str, sign: Sign) -> Row:
    """A row from the pieces of its cells."""
    written = [_write(cell, raw, sign) for cell in cells]
    return Row(tuple(cell.text for cell in written), tuple(cell for cell in written if cell.text))


def _write(pieces: Sequence[Piece], raw: str, sign: Sign) -> Written:
    """What the pieces of a cell say, from the top, Chinese lines joined without a blank."""
    text: list[str] = []
    places: list[int | None] = []
    for piece in (piece for line in lines_of(pieces) for piece in line):
        last = -1
        for place in piece.places:
            shown = sign(raw[place])
            blank = place > last + 1 if last >= 0 else bool(text) and not _cjk.match(text[-1]) and not _cjk.match(shown)
            if blank and text and shown:
                text.append(" ")
                places.append(None)
            if shown:
                text.append(shown)
                places.append(place)
            last = place
    return Written("".join(text), tuple(places))


def _taken(rows: Sequence[Row]) -> frozenset[int]:
    """Offsets of all characters of some rows."""
    return frozenset(place for row in rows for cell in row.written for place in cell.places if place is not None)


def _edges(columns: Sequence[tuple[float, float]]) -> tuple[float, ...]:
    """Left and right of every column."""
    return tuple(edge for column in columns for edge in column)


def _alike(edges: Sequence[float], others: Sequence[float]) -> bool:
    """Whether columns stand in the same places; those without a grid are as wide as what is in them."""
    return len(edges) == len(others) and all(abs(a - b) <= 10 * _NEAR for a, b in zip(edges, others, strict=True))


def _levels(values: Sequence[float]) -> list[float]:
    """Different places, those that nearly meet as one."""
    levels: list[float] = []
    for value in sorted(values):
        if not levels or value - levels[-1] > _NEAR:
            levels.append(value)
    return levels


def _meet(floor: Box, wall: Box) -> bool:
    """Whether a level line and an upright one touch."""
    across = floor.left - _NEAR <= wall.left <= floor.right + _NEAR
    return across and wall.bottom - _NEAR <= floor.bottom <= wall.top + _NEAR


def _within(box: Box, left: float, right: float, bottom: float, top: float) -> bool:
    """Whether the middle of a box is in a rectangle."""
    x, y = middle(box)
    return left < x < right and bottom < y < top
