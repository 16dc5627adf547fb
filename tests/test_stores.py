"""What any home of a store must keep, run over the local one and over Milvus (Lite, a real server)."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.store_helpers import CharacterEmbedder, cut, span
from tests.store_homes import Home
from vectorstore.errors import EmbedderMismatch, StoreError, StoreMissing
from vectorstore.filters import Filter
from vectorstore.milvus_server import Place
from vectorstore.prepared import prepare
from vectorstore.records import Document

ROOT = Path(__file__).resolve().parents[1]
HOMES = ["local", "milvus"]
_numbers = itertools.count()


def new_home(kind: str, request: pytest.FixtureRequest, folder: Path) -> Home:
    if kind == "local":
        return Home(folder / "index")
    return Home(Place(request.getfixturevalue("milvus").uri, collection=f"t{os.getpid()}_{next(_numbers)}"))


@pytest.fixture(params=HOMES)
def home(request: pytest.FixtureRequest, tmp_path: Path) -> Home:
    return new_home(request.param, request, tmp_path)


@pytest.fixture
def store(home: Home) -> Iterator[Any]:
    with home.create(CharacterEmbedder()) as store:
        yield store


@pytest.fixture(params=HOMES, scope="module")
def filled(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A store that tests only read: institutes, a rare character, a traditional text, sixty reports."""
    home = new_home(request.param, request, tmp_path_factory.mktemp("filled"))
    with home.create(CharacterEmbedder()) as store:
        store.add(
            [
                cut("量子", "量子院位于中关村软件园。", "它成立于2017年12月。", title="量子院", date="2022-06-13"),
                cut("怀柔", "怀柔科学城建成房源1.8万套，", "已保障25个院所。"),
                cut("台灣", "臺灣的晶片ＡＢＣ１２３，Model Ｘ。"),
                cut("𠮷野", "𠮷野家的牛丼🍚好吃。\r\n\t“引号”'%_\\。"),
                *(report(number) for number in range(60)),
            ]
        )
        yield store


def report(number: int) -> Any:
    made, passages = cut(
        f"报告{number}", f"第{number}号年度报告谈到预算。", "第二段。", date=f"{2020 + number % 5}-03-01"
    )
    metadata = {"部门": "法务" if number % 2 else "财务", 'a."b\\c': "x'y\"%"}
    return replace(made, metadata=metadata), passages


def names(hits: list[tuple[str, float]]) -> list[str]:
    return [name for name, _ in hits]


# Reading and searching


def test_both_legs_find_and_agree_with_their_scores(filled):
    question = "量子院位于哪里？"
    keyword, dense = filled.search_keyword(question, 5), filled.search_dense(question, 5)
    assert keyword[0][0] == dense[0][0] == "量子:0"
    for hits, scores in ((keyword, filled.keyword_scores), (dense, filled.dense_scores)):
        assert [score for _, score in hits] == sorted((score for _, score in hits), reverse=True)
        assert scores(question, names(hits)) == pytest.approx([score for _, score in hits], rel=1e-3)
    assert all(score > 0 for _, score in keyword)
    assert filled.keyword_scores("量子", ["怀柔:0"]).tolist() == [0.0]
    vector = filled.embedder.embed_question(question)
    assert names(filled.search_vector(vector, 5)) == names(dense)
    with pytest.raises(KeyError):
        filled.dense_scores(question, ["量子:9"])
    with pytest.raises(KeyError):
        filled.keyword_scores(question, ["没有:0"])


def test_the_title_is_searched_with_every_passage(filled):
    assert "量子:1" in names(filled.search_keyword("量子院", 5))


@pytest.mark.parametrize("question", ["台湾的芯片", "臺灣的晶片", "ａｂｃ123", "ABC１２３", "model x"])
def test_script_width_and_case_do_not_matter(filled, question: str):
    assert filled.search_keyword(question, 1)[0][0] == "台灣:0"


