"""Passages: whole sentences, exact offsets, balanced lengths."""

from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from rag.passages import split_passages
from rag.sentences import LONGEST, split_sentences
from rag.types import Document


def document(text: str, pages: tuple[int, ...] = ()) -> Document:
    return Document(id="d" * 16, source="甲.txt", path="", title="标题", text=text, date="2022-06-13", pages=pages)


def lengths(text: str) -> list[int]:
    return [len(passage.text) for passage in split_passages(document(text))]


def sentence(size: int) -> str:
    return "国" * (size - 1) + "。"


def test_a_passage_carries_what_its_document_says() -> None:
    (passage,) = split_passages(document(" 量子院有多少人？217名。\n"))
    assert (passage.id, passage.document_id, passage.ordinal) == ("d" * 16 + ":0", "d" * 16, 0)
    assert (passage.source, passage.title, passage.date, passage.page) == ("甲.txt", "标题", "2022-06-13", None)
    assert (passage.text, passage.start, passage.end) == ("量子院有多少人？217名。", 1, 14)


@pytest.mark.parametrize("text", ["", " \n\u3000\r\n"])
def test_no_text_no_passages(text: str) -> None:
    assert split_passages(document(text)) == []


@pytest.mark.parametrize(
    ("sizes", "expected"),
    [
        pytest.param([50], [50], id="short-document"),
        pytest.param([400], [400], id="just-the-maximum"),
        pytest.param([200, 200], [400], id="two-make-one"),
        pytest.param([200, 201], [200, 201], id="one-over"),
        pytest.param([500], [500], id="long-sentence-alone"),
        pytest.param([150, 500, 150], [150, 500, 150], id="long-sentence-between"),
        pytest.param([100] * 7, [300, 400], id="balanced-as-sentences-allow"),
        pytest.param([100] * 9, [300] * 3, id="even"),
        pytest.param([390, 50], [390, 50], id="tail-that-fits-nowhere"),
        pytest.param([190, 190, 50], [190, 240], id="tail-joins"),
        pytest.param([150, 150, 100, 50], [150, 300], id="one-short-passage-at-most"),
    ],
)
def test_lengths(sizes: list[int], expected: list[int]) -> None:
    assert lengths("".join(map(sentence, sizes))) == expected


def test_breaks_fall_at_paragraph_ends() -> None:
    text = sentence(140) + sentence(140) + "\n" + sentence(140) + sentence(140) + sentence(60)
    assert lengths(text) == [280, 340]


def test_a_heading_stays_with_the_text_below_it() -> None:
    text = sentence(150) + sentence(90) + "\n第二章\n科技设施集群效应更加突出\n" + sentence(100) + sentence(120)
    first, second = split_passages(document(text))
    assert first.text == sentence(150) + sentence(90)
    assert second.text.startswith("第二章\n科技设施集群效应更加突出\n国")


def test_a_heading_stays_even_with_a_sentence_that_fills_the_passage() -> None:
    text = sentence(300) + "\n小标题\n" + sentence(399)
    assert [passage.text[:3] for passage in split_passages(document(text))] == ["国国国", "小标题"]


def test_a_list_of_short_lines_is_no_row_of_headings() -> None:
    lines = "\n".join(f"北京市第{number}研究所" for number in range(10, 90))
    found = split_passages(document(lines + "\n" + sentence(300)))
    assert all(len(passage.text) <= 400 for passage in found)
    assert found[0].text.startswith("北京市第10研究所\n北京市第11研究所")


def test_a_passage_is_on_the_page_it_starts_on() -> None:
    text = sentence(250) + sentence(250) + sentence(250)
    found = split_passages(document(text, pages=(0, 240, 600)))
    assert [(passage.start, passage.page) for passage in found] == [(0, 1), (250, 2), (500, 2)]


def test_other_limits() -> None:
    text = sentence(20) * 10
    found = split_passages(document(text), minimum=30, maximum=50)
    assert [len(passage.text) for passage in found] == [40] * 5


@pytest.mark.parametrize(("minimum", "maximum"), [(0, 400), (-1, 400), (401, 400)])
def test_limits_that_make_no_sense(minimum: int, maximum: int) -> None:
    with pytest.raises(ValueError, match=f"got minimum={minimum}, maximum={maximum}"):
        split_passages(document("国。"), minimum=minimum, maximum=maximum)


CLAUSE = st.text(
    alphabet=st.one_of(
        st.sampled_from("量子院位于中关村软件园它有多少人這種研究須要用到𠮷龘"),
        st.sampled_from("abcXYZ019 .,-😀👨\u200d👩“”‘’「」《》（）()[]【】\"'"),
        st.characters(codec="utf-8", exclude_categories=("Cc",)),
    ),
    max_size=160,
)
TEXT = st.lists(
    st.tuples(
        CLAUSE, st.sampled_from(["。", "！", "？", "，", "；", "……", ".", "。”", "\n", "\n\n", "\r\n", "\u3000", ""])
    ),
    max_size=24,
).map(lambda pieces: "".join(clause + mark for clause, mark in pieces))


@given(TEXT)
@example("国" * (LONGEST + 300))
@example("短\n" * 500)
def test_every_sentence_is_whole_in_exactly_one_passage(text: str) -> None:
    found = split_passages(document(text))
    assert [passage.ordinal for passage in found] == list(range(len(found)))
    sentences = split_sentences(text)
    inside = [sum(passage.start <= start and end <= passage.end for passage in found) for start, end in sentences]
    assert inside == [1] * len(sentences)
    for passage in found:
        assert text[passage.start : passage.end] == passage.text == passage.text.strip() != ""
    for before, after in pairwise(found):
        assert before.end <= after.start
        assert not text[before.end : after.start].strip()


@given(TEXT)
@example("短\n" * 500)
def test_lengths_keep_to_the_limits(text: str) -> None:
    found = split_passages(document(text))
    for passage in found:
        # Over the maximum only for one sentence, with the headings above it.
        inside = [end - start for start, end in split_sentences(text) if passage.start <= start and end <= passage.end]
        assert len(passage.text) <= 400 or max(inside) + 3 * 42 >= len(passage.text)
    for before, after in pairwise(found):
        if min(len(before.text), len(after.text)) < 200:
            assert after.end - before.start > 400, "a fragment that could have been joined"
