"""The open collections of the page: the default one always, others from their first use until they lie idle."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

from rag.collections import Collection, Collections
from rag.stores import drop_store

if TYPE_CHECKING:
    from rag.assistant import Assistant

IDLE = 30 * 60.0  # seconds without a request after which a collection is closed; longer than any answer takes


class Desk:
    """Opens collections when they are asked for. Shared by all visitors; which one a visitor asks is the visitor's."""

    def __init__(self, assistant: Assistant, idle: float = IDLE) -> None:
        """A desk with the default collection open; whoever opened that closes it."""
        self.default = assistant
        self.collections = Collections(assistant.settings.index)
        self._idle = idle
        self._open: dict[str, tuple[Assistant, float]] = {}
        self._lock = threading.Lock()

    def open(self, collection: str = "") -> Assistant:
        """The assistant of a collection, by its id.

        Raises:
            CollectionError: there is no such collection (any more).
            StoreError: its index can't be opened.
        """
        if not collection:
            return self.default
        from rag.assistant import Assistant

        now = time.monotonic()
        with self._lock:
            for name, (assistant, used) in list(self._open.items()):
                if name != collection and now - used > self._idle:
                    del self._open[name]
                    assistant.close()
            if collection in self._open:
                assistant = self._open[collection][0]
            else:
                found = self.collections.find(collection)
                assistant = Assistant.open_or_create(found.folder, settings=self.default.settings)
            self._open[collection] = assistant, now
            return assistant

    def delete(self, collection: Collection) -> None:
        """Close and delete a collection. Raises CollectionError for the default one."""
        with self._lock:
            if collection.id in self._open:
                self._open.pop(collection.id)[0].close()
            if collection.id:
                drop_store(self.default.settings.model_copy(update={"index": collection.folder}))
            self.collections.delete(collection)

    def close(self) -> None:
        """Close all but the default collection."""
        with self._lock:
            for assistant, _ in self._open.values():
                assistant.close()
            self._open.clear()
