"""Questions about the news: places that make sense by themselves, and point at whole sentences of the articles."""

from __future__ import annotations

import lzma
import os
from pathlib import Path

import pytest

from rag.train.news import NEWS, read_articles, read_questions

DATA = Path(os.environ.get("WENJU_DATA", "data"))


def test_every_answer_lies_in_its_sentence() -> None:
    questions = read_questions()
    assert len({(one.article, one.text) for one in questions}) == len(questions) >= 1000
    for one in questions:
        assert one.answerable or not one.answers, one.text
        for (start, end), (first, last) in zip(one.answers, one.sentences, strict=True):
            assert 0 <= first <= start < end <= last, one.text


def test_two_part_questions_have_two_places() -> None:
    assert {len(one.answers) for one in read_questions() if one.kind == "two-part"} == {2}


def test_about_a_third_of_the_articles_is_held_out() -> None:
    held_out = {one.article: one.held_out for one in read_questions()}
    assert 0.25 < sum(held_out.values()) / len(held_out) < 0.4


def test_articles_are_counted_from_one_and_tidied(tmp_path: Path) -> None:
    with lzma.open(tmp_path / NEWS, "wt", encoding="utf-8") as file:
        file.write("量子院有217人。\n \ufeff物理所在北京。\r\n天气很好。\n")
    articles = read_articles(tmp_path, {2, 3})
    assert {number: article.text for number, article in articles.items()} == {2: "物理所在北京。", 3: "天气很好。"}


@pytest.mark.skipif(not (DATA / NEWS).is_file(), reason=f"WENJU_DATA names no folder with {NEWS}")
def test_the_places_hold_text_without_outer_blanks() -> None:
    questions = [one for one in read_questions() if one.answers]
    articles = read_articles(DATA, {one.article for one in questions})
    for one in questions:
        for start, end in (*one.answers, *one.sentences):
            piece = articles[one.article].text[start:end]
            assert len(piece) == end - start, one.text
            assert piece == piece.strip(), one.text