def test_passages_and_documents_come_back_to_the_character(filled):
    for made, passages in (
        cut("𠮷野", "𠮷野家的牛丼🍚好吃。\r\n\t“引号”'%_\\。"),
        cut("量子", "量子院位于中关村软件园。", "它成立于2017年12月。", title="量子院", date="2022-06-13"),
    ):
        assert filled.document(made.id) == made
        assert filled.document_passages(made.id) == passages
        assert filled.document_passages(made.id, 1) == passages[1:]
        assert filled.document_passages(made.id, 0, 1) == passages[:1]
        assert filled.document_passages(made.id, 5, 9) == []
        assert filled.passages([passages[-1].id, passages[0].id]) == [passages[-1], passages[0]]
    assert filled.document_passages("没有") == []
    for missing in ("没有", "没有:0", "x"):
        with pytest.raises(KeyError):
            filled.document(missing)
    for missing in ("没有:0", "量子:2", "量子", "量子:x", "量子:-1"):
        with pytest.raises(KeyError):
            filled.passages([missing])


def test_the_listing_says_what_is_there(filled):
    infos = filled.documents()
    assert [(info.source, info.id) for info in infos] == sorted((info.source, info.id) for info in infos)
    by_id = {info.id: info for info in infos}
    assert len(by_id) == 64
    assert (by_id["量子"].characters, by_id["量子"].passages, by_id["量子"].date) == (25, 2, "2022-06-13")
    assert by_id["报告1"].metadata == {"部门": "法务", 'a."b\\c': "x'y\"%"}
    assert filled.digests() == {info.id: info.digest for info in infos}
    assert len(filled) == sum(info.passages for info in infos) == 126
    assert filled.problems() == []


def test_vectors_are_those_of_the_embedder(filled):
    made, passages = cut("量子", "量子院位于中关村软件园。", "它成立于2017年12月。", title="量子院")
    expected = filled.embedder.embed([f"{made.title}\n{passage.text}" for passage in passages])
    assert filled.vectors("量子").dtype == np.float16
    assert filled.vectors("量子").tolist() == expected.astype(np.float16).tolist()
    assert filled.vectors("没有").shape == (0, 64)
    held = filled.stored(["怀柔", "没有", "量子"])
    assert [item.document.id for item in held] == ["怀柔", "量子"]
    assert (held[1].document.text, held[1].spans) == (made.text, [(0, 12, None), (12, 25, None)])
    assert np.array_equal(held[1].vectors, filled.vectors("量子"))


def test_in_how_many_passages_a_term_occurs(filled):
    assert filled.document_frequency(["量子", "预算", "没有的词"]).tolist() == [2, 60, 0]


def test_an_empty_or_unknown_question_finds_nothing(filled):
    assert filled.search_keyword("", 5) == filled.search_keyword("鑫鑫鑫", 5) == []
    assert filled.search_dense("", 5) == []
    assert filled.search_keyword("量子", 0) == filled.search_dense("量子", 0) == []


# Filters


@pytest.mark.parametrize(
    ("wanted", "documents"),
    [
        (Filter("报告7.txt"), {7}),
        (Filter("报告?.txt", metadata={"部门": "法务"}), {1, 3, 5, 7, 9}),
        (Filter(["*1.txt", "报告2*"], since="2021", until="2021"), {1, 11, 21, 26, 31, 41, 51}),
        (Filter(until="2020-02"), set()),
        (Filter(since="2024", metadata={"部门": ["法务", "财务"]}), set(range(4, 60, 5))),
        (Filter(metadata={'a."b\\c': "x'y\"%"}, since="2024-03-01"), set(range(4, 60, 5))),
        (Filter(metadata={"部门": "x"}), set()),
        (Filter(metadata={"部门": []}), set()),
        (Filter('"; drop\\'), set()),
    ],
)
def test_filters_are_part_of_the_search(filled, wanted: Filter, documents: set[int]):
    for search in (filled.search_keyword, filled.search_dense):
        found = names(search("年度报告谈到预算", 100, wanted))
        expected = {f"报告{number}:0" for number in documents}
        assert expected <= set(found) <= expected | {f"报告{number}:1" for number in documents}
        assert len(search("年度报告谈到预算", 3, wanted)) == min(3, len(found))


