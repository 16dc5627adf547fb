"""Moving an index to a server and back: the same to the bit, also when it is interrupted half-way."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rag.assistant import SEEDS, Assistant
from rag.cli import main
from rag.settings import Settings
from tests.store_helpers import CharacterEmbedder, cut
from vectorstore.errors import StoreError
from vectorstore.local import LocalStore
from vectorstore.migrate import Migration, migrate
from vectorstore.milvus import MilvusStore
from vectorstore.milvus_server import Place

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture
def place(milvus, request) -> Place:
    return Place(milvus.uri, collection=f"g{os.getpid()}_{abs(hash(request.node.name))}")


@pytest.fixture
def local(tmp_path) -> Iterator[LocalStore]:
    with LocalStore.create(tmp_path / "local", CharacterEmbedder()) as store:
        made, passages = cut("甲", "量子𠮷计算。\r\n", "“第二段”'\\", title="题", date="2024-02-29")
        made = replace(made, metadata={"部门": "法务", "": "空", 'k"': "v'"}, pages=(0, 3))
        store.add([(made, [replace(each, page=made.page_at(each.start)) for each in passages])])
        store.add(cut(f"{number:04}", f"第{number}篇，", "谈的是臺灣的晶片。") for number in range(1500))
        empty, _ = cut("空")
        store.add([(empty, [])])
        yield store


def same(one: Any, other: Any) -> bool:
    """Whether two stores hold the same documents, passages and vectors, to the bit."""
    ids = [info.id for info in one.documents()]
    return one.documents() == other.documents() and all(
        one.document(id) == other.document(id)
        and one.document_passages(id) == other.document_passages(id)
        and np.array_equal(one.vectors(id), other.vectors(id))
        for id in (*ids[::97], "甲", "空")
    )


HALF_WAY = """
import os, sys
from tests.store_helpers import CharacterEmbedder
from vectorstore.local import LocalStore
from vectorstore.migrate import migrate
from vectorstore.milvus import MilvusStore
from vectorstore.milvus_server import Place

def stop(stage, done, total):
    if done:
        os._exit(9)

folder, uri, collection = sys.argv[1:]
embedder = CharacterEmbedder()
migrate(LocalStore.open(folder, embedder), MilvusStore.open(Place(uri, collection=collection), embedder), stop)
"""


def test_there_and_back_with_a_kill_on_the_way(local, place, tmp_path):
    embedder = CharacterEmbedder()
    MilvusStore.create(place, embedder).close()
    arguments = [sys.executable, "-c", HALF_WAY, str(local.folder), place.uri, place.collection]
    done = subprocess.run(arguments, env={**os.environ, "PYTHONPATH": str(ROOT)}, timeout=120, check=False)
    assert done.returncode == 9
    with MilvusStore.open(place, embedder) as server:
        before = len(server.digests())
        assert 0 < before < 1502
        told = []
        report = migrate(local, server, lambda *step: told.append(step))
        assert report == Migration(copied=1502 - before, kept=before, passages=3002, others=0)
        assert (told[0], told[-1]) == (("copy", before, 1502), ("check", 1502, 1502))
        assert same(local, server)
        assert migrate(local, server) == Migration(copied=0, kept=1502, passages=3002, others=0)
        with LocalStore.create(tmp_path / "back", embedder) as back:
            assert migrate(server, back).copied == 1502
            assert same(local, back)
            assert embedder.embedded == 0
            question = "台湾的芯片谈的是第77篇"
            assert back.search_keyword(question, 5)[0][0] == local.search_keyword(question, 5)[0][0] == "0077:0"
            assert back.search_dense(question, 5) == local.search_dense(question, 5)
            assert back.problems() == server.problems() == []


def test_what_is_there_already_is_left_alone_and_what_differs_replaced(tmp_path):
    embedder = CharacterEmbedder()
    with LocalStore.create(tmp_path / "a", embedder) as one, LocalStore.create(tmp_path / "b", embedder) as two:
        one.add([cut("甲", "新的文字"), cut("乙", "同样的")])
        two.add([cut("甲", "旧的文字，长一些"), cut("乙", "同样的"), cut("丙", "只在这里")])
        assert migrate(one, two) == Migration(copied=1, kept=1, passages=2, others=1)
        assert two.document("甲").text == "新的文字"
        assert two.document("丙").text == "只在这里"


def test_a_copy_that_differs_is_noticed(tmp_path):
    embedder = CharacterEmbedder()
    with LocalStore.create(tmp_path / "a", embedder) as one, LocalStore.create(tmp_path / "b", embedder) as two:
        made, passages = cut("甲", "一样长的文字")
        one.add([(made, passages)])
        other, more = cut("甲", "一样长的汉字")
        two.add([(replace(other, digest=made.digest), more)])
        with pytest.raises(StoreError, match=r"1 个文档复制后不一致.*甲.txt"):
            migrate(one, two)


def test_the_command_line_moves_an_index_both_ways(place, tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("RAG_MILVUS_COLLECTION", place.collection)
    Assistant.build(SEEDS, settings=Settings(index=tmp_path / "甲")).close()
    capsys.readouterr()
    assert main(["migrate", "--index", str(tmp_path / "甲"), "--to", "milvus", place.uri]) == 0
    assert "复制 copied 2, 已有 there before 0, 段落 passages 20, 逐字核对无误" in capsys.readouterr().out
    monkeypatch.setenv("RAG_MILVUS_URI", place.uri)
    assert main(["migrate", "--to", "local", str(tmp_path / "乙")]) == 0
    assert f"{place.uri}/default/{place.collection} → {tmp_path / '乙'}" in capsys.readouterr().out
    assert main(["ask", "--index", str(tmp_path / "乙"), "量子院位于哪里？"]) == 0
    assert "量子院位于中关村软件园" in capsys.readouterr().out
    assert main(["migrate", "--to", "云", "x"]) == 1
    assert "milvus URI 或 or local DIR" in capsys.readouterr().err
