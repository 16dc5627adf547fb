"""The local store: nothing lost, nothing half done, nothing left behind."""

from __future__ import annotations

import json
import logging
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest

from tests.store_helpers import CharacterEmbedder, cut
from vectorstore import tokens
from vectorstore.errors import EmbedderMismatch, StoreDamaged, StoreError, StoreLocked, StoreMissing
from vectorstore.keyword import KeywordIndex
from vectorstore.local import LocalStore
from vectorstore.lock import WriterLock

LIANGZI = cut("量", "量子院位于中关村软件园。", "它有很多研究人员。", date="2024-03-01")
HETANG = cut("荷", "荷塘生华的硬科技孵化器有9000平方米。", "建成房源1.8万套,已保障25个院所。")
WEATHER = cut("天", "北京今天有小雨，气温十度。")


@pytest.fixture
def folder(tmp_path) -> Path:
    return tmp_path / "index"


@pytest.fixture
def store(folder):
    with LocalStore.create(folder, CharacterEmbedder()) as made:
        made.add([LIANGZI, HETANG, WEATHER])
        yield made


def everything(store: LocalStore) -> dict:
    """All a store can say, to compare two of them."""
    questions = ["量子院位于哪里", "硬科技孵化器多大", "小雨", "第5篇讲什么"]
    documents = [store.document(info.id) for info in store.documents()]
    return {
        "documents": documents,
        "passages": [store.document_passages(document.id) for document in documents],
        "keyword": [[hit[0] for hit in store.search_keyword(question, 50)] for question in questions],
        "dense": [store.search_dense(question, 50) for question in questions],
        "length": len(store),
    }


# The contract


def test_both_searches_find_and_agree_with_their_scores(store):
    question = "量子院位于哪里？"
    keyword = store.search_keyword(question, 3)
    assert keyword[0][0] == "量:0"
    dense = store.search_dense("今天北京有雨", 2)
    assert dense[0][0] == "天:0"
    ids = [passage_id for passage_id, _ in dense]
    assert store.dense_scores("今天北京有雨", ids).tolist() == pytest.approx([score for _, score in dense])
    assert store.keyword_scores(question, ["天:0", "量:0"]).tolist() == pytest.approx([0, keyword[0][1]])
    assert store.document_frequency(["量子", "标题", "火星"]).tolist() == [1, 5, 0]


def test_the_title_is_searched_with_every_passage(folder):
    with LocalStore.create(folder, CharacterEmbedder()) as store:
        store.add([cut("a", "成立于2017年。", "有五百人。", title="北京量子信息科学研究院"), WEATHER])
        assert {hit for hit, _ in store.search_keyword("量子信息研究院有多少人", 5)} == {"a:0", "a:1"}
        assert store.document_frequency(["研究院"]).tolist() == [2]


def test_passages_and_documents_come_back(store):
    assert store.document("荷") == HETANG[0]
    assert store.passages(["荷:1", "量:0", "荷:1"]) == [HETANG[1][1], LIANGZI[1][0], HETANG[1][1]]
    assert store.document_passages("量") == LIANGZI[1]
    assert [info.id for info in store.documents()] == ["天", "荷", "量"]
    assert store.digests() == {document.id: document.digest for document, _ in (LIANGZI, HETANG, WEATHER)}
    assert len(store) == 5
    with pytest.raises(KeyError, match="火:0"):
        store.passages(["火:0"])
    with pytest.raises(KeyError, match="火:0"):
        store.dense_scores("火", ["火:0"])


def test_equal_passages_are_ranked_by_id(folder):
    with LocalStore.create(folder, CharacterEmbedder()) as store:
        for name in ("丙", "甲", "乙"):
            store.add([cut(name, *["同一句话。"] * 12, title="题")])
        expected = sorted(f"{name}:{n}" for name in ("丙", "甲", "乙") for n in range(12))
        assert [hit for hit, _ in store.search_keyword("同一句话", 20)] == expected[:20]
        assert [hit for hit, _ in store.search_dense("同一句话", 20)] == expected[:20]


def test_a_document_added_again_is_replaced_everywhere(store):
    assert store.add([cut("量", "量子院搬到了亦庄。")]) == 1
    assert [info.passages for info in store.documents() if info.id == "量"] == [1]
    assert store.search_keyword("研究人员", 5) == []
    assert store.search_keyword("亦庄", 5)[0][0] == "量:0"
    assert store.passages(["量:0"])[0].text == "量子院搬到了亦庄。"
    assert "量:1" not in dict(store.search_dense("它有很多研究人员", 10))
    with pytest.raises(KeyError):
        store.passages(["量:1"])


