"""`.pdf`: text of each page, hard-wrapped lines joined, names of columns put into rows of tables, page offsets kept."""

from __future__ import annotations

import math
import re
import threading
import unicodedata
from collections import Counter
from collections.abc import Sequence
from functools import cache, lru_cache
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from rag.errors import LoadError
from rag.loaders.base import Content, tidy, visible
from rag.loaders.facts import iso_date
from rag.loaders.pdf_layout import lay_out
from rag.loaders.pdf_table import Row, Table, find_tables

if TYPE_CHECKING:
    import pypdfium2

EDGE = 2  # lines at the top and bottom of a page that may be running headers and footers
_RUNNING_SHARE = 0.4  # of the pages; a line at the edge of that many is a running one
_RUNNING_MAX = 80  # characters
_FULL = 0.75  # of the usual width; a shorter line ends its paragraph
_LIKE_ROWS = 3  # lines on end that may be rows of a table, without which a page has none

PDFIUM = threading.Lock()  # PDFium is not thread-safe: held during every call

_STOPS = "。！？!?…：:."
_ends_paragraph = re.compile(rf"[{_STOPS}][”’」』）)】》\"]*\Z")
_goes_on = re.compile(r"[，、,；;（(「『“《—-]\Z")
_bullet = re.compile(r"[•●■◆▪◦○□➢✓]|[-*]\s")
_number = re.compile(
    r"(?:\d{1,2}(?:\.\d{1,2})*[.、)）]\s*\D|\d{1,2}(?:\.\d{1,2})+\s+[A-Z]"
    r"|[（(][\d一二三四五六七八九十]{1,3}[)）]|[一二三四五六七八九十]{1,3}、)"
)
_page_mark = re.compile(
    r"第\s*\d{1,4}\s*[页頁](?:\s*[,，/／|]?\s*共\s*\d{1,4}\s*[页頁])?|[-–—·]\s*\d{1,4}\s*[-–—·]|\d{1,4}\s*[/／]\s*\d{1,4}"
    r"|page\s+\d{1,4}(?:\s+of\s+\d{1,4})?",
    re.IGNORECASE,
)
_roman = re.compile(r"[ivxl]{1,6}")  # page numbers of a preface
_leaders = re.compile(r"(?:[ \t]?[.．·…⋯]){4,300}+[ \t]*(?=\d{1,4}\s*$)", re.MULTILINE)  # in a table of contents
_LEADERS = " \t.．·…⋯"  # what becomes one tab
_figures = re.compile(r"\d[\d,.]*")
_parted = re.compile("[\u2e80-\uff60] +\\S|\\S +[\u2e80-\uff60]")
_edge_number = re.compile(r"\A\d{1,4}(?=\s|\Z)|(?<=\s)\d{1,4}\Z")
_no_title = re.compile(
    r"untitled|无标题|無標題|.*\.(?:docx?|pdf|pptx?|xlsx?|indd|wps|txt|html?)|microsoft word.*", re.IGNORECASE
)
_wide = re.compile(
    "[\u1100-\u11ff\u2e80-\ua4cf\uac00-\ud7af\uf900-\ufaff\ufe30-\ufe4f\uff00-\uff60\U00020000-\U0003ffff]"
)
_radical = re.compile("[\u2e80-\u2fd5\uf900-\ufad9]")

# Glyphs that PDF makers map to the radicals block instead of the character itself. Kangxi radicals (U+2F00…) and
# compatibility ideographs (U+F900…) are decomposed by Unicode; these are not.
# Source: the Unicode code chart "CJK Radicals Supplement" (U+2E80…), the entries that are characters in use.
_RADICALS = (
    "⺁⺈⺊⺌⺎⺒⺓⺜⺝⺟⺠⺧⺩⺬⺮⺰⺶⺻⺼⺽⻁⻄⻅⻆⻈⻉⻊⻋⻌⻐⻑⻓"
    "⻔⻖⻗⻘⻙⻚⻛⻜⻝⻢⻣⻤⻥⻦⻧⻨⻩⻪⻫⻬⻭⻮⻯⻰⻱⻲⻳"
)
_UNIFIED = (
    "厂刀卜小兀巳幺日月母民牛王示竹纟羊聿肉臼虎西见角讠贝足车辶钅長长"
    "门阝雨青韦页风飞食马骨鬼鱼鸟卤麦黄黾斉齐歯齿竜龙龜亀龟"
)


