"""LangChain's own test suites for vector stores and retrievers, over real FAISS and SQLite; and what they leave out."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from langchain_core.documents import Document
from langchain_core.embeddings import DeterministicFakeEmbedding

pytest.importorskip("langchain_tests", reason="pip install -e '.[test]'")

from langchain_tests.integration_tests import RetrieversIntegrationTests, VectorStoreIntegrationTests

from rag.langchain import WenjuRetriever
from vectorstore.embedding import load_embedder
from vectorstore.errors import EmbedderMismatch
from vectorstore.filters import Filter
from vectorstore.langchain import WenjuVectorStore, as_embedder, as_filter


class TestWenjuVectorStore(VectorStoreIntegrationTests):
    """Sync and async, on one machine."""

    @pytest.fixture
    def vectorstore(self, tmp_path: Path) -> Iterator[WenjuVectorStore]:  # type: ignore[override]
        store = WenjuVectorStore.open(tmp_path / "index", self.get_embeddings())
        yield store
        store.close()


class TestWenjuVectorStoreOnMilvus(VectorStoreIntegrationTests):
    """Sync and async, on a server."""

    @pytest.fixture
    def vectorstore(self, milvus) -> Iterator[WenjuVectorStore]:  # type: ignore[override]
        from vectorstore.milvus import MilvusStore
        from vectorstore.milvus_server import Place

        place = Place(milvus.uri, collection=f"lc{os.getpid()}")
        MilvusStore.drop(place)
        store = WenjuVectorStore(MilvusStore.create(place, as_embedder(self.get_embeddings())), self.get_embeddings())
        yield store
        store.close()


class TestWenjuRetriever(RetrieversIntegrationTests):
    """The assistant's retrieval."""

    @pytest.fixture(autouse=True)
    def _assistant(self, seeds_assistant) -> None:
        self._seeds = seeds_assistant

    @property
    def retriever_constructor(self) -> type[WenjuRetriever]:
        return WenjuRetriever

    @property
    def retriever_constructor_params(self) -> dict:
        return {"assistant": self._seeds, "k": 2}

    @property
    def retriever_query_example(self) -> str:
        return "量子院位于哪里？"


@pytest.fixture
def store(tmp_path) -> Iterator[WenjuVectorStore]:
    store = WenjuVectorStore.from_texts(
        ["量子院位于中关村软件园。", "怀柔科学城建成房源1.8万套。", "臺灣的晶片產業。", ""],
        load_embedder("embedded"),
        [
            {"source": "年报/2022.pdf", "date": "2022-06-13", "页": 3, "部门": "科研"},
            {"source": "年报/2024.pdf", "date": "2024-05-01", "页": 4, "标签": ["住房", "保障"], "部门": "住建"},
            {"source": "新闻.txt", "title": "芯片", "空": None, "真": True, "比": 0.5},
            {},
        ],
        ids=["甲", "乙", "丙", "空"],
        folder=tmp_path / "index",
    )
    yield store
    store.close()


def ids(found: list[Document]) -> list[str | None]:
    return [document.id for document in found]


def test_metadata_of_any_type_comes_back(store):
    (document,) = store.get_by_ids(["丙"])
    assert document.metadata == {"source": "新闻.txt", "title": "芯片", "空": None, "真": True, "比": 0.5}
    assert store.get_by_ids(["乙", "没有", "甲"])[0].metadata["标签"] == ["住房", "保障"]
    assert ids(store.get_by_ids(["乙", "没有", "甲"])) == ["乙", "甲"]
    assert store.get_by_ids(["空"])[0] == Document(id="空", page_content="", metadata={})


