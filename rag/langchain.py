"""The assistant's retrieval as a LangChain `BaseRetriever`, for chains of your own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from langchain_core.documents import Document
from langchain_core.retrievers import BaseRetriever
from pydantic import ConfigDict, Field

from rag.assistant import Assistant
from vectorstore.filters import Filter

if TYPE_CHECKING:
    from langchain_core.callbacks import CallbackManagerForRetrieverRun


class WenjuRetriever(BaseRetriever):
    """Finds passages for a question that stands alone.

    Attributes:
        assistant: an open assistant.
        k: how many passages, ≥ 1; None takes the assistant's `settings.top_k`. `invoke(…, k=3)` overrides it.
        filter: which documents to look in; None for all. `invoke(…, filter=Filter(…))` overrides it.
    """

    model_config = ConfigDict(arbitrary_types_allowed=True, extra="forbid")

    assistant: Assistant
    k: int | None = Field(default=None, ge=1)
    filter: Filter | None = None

    def _get_relevant_documents(
        self,
        query: str,
        *,
        run_manager: CallbackManagerForRetrieverRun,
        k: int | None = None,
        filter: Filter | None = None,
    ) -> list[Document]:
        """Passages as LangChain documents, best first; offsets and scores are in the metadata."""
        return [
            Document(
                id=hit.passage.id,
                page_content=hit.passage.text,
                metadata={
                    "source": hit.passage.source,
                    "title": hit.passage.title,
                    "date": hit.passage.date,
                    "page": hit.passage.page,
                    "document_id": hit.passage.document_id,
                    "start": hit.passage.start,
                    "end": hit.passage.end,
                    "score": hit.score,
                },
            )
            for hit in self.assistant.retrieve(query, self.k if k is None else k, filter=filter or self.filter)
        ]
