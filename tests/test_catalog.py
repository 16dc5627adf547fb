"""The catalog: what goes in comes out to the character, whole or not at all."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.store_helpers import cut, span
from vectorstore.catalog import Catalog
from vectorstore.change import PIECE, Removed
from vectorstore.errors import StoreDamaged, StoreError, StoreMissing
from vectorstore.records import Document

TEXT = st.text(st.characters(codec="utf-8"), max_size=200)


@pytest.fixture
def catalog(tmp_path):
    made = Catalog.create(tmp_path / "catalog.sqlite", {"dimension": "2"})
    yield made
    made.close()


def test_a_document_comes_back_as_it_went_in(catalog):
    document = Document(
        id="0123456789abcdef",
        source="资料/量子院.pdf",
        path="/文件/量子院.pdf",
        title="量子院",
        text="第一页。𠮷野家\x00【1】\r\n第二页，ＡＢＣ。",
        date="2024-03-01",
        metadata={"标签": "科技,北京", "author": 'O\'Neil "甲"'},
        pages=(0, 13),
        digest="ab" * 32,
    )
    with catalog.writing() as change:
        change.add(document, [span(document, 0, 0, 13), span(document, 1, 13, len(document.text))])

    assert catalog.document(document.id) == document
    (info,) = catalog.documents()
    assert (info.source, info.characters, info.passages) == ("资料/量子院.pdf", 21, 2)
    assert info.metadata == document.metadata
    first, second = catalog.document_passages(document.id)
    assert (first.text, first.page) == ("第一页。𠮷野家\x00【1】\r\n", 1)
    assert (second.text, second.page) == ("第二页，ＡＢＣ。", 2)
    assert catalog.digests() == {document.id: "ab" * 32}


@settings(max_examples=60, deadline=None)
@given(data=st.data(), text=TEXT, repeats=st.integers(1, 60))
def test_any_passage_of_any_text_is_cut_exactly(tmp_path_factory, data, text, repeats):
    text = text * repeats
    document = Document(id="d", source="d.txt", path="", title="题", text=text)
    spans = data.draw(
        st.lists(st.tuples(st.integers(0, max(0, len(text) - 1)), st.integers(1, 2 * PIECE)), max_size=8 if text else 0)
    )
    passages = [span(document, n, start, min(start + length, len(text))) for n, (start, length) in enumerate(spans)]
    catalog = Catalog.create(tmp_path_factory.mktemp("c") / "catalog.sqlite", {})
    with catalog.writing() as change:
        entries = change.add(document, passages)
    assert catalog.document("d").text == text
    assert catalog.document_passages("d") == passages
    assert [entry.text for entry in catalog.entries_since(0)] == [passage.text for passage in passages]
    found = catalog.passages([entry.key for entry in reversed(entries)])
    assert {key: found[key] for key in found} == {
        entry.key: passage for entry, passage in zip(entries, passages, strict=True)
    }
    catalog.close()


@pytest.mark.parametrize("start", [0, 1, PIECE - 1, PIECE, PIECE + 1, 3 * PIECE - 200])
def test_passages_over_the_border_of_two_pieces(catalog, start):
    text = "".join(chr(0x4E00 + i % 20000) for i in range(3 * PIECE))
    document = Document(id="d", source="d.txt", path="", title="题", text=text)
    with catalog.writing() as change:
        (entry,) = change.add(document, [span(document, 0, start, start + 200)])
    assert catalog.passages([entry.key])[entry.key].text == text[start : start + 200]


def test_documents_are_listed_by_source_then_id(catalog):
    with catalog.writing() as change:
        for document_id, source in [("c", "乙.txt"), ("b", "甲.txt"), ("a", "甲.txt")]:
            document, passages = cut(document_id, "一。")
            document = replace(document, source=source)
            change.add(document, [replace(passages[0], source=source)])
    assert [(info.source, info.id) for info in catalog.documents()] == [
        ("乙.txt", "c"),
        ("甲.txt", "a"),
        ("甲.txt", "b"),
    ]


def test_adding_again_replaces_and_keys_are_never_used_twice(catalog):
    with catalog.writing() as change:
        old = change.add(*cut("d", "旧的一。", "旧的二。"))
    with catalog.writing() as change:
        new = change.add(*cut("d", "新的。"))
    assert [entry.key for entry in old] == [1, 2]
    assert [entry.key for entry in new] == [3]
    assert change.removed == [Removed(document=1, first=1, last=2)]
    assert catalog.removed_since(1) == change.removed
    assert catalog.removed_since(2) == []
    assert catalog.passages([1, 2, 3]).keys() == {3}
    with catalog.writing() as change:
        change.remove(["d", "不存在"])
    with catalog.writing() as change:
        (again,) = change.add(*cut("d", "再来。"))
    assert again.key == 4
    assert catalog.generation() == 4


def test_a_document_without_passages_can_be_added_and_removed(catalog):
    with catalog.writing() as change:
        change.add(*cut("空"))
    assert [info.passages for info in catalog.documents()] == [0]
    assert catalog.document("空").text == ""
    with catalog.writing() as change:
        change.remove(["空"])
    assert catalog.removed_since(0) == [Removed(1, 1, 0)]


def test_an_interrupted_change_leaves_nothing(catalog):
    with pytest.raises(RuntimeError, match="断电"), catalog.writing() as change:
        change.add(*cut("d", "写了一半。"))
        raise RuntimeError("断电")
    assert catalog.documents() == []
    assert catalog.generation() == 0


def test_a_change_that_changes_nothing_keeps_the_generation(catalog):
    with catalog.writing() as change:
        change.remove(["不存在"])
    assert catalog.generation() == 0


def test_a_reader_sees_one_state_throughout(catalog):
    with catalog.writing() as change:
        change.add(*cut("a", "一。"))
    with catalog.reading() as connection:
        before = connection.execute("SELECT count(*) FROM documents").fetchone()
        with catalog.writing() as change:
            change.add(*cut("b", "二。"))
        assert connection.execute("SELECT count(*) FROM documents").fetchone() == before == (1,)
    assert len(catalog.documents()) == 2


def test_vectors_come_back_with_what_was_removed_since(catalog):
    with catalog.writing() as change:
        entries = change.add(*cut("a", "一。", "二。"))
        change.put_vectors([entry.key for entry in entries], np.array([[1, 0], [0.6, 0.8]], np.float32))
    with catalog.writing() as change:
        (entry,) = change.add(*cut("b", "三。"))
        change.put_vectors([entry.key], np.array([[0, 1]], np.float32))
        change.remove(["a"])
    changes = catalog.changes_since(1)
    assert (changes.since, changes.meta["generation"], changes.removed) == (1, "2", [Removed(1, 1, 2)])
    assert (changes.keys.tolist(), changes.vectors.tolist()) == ([3], [[0, 1]])
    assert changes.vectors.dtype == np.float16
    changes = catalog.changes_since(0)
    assert (changes.since, changes.removed, changes.keys.tolist()) == (0, [], [3])
    with catalog.writing() as change:
        change.set_meta("embedded", str(change.generation))
    assert catalog.changes_since(2).since == 0, "all vectors were made anew: start over"
    assert catalog.changes_since(3).since == 3


def test_vectors_of_another_length_are_damage(catalog):
    with catalog.writing() as change:
        (entry,) = change.add(*cut("a", "一。"))
        change.put_vectors([entry.key], np.ones((1, 3), np.float32))
    with pytest.raises(StoreDamaged, match="6 bytes where 1 x 2 x 2"):
        catalog.changes_since(0)


@pytest.mark.parametrize(
    "changes",
    [{"text": "别的"}, {"start": 1}, {"end": 99}, {"id": "x:0"}, {"ordinal": 1}, {"title": "别"}, {"source": "别"}],
    ids=lambda changes: next(iter(changes)),
)
def test_a_passage_that_is_not_its_document_is_refused(catalog, changes):
    document, (passage,) = cut("d", "量子院位于中关村。")
    with pytest.raises(ValueError, match=r"d\.txt"), catalog.writing() as change:
        change.add(document, [replace(passage, **changes)])
    assert catalog.documents() == []


def test_half_a_surrogate_pair_is_refused_by_name(catalog):
    with pytest.raises(ValueError, match=r"d\.txt: character U\+D842"), catalog.writing() as change:
        change.add(*cut("d", "好\ud842。"))


@pytest.mark.parametrize("passage_id", ["", "d", "d:", "d:x", "d:-1", "d:１", "x:0", "d:9"])
def test_unknown_passages_raise_their_id(catalog, passage_id):
    with catalog.writing() as change:
        change.add(*cut("d", "一。"))
    with pytest.raises(KeyError) as caught:
        catalog.passage_keys(["d:0", passage_id])
    assert caught.value.args == (passage_id,)


def test_unknown_documents(catalog):
    with pytest.raises(KeyError):
        catalog.document("没有")
    assert catalog.document_passages("没有") == []


# What a damaged file says


def filled(path: Path, documents: int = 40) -> Path:
    catalog = Catalog.create(path, {})
    with catalog.writing() as change:
        for number in range(documents):
            change.add(*cut(f"d{number}", f"第{number}篇。" * 200))
    catalog.close()
    return path


def test_a_missing_catalog_names_the_command(tmp_path):
    with pytest.raises(StoreMissing, match=r"wenju index PATH"):
        Catalog(tmp_path / "catalog.sqlite")


@pytest.mark.parametrize("content", [b"", "不是数据库".encode(), b"SQLite format 3\x00" + bytes(40)])
def test_a_file_that_is_no_catalog_is_damage(tmp_path, content):
    path = tmp_path / "catalog.sqlite"
    path.write_bytes(content)
    with pytest.raises(StoreDamaged, match=r"catalog\.sqlite is damaged"):
        Catalog(path)


def test_another_programs_database_is_damage(tmp_path):
    path = tmp_path / "catalog.sqlite"
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE t (x)")
    connection.close()
    with pytest.raises(StoreDamaged, match="another program wrote it"):
        Catalog(path)


@pytest.mark.parametrize("share", [0.1, 0.5, 0.99])
def test_a_catalog_cut_short_is_noticed_at_opening(tmp_path, share):
    path = filled(tmp_path / "catalog.sqlite")
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * share)])
    with pytest.raises(StoreDamaged, match=r"bytes of|malformed"):
        Catalog(path)


def test_pages_overwritten_are_damage_when_read_and_in_the_full_check(tmp_path):
    path = filled(tmp_path / "catalog.sqlite")
    data = bytearray(path.read_bytes())
    data[3 * 8192 :] = b"\xff" * (len(data) - 3 * 8192)
    path.write_bytes(data)
    with pytest.raises(StoreDamaged):
        catalog = Catalog(path)
        try:
            assert catalog.problems()
            [catalog.document(info.id) for info in catalog.documents()]
        finally:
            catalog.close()


def test_a_sound_catalog_has_no_problems_but_those_planted(catalog):
    with catalog.writing() as change:
        entries = change.add(*cut("d", "一。", "二。"))
        change.put_vectors([entries[0].key], np.ones((1, 2), np.float32))
    assert catalog.problems() == ["1 passages without a vector"]


def test_a_newer_format_says_to_update(tmp_path):
    path = filled(tmp_path / "catalog.sqlite", 1)
    connection = sqlite3.connect(path)
    with connection:
        connection.execute("UPDATE meta SET value = '2' WHERE name = 'format'")
    connection.close()
    with pytest.raises(StoreError, match="format 2; this version reads up to 1"):
        Catalog(path)


def test_read_only_reads_and_refuses_to_write(tmp_path):
    path = filled(tmp_path / "catalog.sqlite", 2)
    catalog = Catalog(path, read_only=True)
    assert len(catalog.documents()) == 2
    with pytest.raises(StoreError, match="readonly"), catalog.writing() as change:
        change.remove(["d0"])
    catalog.close()


def test_a_closed_catalog_says_so(catalog):
    catalog.close()
    with pytest.raises(StoreError, match="is closed"):
        catalog.generation()


def test_removed_text_is_in_no_file(catalog):
    secret = "绝密的第七号方案"
    with catalog.writing() as change:
        change.add(*cut("留", "可以留下的话。" * 300))
        change.add(*cut("去", f"{secret}。" * 300))
    with catalog.writing() as change:
        change.remove(["去"])
    catalog.clean()
    files = list(catalog.path.parent.iterdir())
    assert catalog.path in files
    assert not [file for file in files if secret.encode() in file.read_bytes()]
    assert any("可以留下".encode() in file.read_bytes() for file in files)