def test_the_same_document_twice_in_one_call_keeps_the_last(store):
    store.add([cut("量", "先写的。"), cut("量", "后写的。")])
    assert store.document("量").text == "后写的。"
    assert store.search_keyword("先写", 5) == []
    assert store.search_keyword("后写", 5)[0][0] == "量:0"
    assert store.problems() == []


def test_remove_counts_what_was_there(store):
    assert store.remove(["量", "火", "量"]) == 1
    assert store.remove(["量"]) == 0
    assert store.search_keyword("量子院", 5) == []
    assert {hit for hit, _ in store.search_dense("量子院", 10)} == {"荷:0", "荷:1", "天:0"}


def test_nothing_to_add_changes_nothing(store):
    before = store.meta()["generation"]
    assert store.add([]) == 0
    assert store.remove([]) == 0
    assert store.meta()["generation"] == before


def test_a_long_stream_is_taken_one_by_one(folder):
    alive = 0
    most = 0

    def stream():
        nonlocal alive, most
        for number in range(300):
            alive = number
            yield cut(f"d{number:03}", *[f"第{number}篇的第{n}句。" for n in range(10)])

    embedder = CharacterEmbedder()
    with LocalStore.create(folder, embedder) as store:
        original = embedder.embed

        def watched(texts):
            nonlocal most
            most = max(most, len(texts))
            return original(texts)

        embedder.embed = watched
        assert store.add(stream()) == 3000
        assert most <= 1024
        assert store.search_keyword("第250篇", 1)[0][0].startswith("d250:")
    assert alive == 299


def test_a_failure_in_the_stream_leaves_the_store_as_it_was(store):
    before = everything(store)

    def stream():
        yield cut("新", "新的一篇。")
        raise OSError("读不了")

    with pytest.raises(OSError, match="读不了"):
        store.add(stream())
    assert everything(store) == before
    assert store.add([cut("新", "新的一篇。")]) == 1


def test_an_embedder_that_breaks_its_word_is_refused(store, monkeypatch):
    monkeypatch.setattr(store.embedder, "dimension", 3)
    with pytest.raises(ValueError, match=r"shape \(1, 64\)") as caught:
        monkeypatch.setattr(store.embedder, "embed", lambda texts: CharacterEmbedder(64).embed(texts))
        store.add([cut("新", "新。")])
    assert "(1, 3) needed" in str(caught.value)


def test_opening_embeds_nothing(folder, store):
    embedder = CharacterEmbedder()
    with LocalStore.open(folder, embedder) as again:
        assert again.search_keyword("量子院", 1)[0][0] == "量:0"
        assert embedder.embedded == 0
        again.search_dense("量子院", 1)
        again.dense_scores("量子院", ["荷:0"])
        assert embedder.embedded == 1, "a question is embedded once for a search and its scores"


# What goes wrong, in plain words


def test_nothing_there(folder):
    with pytest.raises(StoreMissing, match="wenju index PATH"):
        LocalStore.open(folder, CharacterEmbedder())


def test_creating_over_an_index_is_refused(folder, store):
    with pytest.raises(StoreError, match="holds an index already"):
        LocalStore.create(folder, CharacterEmbedder())
    assert len(store) == 5


def test_another_embedder_is_named_with_the_way_out(folder, store):
    with pytest.raises(EmbedderMismatch) as caught:
        LocalStore.open(folder, CharacterEmbedder(32, name="其他"))
    for part in ("'characters'", "'其他'", "RAG_EMBEDDER=characters", "wenju index --rebuild"):
        assert part in str(caught.value)


def test_a_lost_catalog_is_not_an_empty_index(folder, store):
    store.close()
    for file in folder.glob("catalog.sqlite*"):
        file.unlink()
    with pytest.raises(StoreDamaged, match=r"lost its catalog"):
        LocalStore.open(folder, CharacterEmbedder())
    with pytest.raises(StoreError, match="holds an index already"):
        LocalStore.create(folder, CharacterEmbedder())