@pytest.mark.parametrize(
    ("pattern", "met"),
    [("a_b%.txt", True), ("a?b?.txt", True), ("a_*", True), ("a\\*", False), ("axbx.txt", False), ("*[1]*", False)],
)
def test_wildcards_of_the_server_are_plain_characters(store, pattern: str, met: bool):
    made, passages = cut("甲", "量子计算")
    store.add([(replace(made, source="a_b%.txt"), [replace(passage, source="a_b%.txt") for passage in passages])])
    other, more = cut("乙", "量子计算")
    store.add([(replace(other, source="[1]\n'\".txt"), [replace(passage, source="[1]\n'\".txt") for passage in more])])
    assert ("甲:0" in names(store.search_keyword("量子", 5, Filter(pattern)))) is met
    assert ("甲:0" in names(store.search_dense("量子", 5, Filter(pattern)))) is met
    assert names(store.search_keyword("量子", 5, Filter("[1]\n'\".txt"))) == ["乙:0"]
    assert names(store.search_dense("量子", 5, Filter("[?]?'*"))) == ["乙:0"]


# Changing


def test_equal_passages_are_ranked_by_id(store):
    store.add(cut(name, "相同的文字", title="题") for name in ("丙", "甲", "乙"))
    for search in (store.search_keyword, store.search_dense):
        assert names(search("相同的文字", 3)) == sorted(["丙:0", "甲:0", "乙:0"])


def test_a_document_added_again_is_replaced_everywhere(store):
    assert store.add([cut("甲", "旧的量子文字", "旧的第二段"), cut("乙", "别的东西")]) == 3
    assert store.add([cut("甲", "新的芯片内容")]) == 1
    assert store.search_keyword("旧的量子文字", 5) == []
    assert names(store.search_keyword("芯片", 5)) == ["甲:0"]
    assert set(names(store.search_dense("旧的量子文字", 9))) == {"甲:0", "乙:0"}
    assert store.document("甲").text == "新的芯片内容"
    assert [passage.text for passage in store.document_passages("甲")] == ["新的芯片内容"]
    assert (len(store), store.problems()) == (2, [])
    assert store.document_frequency(["芯片"]).tolist() == [1]


def test_the_same_document_twice_in_one_call_keeps_the_last(store):
    store.add([cut("甲", "第一次的文字", "第一次的第二段"), cut("乙", "别的"), cut("甲", "后来的文字")])
    assert store.document("甲").text == "后来的文字"
    assert store.search_keyword("第一次", 5) == []
    assert (len(store), store.problems()) == (2, [])


def test_remove_counts_what_was_there(store):
    store.add([cut("甲", "量子计算"), cut("乙", "量子通信")])
    assert store.remove(["甲", "没有"]) == 1
    assert store.remove(["甲"]) == store.remove([]) == 0
    assert names(store.search_keyword("量子", 5)) == names(store.search_dense("量子", 5)) == ["乙:0"]
    with pytest.raises(KeyError):
        store.document("甲")
    assert (len(store), list(store.digests()), store.problems()) == (1, ["乙"], [])


def test_an_empty_store_answers(store):
    assert store.documents() == [] and store.digests() == {} and len(store) == 0
    assert store.search_keyword("量子", 5) == store.search_dense("量子", 5) == []
    assert store.search_keyword("量子", 5, Filter("x")) == []
    assert store.document_frequency(["量子"]).tolist() == [0]
    assert store.passages([]) == []
    assert store.add([]) == 0
    assert store.problems() == []


def test_a_document_without_text_is_kept(store):
    empty = Document("空", "空.txt", "", "空", "", digest="d")
    assert store.add([(empty, [])]) == 0
    assert store.document("空") == empty
    assert (store.document_passages("空"), len(store), store.problems()) == ([], 0, [])


def test_every_field_comes_back_whatever_it_holds(store):
    text = "甲" * 10 + "\n乙\x0b\u2028𠮷" * 5
    odd = Document(
        id="a'\"\\\n:7 {x}",
        source="年报/2023 [终稿]_%'\".pdf",
        path="/文件/\t.pdf",
        title="“标题”\\n",
        text=text,
        date=None,
        metadata={"": "", "键\"'": "值\n\\", "url": "https://例.中国/?a=b&c=%20"},
        pages=(0, 10, 20),
        digest="ab" * 32,
    )
    passages = [span(odd, 0, 0, 12), span(odd, 1, 12, 30)]
    store.add([(odd, passages)])
    assert store.document(odd.id) == odd
    assert store.document_passages(odd.id) == passages
    assert [passage.page for passage in passages] == [1, 2]
    assert names(store.search_keyword("标题", 5)) == [f"{odd.id}:1", f"{odd.id}:0"]  # the shorter one first
    assert store.documents()[0].metadata == odd.metadata
    assert store.remove([odd.id]) == 1
    assert (len(store), store.problems()) == (0, [])


