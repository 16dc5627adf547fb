"""Which home the settings name for an index: a folder of this machine, or a Milvus server."""

from __future__ import annotations

import logging
from hashlib import blake2b
from typing import TYPE_CHECKING

from rag.errors import EmbedderMismatch, StoreMissing, WenjuError
from rag.settings import EMBEDDED, Settings

if TYPE_CHECKING:
    from vectorstore.base import Embedder
    from vectorstore.local import LocalStore
    from vectorstore.milvus import MilvusStore
    from vectorstore.milvus_server import Place

    AnyStore = LocalStore | MilvusStore

logger = logging.getLogger(__name__)


def open_store(settings: Settings, embedder: Embedder) -> AnyStore:
    """Open the index. Raises StoreMissing and the other errors of `vectorstore.errors`."""
    if settings.store == "local":
        from vectorstore.local import LocalStore

        return LocalStore.open(settings.index, embedder)
    from vectorstore.milvus import MilvusStore

    return MilvusStore.open(milvus_place(settings), embedder)


def open_current_store(settings: Settings, embedder: Embedder) -> AnyStore:
    """As `open_store`; an index made by an older version of the embedded model is embedded anew first."""
    try:
        return open_store(settings, embedder)
    except EmbedderMismatch as mismatch:
        if not mismatch.made_with == settings.embedder == EMBEDDED:
            raise
        logger.warning("the embedded model has changed: embedding the passages of %s anew", place_name(settings))
        return rebuild_store(settings, embedder)


def create_store(settings: Settings, embedder: Embedder) -> AnyStore:
    """Make an empty index. Raises StoreError where there is one."""
    if settings.store == "local":
        from vectorstore.local import LocalStore

        return LocalStore.create(settings.index, embedder)
    from vectorstore.milvus import MilvusStore

    return MilvusStore.create(milvus_place(settings), embedder)


def open_or_create_store(settings: Settings, embedder: Embedder) -> AnyStore:
    """Open the index, or make an empty one where there is none."""
    try:
        return open_store(settings, embedder)
    except StoreMissing:
        return create_store(settings, embedder)


def rebuild_store(settings: Settings, embedder: Embedder) -> AnyStore:
    """Embed every passage of an index anew, from the text it holds. Raises StoreMissing."""
    if settings.store == "local":
        from vectorstore.local import LocalStore

        return LocalStore.rebuild(settings.index, embedder)
    from vectorstore.milvus import MilvusStore

    return MilvusStore.rebuild(milvus_place(settings), embedder)


def drop_store(settings: Settings) -> None:
    """Delete what a server holds of the index; a folder is its owner's to delete."""
    if settings.store == "milvus":
        from vectorstore.milvus import MilvusStore

        MilvusStore.drop(milvus_place(settings))


def milvus_place(settings: Settings) -> Place:
    """Where on the server the index lives; each collection of the page has a place of its own.

    Raises:
        WenjuError: the settings name no server, or a wrong address.
    """
    from vectorstore.milvus_server import Place

    if not settings.milvus_uri:
        raise WenjuError(
            "RAG_STORE=milvus 还需要地址。 It needs an address, too: set RAG_MILVUS_URI, such as http://127.0.0.1:19530"
        )
    collection = settings.milvus_collection
    if settings.index.parent.name.endswith("-collections"):  # see `rag.collections`
        collection += "_" + blake2b(settings.index.name.encode("utf-8", "surrogatepass"), digest_size=6).hexdigest()
    try:
        return Place(
            settings.milvus_uri,
            settings.milvus_token.get_secret_value() if settings.milvus_token else "",
            settings.milvus_database,
            collection,
            settings.milvus_consistency,
            settings.milvus_timeout,
        )
    except ValueError as error:
        raise WenjuError(f"RAG_MILVUS_…: {error}") from None


def place_name(settings: Settings) -> str:
    """Where the index lives, for people; never a token."""
    return str(settings.index) if settings.store == "local" else str(milvus_place(settings))