def test_an_emptied_catalog_is_not_an_empty_index(folder, store):
    store.close()
    (folder / "catalog.sqlite").write_bytes(b"")
    with pytest.raises(StoreDamaged, match="it is empty"):
        LocalStore.open(folder, CharacterEmbedder())


def test_a_second_writer_is_told_who_holds_the_lock(folder, store):
    with WriterLock(folder / "write.lock", 1.0).held(), LocalStore.open(folder, CharacterEmbedder()) as other:
        other._lock.timeout = 0.05
        with pytest.raises(StoreLocked, match=rf"process {os.getpid()} on .*write\.lock"):
            other.add([cut("新", "新。")])
        assert other.search_keyword("量子院", 1)[0][0] == "量:0"
    assert not (folder / "write.holder").exists()


def test_read_only_reads_and_changes_nothing(folder, store):
    store.close()
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    with LocalStore.open(folder, CharacterEmbedder(), read_only=True) as reader:
        assert reader.search_keyword("量子院", 1)[0][0] == "量:0"
        assert reader.search_dense("今天北京有雨", 1)[0][0] == "天:0"
        with pytest.raises(StoreError, match="reading only"):
            reader.add([cut("新", "新。")])
        with pytest.raises(StoreError, match="reading only"):
            reader.remove(["量"])
    after = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    assert {path: data for path, data in after.items() if not path.name.startswith("catalog.sqlite-")} == before


def test_a_closed_store_says_so(store):
    store.close()
    with pytest.raises(StoreError, match="closed"):
        store.search_keyword("量子院", 1)
    with pytest.raises(StoreError, match="closed"):
        store.add([])


# Indexes behind, cut short, gone, from elsewhere


def keyword_folder(folder: Path) -> Path:
    (found,) = folder.glob("keyword-*")
    return found


def damage_deleted(keyword: Path) -> None:
    shutil.rmtree(keyword)


def damage_cut(keyword: Path) -> None:
    for file in keyword.glob("*.idx"):
        file.write_bytes(file.read_bytes()[:-20])


def damage_emptied(keyword: Path) -> None:
    for file in keyword.iterdir():
        file.write_bytes(b"")


def damage_meta(keyword: Path) -> None:
    (keyword / "meta.json").write_text(json.dumps({"segments": []}), encoding="utf-8")


@pytest.mark.parametrize(
    "damage", [damage_deleted, damage_cut, damage_emptied, damage_meta], ids=lambda f: f.__name__[7:]
)
def test_a_damaged_keyword_index_is_made_anew_at_opening(folder, store, damage, caplog):
    before = everything(store)
    store.close()
    damage(keyword_folder(folder))
    with pytest.raises(StoreError, match="wenju index --rebuild"):
        LocalStore.open(folder, CharacterEmbedder(), read_only=True)
    with caplog.at_level(logging.WARNING), LocalStore.open(folder, CharacterEmbedder()) as again:
        assert everything(again) == before
        assert again.problems() == []
    assert "anew" in caplog.text
    assert keyword_folder(folder).name == "keyword-2"


def test_a_keyword_index_that_is_behind_is_brought_up_to_date(folder, store, caplog):
    old = folder.parent / "old"
    shutil.copytree(keyword_folder(folder), old)
    store.add([cut("新", "新的一篇讲火星。"), cut("量", "量子院搬到了亦庄。")])
    store.remove(["荷"])
    before = everything(store)
    store.close()
    shutil.rmtree(keyword_folder(folder))
    old.rename(folder / "keyword-1")
    with caplog.at_level(logging.WARNING), LocalStore.open(folder, CharacterEmbedder()) as again:
        assert everything(again) == before
        assert again.search_keyword("火星", 5)[0][0] == "新:0"
        assert again.search_keyword("研究人员", 5) == []
        assert again.problems() == []
    assert "Bringing the keyword index" in caplog.text


def test_a_keyword_index_ahead_of_a_restored_catalog_is_made_anew(folder, store, caplog):
    store.close()
    copy = (folder / "catalog.sqlite").read_bytes()
    with LocalStore.open(folder, CharacterEmbedder()) as later:
        later.add([cut("新", "新的一篇讲火星。")])
    (folder / "catalog.sqlite").write_bytes(copy)
    with caplog.at_level(logging.WARNING), LocalStore.open(folder, CharacterEmbedder()) as again:
        assert again.search_keyword("火星", 5) == []
        assert again.problems() == []
    assert "it is ahead" in caplog.text


