"""Keyword search: BM25 as the formula says, user text never parsed, damage noticed."""

from __future__ import annotations

import math

import numpy as np
import pytest

from vectorstore.keyword import KeywordIndex, KeywordIndexError, question_weights
from vectorstore.tokens import terms

TEXTS = {
    1: "量子院位于中关村软件园,2017年成立。",
    2: "荷塘生华的硬科技孵化器有9000平方米。",
    3: "臺灣的量子電腦研究，於二〇二三年開始。",
    4: "GPU 与 ＡＩ 芯片：A股上涨3.5%。",
}


def filled(folder, texts=TEXTS, generation=1) -> KeywordIndex:
    index = KeywordIndex.create(folder)
    with index.writer() as writer:
        for key, text in texts.items():
            writer.add(key, 10 * key, " ".join(terms(text)))
        writer.commit(generation)
    return index.newest()


@pytest.fixture
def index(tmp_path):
    return filled(tmp_path / "keyword-1")


def test_bm25_by_hand(tmp_path):
    """k1 = 1.2, b = 0.75. The generation mark counts as a fifth document without terms."""
    folder = tmp_path / "k"
    index = KeywordIndex.create(folder)
    with index.writer() as writer:
        writer.add(1, 1, "甲 乙")
        writer.add(2, 2, "甲 甲 丙 丁")
        writer.add(3, 3, "丙")
        writer.add(4, 4, "丁")
        writer.commit(1)
    idf = math.log(1 + (5 - 2 + 0.5) / (2 + 0.5))
    average = 8 / 5

    def bm25(count: int, length: int) -> float:
        return idf * count * 2.2 / (count + 1.2 * (0.25 + 0.75 * length / average))

    hits = index.newest().search({"甲": 1.0}, 10)
    assert [key for key, _ in hits] == [2, 1]
    assert dict(hits) == pytest.approx({1: bm25(1, 2), 2: bm25(2, 4)}, rel=1e-4)
    doubled = index.newest().search({"甲": 2.0}, 10)
    assert dict(doubled) == pytest.approx({1: 2 * bm25(1, 2), 2: 2 * bm25(2, 4)}, rel=1e-4)


@pytest.mark.parametrize(
    ("question", "first"),
    [
        ("量子院位于哪里？", 1),
        ("硬科技孵化器有多大", 2),
        ("台湾的量子电脑", 3),
        ("臺灣的量子電腦", 3),
        ("gpu", 4),
        ("ai芯片", 4),
        ("ＧＰＵ", 4),
    ],
)
def test_questions_find_their_passage_in_any_script(index, question, first):
    assert index.search(question_weights(question), 3)[0][0] == first


@pytest.mark.parametrize(
    "question",
    [
        '"',
        "title:x AND",
        "(((",
        "量子*",
        "[a TO b]",
        "-量子",
        "terms:量子",
        "\\",
        "a^",
        "passage:1",
        "😀",
        "\x00",
        "【1】",
    ],
)
def test_text_from_people_is_not_query_syntax(index, question):
    for key, score in index.search(question_weights(question), 5):
        assert key in TEXTS
        assert score > 0


def test_a_number_in_a_question_is_a_word_and_no_key(index):
    assert index.search(question_weights("1"), 5) == []


@pytest.mark.parametrize("question", ["", "   ", "？！。"])
def test_nothing_asked_nothing_found(index, question):
    assert index.search(question_weights(question), 5) == []
    assert index.scores(question_weights(question), [1, 2]).tolist() == [0, 0]


def test_a_question_of_dropped_words_still_searches(index):
    assert question_weights("是什么") != {}


def test_whole_words_count_more_than_pairs():
    assert question_weights("量子院GPU在中关村吗？") == {
        "量子": 2.0,
        "院": 1.0,
        "gpu": 1.5,
        "中关村": 1.5,
        "子院": 1.0,
        "中关": 1.0,
        "关村": 1.0,
    }


def test_scores_of_named_passages_equal_those_of_the_search(index):
    weights = question_weights("量子院的量子电脑与芯片")
    found = dict(index.search(weights, 10))
    assert found.keys() == {1, 3, 4}
    scores = index.scores(weights, [4, 2, 3, 1, 3, 99])
    assert scores.dtype == np.float32
    assert scores.tolist() == pytest.approx([found[4], 0, found[3], found[1], found[3], 0])
    assert index.scores(weights, []).shape == (0,)


