"""The connection to a Milvus server: its collections, its calls, and what went wrong in plain words."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from typing import Any, TypeVar
from urllib.parse import urlsplit

from vectorstore.errors import StoreError, StoreUnreachable
from vectorstore.milvus_rows import LONGEST, MOST_ITEMS, Row, among

SLICE = 512  # rows sent or asked for at a time: a few megabytes
PAUSE = 0.2  # seconds between two tries while the server can't be reached
_CONNECT_FAILED = 2  # pymilvus's own code
_NOT_LOADED = 101  # Milvus's
_DOWN = ("UNAVAILABLE", "DEADLINE_EXCEEDED")
_REFUSED = ("UNAUTHENTICATED", "PERMISSION_DENIED", "auth check failure", "unauthenticated", "permission deny")

_Result = TypeVar("_Result")


@dataclass(frozen=True, slots=True)
class Place:
    """Where an index lives on a server.

    Attributes:
        uri: such as `http://127.0.0.1:19530`, without a name or password.
        token: `user:password` or an API key; never shown.
        database: of the server.
        collection: what the names of the index's collections begin with.
        consistency: how fresh a read must be: `Strong` sees every change that was finished, by whomever; `Session` is
            sure of one's own; `Bounded` and `Eventually` are faster and may be seconds behind.
        timeout: seconds a call is tried for, which covers a restart of the server.

    Raises:
        ValueError: the uri is none, or holds a password.
    """

    uri: str
    token: str = field(default="", repr=False)
    database: str = "default"
    collection: str = "wenju"
    consistency: str = "Strong"
    timeout: float = 10.0

    def __post_init__(self) -> None:
        parts = urlsplit(self.uri)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            shown = self.uri if "@" not in self.uri else "…@" + self.uri.rpartition("@")[2]
            raise ValueError(f"{shown!r} 不是 Milvus 的地址，例如 http://127.0.0.1:19530 / is no address of a server")
        if parts.username or parts.password:
            raise ValueError(
                "地址里不要放密码 / no password in the address: set RAG_MILVUS_TOKEN to user:password instead"
            )
        if not self.collection.isidentifier() or not self.collection.isascii():
            raise ValueError(f"collection {self.collection!r}: letters, digits and _ only, such as 'wenju'")

    def __str__(self) -> str:
        return f"{self.uri}/{self.database}/{self.collection}"


class Server:
    """Calls to one server, tried again while it restarts. Every write is an upsert, so trying again does no harm."""

    def __init__(self, place: Place) -> None:
        """Connect.

        Raises:
            StoreUnreachable: nobody answers there, or the token is refused.
            StoreError: pymilvus is not installed.
        """
        try:
            import pymilvus
        except ImportError:
            raise StoreError(
                "没有安装 pymilvus。 The Milvus client is missing; run: pip install 'wenju[milvus]'"
            ) from None
        # It logs every error with its traceback before raising it; ours say the same in plain words.
        logging.getLogger("pymilvus").setLevel(logging.CRITICAL)
        self.place = place
        self._milvus: Any = pymilvus
        connect = lambda: pymilvus.MilvusClient(  # noqa: E731
            uri=place.uri, token=place.token, db_name=place.database, timeout=place.timeout, dedicated=True
        )
        self._client: Any = self._tried(connect)
        # Milvus Lite lacks some of a cluster's indexes.
        self.is_lite = "lite" in str(self._tried(self._client.get_server_version)).lower()

    def close(self) -> None:
        """End the connection."""
        self._client.close()

    # Collections

    def settle(self, collection: str) -> None:
        """Let Milvus Lite index what was written; a cluster does so by itself.

        Until then Lite indexes it anew for every search: 1.2 s for 460 passages instead of 0.03 s, on a busy machine.
        """
        if self.is_lite:
            self._tried(lambda: self._client.flush(collection))

    def has(self, collection: str) -> bool:
        """Whether there is a collection of this name."""
        return bool(self._tried(lambda: self._client.has_collection(collection)))

    def drop(self, collection: str) -> None:
        """Delete a collection; nothing happens where there is none."""
        self._tried(lambda: self._client.drop_collection(collection))

    def create(self, collection: str, dimension: int = 0) -> None:
        """Make a collection of documents, texts or passages, told by the end of its name; an existing one is kept.

        Args:
            dimension: of the passages' vectors.
        """
        if self.has(collection):
            return
        kind = self._milvus.DataType
        schema = self._milvus.MilvusClient.create_schema(auto_id=False, enable_dynamic_field=False)
        index = self._milvus.MilvusClient.prepare_index_params()
        schema.add_field("key", kind.VARCHAR, is_primary=True, max_length=128)

        def texts(*names: str, length: int = LONGEST) -> None:
            for name in names:
                schema.add_field(name, kind.VARCHAR, max_length=length)

        def numbers(*names: str) -> None:
            for name in names:
                schema.add_field(name, kind.INT64)

        def indexed(*names: str) -> None:
            for name in names:
                index.add_index(name, index_type="INVERTED", index_name=name)

        texts("version", length=64)
        indexed("version")
        if "_passages" in collection:
            texts("document", length=64)
            numbers("ordinal", "start", "stop", "page")
            texts("source", "date")
            for name in ("facts", "terms"):
                schema.add_field(name, kind.ARRAY, element_type=kind.INT64, max_capacity=MOST_ITEMS)
            schema.add_field("dense", kind.FLOAT_VECTOR, dim=dimension)
            schema.add_field("sparse", kind.SPARSE_FLOAT_VECTOR)
            index.add_index("dense", index_type="AUTOINDEX", metric_type="IP", index_name="dense")
            index.add_index("sparse", index_type="SPARSE_INVERTED_INDEX", metric_type="IP", index_name="sparse")
            indexed("document", "source", "date", *(() if self.is_lite else ("facts", "terms")))
        else:
            if "_texts" in collection:
                texts("document", length=64)
                numbers("number")
                texts("text")
                indexed("document")
            else:
                texts("kind", length=64)
                texts("id", "source", "path", "title", "digest", "facts")
                numbers("characters", "passages")
                indexed("kind")
            schema.add_field("nothing", kind.FLOAT_VECTOR, dim=2)
            index.add_index("nothing", index_type="AUTOINDEX", metric_type="IP", index_name="nothing")
        consistency = self.place.consistency
        self._tried(lambda: self._client.create_collection(collection, schema=schema, consistency_level=consistency))
        # Waiting for an index of nothing takes half a second each.
        self._tried(lambda: self._client.create_index(collection, index, sync=False))
        self._tried(lambda: self._client.load_collection(collection))

    # Rows

    def put(self, collection: str, rows: Iterable[Row]) -> None:
        """Write rows over those of the same keys; durable when it returns."""
        remaining = iter(rows)
        while some := list(islice(remaining, SLICE)):
            self._tried(partial(self._client.upsert, collection, some))

    def get(self, collection: str, keys: Sequence[str], fields: Sequence[str]) -> dict[str, Row]:
        """The rows that are there, by key."""
        found: dict[str, Row] = {}
        unique = list(dict.fromkeys(keys))
        for start in range(0, len(unique), SLICE):
            found |= {
                row["key"]: row for row in self.query(collection, among("key", unique[start : start + SLICE]), fields)
            }
        return found

    def query(self, collection: str, condition: str, fields: Sequence[str]) -> list[Row]:
        """The rows that meet a condition, which must be few."""
        rows = self._tried(lambda: self._client.query(collection, filter=condition, output_fields=["key", *fields]))
        return [dict(row) for row in rows]

    def scan(self, collection: str, condition: str, fields: Sequence[str]) -> Iterator[Row]:
        """The rows that meet a condition, however many, in key order."""
        iterator = self._tried(
            lambda: self._client.query_iterator(
                collection, filter=condition, output_fields=["key", *fields], batch_size=SLICE
            )
        )
        try:
            while rows := self._tried(iterator.next):
                yield from (dict(row) for row in rows)
        finally:
            iterator.close()

    def count(self, collection: str, condition: str = "") -> int:
        """How many rows meet a condition."""
        rows = self._tried(lambda: self._client.query(collection, filter=condition, output_fields=["count(*)"]))
        return int(rows[0]["count(*)"])

    def delete(self, collection: str, condition: str) -> None:
        """Delete the rows that meet a condition."""
        self._tried(lambda: self._client.delete(collection, filter=condition))

    def search(self, collection: str, field: str, vector: Any, k: int, condition: str) -> list[tuple[str, float]]:
        """Up to k (key, inner product), best first."""
        (hits,) = self._tried(
            lambda: self._client.search(
                collection,
                data=[vector],
                anns_field=field,
                limit=k,
                filter=condition,
                output_fields=["version"],
                search_params={"metric_type": "IP"},
            )
        )
        return [(hit["key"], float(hit["distance"])) for hit in hits]

    # Errors

    def _tried(self, call: Callable[[], _Result]) -> _Result:
        """What a call returns, tried again for a while where the server can't be reached; its errors in plain words."""
        deadline = time.monotonic() + self.place.timeout
        loaded = False
        while True:
            try:
                return call()
            except self._milvus.MilvusException as error:
                unloaded = getattr(error, "code", None) == _NOT_LOADED and not loaded
                down = _says(error, _DOWN) and not _says(error, _REFUSED) and time.monotonic() < deadline
                if not (unloaded or down):
                    raise self._explained(error) from None
            if unloaded:  # Milvus Lite forgets at a restart what was loaded
                self._load()
                loaded = True
            else:
                time.sleep(PAUSE)

    def _load(self) -> None:
        """Load the collections of this index."""
        try:
            for name in self._client.list_collections():
                if name.startswith(f"{self.place.collection}_"):
                    self._client.load_collection(name)
        except self._milvus.MilvusException as error:
            if not _says(error, _DOWN):
                raise self._explained(error) from None

    def _explained(self, error: Exception) -> StoreError:
        if _says(error, _REFUSED):
            return StoreUnreachable(
                f"Milvus（{self.place.uri}）拒绝了登录。 It refuses us: set RAG_MILVUS_TOKEN to user:password or an "
                f"API key that may use the database {self.place.database!r}."
            )
        if _says(error, _DOWN):
            return StoreUnreachable(
                f"连不上 Milvus（{self.place.uri}），试了 {self.place.timeout:g} 秒。 It can't be reached: is it "
                "running, and is RAG_MILVUS_URI right? One to try with: pip install milvus-lite; "
                "milvus-lite server --data-dir milvus --host 127.0.0.1"
            )
        message = str(getattr(error, "message", error))
        if self.place.token:
            message = message.replace(self.place.token, "…")
        return StoreError(f"Milvus（{self.place.uri}）出错 failed: {message} (code {getattr(error, 'code', '?')})")


def _says(error: BaseException, words: Sequence[str]) -> bool:
    """Whether an error, or what it came from, is of this kind: its gRPC status or its text."""
    chain: list[BaseException] = []
    cause: BaseException | None = error
    while cause is not None and cause not in chain:  # pymilvus raises errors from themselves
        chain.append(cause)
        cause = cause.__cause__
    for cause in chain:
        code = getattr(cause, "code", None)
        status = code() if callable(code) else code
        said = f"{getattr(status, 'name', status)} {getattr(cause, 'message', '')} {cause}"
        if any(word in said for word in words) or (status == _CONNECT_FAILED and words is _DOWN):
            return True
    return False