def test_another_segmenter_makes_the_keyword_index_anew(folder, store, monkeypatch, caplog):
    before = everything(store)
    store.close()
    monkeypatch.setattr(tokens, "cutter", lambda: "rjieba-99")
    with caplog.at_level(logging.WARNING), LocalStore.open(folder, CharacterEmbedder()) as again:
        assert everything(again) == before
        assert again.meta()["cutter"] == "rjieba-99"
    assert "rjieba-99" in caplog.text


def test_rebuild_takes_another_embedder_without_reading_a_file_again(folder, store):
    documents = [store.document(info.id) for info in store.documents()]
    other = CharacterEmbedder(32, name="其他")
    with LocalStore.open(folder, CharacterEmbedder()) as waiting:
        waiting.search_dense("量子院", 1)
        with LocalStore.rebuild(folder, other) as renewed:
            assert renewed.meta()["embedder"] == "其他"
            assert renewed.search_dense("今天北京有雨", 1)[0][0] == "天:0"
            assert [renewed.document(info.id) for info in renewed.documents()] == documents
            assert renewed.problems() == []
        with pytest.raises(EmbedderMismatch):
            waiting.search_dense("量子院", 1)


# Deletion


@pytest.mark.parametrize("how", ["remove", "replace"])
def test_removed_text_is_in_no_file(folder, store, how):
    secret = "第七号绝密方案的代号是猎户座"
    keep = "可以公开的那一部分"
    store.add(
        [cut("密", *[f"{secret}{n}号。" for n in range(300)], title="绝密文件一览"), cut("公", f"{keep}。" * 500)]
    )
    assert any(secret.encode() in file.read_bytes() for file in folder.rglob("*") if file.is_file())
    if how == "remove":
        store.remove(["密"])
    else:
        store.add([cut("密", "换了内容。")])
    for text in (secret, "绝密文件", "猎户座"):
        for file in folder.rglob("*"):
            if file.is_file():
                assert text.encode() not in file.read_bytes(), file
    assert store.search_keyword("猎户座", 5) == []
    assert any(keep.encode() in file.read_bytes() for file in folder.rglob("*") if file.is_file())


@pytest.mark.parametrize("how", ["remove", "compact"])
def test_no_word_of_removed_text_is_left(folder, store, how):
    def words(prefix: str) -> list[str]:
        searcher = KeywordIndex(keyword_folder(folder))._searcher
        return [term for term, _ in searcher.terms_with_prefix("terms", prefix)]

    store.add([cut("密", "代号是猎户座。"), cut("公", "可以公开。")])
    before = everything(store)
    if how == "remove":
        store.remove(["密"])
    else:
        store.add([cut("密", "换了内容。")])
        store.compact()
    assert words("猎户") == []
    assert "公开" in words("公")
    assert store.problems() == []
    store.add([cut("密", "代号是猎户座。")])
    assert everything(store) == before


# Several at once

READER_QUESTION = "同步测试"


def test_another_handle_sees_each_change_at_its_next_search(folder, store):
    with LocalStore.open(folder, CharacterEmbedder()) as other:
        assert other.search_keyword("火星", 5) == []
        other.search_dense("火星", 5)
        store.add([cut("新", "新的一篇讲火星。")])
        assert other.search_keyword("火星", 5)[0][0] == "新:0"
        assert other.search_dense("新的一篇讲火星", 5)[0][0] == "新:0"
        store.remove(["新"])
        assert other.search_keyword("火星", 5) == []
        assert "新:0" not in dict(other.search_dense("火星", 50))
        other.add([cut("又", "又一篇讲木星。")])
        assert store.search_keyword("木星", 5)[0][0] == "又:0"


def test_threads_read_while_one_writes(folder, store):
    """A document of two passages is rewritten over and over; a reader finds one version of it, whole."""
    stop = threading.Event()
    faults: list[str] = []

    def version(number: int):
        return cut("变", f"同步测试甲{number}。", f"同步测试乙{number}。")

    store.add([version(0)])

    def read() -> None:
        while not stop.is_set():
            try:
                for search in (store.search_keyword, store.search_dense):
                    found = [hit for hit, _ in search(READER_QUESTION, 10) if hit.startswith("变:")]
                    if sorted(found) != ["变:0", "变:1"]:
                        faults.append(f"{search.__name__}: {found}")
            except Exception as error:
                faults.append(repr(error))

    readers = [threading.Thread(target=read) for _ in range(4)]
    for reader in readers:
        reader.start()
    for number in range(1, 25):
        store.add([version(number)])
    stop.set()
    for reader in readers:
        reader.join()
    assert faults == []
    assert store.document("变").text == "同步测试甲24。同步测试乙24。"
    assert store.problems() == []


