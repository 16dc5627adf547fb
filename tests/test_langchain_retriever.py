"""The LangChain retriever, sync and async, over the seed documents."""

import pytest
from pydantic import ValidationError

from rag import Assistant


@pytest.fixture
def retriever(seeds_assistant: Assistant):
    from rag.langchain import WenjuRetriever

    return WenjuRetriever(assistant=seeds_assistant, k=3)


def test_documents_carry_text_offsets_and_source(retriever, seeds_assistant):
    found = retriever.invoke("量子院位于哪里？")
    assert len(found) == 3
    best = found[0]
    assert "量子院位于中关村软件园" in best.page_content
    assert best.metadata["source"] == "000_32e63940e2567247.txt"
    assert best.metadata["date"] == "2022-06-13"
    text = seeds_assistant.document(best.metadata["document_id"]).text
    assert text[best.metadata["start"] : best.metadata["end"]] == best.page_content
    scores = [document.metadata["score"] for document in found]
    assert scores == sorted(scores, reverse=True)


async def test_async_gives_the_same(retriever):
    asked = "怀柔科学城建成了多少套住房？"
    assert await retriever.ainvoke(asked) == retriever.invoke(asked)


def test_composes_with_a_runnable(retriever):
    chain = retriever | (lambda documents: documents[0].metadata["title"])
    assert chain.invoke("量子院位于哪里？").startswith("北京国际科技创新中心建设成就巡礼")


def test_unknown_and_wrong_arguments_are_refused(seeds_assistant):
    from rag.langchain import WenjuRetriever

    with pytest.raises(ValidationError):
        WenjuRetriever(assistant=seeds_assistant, k=0)
    with pytest.raises(ValidationError):
        WenjuRetriever(assistant=seeds_assistant, top=3)