def load(data: bytes) -> Content:
    """Read a PDF.

    Lines are joined into paragraphs, Chinese without a blank; running headers (but the first), footers and page numbers
    are dropped; radicals that stand for characters are repaired; a row of a table is a line of its own, with the names
    of its columns. Pages without text are named in the metadata.

    Raises:
        LoadError: the file is damaged, behind a password, or has no text (a scan).
    """
    pages, usual, properties = _read(data)
    if not any(chain.from_iterable(pages)):
        raise LoadError(
            f"this PDF has no text on its {len(pages)} page(s), so it is a scan; run OCR over it first "
            "(for example `ocrmypdf -l chi_sim in.pdf out.pdf`) and load the result",
            f"这个 PDF 的 {len(pages)} 页上都没有文字，是扫描件，请先做文字识别"
            "（例如 `ocrmypdf -l chi_sim in.pdf out.pdf`），再收录得到的文件",
        )
    text, offsets = join_pages(drop_running_lines(pages), usual)
    title = " ".join(tidy(properties.get("Title", "")).split())
    author = properties.get("Author", "").strip()
    empty = [str(number) for number, lines in enumerate(pages, start=1) if not lines]
    metadata = {"author": author[:300], "pages_without_text": "、".join(empty)[:300]}
    return Content(
        text,
        title="" if _no_title.fullmatch(title) else title[:200],
        created=_date(properties.get("CreationDate", "")),
        metadata={name: value for name, value in metadata.items() if value and value != "anonymous"},
        pages=offsets,
    )


def repair(text: str) -> str:
    """Replace radicals and compatibility ideographs by the characters they stand for.

    >>> repair("⻓江⽤⼾")
    '长江用户'
    """
    if not _radical.search(text):
        return text
    return _radical.sub(lambda match: _repairs().get(match[0], match[0]), text)


def drop_running_lines(pages: list[list[str]]) -> list[list[str]]:
    """The lines of each page without page numbers, footers and headers; the first copy of a header stays."""
    tops = [[(_running_key(line, index), line) for line in lines[:EDGE]] for index, lines in enumerate(pages)]
    bottoms = [
        [(_running_key(line, index), line) for line in lines[EDGE:][-EDGE:]] for index, lines in enumerate(pages)
    ]
    needed = max(2, math.ceil(_RUNNING_SHARE * len(pages)))
    counts = Counter(key for page in zip(tops, bottoms, strict=True) for key in {key for key, _ in chain(*page)})
    seen: set[str] = set()
    kept = []
    for lines, top, bottom in zip(pages, tops, bottoms, strict=True):
        head = []
        for key, line in top:
            running = counts[key] >= (2 if "#" in key else needed)
            if key and not (running and ("#" in key or key in seen)):
                head.append(line)
            seen.add(key)
        middle = lines[EDGE : len(lines) - len(bottom)]
        tail = [line for key, line in bottom if key and counts[key] < (2 if "#" in key else needed)]
        kept.append(head + middle + tail)
    return kept


def usual_width(pages: list[list[str]]) -> int:
    """The width in columns that the text of these pages is set in: nine lines of ten are no wider."""
    widths = sorted(_width(line) for line in chain.from_iterable(pages))
    return widths[int(0.9 * (len(widths) - 1))] if widths else 0


def join_pages(pages: list[list[str]], usual: int | None = None) -> tuple[str, tuple[int, ...]]:
    """Lines of pages → text with paragraphs on lines of their own, and the offset at which each page starts.

    A line that ends in a line break is a row of a table, which no other line is joined to.

    Args:
        usual: as `usual_width` gives it; of these pages by default.
    """
    usual = usual_width(pages) if usual is None else usual
    pieces: list[str] = []
    offsets: list[int] = []
    length = 0
    previous = ""
    for lines in pages:
        offsets.append(length)
        for index, line in enumerate(lines):
            alone = previous.endswith("\n") or line.endswith("\n")
            separator = ("\n" if alone else _separator(previous, line, usual)) if previous else ""
            if separator is None:  # a word cut by a hyphen
                pieces[-1] = pieces[-1][:-1]
                length -= 1
                separator = ""
            shown = line.removesuffix("\n")
            pieces += [separator, shown]
            length += len(separator) + len(shown)
            if index == 0:
                offsets[-1] = length - len(shown)
            previous = line
    return "".join(pieces), tuple(offsets)