def test_writers_in_threads_take_turns(store):
    def write(name: str) -> None:
        for number in range(5):
            store.add([cut(f"{name}{number}", f"{name}写的第{number}篇。")])

    writers = [threading.Thread(target=write, args=(name,)) for name in "甲乙丙"]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert len(store.documents()) == 3 + 15
    assert store.problems() == []


# kill -9

WRITER = """
import sys
sys.path.insert(0, {root!r})
from tests.store_helpers import CharacterEmbedder, cut
from vectorstore.local import LocalStore

store = LocalStore.open({folder!r}, CharacterEmbedder())
number = {first}
while True:
    texts = [f"编号{{number}}的第{{n + 1000}}句。" for n in range(5)]
    store.add([cut(f"甲{{number}}", *texts), cut("变", f"第{{number}}版。")])
    print(number, flush=True)
    if number % 3 == 2:
        store.remove([f"甲{{number - 1}}"])
        print(-(number - 1), flush=True)
    number += 1
"""


def test_what_returned_survives_kill_9_and_the_rest_is_whole_or_not_there(folder, store):
    root = str(Path(__file__).parents[1])
    first = 1
    there: set[int] = set()
    for patience in (0.05, 0.11, 0.17, 0.3):
        script = WRITER.format(root=root, folder=str(folder), first=first)
        writer = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
        assert writer.stdout is not None
        said = [int(writer.stdout.readline())]
        time.sleep(patience)
        writer.send_signal(signal.SIGKILL)
        said += [int(line) for line in writer.stdout.read().splitlines() if line.lstrip("-").isdecimal()]
        writer.stdout.close()
        writer.wait()
        for number in said:
            (there.add if number > 0 else there.discard)(abs(number))

        with LocalStore.open(folder, CharacterEmbedder()) as again:
            assert again.problems() == []
            found = {int(info.id[1:]) for info in again.documents() if info.id.startswith("甲")}
            last = max(number for number in said if number > 0)
            # One call more may have been finished without having said so: the next document, or its removal.
            assert found in (there, there | {last + 1}, there - {last - 1})
            version = int(again.document("变").text[1:-2])
            assert version in (last, last + 1)
            assert (version == last + 1) == (last + 1 in found)
            for number in found:
                passages = again.document_passages(f"甲{number}")
                assert [passage.text for passage in passages] == [f"编号{number}的第{n + 1000}句。" for n in range(5)]
                assert again.search_keyword(f"编号{number}的第1003句", 1)[0][0] == f"甲{number}:3"
                assert again.search_dense(f"标题甲{number}\n编号{number}的第1003句。", 1)[0][1] == pytest.approx(
                    1.0, abs=1e-3
                )
            there = found
            first = last + 2


def test_a_crash_between_the_two_commits_is_mended(folder, store, monkeypatch):
    from vectorstore.keyword import KeywordWriter

    def crash(self, generation):
        raise OSError("磁盘满")

    with monkeypatch.context() as broken:
        broken.setattr(KeywordWriter, "commit", crash)
        with pytest.raises(OSError, match="磁盘满"):
            store.add([cut("新", "新的一篇讲火星。")])
    assert store.document("新").text == "新的一篇讲火星。"
    assert store.search_keyword("火星", 5)[0][0] == "新:0", "the next search mends it"
    assert store.problems() == []


def test_what_a_rebuild_cut_off_left_is_deleted_by_the_next_change(folder, store):
    KeywordIndex.create(folder / "keyword-7")
    store.add([cut("新", "新的一篇。")])
    assert keyword_folder(folder).name == "keyword-1"
    assert store.search_keyword("量子院", 1)[0][0] == "量:0"


def test_metadata_and_dates_are_kept(store):
    document, passages = cut("元", "有元数据。", date="2023-01-31")
    document = replace(document, metadata={"作者": "张三"})
    store.add([(document, passages)])
    assert store.document("元") == document
    assert store.passages(["元:0"])[0].date == "2023-01-31"
