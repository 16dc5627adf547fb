"""Windows of a document, its marks, finding in it: every character is shown once, and every offset leads to it."""

from __future__ import annotations

import html
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.types import Document
from rag.ui.reading import (
    BEFORE,
    WINDOW,
    Quotes,
    find_all,
    locate,
    parse_spans,
    render_lines,
    render_peek,
    window_after,
    window_around,
    window_before,
    write_spans,
)

TEXT = "章程\n协会设理事九人。\n<b>会长</b>是𠮷田先生，电话6255。\n附则"


def document(text: str, pages: tuple[int, ...] = ()) -> Document:
    return Document("0" * 16, "甲.txt", "", "甲", text, pages=pages)


def plain(markup: str) -> list[tuple[int, str]]:
    """(offset, text) of every line."""
    found = re.findall(r'<p data-at="(\d+)">(.*?)</p>', markup, re.DOTALL)
    return [(int(at), html.unescape(re.sub(r"<[^>]*>", "", inner))) for at, inner in found]


def test_lines_carry_their_offsets_and_marks() -> None:
    start = TEXT.index("会长")
    made = render_lines(document(TEXT), 0, len(TEXT), Quotes(((start - 3, start + 7),), ((start, start + 2),)), "zh")
    lines = plain(made)
    assert [text for _, text in lines] == TEXT.split("\n")
    assert all(TEXT.startswith(text, at) for at, text in lines)
    assert "<mark>&lt;b&gt;<strong>会长</strong>&lt;/b&gt;是</mark>𠮷田先生" in made


@given(st.text("甲乙。，\n x", max_size=400), st.integers(0, 400), st.integers(0, 30))
def test_windows_cover_the_text_without_gap_or_overlap(text: str, at: int, times: int) -> None:
    text, at = text * times, min(at, len(text) * times)
    start, end = window_around(text, at)
    assert 0 <= start <= at <= max(end, at) <= len(text)
    assert end - start <= WINDOW + BEFORE
    assert start <= at < end or at == end == len(text)
    pieces = [text[start:end]]
    while end < len(text):
        began, end = window_after(text, end)
        assert began < end
        pieces.append(text[began:end])
    while start > 0:
        start, stop = window_before(text, start)
        assert start < stop
        pieces.insert(0, text[start:stop])
    assert "".join(pieces) == text


def test_a_line_without_end_is_cut_at_sentences_then_anywhere() -> None:
    text = "甲" * (WINDOW - 10) + "。" + "乙" * WINDOW
    assert window_after(text, 0) == (0, WINDOW - 9)
    assert window_after("甲" * 3 * WINDOW, WINDOW) == (WINDOW, 2 * WINDOW)


def test_pages_begin_where_they_begin_also_within_a_line() -> None:
    made = render_lines(document("一二三四\n五", (0, 2, 5)), 0, 6, Quotes(((1, 3),)), "zh")
    assert re.findall(r'data-page="(\d)" data-label="(.*?)"', made) == [
        ("1", "第 1 页"),
        ("2", "第 2 页"),
        ("3", "第 3 页"),
    ]
    assert '<mark>二</mark><i class="wj-leaf" data-page="2" data-label="第 2 页"></i><mark>三</mark>四' in made
    assert plain(made) == [(0, "一二三四"), (5, "五")]


def test_a_window_that_ends_with_a_line_has_no_empty_one_after_it() -> None:
    assert plain(render_lines(document("甲\n乙\n"), 0, 2, Quotes(), "zh")) == [(0, "甲")]
    assert plain(render_lines(document(""), 0, 0, Quotes(), "zh")) == [(0, "")]


def test_a_quote_that_moved_is_found_again_and_one_that_is_gone_is_not() -> None:
    quotes = Quotes(((3, 11),), ((7, 9),))
    assert locate(TEXT, quotes, "协会设理事九人。") == quotes
    assert locate("新的一行\n" + TEXT, quotes, "协会设理事九人。") == Quotes(((8, 16),), ((12, 14),))
    assert locate("协会设理事八人。", quotes, "协会设理事九人。") is None
    assert locate("短", Quotes(((3, 11),)), "") is None
    assert locate(TEXT, Quotes(), "") == Quotes()


def test_a_preview_stays_with_its_neighbours() -> None:
    start = TEXT.index("协会")
    made = render_peek(document(TEXT + "\n" + "尾" * 200), Quotes(((start, start + 8),), ((start + 4, start + 6),)))
    assert made.startswith("章程\n<mark>协会设理<strong>事九</strong>人。</mark>\n&lt;b&gt;会长")
    assert made.endswith("…")
    assert "尾" not in made


@pytest.mark.parametrize(
    ("words", "offsets"),
    [("台湾", [0, 5]), ("ＡＢ", [7]), ("ab", [7]), ("", []), ("  ", []), ("没有", []), ("甲甲", [11, 13])],
)
def test_finding_folds_width_script_and_case(words: str, offsets: list[int]) -> None:
    assert find_all("臺灣大學與台湾AB𠮷 甲甲甲甲甲", words) == offsets


def test_spans_are_written_and_read() -> None:
    assert parse_spans(write_spans([(0, 3), (12, 12)])) == ((0, 3), (12, 12))
    assert parse_spans("") == ()
    for hostile in ("3-1", "-1-2", "a-b", "1", "1-2;3-4", "１-２", "1-2,"):
        with pytest.raises(ValueError, match="no pair of offsets"):
            parse_spans(hostile)
