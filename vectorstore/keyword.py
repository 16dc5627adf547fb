"""BM25 over our own terms, on tantivy.

tantivy gets terms we cut, joined by blanks, and gives back passage keys; it keeps no text. The generation it stands
at is kept inside the index as a document of its own, so it is committed with the change it names or not at all.
tantivy's BM25 uses k1 = 1.2 and b = 0.75.
"""

from __future__ import annotations

import json
import logging
import zlib
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import TYPE_CHECKING, Any, Self, cast

import numpy as np

from vectorstore.allowed import Allowed
from vectorstore.dense import MOST_TIES, SLACK
from vectorstore.errors import StoreError
from vectorstore.tokens import bigrams, content_words, fold, question_terms

if TYPE_CHECKING:
    import tantivy

logger = logging.getLogger(__name__)

PAIR_WORD_WEIGHT = 2.0  # a word of two characters, which the index holds twice: as a word and as a pair
WORD_WEIGHT = 1.5  # a longer word, or one in Latin letters or digits
_HEAP = 64_000_000  # bytes a writer collects before it writes a segment
_MOST_FREQUENCIES = 50_000  # terms whose frequency is remembered
_FOOTER_MAGIC = 1337
_MARK = 0  # document key of the generation mark; the catalog's keys start at 1


class KeywordIndexError(StoreError):
    """The files of the keyword index can't be used; it is rebuilt from the catalog."""


