"""Ask your documents: answers in which every sentence carries the exact quote that proves it.

Names are imported when they are first used: whoever needs one room of this package, as a worker of `rag.prepare` does,
is spared the second that all of it takes.
"""

import importlib
import typing

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

if typing.TYPE_CHECKING:
    from rag.assistant import Assistant, answer
    from rag.indexing import IndexReport
    from rag.settings import Settings
    from rag.types import Answer, Answered, Citation, Claim, Delta, Document, Event, Hit, Passage, Retrieved
    from vectorstore.filters import Filter
else:
    _HOMES = {
        "Assistant": "rag.assistant",
        "answer": "rag.assistant",
        "IndexReport": "rag.indexing",
        "Settings": "rag.settings",
        "Filter": "vectorstore.filters",
    }

    def __getattr__(name: str) -> object:
        """Import a public name from where it lives and keep it."""
        if name not in __all__:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        value = getattr(importlib.import_module(_HOMES.get(name, "rag.types")), name)
        globals()[name] = value
        return value