def test_long_texts_and_long_passages_are_kept_whole(store):
    text = "".join(f"第{number}句说的是量子比特的事。" for number in range(15_000))
    made, _ = cut("长", text)
    passages = [span(made, 0, 0, 60_000), span(made, 1, 60_000, 60_001), span(made, 2, 70_000, len(text))]
    assert len(text[:60_000].encode()) > 65_535 < len(text.encode()) // 6
    store.add([(made, passages)])
    assert store.document("长") == made
    assert store.document_passages("长") == passages
    assert set(names(store.search_keyword("量子比特", 5))) == {"长:0", "长:2"}
    assert store.problems() == []


def test_what_can_not_be_stored_is_refused_and_changes_nothing(store):
    store.add([cut("甲", "原来的文字")])
    made, passages = cut("甲", "半个\ud83d字")
    with pytest.raises(ValueError, match="D83D"):
        store.add([(made, passages)])
    other, more = cut("甲", "换了的文字")
    with pytest.raises(ValueError, match="does not match its document"):
        store.add([(other, [replace(more[0], text="别的文字")])])
    assert store.document("甲").text == "原来的文字"
    assert (len(store), store.problems()) == (1, [])


def test_a_failure_in_the_stream_leaves_each_document_whole(store):
    store.add([cut("甲", "原来的甲"), cut("乙", "原来的乙")])

    def stream() -> Iterator[Any]:
        yield cut("甲", "换了的甲", "有两段")
        raise OSError("读不到文件")

    with pytest.raises(OSError, match="读不到文件"):
        store.add(stream())
    assert store.document("甲").text == "原来的甲"
    assert (len(store), store.problems()) == (2, [])
    assert store.search_keyword("换了", 5) == []


def test_a_renamed_document_goes_in_the_same_change_without_embedding(store):
    made, passages = cut("旧名", "量子计算", "第二段")
    store.add([(made, passages)])
    new = replace(made, id="新名", source="新名.txt")
    (item,) = prepare([(new, [(passage.start, passage.end, passage.page) for passage in passages])], None)
    embedded = store.embedder.embedded
    assert store.add_prepared([replace(item, vectors=store.vectors("旧名"), instead_of="旧名")]) == 2
    assert store.embedder.embedded == embedded
    assert store.digests() == {"新名": made.digest}
    assert set(names(store.search_keyword("量子计算", 5))) == {"新名:0"}
    assert (len(store), store.problems()) == (2, [])


def test_what_progress_raises_undoes_the_change(store):
    store.add([cut("甲", "原来的文字")])
    told = []

    def stop(done: int) -> None:
        told.append(done)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        store.add([cut("甲", "换了的文字", "第二段")], stop)
    assert told == [2]
    assert store.document("甲").text == "原来的文字"
    assert (len(store), store.problems()) == (1, [])


def test_a_long_stream_is_taken_one_by_one(store):
    taken = []

    def stream() -> Iterator[Any]:
        for number in range(1200):
            taken.append(number)
            yield cut(f"{number:04}", f"第{number}篇")

    assert store.add(stream()) == len(taken) == len(store) == 1200
    assert len(store.documents()) == 1200
    assert names(store.search_keyword("777", 1)) == ["0777:0"]


# Opening again


def test_what_was_written_is_there_after_opening_again(home, store):
    store.add([cut("甲", "量子计算", "第二段"), cut("乙", "怀柔科学城")])
    store.remove(["乙"])
    with home.open(CharacterEmbedder()) as again:
        assert again.embedder.embedded == 0
        assert again.documents() == store.documents()
        assert names(again.search_keyword("量子", 5)) == ["甲:0"]
        assert again.problems() == []


