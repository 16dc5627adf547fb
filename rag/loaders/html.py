"""`.html`: the main text of a page, with its tables and lists."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import TYPE_CHECKING

from rag.loaders.base import Content, decode, tidy
from rag.loaders.facts import iso_date
from rag.loaders.markup import parse_html, prune, readable_lines
from rag.loaders.table import table_lines
from rag.loaders.trailer import split_trailer

if TYPE_CHECKING:
    from lxml.html import HtmlElement

# Below this, trafilatura takes its last resort, which runs blocks together; the page is short enough to keep whole.
_SHORT_PAGE = 500  # characters
_LEAST_SHARE = 0.25  # of the page's text; with less, the main text was not found

_charset = re.compile(rb"charset\s*=\s*[\"']?\s*([A-Za-z0-9_-]{2,20})", re.IGNORECASE)
_row = re.compile(r"\|(.*)\|\s*")
_ruler = re.compile(r"\|(?:\s*:?-+:?\s*\|)+\s*")
_site = re.compile(r"\s*(?:\s[-–—|]\s|[|_｜])\s*[^-–—|_｜]{1,30}\Z")

_TITLES = ("//meta[@property='og:title']/@content", "//h1//text()", "//title//text()")
_DATES = (
    "//meta[contains(concat(' ', translate(@property, 'P', 'p'), ' '), 'published_time')]/@content",
    "//meta[translate(@name, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz')='pubdate' "
    "or translate(@name, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz')='publishdate' "
    "or @name='date' or @name='dc.date' or @name='DC.date' or @name='PubDate' or @itemprop='datePublished']/@content",
    "//time/@datetime",
)


def load(data: bytes) -> Content:
    """Read an HTML page: main text, title (og:title, h1, title) and date (meta, JSON-LD, time).

    Raises:
        LoadError: the bytes are no text, or hold no HTML.
    """
    stated = _charset.search(data[:4096])
    name = stated[1].decode("ascii").lower() if stated else ""
    name = {"gb2312": "gb18030", "gbk": "gb18030", "big5": "cp950"}.get(name, name)
    try:
        text = data.decode(name or "utf-8")
    except (UnicodeDecodeError, LookupError):
        text = decode(data)
    return load_text(text)


def load_text(text: str) -> Content:
    """Read an HTML page that is decoded already."""
    root = parse_html(text)
    title, date, author = _title(root), _date(root), _first(root, ("//meta[@name='author']/@content",))
    prune(root, surroundings=False)
    lines, facts = split_trailer(_main_lines(root))
    if author:
        facts = {"author": author[:100], **facts}
    return Content(tidy("\n".join(lines)), title, date, metadata=facts)


def _main_lines(root: HtmlElement) -> list[str]:
    """The main text by trafilatura; a short page, or one where it finds too little, whole without its surroundings."""
    from lxml.html import tostring

    page = tostring(root, encoding="unicode")
    everything = readable_lines(root)
    prune(root, surroundings=True)
    whole = readable_lines(root) or everything
    size = sum(map(len, whole))
    if size <= _SHORT_PAGE:
        return whole
    import trafilatura

    try:
        found = trafilatura.extract(page, include_tables=True, include_comments=False, favor_recall=True) or ""
    except ValueError:  # characters that XML forbids, written as entities
        return whole
    main = list(_with_tables(line for line in found.splitlines() if line.strip()))
    return main if sum(map(len, main)) >= _LEAST_SHARE * size else whole


def _with_tables(lines: Iterable[str]) -> Iterator[str]:
    """The lines with each run of rows `| a | b |` as the lines of a table; a ruler stands below names of columns."""
    for is_table, run in groupby(lines, lambda line: bool(_row.fullmatch(line))):
        if not is_table:
            yield from run
            continue
        rows = list(run)
        rulers = [place for place, line in enumerate(rows) if _ruler.fullmatch(line)]
        cells = [[cell.strip() for cell in row[1].split("|")] for line in rows if (row := _row.fullmatch(line))]
        body = [row for place, row in enumerate(cells) if place not in rulers]
        yield from table_lines(body, rulers[0] if len(rulers) == 1 else 0)


def _title(root: HtmlElement) -> str:
    """The page's title without the site's name behind it."""
    title = _first(root, _TITLES[:2])
    return title or _site.sub("", _first(root, _TITLES[2:]))


def _date(root: HtmlElement) -> str | None:
    """The date of publication that the page states in its own metadata."""
    for text in root.xpath("//script[@type='application/ld+json']/text()"):
        try:
            found = iso_date(str(_published(json.loads(text))))
        except (ValueError, RecursionError):
            continue
        if found:
            return found
    return next((found for path in _DATES for value in root.xpath(path) if (found := iso_date(value))), None)


def _published(data: object) -> object:
    """`datePublished` of JSON-LD, at the top or in its list of things."""
    things: Iterable[object] = data if isinstance(data, list) else [data]
    for thing in things:
        if isinstance(thing, dict):
            if "datePublished" in thing:
                return thing["datePublished"]
            inner = _published(thing["@graph"]) if isinstance(thing.get("@graph"), list) else None
            if inner:
                return inner
    return None


def _first(root: HtmlElement, paths: Iterable[str]) -> str:
    """The first non-blank text at one of the paths, on one line."""
    texts = (" ".join(str(value).split()) for path in paths for value in root.xpath(path))
    return next((text for text in texts if text), "")[:200]
