"""What goes into a prompt: the best that fits, once, in reading order."""

from __future__ import annotations

from rag.ground import ground
from rag.pack import pack
from rag.prompts import fence_passages
from rag.types import Hit, Passage


def hit(document: str, ordinal: int, text: str) -> Hit:
    start = ordinal * 100
    return Hit(
        Passage(f"{document}:{ordinal}", document, ordinal, f"{document}.txt", "题", text, start, start + 9), 1.0
    )


def order(hits: list[Hit], characters: int = 1000) -> list[str]:
    return [hit.passage.id for hit in pack(hits, characters)]


def test_the_best_that_fit() -> None:
    hits = [hit("a", 0, "一二三四五"), hit("b", 0, "六七八"), hit("c", 0, "九")]
    assert order(hits, 1) == ["a:0"]
    assert order(hits, 5) == ["a:0"]
    assert order(hits, 6) == ["a:0", "c:0"]
    assert order(hits, 8) == ["a:0", "b:0"]
    assert order(hits, 9) == ["a:0", "b:0", "c:0"]
    assert order([], 9) == []


def test_neighbours_stand_together_in_reading_order() -> None:
    hits = [hit("a", 7, "七"), hit("b", 0, "零"), hit("a", 5, "五"), hit("a", 2, "二"), hit("a", 6, "六")]
    assert order(hits) == ["a:5", "a:6", "a:7", "b:0", "a:2"]
    assert order(hits[:4]) == ["a:7", "b:0", "a:5", "a:2"]


def test_a_text_comes_once() -> None:
    assert order([hit("a", 0, "同一段 话"), hit("b", 3, "同一段\n话"), hit("b", 4, "别的话")]) == ["a:0", "b:4"]


def test_a_neighbour_goes_on_without_a_new_title() -> None:
    fenced = fence_passages(pack([hit("a", 1, "乙"), hit("b", 0, "丙"), hit("a", 0, "甲")], 99), "zh")
    assert fenced == (
        '<资料 [1] 标题="题" 来源="a.txt">\n甲\n</资料>\n'
        '<资料 [2] 上接="[1]">\n乙\n</资料>\n'
        '<资料 [3] 标题="题" 来源="b.txt">\n丙\n</资料>'
    )
    assert ' continues="[1]"' in fence_passages(pack([hit("a", 1, "B"), hit("a", 0, "A")], 99), "en")


def test_markers_count_what_was_packed() -> None:
    packed = pack([hit("a", 1, "厂长是李向东。"), hit("a", 0, "全厂有职工312名。")], 99)
    cited = ground("全厂有职工312名。[1]厂长是李向东。[2]", packed, "zh").citations
    assert [(citation.number, citation.passage.id) for citation in cited] == [(1, "a:0"), (2, "a:1")]
