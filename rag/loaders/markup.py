"""An HTML tree → lines of readable text."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal

from rag.loaders.base import visible
from rag.loaders.table import Cell, spread, table_lines

if TYPE_CHECKING:
    from lxml.html import HtmlElement

_BLOCKS = frozenset(
    "address article aside blockquote body caption center dd details dialog div dl dt fieldset figcaption figure "
    "footer form h1 h2 h3 h4 h5 h6 header hgroup hr html legend li main nav ol p pre section summary table tbody tfoot "
    "thead tr ul".split()
)
_SILENT = frozenset(
    "script style template noscript head svg math iframe object embed audio video canvas select textarea button img "
    "input".split()
)
_ROW_GROUPS = ("thead", "tbody", "tfoot")
_AROUND = frozenset(("nav", "aside", "footer", "form", "menu", "dialog"))
_CJK = "\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\uff00-\uffef\U00020000-\U0003ffff\u2018-\u201d\u2026"
_wrap = re.compile(rf"(?<=[{_CJK}])[ \t]*\r?\n\s*(?=[{_CJK}])")
_blanks = re.compile(r"[ \t\r\n\f]+")
_breaks = re.compile("[\x0b\x0c\x1c-\x1e]")  # XML knows no such line breaks
_reference = re.compile(r"&#(?:x([0-9a-f]{1,6})|(\d{1,7}));?", re.IGNORECASE)
_around_name = re.compile(
    r"(?:^|[\s_-])(?:nav|navbar|menu|sidebar|side|footer|breadcrumbs?|crumbs?|copyright|share|related|recommend|comments?"
    r"|ads?|advert|toolbar|pager|pagination)(?:$|[\s_-])",
    re.IGNORECASE,
)
_LINKS_ONLY = 0.7  # share of a block's characters that are links
_BULLET = "- "
_CODE_BLANK = "\ue0ff"  # stands for a blank of code while other white space is folded
_Blanks = Literal["fold", "breaks", "code"]  # of text nodes: all one blank; line breaks kept; everything kept
_number_mark = re.compile(r"\d+\. ")
_hidden = re.compile(r"(?:display\s*:\s*none|visibility\s*:\s*hidden)", re.IGNORECASE)


def parse_html(text: str) -> HtmlElement:
    """Parse a page or a fragment, an empty one as an empty page. Nothing is fetched, no external entity is read."""
    from lxml import etree
    from lxml.html import HTMLParser, document_fromstring

    # Bytes with a stated encoding: a declaration inside the text can't contradict what was decoded already.
    # Without huge_tree a text of 10 MB, or what is nested 256 deep, would be lost without a word.
    parser = HTMLParser(encoding="utf-8", no_network=True, remove_comments=True, huge_tree=True)
    text = _breaks.sub("\n", _reference.sub(lambda match: visible(_character(match)), visible(text)))
    try:
        return document_fromstring(text.encode("utf-8"), parser=parser)
    except (etree.ParserError, etree.XMLSyntaxError):  # nothing in it but comments
        return document_fromstring(b"<html><body></body></html>")


def _character(reference: re.Match[str]) -> str:
    """The character of a reference such as &#20013;, "" where there is none; & and < stay references."""
    code = int(reference[1], 16) if reference[1] else int(reference[2])
    return reference[0] if chr(code % 0x110000) in "&<" else chr(code) if code < 0x110000 else ""


def prune(root: HtmlElement, *, surroundings: bool) -> None:
    """Drop, in place, what a reader doesn't see; with `surroundings` also navigation, side bars, footers and forms."""
    mostly_links = _mostly_links(root) if surroundings else set()
    for element in list(root.iter()):
        if element is root or element.getparent() is None or element.tag in ("body", "html"):
            continue
        if _is_unseen(element) or (surroundings and (_is_around(element) or element in mostly_links)):
            element.drop_tree()


def readable_lines(root: HtmlElement, *, keep_breaks: bool = False) -> list[str]:
    """Lines of readable text: a block each, list items with their mark, table rows as `table_lines` writes them.

    Args:
        keep_breaks: line breaks in `root` itself are breaks (a text file with some tags in it), not white space.
    """
    pieces: list[str] = []
    try:
        _collect(root, pieces, "breaks" if keep_breaks else "fold")
    except RecursionError:  # nested a thousand deep: no page a person wrote, but its words still count
        pieces = [text + "\n" for text in root.itertext()]
    lines = (_blanks.sub(" ", line).strip(" \u3000\xa0") for line in "".join(pieces).split("\n"))
    return [line.replace(_CODE_BLANK, " ").rstrip() for line in lines if line and line != _BULLET.strip()]


def _is_unseen(element: HtmlElement) -> bool:
    """Whether an element is a comment, a script or the like, or hidden."""
    if not isinstance(element.tag, str) or element.tag in _SILENT or "hidden" in element.attrib:
        return True
    return bool(_hidden.search(element.get("style", "")))


