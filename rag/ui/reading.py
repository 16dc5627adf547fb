"""A stretch of a document → HTML with its quotes marked, and finding words in a document. Pure.

A long document is shown in windows: one around the quote, then others before and after it as the reader scrolls. Every
window is cut at a line end where there is one near, and each of its lines carries its offset, so that the browser can
find any place in it again.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from rag.language import Language
from rag.types import Document
from rag.ui.labels import say
from rag.ui.markup import attribute, mark_text
from vectorstore.tokens import fold

WINDOW = 6000  # characters of one window: some ten screens, a few milliseconds to lay out
BEFORE = 1500  # of them above the quote
PEEK = 90  # characters shown on either side of a quote in its preview
FOUND_MAX = 2000  # places of a word that are counted

_CUTS = ("\n", "。", "！", "？", ". ", "；", "，", " ")

Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Quotes:
    """What is marked in a document: (start, end) offsets of quotes, and of the short facts inside them."""

    spans: tuple[Span, ...] = ()
    facts: tuple[Span, ...] = ()

    @property
    def first(self) -> Span:
        """The first quote; (0, 0) without one."""
        return min(self.spans, default=(0, 0))


def window_around(text: str, at: int) -> Span:
    """The window of a document in which a reader lands at an offset."""
    start = cut_before(text, max(at - BEFORE, 0))
    return start, cut_after(text, start + WINDOW)


def window_after(text: str, start: int) -> Span:
    """The window that follows an offset; empty at the end of the text."""
    start = min(max(start, 0), len(text))
    return start, cut_after(text, start + WINDOW)


def window_before(text: str, end: int) -> Span:
    """The window that ends at an offset; empty at the beginning of the text."""
    end = min(max(end, 0), len(text))
    return cut_before(text, max(end - WINDOW, 0)), end


def cut_after(text: str, near: int) -> int:
    """A place to cut at most `WINDOW // 4` characters before `near`: behind a line end, a sentence, a word."""
    if near >= len(text):
        return len(text)
    for mark in _CUTS:
        at = text.rfind(mark, near - WINDOW // 4, near)
        if at >= 0:
            return at + len(mark)
    return near


def cut_before(text: str, near: int) -> int:
    """A place to cut at most `WINDOW // 4` characters before `near`; 0 at the beginning."""
    return 0 if near <= 0 else cut_after(text, near)


def render_lines(document: Document, start: int, end: int, quotes: Quotes, language: Language) -> str:
    """`document.text[start:end]`, a paragraph for each line, quotes marked, and a sign where a page begins."""
    pieces: list[str] = []
    at = start
    for line in document.text[start:end].split("\n"):
        stop = at + len(line)
        inner = _render_line(document, at, stop, quotes, language)
        pieces.append(f'<p data-at="{at}">{inner}</p>')
        at = stop + 1
    if end > start and document.text[end - 1] == "\n":
        pieces.pop()  # the window ends with its last line
    return "".join(pieces)


def _render_line(document: Document, start: int, end: int, quotes: Quotes, language: Language) -> str:
    """One line, cut where pages begin."""
    pages = document.pages
    inner = pages[bisect_left(pages, start) : bisect_left(pages, max(end, start + 1))]
    edges = sorted({start, *inner, end})
    pieces = []
    for left, right in zip(edges, [*edges[1:], end], strict=True):
        if left in inner:
            number = bisect_right(pages, left)
            label = attribute(say(language, "page", page=number))
            pieces.append(f'<i class="wj-leaf" data-page="{number}" data-label="{label}"></i>')
        if right > left:
            pieces.append(mark_text(document.text[left:right], left, quotes.spans, quotes.facts))
    return "".join(pieces)


def render_peek(document: Document, quotes: Quotes) -> str:
    """The first quote with the words before and after it."""
    start, end = quotes.first
    left, right = max(start - PEEK, 0), min(end + PEEK, len(document.text))
    before, after = document.text[left:start], document.text[end:right]
    # Only the neighbourhood in the same paragraph and the ones next to it.
    shown = "\n".join(before.split("\n")[-2:])
    left = start - len(shown)
    right = end + len("\n".join(after.split("\n")[:2]))
    inner = mark_text(document.text[left:right], left, [(start, end)], quotes.facts)
    return f"{'…' if left else ''}{inner}{'…' if right < len(document.text) else ''}"


def locate(text: str, quotes: Quotes, said: str) -> Quotes | None:
    """The quotes as they stand in a text that may have changed since; None when the quoted words are gone.

    Args:
        said: the words with which the first quote began when it was quoted; "" asks for no check.
    """
    start, end = quotes.first
    fits = all(0 <= a <= b <= len(text) for a, b in (*quotes.spans, *quotes.facts))
    if fits and text.startswith(said, start):
        return quotes
    at = text.find(said) if said else -1
    if at < 0:
        return None
    facts = tuple((a - start + at, b - start + at) for a, b in quotes.facts if start <= a and b <= end)
    return Quotes(((at, min(at + end - start, len(text))),), facts)


def find_all(text: str, words: str) -> list[int]:
    """Offsets of words in a text, at most FOUND_MAX; width, script and case of characters don't matter.

    >>> find_all("臺灣大學與台湾", "台灣")
    [0, 5]
    """
    folded, wanted = fold(text), fold(words)
    found: list[int] = []
    at = folded.find(wanted) if wanted.strip() else -1
    while at >= 0 and len(found) < FOUND_MAX:
        found.append(at)
        at = folded.find(wanted, at + len(wanted))
    return found


def parse_spans(written: str) -> tuple[Span, ...]:
    """Offsets written as `12-30,41-50` by `write_spans`.

    Raises:
        ValueError: it is written otherwise, or an end lies before its start.
    """
    spans = []
    for pair in written.split(",") if written else []:
        start, _, end = pair.partition("-")
        if not (start.isascii() and start.isdigit() and end.isascii() and end.isdigit() and int(start) <= int(end)):
            raise ValueError(f"{pair!r} is no pair of offsets such as 12-30")
        spans.append((int(start), int(end)))
    return tuple(spans)


def write_spans(spans: Sequence[Span]) -> str:
    """Offsets as `12-30,41-50`."""
    return ",".join(f"{start}-{end}" for start, end in spans)
