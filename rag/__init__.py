"""Ask your documents: answers in which every sentence carries the exact quote that proves it."""

from rag.assistant import Assistant, answer
from rag.indexing import IndexReport
from rag.settings import Settings
from rag.types import Answer, Answered, Citation, Claim, Delta, Document, Event, Hit, Passage, Retrieved
from vectorstore.filters import Filter

__all__ = [
    "Answer",
    "Answered",
    "Assistant",
    "Citation",
    "Claim",
    "Delta",
    "Document",
    "Event",
    "Filter",
    "Hit",
    "IndexReport",
    "Passage",
    "Retrieved",
    "Settings",
    "answer",
]
