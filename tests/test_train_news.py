"""Questions to train on: places that make sense by themselves, and point at whole sentences of their documents."""

from __future__ import annotations

import lzma
import os
from pathlib import Path

import pytest

from rag.train.news import NEWS, read_articles
from rag.train.office import INVENTED, read_documents
from rag.train.questions import asked_of_news, asked_of_office, asked_unread

DATA = Path(os.environ.get("WENJU_DATA", "data"))


def test_every_answer_lies_in_its_sentence() -> None:
    for questions, least in ((asked_of_news(), 4000), (asked_unread(), 4000), (asked_of_office(), 900)):
        assert len({(one.source, one.text) for one in questions}) == len(questions) >= least
        for one in questions:
            assert one.answerable or not one.answers, one.text
            for (start, end), (first, last) in zip(one.answers, one.sentences, strict=True):
                assert 0 <= first <= start < end <= last, one.text


def test_half_of_the_questions_have_no_answer() -> None:
    for questions in (asked_of_news(), asked_unread(), asked_of_office()):
        assert 0.4 < sum(one.answerable for one in questions) / len(questions) < 0.6


def test_two_part_questions_have_two_places() -> None:
    questions = [one for one in (*asked_of_news(), *asked_unread(), *asked_of_office()) if one.answerable]
    assert {len(one.answers) for one in questions if one.kind == "two-part"} == {2}


def test_of_the_first_articles_and_of_the_writers_some_are_held_out() -> None:
    held_out = {one.source: one.held_out for one in asked_of_news()[:47_408]}  # the later ones are there to learn from
    assert 0.12 < sum(held_out.values()) / len(held_out) < 0.22
    assert {one.source[0] for one in asked_of_office() if one.held_out} == {"c", "s"}
    assert {one.source[0] for one in asked_of_office()} > {"c", "s"}


def test_no_reader_learns_from_an_article_that_is_to_be_unread() -> None:
    unread = asked_unread()
    assert not {one.source for one in unread} & {one.source for one in asked_of_news()}
    assert not any(one.held_out for one in unread)


def test_every_invented_document_is_asked_about() -> None:
    documents = read_documents(INVENTED)
    assert {one.source for one in asked_of_office()} == documents.keys()
    for one in asked_of_office():
        for start, end in (*one.answers, *one.sentences):
            piece = documents[one.source].text[start:end]
            assert piece, one.text
            assert piece == piece.strip(), one.text


def test_articles_are_counted_from_one_and_tidied(tmp_path: Path) -> None:
    with lzma.open(tmp_path / NEWS, "wt", encoding="utf-8") as file:
        file.write("量子院有217人。\n \ufeff物理所在北京。\r\n天气很好。\n")
    articles = read_articles(tmp_path, {"2.txt", "3.txt"})
    assert {source: one.text for source, one in articles.items()} == {"2.txt": "物理所在北京。", "3.txt": "天气很好。"}


@pytest.mark.skipif(not (DATA / NEWS).is_file(), reason=f"WENJU_DATA names no folder with {NEWS}")
def test_the_places_hold_text_without_outer_blanks() -> None:
    questions = [one for one in (*asked_of_news(), *asked_unread()) if one.answers]
    articles = read_articles(DATA, {one.source for one in questions})
    for one in questions:
        for start, end in (*one.answers, *one.sentences):
            piece = articles[one.source].text[start:end]
            assert len(piece) == end - start, one.text
            assert piece == piece.strip(), one.text