class KeywordIndex:
    """One state of the keyword index on disk; open it again to see a later one.

    Attributes:
        generation: the catalog's generation this state stands at.
    """

    def __init__(self, folder: Path) -> None:
        """Open the newest committed state.

        Raises:
            KeywordIndexError: files are missing, cut short or not ours.
        """
        import tantivy

        self.folder = folder
        try:
            if not tantivy.Index.exists(str(folder)):
                raise KeywordIndexError(f"{folder} holds no index")
            self._index = _ready(tantivy.Index.open(str(folder)))
            self._searcher = self._index.searcher()
            self.generation = self._read_generation()
            self._frequencies: dict[str, int] = {}  # this state never changes
        except (OSError, ValueError) as error:
            raise KeywordIndexError(f"{folder}: {error}") from error

    @classmethod
    def create(cls, folder: Path) -> KeywordIndex:
        """An empty index at generation 0."""
        import tantivy

        folder.mkdir(parents=True)
        builder = tantivy.SchemaBuilder()
        builder.add_text_field("terms", tokenizer_name="blanks", index_option="freq")
        builder.add_integer_field("passage", indexed=True, fast=True)
        builder.add_integer_field("document", indexed=True)
        builder.add_integer_field("generation", fast=True)
        index = _ready(tantivy.Index(builder.build(), str(folder)))
        writer = index.writer(_HEAP, 1)
        writer.add_document(_mark(0))
        writer.commit()
        writer.wait_merging_threads()
        return cls(folder)

    def __len__(self) -> int:
        """Number of passages."""
        return int(self._searcher.num_docs) - 1

    @property
    def segments(self) -> int:
        """Number of parts tantivy keeps; each is searched in turn."""
        return int(self._searcher.num_segments)

    def newest(self) -> KeywordIndex:
        """The newest committed state, as a new object. Raises KeywordIndexError."""
        return KeywordIndex(self.folder)

    def search(self, weights: Mapping[str, float], k: int, allowed: Allowed | None = None) -> list[tuple[int, float]]:
        """At least k (passage key, BM25 > 0) where there are as many, best first, and all that tie with the k-th.

        Args:
            weights: term → how often it counts; see `question_weights`.
            allowed: the passages to look among; None for all. BM25 counts terms over all of them either way.
        """
        if k < 1 or not weights:
            return []
        query = self._query(weights)
        if allowed is not None:
            query = self._among(query, allowed)
        wanted = k + SLACK
        while True:
            hits = self._searcher.search(query, limit=wanted, count=False).hits
            scores = [_rounded(score) for score, _ in hits]
            border = scores[k - 1] if len(hits) >= k else 0.0
            if len(hits) < wanted or scores[-1] < border or wanted > k + MOST_TIES:
                kept = [score for score in scores if score >= border]  # the first ones: the best come first
                keys = self._keys([address for _, address in hits[: len(kept)]])
                return list(zip(keys, kept, strict=True))
            wanted *= 2

    def scores(self, weights: Mapping[str, float], keys: Sequence[int]) -> np.ndarray:
        """BM25 of each passage, shape (len(keys),), float32; 0 where no term is shared."""
        import tantivy

        if not weights or not keys:
            return np.zeros(len(keys), np.float32)
        chosen = tantivy.Query.boolean_query(
            [(tantivy.Occur.Should, self._term("passage", key)) for key in dict.fromkeys(keys)]
        )
        query = tantivy.Query.boolean_query(
            [
                (tantivy.Occur.Must, tantivy.Query.const_score_query(chosen, 0.0)),
                (tantivy.Occur.Must, self._query(weights)),
            ]
        )
        hits = self._searcher.search(query, limit=len(keys), count=False).hits
        found = self._keys([address for _, address in hits])
        by_key = {key: _rounded(score) for key, (score, _) in zip(found, hits, strict=True)}
        return np.array([by_key.get(key, 0.0) for key in keys], np.float32)

    def document_frequency(self, terms: Sequence[str]) -> np.ndarray:
        """In how many passages each term occurs, shape (len(terms),), int64.

        Passages removed since the last merge still count, as they do in BM25 itself.
        """
        known = self._frequencies
        if len(known) > _MOST_FREQUENCIES:
            known.clear()
        found = []
        for term in terms:
            count = known.get(term)
            if count is None:
                count = known[term] = self._searcher.doc_freq("terms", term)
            found.append(count)
        return np.array(found, np.int64)

    def beside(self, documents: Iterable[int], at_most: int) -> list[int] | None:
        """Keys of the other passages in the segments that hold these documents, ascending; None for more than that.

        A segment keeps the words of what was removed from it in its dictionary until all of it is written anew.
        """
        import tantivy

        total = self._searcher.num_docs
        named = [(tantivy.Occur.Should, self._term("document", key)) for key in documents]
        hits = self._searcher.search(tantivy.Query.boolean_query(named), limit=total, count=False).hits
        segments = {address.segment_ord for _, address in hits}
        sizes = self._segment_sizes()
        if sum(sizes[number] for number in segments) - len(hits) - 1 > at_most:  # one may be the mark
            return None
        every = [
            (tantivy.Occur.Must, tantivy.Query.all_query()),
            (tantivy.Occur.MustNot, self._term("document", _MARK)),
        ]
        found = self._searcher.search(tantivy.Query.boolean_query(every), limit=total, count=False).hits
        places = [address for _, address in found if address.segment_ord in segments]
        keys = sorted(set(self._keys(places)) - set(self._keys([address for _, address in hits])))
        return keys if len(keys) <= at_most else None

    def _segment_sizes(self) -> list[int]:
        """How many passages each segment holds, in tantivy's order; a million are not to be listed to be counted."""
        segments = json.loads((self.folder / "meta.json").read_text(encoding="utf-8"))["segments"]
        return [segment["max_doc"] - (segment["deletes"] or {}).get("num_deleted_docs", 0) for segment in segments]

    def writer(self) -> KeywordWriter:
        """Start a change; one at a time."""
        return KeywordWriter(self._index)

    def problems(self) -> list[str]:
        """What a full check finds wrong: every file against the checksum tantivy keeps in its last bytes."""
        segments = json.loads((self.folder / "meta.json").read_text(encoding="utf-8"))["segments"]
        ids = {segment["segment_id"].replace("-", "") for segment in segments}
        files = sorted(path for path in self.folder.iterdir() if path.name.split(".")[0] in ids)
        return [f"{path}: checksum differs" for path in files if not _sound(path)]

    def _read_generation(self) -> int:
        hits = self._searcher.search(self._term("document", _MARK), limit=2).hits
        if len(hits) != 1:
            raise KeywordIndexError(f"{self.folder} holds {len(hits)} generation marks, one is needed")
        (generation,) = self._searcher.fast_field_values("generation", [hits[0][1]])
        return cast(int, generation)

    def _keys(self, addresses: list[tantivy.DocAddress]) -> list[int]:
        return cast("list[int]", self._searcher.fast_field_values("passage", addresses))

    def _term(self, field: str, value: Any) -> tantivy.Query:
        import tantivy

        return tantivy.Query.term_query(self._index.schema, field, value, "freq" if field == "terms" else "basic")

    def _among(self, query: tantivy.Query, allowed: Allowed) -> tantivy.Query:
        """The same query over allowed documents; 16,000 of 33,000 named so took 8 ms instead of 2."""
        import tantivy

        named = tantivy.Query.term_set_query(self._index.schema, "document", allowed.documents.tolist())
        chosen = (tantivy.Occur.Must, tantivy.Query.const_score_query(named, 0.0))
        return tantivy.Query.boolean_query([chosen, (tantivy.Occur.Must, query)])

    def _query(self, weights: Mapping[str, float]) -> tantivy.Query:
        """Any of the terms. Built term by term: text from people is never parsed as a query."""
        import tantivy

        parts = []
        for term, weight in weights.items():
            query = self._term("terms", term)
            parts.append((tantivy.Occur.Should, tantivy.Query.boost_query(query, weight) if weight != 1 else query))
        return tantivy.Query.boolean_query(parts)