def _is_around(element: HtmlElement) -> bool:
    """Whether an element stands around the text, by its name, its class or its id."""
    if element.tag in _AROUND:
        return True
    if element.tag not in _BLOCKS or element.tag in ("main", "article"):
        return False
    return bool(_around_name.search(f"{element.get('class', '')} {element.get('id', '')}"))


def _mostly_links(root: HtmlElement) -> set[HtmlElement]:
    """Lists and blocks with several links and little else, found in one pass from the leaves up."""
    from lxml.etree import iterwalk

    found = set()
    totals: dict[HtmlElement, tuple[int, int, int]] = {}  # characters, characters in links, links
    for _, element in iterwalk(root, events=("end",)):
        size, linked, links = len((element.text or "").strip()), 0, 0
        for child in element:
            child_size, child_linked, child_links = totals.pop(child, (0, 0, 0))
            size += child_size + len((child.tail or "").strip())
            linked, links = linked + child_linked, links + child_links
        if element.tag == "a":
            linked, links = size, 1
        totals[element] = (size, linked, links)
        if element.tag in ("ul", "ol", "div", "p", "section") and links > 1 and linked >= _LINKS_ONLY * size:
            found.add(element)
    return found


def _collect(element: HtmlElement, pieces: list[str], blanks: _Blanks = "fold", mark: str = "") -> None:
    """Append the text of an element and all below it; "\\n" marks the ends of lines, `mark` starts a list item."""
    tag = element.tag
    if not isinstance(tag, str) or tag in _SILENT:
        return
    if tag == "br":
        pieces.append("\n")
        return
    if tag == "table":
        _collect_table(element, pieces)
        return
    if tag == "tr":  # outside any table
        pieces += ["\n", *table_lines(spread([_cells(element)], 0)), "\n"]
        return
    if tag in _BLOCKS and not _ends_with_mark(pieces):
        pieces.append("\n")
    if mark:
        pieces.append(mark)
    if tag == "pre":
        blanks = "code"
    _add_text(pieces, element.text, blanks)
    number = _first_number(element)
    for child in element:
        if child.tag == "li":
            _collect(child, pieces, mark=f"{number}. " if tag == "ol" else _BULLET)
            number += 1
        else:
            _collect(child, pieces, "fold" if blanks == "breaks" and child.tag in _BLOCKS else blanks)
        _add_text(pieces, child.tail, blanks)
    if tag in _BLOCKS:
        pieces.append("\n")


def _collect_table(table: HtmlElement, pieces: list[str]) -> None:
    """Append a table, a line a row, and what stands beside the rows: its caption."""
    rows: list[HtmlElement] = []
    pieces.append("\n")
    _collect_rows(table, rows, pieces)
    headings = 0
    while headings < len(rows) - 1 and _is_heading(rows[headings]):
        headings += 1
    cells = spread([_cells(row) for row in rows], headings)
    pieces += ["\n", *(line + "\n" for line in table_lines(cells, headings))]


def _collect_rows(part: HtmlElement, rows: list[HtmlElement], pieces: list[str]) -> None:
    """Find the rows of a table or a part of it; append what else stands there."""
    _add_text(pieces, part.text, "fold")
    for child in part:
        if child.tag == "tr":
            rows.append(child)
        elif child.tag in _ROW_GROUPS:
            _collect_rows(child, rows, pieces)
        else:
            _collect(child, pieces)
        _add_text(pieces, child.tail, "fold")


def _is_heading(row: HtmlElement) -> bool:
    """Whether a row holds names of columns only."""
    return all(cell.tag == "th" for cell in row) and any(True for cell in row)


def _cells(row: HtmlElement) -> list[Cell]:
    """The cells of a table row, each on one line."""
    cells = []
    for cell in row:
        if cell.tag in ("td", "th"):
            pieces: list[str] = []
            _collect(cell, pieces)
            text = " ".join("".join(pieces).split())
            cells.append(Cell(text, _first_number(cell, "colspan"), _first_number(cell, "rowspan")))
    return cells


def _first_number(element: HtmlElement, name: str = "start") -> int:
    """The number in an attribute: what an ordered list starts with, what a cell spans; 1 where there is none."""
    start = element.get(name, "1")
    return int(start) if start.isdecimal() and len(start) < 6 else 1


def _ends_with_mark(pieces: list[str]) -> bool:
    """Whether a list item has just begun, so that a block in it needs no new line."""
    return bool(pieces) and (pieces[-1] == _BULLET or bool(_number_mark.fullmatch(pieces[-1])))


def _add_text(pieces: list[str], text: str | None, blanks: _Blanks) -> None:
    """Append a text node; Chinese that is wrapped in the source is joined without a blank."""
    if not text or (_ends_with_mark(pieces) and text.isspace()):
        return
    if blanks == "code":
        text = text.replace("\t", "    ").replace(" ", _CODE_BLANK)
    elif blanks == "fold":
        text = _blanks.sub(" ", _wrap.sub("", text))
    pieces.append(text)
