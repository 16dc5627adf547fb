"""What is Milvus's own: kills of the server, unseen versions, errors in plain words, and the whole product on top."""

from __future__ import annotations

import itertools
import json
import os
import threading
from concurrent import futures
from dataclasses import replace
from pathlib import Path

import pytest

from rag import Assistant, Filter, Settings
from rag.assistant import SEEDS
from rag.cli import main
from rag.doctor import examine
from rag.errors import LoadError, StoreError, StoreMissing, StoreUnreachable, WenjuError
from rag.refuse import LEAST_LIKELY
from rag.stores import milvus_place, place_name
from tests.milvus_server import MilvusProcess
from tests.store_helpers import CharacterEmbedder, cut
from vectorstore import milvus_changes, milvus_reader
from vectorstore.milvus import MilvusStore
from vectorstore.milvus_rows import CHANGE, INDEX, document_key, filter_expression, note_row
from vectorstore.milvus_server import Place

ROOT = Path(__file__).resolve().parents[1]
_numbers = itertools.count()


@pytest.fixture
def place(milvus) -> Place:
    return Place(milvus.uri, collection=f"m{os.getpid()}_{next(_numbers)}")


@pytest.fixture
def store(place):
    with MilvusStore.create(place, CharacterEmbedder()) as store:
        yield store


# The server goes and comes


def test_what_returned_survives_a_kill_of_the_server(tmp_path):
    (tmp_path / "data").mkdir()
    server = MilvusProcess(tmp_path / "data")
    server.start()
    try:
        with MilvusStore.create(Place(server.uri, timeout=60), CharacterEmbedder()) as store:
            store.add([cut("甲", "量子计算", "第二段"), cut("乙", "怀柔科学城")])
            store.remove(["乙"])
            server.kill()
            restarted = threading.Timer(0.5, server.start)  # the call below waits for it
            restarted.start()
            assert store.document("甲").text == "量子计算第二段"
            restarted.join()
            assert [name for name, _ in store.search_keyword("量子", 5)] == ["甲:0"]
            assert [name for name, _ in store.search_dense("量子", 1)] == ["甲:0"]
            store.add([cut("丙", "又写了一篇")])
            assert (sorted(store.digests()), len(store), store.problems()) == (["丙", "甲"], 3, [])
            server.kill()
            gone = replace(store.server.place, timeout=0.5)
            with pytest.raises(StoreUnreachable, match=r"连不上 Milvus.*RAG_MILVUS_URI.*milvus-lite server"):
                MilvusStore.open(gone, CharacterEmbedder())
    finally:
        server.kill()


def test_nobody_there():
    nowhere = Place("http://127.0.0.1:9", token="root:密码", timeout=0.3)
    with pytest.raises(StoreUnreachable, match=r"连不上 Milvus（http://127.0.0.1:9）") as raised:
        MilvusStore.open(nowhere, CharacterEmbedder())
    assert "密码" not in str(raised.value) + repr(nowhere) + str(nowhere)


def test_a_refused_token_is_said_so():
    import grpc

    class Refusing(grpc.GenericRpcHandler):
        """Refuses every call, as a server with accounts does."""

        def service(self, call):
            def refuse(_, context):
                context.abort(grpc.StatusCode.UNAUTHENTICATED, "auth check failure, please check api key is correct")

            return grpc.unary_unary_rpc_method_handler(refuse)

    server = grpc.server(futures.ThreadPoolExecutor(2), handlers=[Refusing()])
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        with pytest.raises(StoreUnreachable, match=r"拒绝了登录.*RAG_MILVUS_TOKEN") as raised:
            MilvusStore.open(Place(f"http://127.0.0.1:{port}", token="root:secret", timeout=2), CharacterEmbedder())
        assert "secret" not in str(raised.value)
    finally:
        server.stop(None)


# Changes seen and unseen


def test_a_document_is_not_seen_before_it_is_whole(store):
    store.add([cut("甲", "原来的文字", "还有一段")])
    seen = []

    def look(_: int) -> None:
        seen.append((store.document("甲").text, store.search_keyword("换了", 5), len(store.search_dense("文字", 9))))

    store.add([cut("甲", "换了的文字"), cut("乙", "别的文字")], look)
    assert seen == [("原来的文字还有一段", [], 2)]
    assert store.document("甲").text == "换了的文字"