def test_scores_are_cosines_best_first(store):
    found = store.similarity_search_with_score("台湾芯片", k=3)
    assert found[0][0].id == "丙"
    scores = [score for _, score in found]
    assert scores == sorted(scores, reverse=True)
    assert 0 < scores[0] <= 1
    vector = store.embeddings.embed_query("台湾芯片")
    assert store.similarity_search_by_vector([7 * number for number in vector], k=3) == [one for one, _ in found]
    relevant = store.similarity_search_with_relevance_scores("台湾芯片", k=1)
    assert relevant[0][1] == pytest.approx((1 + scores[0]) / 2)


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ({"source": "年报/*"}, {"甲", "乙"}),
        ({"source": ["新闻.txt", "年报/2022.pdf"]}, {"甲", "丙"}),
        ({"date": {"$gte": "2023-01-01"}}, {"乙"}),
        ({"date": {"$lte": "2022-12-31"}, "部门": "科研"}, {"甲"}),
        ({"date": {"$eq": "2022-06-13"}}, {"甲"}),
        ({"date": "2022-06-13"}, {"甲"}),
        ({"页": 3}, {"甲"}),
        ({"页": {"$in": [3, 4]}}, {"甲", "乙"}),
        ({"真": True}, {"丙"}),
        ({"部门": {"$eq": "没有"}}, set()),
        (Filter("新闻*"), {"丙"}),
        ({}, {"甲", "乙", "丙"}),
    ],
)
async def test_filters_work_in_the_search(store, wanted, expected: set[str]):
    assert set(ids(store.similarity_search("科学", k=9, filter=wanted))) - {"空"} == expected
    assert set(ids(await store.asimilarity_search("科学", k=9, filter=wanted))) - {"空"} == expected
    if expected:
        assert ids(store.similarity_search("科学", k=1, filter=wanted))[0] in expected


@pytest.mark.parametrize("wanted", [{"页": {"$gt": 3}}, {"date": {"$ne": "2022"}}, {"页": {"$eq": 1, "$in": [2]}}])
def test_an_unknown_operator_is_refused(wanted):
    with pytest.raises(ValueError, match="unknown in a filter"):
        as_filter(wanted)


def test_the_most_different_of_the_nearest(store):
    store.add_texts(["量子院位于中关村软件园！"], ids=["重"])
    assert set(ids(store.similarity_search("量子院位于中关村软件园", k=2))) == {"甲", "重"}
    found = store.max_marginal_relevance_search("量子院位于中关村软件园", k=2, fetch_k=9, lambda_mult=0.3)
    assert len({"甲", "重"} & set(ids(found))) == 1


def test_delete_all_and_arguments_that_are_wrong(store):
    for wrong in (
        lambda: store.add_texts(["一"], [{}, {}]),
        lambda: store.add_texts(["一"], ids=["a", "b"]),
        lambda: store.add_texts(["一"], colour="红"),
        lambda: store.similarity_search("一", colour="红"),
        lambda: store.delete(["甲"], colour="红"),
    ):
        with pytest.raises(ValueError, match=r"as many are needed|unknown arguments"):
            wrong()
    assert store.delete() is True
    assert store.similarity_search("科学", k=9) == []


def test_it_is_there_after_opening_again_and_only_for_its_model(store, tmp_path):
    folder = tmp_path / "other"
    WenjuVectorStore.from_texts(["量子"], DeterministicFakeEmbedding(size=6), ids=["甲"], folder=folder).close()
    again = WenjuVectorStore.open(folder, DeterministicFakeEmbedding(size=6))
    assert ids(again.as_retriever(search_kwargs={"k": 1}).invoke("量子")) == ["甲"]
    again.close()
    with pytest.raises(EmbedderMismatch):
        WenjuVectorStore.open(folder, DeterministicFakeEmbedding(size=7))


def test_what_wenju_indexed_is_found_by_passage(seeds_assistant):
    store = WenjuVectorStore(seeds_assistant.store, load_embedder("embedded"))
    (found,) = store.similarity_search("量子院位于哪里", k=1, filter={"publisher": "北京商报"})
    document = seeds_assistant.document((found.id or "").partition(":")[0])
    assert document.text[found.metadata["start"] : found.metadata["end"]] == found.page_content
    assert found.metadata["source"] == "000_32e63940e2567247.txt"