def _separator(line: str, following: str, usual: int) -> str | None:
    """What stands between two lines: a line break, a blank, nothing; None takes the hyphen away as well."""
    if line.endswith("-") and line[-2:-1].isalpha() and following[:1].islower():
        return None
    if _ends_paragraph.search(line) or _bullet.match(following):
        return "\n"
    full = _width(line) >= _FULL * usual
    flows = _goes_on.search(line) or (line[-1].islower() and following[0].islower())
    if not (full or flows) or (_number.match(following) and not (full and flows)):
        return "\n"
    return "" if _wide.match(line[-1]) or _wide.match(following[0]) else " "


def _width(line: str) -> int:
    """Width in columns: Chinese counts two."""
    return len(line) + len(_wide.findall(line))


def _running_key(line: str, page: int) -> str:
    """What a line shares with its likes on other pages, `text#difference` for one with a number that counts pages.

    "" for a page mark alone, such as 第3页.
    """
    if len(line) > _RUNNING_MAX or line.endswith(("。", "！", "？", "；", "，")):
        return f"{line}@{page}"  # a sentence is no running line, wherever it comes back
    if _page_mark.fullmatch(line) or _roman.fullmatch(line):
        return ""
    number = _page_mark.search(line) or _edge_number.search(line)
    if not number:
        return line
    digits = re.search(r"\d+", number[0])
    text = (line[: number.start()] + line[number.end() :]).strip(" \t-–—|·")
    return f"{text}#{int(digits[0]) - page}" if digits else text


def open_pdf(data: bytes | Path) -> pypdfium2.PdfDocument:
    """Open a PDF from memory or disk; hold `PDFIUM` for this call and every later one on it.

    Raises:
        LoadError: it is damaged or behind a password.
    """
    import pypdfium2

    try:
        return pypdfium2.PdfDocument(data)
    except pypdfium2.PdfiumError as error:
        if "password" in str(error).lower():
            raise LoadError(
                "this PDF is behind a password; save a copy without one and load that",
                "这个 PDF 有密码，请另存一份没有密码的再收录",
            ) from error
        raise LoadError(
            f"this PDF is damaged ({error}); open it and save it again",
            f"这个 PDF 已损坏（{error}），请打开后重新保存",
        ) from error


def page_lines(text: str) -> list[str]:
    """The lines of a page as PDFium gives it; PDFium marks a hyphen at a line's end, which it joins, with U+FFFE."""
    text = re.sub(r"(?:\ufffe|\x02)(?=[a-z])", "", text)
    text = re.sub(r"[\ufffe\x02]", "-", text)
    text = _leaders.sub("\t", text)
    return [line.strip() for line in repair(tidy(text)).split("\n") if line.strip()]


def page_tables(
    page: pypdfium2.PdfPage, text_page: pypdfium2.PdfTextPage, raw: str, above: Table | None
) -> list[Table]:
    """The tables of a page; hold `PDFIUM`.

    Args:
        raw: PDFium's text of the page.
        above: the table at the end of the page before.
    """
    if above is None and not _may_hold_rows(raw):
        return []
    return find_tables(lay_out(page, text_page, raw), raw, _sign, above)


def page_units(raw: str, tables: Sequence[Table]) -> list[tuple[str, Row | None]]:
    """The lines of a page, rows of tables as they are stored and with a line break behind them.

    A table that shares a line with other text is left as it is.
    """
    lines = page_lines(raw)
    origins = line_origins(raw, lines) if tables else None
    units: list[tuple[str, Row | None] | None] = [(line, None) for line in lines]
    rows: dict[int, list[tuple[str, Row | None]]] = {}
    for table in tables if origins is not None else ():
        own = [[place in table.taken for place in places if not raw[place].isspace()] for places in origins or ()]
        inside = [number for number, whole in enumerate(own) if all(whole)]
        if inside and len(inside) == sum(map(any, own)):
            rows[inside[0]] = [(f"{line}\n", row) for line, row in table.lines()]
            for number in inside:
                units[number] = None
    made: list[tuple[str, Row | None]] = []
    for number, unit in enumerate(units):
        made += rows.get(number, [])
        made += [unit] if unit is not None else []
    return made