def test_many_rows_that_are_not_there_do_not_hide_those_that_are(store, place):
    """What a writer on another machine is writing, or left behind, lies better than anything that is seen."""
    store.add([cut(f"真{number}", f"量子计算机的第{number}条说明") for number in range(5)])

    class Lost(Exception):
        """Power goes."""

    def vanish(_: int) -> None:
        raise Lost

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(milvus_changes.Change, "abandon", lambda self: None)
        with pytest.raises(Lost):
            store.add([cut(f"假{number}", "量子计算") for number in range(60)], vanish)
    for search in (store.search_keyword, store.search_dense):
        assert {name for name, _ in search("量子计算", 5)} == {f"真{number}:0" for number in range(5)}
    assert store.problems() == ["120 rows belong to no document; they are never shown"]
    with MilvusStore.open(place, CharacterEmbedder()) as again:
        assert again.problems() == []
        assert len(again) == 5


def test_the_change_of_a_living_process_elsewhere_is_left_alone(store, place):
    import time

    facts = {"host": "另一台", "pid": 1, "time": time.time(), "removing": [document_key("甲")], "done": False}
    server = store.server
    server.put(f"{place.collection}_documents", [note_row(CHANGE, f"{CHANGE}:x:0", "x", **facts)])
    store.add([cut("甲", "量子")])
    with pytest.raises(StoreError, match="另一台"):
        MilvusStore.rebuild(place, CharacterEmbedder())
    old = facts | {"time": time.time() - milvus_changes.LEASE - 1}
    server.put(f"{place.collection}_documents", [note_row(CHANGE, f"{CHANGE}:x:0", "x", **old)])
    with MilvusStore.rebuild(place, CharacterEmbedder(32)) as rebuilt:
        assert rebuilt.digests().keys() == {"甲"}


