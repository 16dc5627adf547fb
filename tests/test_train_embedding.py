"""How the embedded model is trained: what it learns from, what a step draws, and that it goes on where it stopped."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest

from vectorstore.pieces import Pieces
from vectorstore.train import corpus, thesaurus
from vectorstore.train.contrast import Lesson, initial, train
from vectorstore.train.draws import ArticleDraw, Bags, PhraseDraw, WordDraw
from vectorstore.train.recipe import Recipe
from vectorstore.train.thesaurus import Phrase, Word

WORDS = ("量子", "位于", "院子", "于是", "台湾", "产业", "发展", "科技", "园区", "城市", "合作", "联手", "搬迁", "建成")
KNOWN = [
    Word("上涨", ("上升", "走高"), ("下跌",), ("rise",)),
    Word("走高", ("上涨", "攀升")),
    Word("搬家", ("搬迁",), (), ("move house",)),
]
ASKED = [Phrase("能放多久", ("保质期", "贮存期限")), Phrase("谁来签收", ("收货人",))]
ALL = [text for word in KNOWN for text in word.texts] + [text for phrase in ASKED for text in phrase.texts]


@pytest.fixture(scope="module")
def articles() -> list[str]:
    rng = np.random.default_rng(0)
    return ["".join("".join(rng.choice(WORDS, 6)) + "。" for _ in range(8)) for _ in range(60)]


@pytest.fixture(scope="module")
def pieces() -> Pieces:
    characters = sorted({character for text in ALL for character in text if character > "\u4e00"})
    return Pieces(["[UNK]", *characters, "house", "move", "rise"], {})


def texts_of(bags: Bags, pieces: Pieces) -> list[str]:
    """Which of the texts each bag is."""
    ids, starts = bags
    named = {tuple(pieces.encode([text])[0].tolist()): text for text in ALL}
    return [named[tuple(part.tolist())] for part in np.split(ids, starts[1:])]


def test_training_is_seeded_and_goes_on_from_its_checkpoint(tmp_path: Path, articles: list[str]) -> None:
    recipe = Recipe(pairs=50, words=1, dimension=4, steps=4, batch=16)
    tokens = corpus.vocabulary(articles, recipe.pairs, recipe.words)
    pieces = Pieces(tokens, corpus.folded_characters(tokens))
    news = corpus.encode(corpus.sentences(articles), pieces)
    assert len(news.articles) == 60 * 8
    known = [Word("合作", ("联手",), ("发展",)), Word("城市", ("园区",))]
    lessons = (
        Lesson(ArticleDraw(news, news, recipe, len(tokens)), recipe.temperature),
        Lesson(WordDraw(known, pieces, recipe), recipe.written, 0.5),
        Lesson(PhraseDraw([Phrase("搬迁", ("建成",)), Phrase("量子", ("科技",))], pieces, recipe), recipe.written),
    )
    rows = initial(news, recipe, len(tokens))
    whole, part = tmp_path / "whole.npz", tmp_path / "part.npz"

    def keep_half(step: int, loss: float) -> None:
        assert loss > 0
        if step == 2:
            part.write_bytes(whole.read_bytes())

    trained = train(lessons, recipe, rows, whole, keep_half, every=2)
    resumed = train(lessons, recipe, np.zeros_like(rows), part, lambda step, loss: None, every=2)
    np.testing.assert_array_equal(resumed, trained)
    assert not trained[0].any()
    assert np.abs(trained[1:] - rows[1:]).max() > 0


def test_words_of_one_meaning_draw_near_and_those_easily_taken_for_them_away(tmp_path: Path, pieces: Pieces) -> None:
    recipe = Recipe(dimension=8, steps=60, batch=4, warmup=1, english=0.0, rate=0.05)
    rows = np.random.default_rng(0).normal(size=(len(pieces._words) + pieces._base, 8)).astype(np.float32)
    rows[0] = 0
    lesson = Lesson(WordDraw(KNOWN, pieces, recipe), recipe.written)
    trained = train((lesson,), recipe, rows, tmp_path / "steps.npz", lambda step, loss: None)

    def cosine(one: str, other: str) -> float:
        first, second = (trained[pieces.encode([text])[0]].sum(axis=0) for text in (one, other))
        return float(first @ second / np.linalg.norm(first) / np.linalg.norm(second))

    assert cosine("上涨", "走高") > cosine("上涨", "下跌") + 0.4


def test_a_draw_of_words_tells_what_is_right_by_chance(pieces: Pieces) -> None:
    batch = WordDraw(KNOWN, pieces, Recipe(batch=8, english=0.0))(1)
    asked, told = texts_of(batch.asked, pieces), texts_of(batch.told, pieces)
    assert len(asked) == 3
    assert told[3:] == ["下跌"]  # the only one that has something to mislead with
    assert all({word.text for word in KNOWN} & {one, other} for one, other in zip(asked, told, strict=False))
    either = {(asked[row], told[place]) for row, place in batch.either.tolist()}
    assert ("下跌" in told) and all("下跌" not in pair for pair in either)
    for row, place in batch.either.tolist():
        assert row != place


def test_an_english_name_is_drawn_where_there_is_one(pieces: Pieces) -> None:
    batch = WordDraw(KNOWN, pieces, Recipe(batch=8, english=1.0))(3)
    pairs = [
        {one, other} for one, other in zip(texts_of(batch.asked, pieces), texts_of(batch.told, pieces), strict=False)
    ]
    assert {"上涨", "rise"} in pairs
    assert {"搬家", "move house"} in pairs


def test_a_draw_of_phrases_pairs_a_question_with_one_of_its_answers(pieces: Pieces) -> None:
    batch = PhraseDraw(ASKED, pieces, Recipe(batch=8))(1)
    pairs = dict(zip(texts_of(batch.asked, pieces), texts_of(batch.told, pieces), strict=True))
    assert pairs.keys() == {"能放多久", "谁来签收"}
    assert pairs["谁来签收"] == "收货人"
    assert pairs["能放多久"] in {"保质期", "贮存期限"}


def test_our_words_bring_tokens_of_their_own(articles: list[str]) -> None:
    plain = corpus.vocabulary(articles, 5, 0)
    ours = corpus.vocabulary(articles, 5, 0, ["城市产业", "城市", "Rise", "产科"])
    assert set(ours) - set(plain) == {"rise"} | ({"城市"} - set(plain))  # 产科 stands in one text alone
    assert ours[: len(plain)] == plain


def test_words_are_replaced_by_their_share() -> None:
    known = {"机器": Word("机器", ("设备",))}
    rng = random.Random(0)
    changed = [corpus.reword("机器坏了", known, 0.5, rng) for _ in range(400)]
    assert set(changed) == {"机器坏了", "设备坏了"}
    assert 150 < changed.count("设备坏了") < 250


def test_every_line_we_wrote_is_read() -> None:
    words, phrases = thesaurus.read_words(), thesaurus.read_phrases()
    assert len({word.text for word in words}) == len(words) > 12_000
    assert len({phrase.asked for phrase in phrases}) == len(phrases) > 10_000
    for word in words:
        assert word.near
        assert word.text not in (*word.near, *word.far)
        assert not set(word.near) & set(word.far), word
    assert all(phrase.told for phrase in phrases)


def test_the_words_of_the_reworded_questions_were_left_out() -> None:
    """Their figures in the model card of the reranker would flatter it."""
    path = Path(__file__).parents[1] / "rag" / "train" / "reworded.txt"
    pairs = {frozenset(line.split()[:2]) for line in path.read_text(encoding="utf-8").splitlines()}
    ours = {frozenset((word.text, near)) for word in thesaurus.read_words() for near in word.near}
    assert not pairs & ours