def last_table(units: Sequence[tuple[str, Row | None]], tables: Sequence[Table]) -> Table | None:
    """The table with which a page ends, for the next page to go on with."""
    at_end = [row for _, row in units[-EDGE - 1 :] if row is not None]
    return next((table for table in tables if at_end and at_end[-1] in table.body and table.names), None)


def line_origins(raw: str, lines: Sequence[str]) -> list[list[int]] | None:
    """For each line of `page_lines`, the offsets in `raw` of its characters: making lines only drops and replaces some.

    None when they did not come from this page.
    """
    origins: list[list[int]] = []
    cursor = 0
    for line in lines:
        places = []
        for char in line:
            while cursor < len(raw) and not _becomes(raw[cursor], char):
                cursor += 1
            if cursor == len(raw):
                return None
            places.append(cursor)
            cursor += 1
        origins.append(places)
    return origins


def _becomes(raw: str, char: str) -> bool:
    """Whether one character of a page turns into another."""
    if raw == char or repair(raw) == char:
        return True
    return raw in "\ufffe\x02" if char == "-" else char == "\t" and raw in _LEADERS


@lru_cache(maxsize=8192)
def _sign(char: str) -> str:
    """A character of a page as it is stored."""
    return "-" if char in "\ufffe\x02" else visible(repair(char))


def _may_hold_rows(raw: str) -> bool:
    """Whether lines on end may be rows or cells of a table: short ones, of several figures, or Chinese with gaps."""
    lines = [line for line in raw.split("\r\n") if line]
    usual = sorted(map(len, lines))[int(0.9 * (len(lines) - 1))] if lines else 0
    on_end = 0
    for line in lines:
        like = len(line) < _FULL * usual or len(_figures.findall(line)) > 1 or _parted.search(line) is not None
        on_end = on_end + 1 if like else 0
        if on_end == _LIKE_ROWS:
            return True
    return False


def _read(data: bytes) -> tuple[list[list[str]], int, dict[str, str]]:
    """Lines of every page, the usual width of its printed lines, and the document's properties."""
    from pypdfium2 import PdfiumError

    with PDFIUM:
        document = open_pdf(data)
        properties, count = document.get_metadata_dict(), len(document)
    pages: list[list[str]] = []
    printed: list[list[str]] = []
    above: Table | None = None
    try:
        for index in range(count):
            with PDFIUM:  # page by page, so that a reader waiting for a picture gets a turn
                page = document[index]
                text_page = page.get_textpage()
                raw = text_page.get_text_range()
                tables = page_tables(page, text_page, raw, above)
                units = page_units(raw, tables)
                above = last_table(units, tables)
                pages.append([line for line, _ in units])
                printed.append(page_lines(raw) if tables else pages[-1])
                text_page.close()
                page.close()
    except PdfiumError as error:
        raise LoadError(
            f"page {len(pages) + 1} of this PDF can't be read ({error}); open it and save it again",
            f"这个 PDF 的第 {len(pages) + 1} 页读不了（{error}），请打开后重新保存",
        ) from error
    finally:
        with PDFIUM:
            document.close()
    return pages, usual_width(drop_running_lines(printed)), properties


@cache
def _repairs() -> dict[str, str]:
    """Radical or compatibility ideograph → character."""
    table = dict(zip(_RADICALS, _UNIFIED, strict=True))
    for code in (*range(0x2F00, 0x2FD6), *range(0xF900, 0xFADA)):
        table[chr(code)] = unicodedata.normalize("NFKC", chr(code))
    table["⼾"] = "户"  # Unicode says 戶; the PDFs that have it are in simplified script, where the glyphs are one
    return table


def _date(value: str) -> str | None:
    """ISO date of a PDF date such as `D:20220613135116+08'00'`."""
    match = re.match(r"(?:D:)?(\d{4})(\d{2})(\d{2})", value)
    return iso_date("-".join(match.groups())) if match else None