def test_an_interrupted_removal_is_finished_by_the_next_to_open(store, place, monkeypatch):
    store.add([cut("甲", "量子计算"), cut("乙", "别的")])
    with monkeypatch.context() as patch:
        patch.setattr(milvus_changes.Changes, "sweep", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            store.remove(["甲"])
    assert store.digests().keys() == {"乙"}
    assert [name for name, _ in store.search_dense("量子计算", 5)] == ["乙:0"]
    with MilvusStore.open(place, CharacterEmbedder()) as again:
        assert (len(again), again.problems()) == (1, [])


def test_missing_rows_are_found(store, place):
    store.add([cut("甲", "量子计算", "第二段")])
    store.server.delete(store.meta()["passages"], "ordinal == 1")
    store.server.delete(f"{place.collection}_texts", "number == 0")
    assert store.problems() == [
        "甲.txt: 0 characters of 7 are there",
        "甲.txt: 1 passages of 2 are there",
    ]
    with pytest.raises(StoreError, match=r"has 0 characters of 7 in Milvus.*wenju index"):
        store.document("甲")


def test_another_format_is_refused(store, place):
    store.server.put(f"{place.collection}_documents", [note_row(INDEX, INDEX, **store.meta() | {"format": "99"})])
    with pytest.raises(StoreError, match=r"format 99; this version reads 1.*pip install --upgrade"):
        MilvusStore.open(place, CharacterEmbedder())


def test_what_does_not_fit_is_said_and_changes_nothing(store):
    made, passages = cut("甲", "文字")
    with pytest.raises(ValueError, match=r"甲.txt: facts has .* bytes; Milvus takes up to 65,535"):
        store.add([(replace(made, metadata={"长": "字" * 30_000}), passages)])
    assert store.digests() == {}


def test_terms_are_counted_alike_here_and_by_the_server(store, monkeypatch):
    store.add(cut(f"{number}", f"量子计算第{number}条", "别的") for number in range(9))
    terms = ["量子", "别的", "没有的词", "计算", "条"]
    here = store.document_frequency(terms).tolist()
    monkeypatch.setattr(milvus_reader, "FEW", 0)
    store._counts.forget()
    assert store.document_frequency(terms).tolist() == here == [9, 9, 0, 9, 9]


# Addresses and expressions


@pytest.mark.parametrize(
    ("uri", "message"),
    [
        ("127.0.0.1:19530", "不是 Milvus 的地址"),
        ("milvus.db", "不是 Milvus 的地址"),
        ("http://root:secret@host:1", "set RAG_MILVUS_TOKEN"),
    ],
)
def test_a_wrong_address_is_said_so_without_its_password(uri: str, message: str):
    with pytest.raises(WenjuError, match=message) as raised:
        milvus_place(Settings(store="milvus", milvus_uri=uri))
    assert "secret" not in str(raised.value)


def test_no_address_is_said_so():
    with pytest.raises(WenjuError, match="set RAG_MILVUS_URI"):
        Assistant.open(settings=Settings(store="milvus"))


def test_the_token_is_never_shown():
    settings = Settings(store="milvus", milvus_uri="http://h:1", milvus_token="root:secret")
    assert milvus_place(settings).token == "root:secret"
    assert "secret" not in repr(settings) + repr(milvus_place(settings)) + place_name(settings)


def test_collections_of_the_page_have_places_of_their_own():
    settings = Settings(store="milvus", milvus_uri="http://h:1")
    one = settings.model_copy(update={"index": Path("work/index-collections/法务")})
    two = settings.model_copy(update={"index": Path("work/index-collections/财务")})
    names = {milvus_place(each).collection for each in (settings, one, two)}
    assert len(names) == 3
    assert "wenju" in names


@pytest.mark.parametrize(
    ("wanted", "expression"),
    [
        (Filter("年报 (终稿).pdf"), '(source == "年报 (终稿).pdf")'),
        (Filter(["a*", "b?.txt"]), '(source like "a%" or source like "b_.txt")'),
        (Filter('x" or key != "%_'), '(source like "x% or key %% %%%")'),
        (Filter(since="2023", until="2024"), '(date >= "2023-01-01") and (date != "" and date <= "2024-12-31")'),
    ],
)
def test_filters_become_expressions_that_hold_nothing_of_people(wanted: Filter, expression: str):
    assert filter_expression(wanted) == expression


# The product on top


@pytest.fixture(scope="module")
def on_milvus(milvus):
    settings = Settings(store="milvus", milvus_uri=milvus.uri, milvus_collection=f"seeds{os.getpid()}")
    with Assistant.build(SEEDS, settings=settings) as assistant:
        yield assistant


def test_both_homes_answer_alike(on_milvus, seeds_assistant):
    lines = (ROOT / "eval/questions/seeds.jsonl").read_text("utf-8").splitlines()
    questions = [json.loads(line)["question"] for line in lines][::18]
    assert len(questions) > 12
    for question in questions:
        here, there = seeds_assistant.answer(question), on_milvus.answer(question)
        # tantivy rounds the lengths of passages for its BM25, the server does not
        assert there.confidence == pytest.approx(here.confidence, abs=0.03), question
        if min(here.confidence, there.confidence) < LEAST_LIKELY <= max(here.confidence, there.confidence):
            continue  # so a question at the border may be answered by one alone
        assert there.text == here.text, question
        assert [(c.source, c.start, c.end, c.quote) for c in there.citations] == [
            (c.source, c.start, c.end, c.quote) for c in here.citations
        ], question
        for citation in there.citations:
            assert on_milvus.document(citation.document_id).text[citation.start : citation.end] == citation.quote


def test_filters_reach_the_server(on_milvus):
    hits = on_milvus.retrieve("量子院位于哪里？", 5, filter=Filter("004*"))
    assert [hit.passage.source for hit in hits] == ["004_2cd22e08cb3e0956.txt"] * 5
    assert on_milvus.answer("量子院位于哪里？", filter=Filter(until="2000")).reason.startswith("没有文档符合筛选条件")


def test_the_doctor_and_the_command_line_know_the_server(on_milvus, capsys, monkeypatch, tmp_path):
    settings = on_milvus.settings
    found = {check.name: check for check in examine(settings)}
    assert found["index"].ok
    assert f"{settings.milvus_uri}/default/{settings.milvus_collection}: 2 个文档" in found["index"].text

    for name in ("store", "milvus_uri"):
        monkeypatch.setenv(f"RAG_{name.upper()}", str(getattr(settings, name)))
    monkeypatch.setenv("RAG_MILVUS_COLLECTION", f"cli{os.getpid()}")
    monkeypatch.chdir(tmp_path)
    Path("甲.txt").write_text("甲厂有312名职工。", encoding="utf-8")
    assert main(["index", "甲.txt"]) == 0
    assert main(["index", "甲.txt"]) == 0
    assert main(["ask", "甲厂有多少名职工？"]) == 0
    assert main(["index", "--rebuild", "--remove", "甲.txt", "--list"]) == 0
    out = capsys.readouterr().out
    assert "【312名】" in out and "未变 unchanged 1" in out and "已删除 removed 甲.txt: 1" in out and "已重建" in out
    assert not Path("index").exists()


def test_nothing_readable_leaves_no_index_on_the_server(milvus, tmp_path):
    settings = Settings(store="milvus", milvus_uri=milvus.uri, milvus_collection=f"none{os.getpid()}")
    (tmp_path / "空.pdf").write_bytes(b"%PDF-1.4 broken")
    with pytest.raises(LoadError):
        Assistant.build(tmp_path, settings=settings)
    with pytest.raises(StoreMissing, match="wenju index PATH"):
        Assistant.open(settings=settings)