class KeywordWriter:
    """One change to a keyword index: nothing of it is seen before `commit`, nothing of it stays without."""

    def __init__(self, index: tantivy.Index) -> None:
        self._writer = index.writer(_HEAP, 1)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None:
            self._writer.rollback()
        self._writer.wait_merging_threads()

    def sweep(self) -> None:
        """Delete files that a killed writer left half made; the next commit would trip over their names."""
        self._writer.garbage_collect_files()

    def remove(self, documents: Iterable[int]) -> None:
        """Take out every passage of these documents, by document key."""
        for document in documents:
            self._writer.delete_documents_by_term("document", document)

    def drop(self, key: int) -> None:
        """Take out one passage."""
        self._writer.delete_documents_by_term("passage", key)

    def add(self, key: int, document: int, terms: str) -> None:
        """Put in one passage, by its terms joined by blanks."""
        import tantivy

        entry = tantivy.Document()
        entry.add_integer("passage", key)
        entry.add_integer("document", document)
        entry.add_text("terms", terms)
        self._writer.add_document(entry)

    def commit(self, generation: int) -> None:
        """Make the change durable and name the catalog's generation it brings the index to."""
        self._writer.delete_documents_by_term("document", _MARK)
        self._writer.add_document(_mark(generation))
        try:
            self._writer.commit()
        except (OSError, ValueError) as error:
            raise KeywordIndexError(f"the keyword index could not be written: {error}") from error


@lru_cache(maxsize=64)  # one retrieval asks for a search and for single scores
def question_weights(question: str) -> Mapping[str, float]:
    """Search terms of a question → weight: whole words count more than the pairs of characters they are made of.

    The weights were chosen on 2,002 questions of CMRC 2018 (trial) and DRCD (dev) over 21,256 passages: equal weights
    give a Recall@1 of 95.3 and 92.6, these 95.8 and 94.5. Words and pairs in two fields gave 95.3 and 92.9 at best.
    """
    kept = set(content_words(question))
    pairs = set(bigrams(fold(question)))

    def weight(term: str) -> float:
        if term not in kept or len(term) == 1:
            return 1.0
        return PAIR_WORD_WEIGHT if term in pairs else WORD_WEIGHT

    return MappingProxyType({term: weight(term) for term in question_terms(question)})


def _mark(generation: int) -> tantivy.Document:
    """The document that names the generation."""
    import tantivy

    mark = tantivy.Document()
    mark.add_integer("document", _MARK)
    mark.add_integer("generation", generation)
    return mark


def _ready(index: tantivy.Index) -> tantivy.Index:
    """An opened index with our tokenizer (tantivy keeps only its name) and a reader that reads when told."""
    import tantivy

    index.register_tokenizer("blanks", tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.whitespace()).build())
    index.config_reader("manual")  # "commit" would keep a thread that watches the folder
    index.reload()
    return index


def _rounded(score: float) -> float:
    """Equal texts in different segments differ in the last bit; rounding makes them the tie they are."""
    return float(f"{score:.5g}")


def _sound(path: Path) -> bool:
    """Whether a file of tantivy's matches the checksum in its footer: body, JSON, its length, a magic number."""
    data = path.read_bytes()
    if len(data) < 8 or int.from_bytes(data[-4:], "little") != _FOOTER_MAGIC:
        return False
    length = int.from_bytes(data[-8:-4], "little")
    body, footer = data[: -8 - length], data[-8 - length : -8]
    try:
        return int(json.loads(footer)["crc"]) == zlib.crc32(body)
    except (ValueError, KeyError, TypeError):
        return False