def test_another_handle_sees_each_change_at_its_next_search(home, store):
    with home.open(CharacterEmbedder()) as other:
        store.add([cut("甲", "量子计算")])
        assert names(other.search_dense("量子", 5)) == ["甲:0"]
        other.add([cut("甲", "芯片制造")])
        assert store.document("甲").text == "芯片制造"
        store.remove(["甲"])
        assert other.search_dense("量子", 5) == []


def test_nothing_there(home):
    with pytest.raises(StoreMissing, match="wenju index PATH"):
        home.open(CharacterEmbedder())
    with pytest.raises(StoreMissing, match="wenju index PATH"):
        home.rebuild(CharacterEmbedder())


def test_creating_over_an_index_is_refused(home, store):
    with pytest.raises(StoreError, match="holds an index already"):
        home.create(CharacterEmbedder())


def test_another_embedder_is_named_with_the_way_out(home, store):
    with pytest.raises(EmbedderMismatch, match=r"RAG_EMBEDDER=characters.*wenju index --rebuild") as raised:
        home.open(CharacterEmbedder(32, name="others"))
    assert raised.value.made_with == "characters"


def test_rebuild_takes_another_embedder_without_reading_a_file_again(home, store):
    store.add([cut("甲", "量子计算", "第二段"), cut("乙", "怀柔科学城")])
    documents, passages = store.documents(), store.document_passages("甲")
    store.close()
    with home.rebuild(CharacterEmbedder(32, name="others")) as rebuilt:
        assert rebuilt.embedder.embedded == 3
        assert (rebuilt.documents(), rebuilt.document_passages("甲")) == (documents, passages)
        assert names(rebuilt.search_dense("量子计算", 1)) == names(rebuilt.search_keyword("量子", 1)) == ["甲:0"]
        assert rebuilt.problems() == []
    with home.open(CharacterEmbedder(32, name="others")) as again:
        assert len(again) == 3


# Several at once


def test_writers_and_readers_at_once(home, store):
    errors: list[BaseException] = []

    def work(writer: int) -> None:
        try:
            with home.open(CharacterEmbedder()) as mine:
                for step in range(4):
                    mine.add([cut(f"{writer}", f"写手{writer}第{step}版", "尾"), cut("共", f"写手{writer}说{step}")])
                    assert mine.document(f"{writer}").text == f"写手{writer}第{step}版尾"
                    assert mine.search_keyword(f"写手{writer}", 1)
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=work, args=(writer,)) for writer in range(4)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        for name, _ in store.search_dense("写手", 9):
            assert name.split(":")[0] in {"0", "1", "2", "3", "共"}
    assert errors == []
    assert {info.id: info.passages for info in store.documents()} == {"0": 2, "1": 2, "2": 2, "3": 2, "共": 1}
    assert (len(store), store.problems()) == (9, [])


WRITER = """
import os, sys
from pathlib import Path
from tests.store_helpers import CharacterEmbedder, cut
from tests.store_homes import Home
from vectorstore.milvus_server import Place

place, collection = sys.argv[1:]
home = Home(Place(place, collection=collection) if collection else Path(place))

def documents():
    for number in range(10_000):
        if number == 1500:
            os._exit(9)
        yield cut(f"新{number}", "一二三四", "五六七八")

with home.open(CharacterEmbedder()) as store:
    store.add([cut("先", "已经写完的文字")])
    store.add(documents())
"""


def test_a_writer_that_dies_leaves_every_document_whole_or_not_there(home, store):
    store.add([cut("甲", "原来的文字")])
    place = [home.place.uri, home.place.collection] if isinstance(home.place, Place) else [str(home.place), ""]
    done = subprocess.run(
        [sys.executable, "-c", WRITER, *place], env={**os.environ, "PYTHONPATH": str(ROOT)}, timeout=120, check=False
    )
    assert done.returncode == 9
    with home.open(CharacterEmbedder()) as again:
        assert again.problems() == []
        assert {"甲", "先"} <= set(again.digests())
        assert all(info.passages == 2 for info in again.documents() if info.id.startswith("新"))
        assert len(again) == sum(info.passages for info in again.documents())
        assert names(again.search_keyword("已经写完的文字", 1)) == ["先:0"]
        vectors = again.dense_scores("一二三四", names(again.search_dense("一二三四", 3)))
        assert np.isfinite(vectors).all()