def test_document_frequency(index):
    assert index.document_frequency(["量子", "芯片", "没有", "台湾"]).tolist() == [2, 1, 0, 1]
    assert index.document_frequency([]).shape == (0,)


def test_ties_at_the_border_are_all_given_and_equal_across_segments(tmp_path):
    index = KeywordIndex.create(tmp_path / "k")
    for generation in range(1, 5):
        with index.writer() as writer:
            for key in range(generation * 100, generation * 100 + 20):
                writer.add(key, key, " ".join(terms("同一句话。")))
            writer.commit(generation)
    hits = index.newest().search(question_weights("同一句话"), 3)
    assert len(hits) == 80
    assert len({score for _, score in hits}) == 1


def test_removing_takes_out_whole_documents(index):
    with index.writer() as writer:
        writer.remove([10, 30, 77])
        writer.commit(2)
    later = index.newest()
    assert (len(index), len(later)) == (4, 2)
    assert later.search(question_weights("量子院"), 5) == []
    assert index.search(question_weights("量子院"), 5) != [], "an open state stays as it was"
    assert (index.generation, later.generation) == (1, 2)


def test_a_writer_that_fails_leaves_nothing(index):
    with pytest.raises(RuntimeError, match="断电"), index.writer() as writer:
        writer.add(9, 9, "新")
        writer.remove([10])
        raise RuntimeError("断电")
    later = index.newest()
    assert (len(later), later.generation) == (4, 1)


def test_many_small_changes_end_in_few_segments(tmp_path):
    index = KeywordIndex.create(tmp_path / "k")
    for generation in range(1, 21):
        with index.writer() as writer:
            writer.add(generation, generation, " ".join(terms(f"第{generation}次")))
            writer.commit(generation)
    later = index.newest()
    assert len(later) == 20
    assert later._searcher.num_segments < 16


def test_very_long_and_odd_terms_do_no_harm(tmp_path):
    index = filled(tmp_path / "k", {1: "a" * 100_000, 2: "abc " + "量" * 5000, 3: "x\x1cy\u2028z\x00"})
    assert len(index) == 3
    assert [key for key, _ in index.search(question_weights("abc"), 5)] == [2]


# Damage


def test_a_missing_folder(tmp_path):
    with pytest.raises(KeywordIndexError):
        KeywordIndex(tmp_path / "没有")


@pytest.mark.parametrize("suffix", ["idx", "term", "fast", "fieldnorm", "store", "json"])
@pytest.mark.parametrize("keep", [0.0, 0.5, 0.95])
def test_files_cut_short_are_noticed_at_opening(tmp_path, suffix, keep):
    folder = tmp_path / "k"
    filled(folder, {key: f"第{key}句话，讲量子计算。" for key in range(1, 30)})
    for file in folder.glob(f"*.{suffix}"):
        file.write_bytes(file.read_bytes()[: int(file.stat().st_size * keep)])
    with pytest.raises(KeywordIndexError):
        KeywordIndex(folder)


@pytest.mark.parametrize("suffix", ["idx", "term", "fast", "fieldnorm"])
def test_files_that_are_gone_are_noticed_at_opening(tmp_path, suffix):
    folder = tmp_path / "k"
    filled(folder)
    for file in folder.glob(f"*.{suffix}"):
        file.unlink()
    with pytest.raises(KeywordIndexError):
        KeywordIndex(folder)


@pytest.mark.parametrize("suffix", ["idx", "term", "fast", "fieldnorm"])
def test_the_full_check_sees_a_changed_byte(tmp_path, suffix):
    folder = tmp_path / "k"
    index = filled(folder)
    assert index.problems() == []
    file = max(folder.glob(f"*.{suffix}"), key=lambda file: file.stat().st_size)
    data = bytearray(file.read_bytes())
    data[0] ^= 1
    file.write_bytes(data)
    assert index.problems() == [f"{file}: checksum differs"]


def test_another_index_in_its_place_is_noticed(tmp_path):
    import tantivy

    folder = tmp_path / "k"
    folder.mkdir()
    schema = tantivy.SchemaBuilder().add_text_field("body").build()
    tantivy.Index(schema, str(folder)).writer(15_000_000, 1).commit()
    with pytest.raises(KeywordIndexError):
        KeywordIndex(folder)
