"""Documents and passages as rows of Milvus collections, and filters as its expressions. Pure.

A passage's row is named after its document, its place in it and its version. Only the version that the document's own
row names is there for readers: a document is written piece by piece and seen in one step.

Names and values of people never enter an expression as they are: rows go by hashes, and a source that holds more than
plain characters is searched by a pattern that lets too much through, which `Filter.admits` then puts right.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from hashlib import blake2b
from typing import Any

import numpy as np

from vectorstore.errors import StoreDamaged
from vectorstore.filters import Filter
from vectorstore.prepared import Prepared
from vectorstore.records import Document, DocumentInfo, Passage
from vectorstore.sparse import passage_vector

Row = dict[str, Any]

# Kinds of rows in the collection of documents.
DOCUMENT, INDEX, CHANGE = "document", "index", "change"

PIECE = 2048  # characters of text in one row; a passage is read from one or two
LONGEST = 65_535  # bytes in a field of text, Milvus's own limit
MOST_ITEMS = 4096  # items in an array, Milvus's own limit
NEVER = 'version == ""'
NOTHING = [0.0, 0.0]  # every collection needs a vector

_plain = re.compile(r"[\w./ \-()（）【】《》，。、·]*")


def document_key(document_id: str) -> str:
    """32 hex digits for an id of any characters."""
    return blake2b(document_id.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def row_key(document: str, number: int, version: str) -> str:
    """The name of a passage's or a piece's row."""
    return f"{document}:{number}:{version}"


def document_row(document: Document, version: str, passages: int) -> Row:
    """The row that makes a version of a document the one there is.

    Raises:
        ValueError: a field does not fit into Milvus, or holds what can't be written as UTF-8.
    """
    facts = {"date": document.date, "metadata": dict(document.metadata), "pages": document.pages}
    row = {
        "id": document.id,
        "source": document.source,
        "path": document.path,
        "title": document.title,
        "digest": document.digest,
        "facts": json.dumps(facts, ensure_ascii=False, separators=(",", ":")),
    }
    for name, value in row.items():
        if (size := len(_encoded(document, value))) > LONGEST:
            raise ValueError(f"{document.source}: {name} has {size:,} bytes; Milvus takes up to {LONGEST:,}")
    _encoded(document, document.text)
    if len(document.metadata) > MOST_ITEMS:
        raise ValueError(f"{document.source}: {len(document.metadata):,} metadata keys, up to {MOST_ITEMS:,} are taken")
    counts = {"characters": len(document.text), "passages": passages}
    return {"key": document_key(document.id), "kind": DOCUMENT, "version": version, **row, **counts, "nothing": NOTHING}


def note_row(kind: str, key: str, version: str = "", **facts: Any) -> Row:
    """A row of our own beside the documents': the index's facts, or a change under way."""
    texts = dict.fromkeys(("id", "source", "path", "title", "digest"), "")
    row = {"key": key, "kind": kind, "version": version, **texts, "facts": json.dumps(facts, ensure_ascii=False)}
    return {**row, "characters": 0, "passages": 0, "nothing": NOTHING}


def piece_rows(document: Document, version: str) -> Iterator[Row]:
    """The text of a document in pieces, one at least."""
    key = document_key(document.id)
    for number, start in enumerate(range(0, max(1, len(document.text)), PIECE)):
        text = document.text[start : start + PIECE]
        yield {
            "key": row_key(key, number, version),
            "document": key,
            "version": version,
            "number": number,
            "text": text,
            "nothing": NOTHING,
        }


def passage_rows(item: Prepared, version: str) -> Iterator[Row]:
    """The passages of a document with what they are searched by; their text stays in the pieces."""
    document = item.document
    key = document_key(document.id)
    vectors: Iterable[np.ndarray] = () if item.vectors is None else item.vectors
    facts = [fact_code(name, value) for name, value in document.metadata.items()]
    for ordinal, (span, line, vector) in enumerate(zip(item.spans, item.terms, vectors, strict=True)):
        start, stop, page = span
        sparse = passage_vector(line.split())
        yield {
            "key": row_key(key, ordinal, version),
            "document": key,
            "version": version,
            "ordinal": ordinal,
            "start": start,
            "stop": stop,
            "page": page or 0,
            "source": document.source,
            "date": document.date or "",
            "facts": facts,
            "terms": list(sparse)[:MOST_ITEMS],
            "dense": vector.astype(np.float32),
            "sparse": sparse,
        }


def fact_code(name: str, value: str) -> int:
    """One number for a metadata key with its value."""
    code = blake2b(f"{len(name)}:{name}{value}".encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(code, "big", signed=True)


def info_of(row: Row) -> DocumentInfo:
    """A document's row → the document without its text."""
    facts = json.loads(row["facts"])
    return DocumentInfo(
        row["id"],
        row["source"],
        row["path"],
        row["title"],
        facts["date"],
        row["characters"],
        row["passages"],
        row["digest"],
        facts["metadata"],
    )


def document_of(row: Row, pieces: Sequence[str]) -> Document:
    """A document from its row and the pieces of its text. Raises StoreDamaged where some are missing."""
    info, text = info_of(row), "".join(pieces)
    if len(text) != info.characters:
        raise StoreDamaged(
            f"The text of {info.source} has {len(text):,} characters of {info.characters:,} in Milvus. "
            f"Index the file again: wenju index --remove {info.id}, then wenju index {info.path or 'PATH'}"
        )
    pages = tuple(json.loads(row["facts"])["pages"])
    return Document(info.id, info.source, info.path, info.title, text, info.date, info.metadata, pages, info.digest)


def piece_count(row: Row) -> int:
    """How many pieces the text of a document's row has."""
    return max(1, -(-int(row["characters"]) // PIECE))


def pieces_needed(start: int, stop: int) -> range:
    """The numbers of the pieces that hold the characters from start to stop."""
    return range(start // PIECE, (stop - 1) // PIECE + 1)


def passage_of(info: DocumentInfo, row: Row, pieces: Mapping[int, str]) -> Passage:
    """A passage from its row and the pieces of its document by number."""
    start, stop = row["start"], row["stop"]
    numbers = pieces_needed(start, stop)
    offset = start - numbers[0] * PIECE
    text = "".join(pieces[number] for number in numbers)[offset : offset + stop - start]
    id, page = f"{info.id}:{row['ordinal']}", row["page"] or None
    return Passage(id, info.id, row["ordinal"], info.source, info.title, text, start, stop, page, info.date)


def filter_expression(wanted: Filter) -> str:
    """An expression that lets through every passage the filter admits, and perhaps a few more; "" for no condition."""
    conditions = []
    if wanted.sources:
        conditions.append(" or ".join(_source_condition(name) for name in wanted.sources))
    if wanted.since:
        conditions.append(f'date >= "{wanted.since}"')
    if wanted.until:
        conditions.append(f'date != "" and date <= "{wanted.until}"')
    for name, values in wanted.metadata.items():
        codes = ", ".join(str(fact_code(name, value)) for value in values)
        conditions.append(f"array_contains_any(facts, [{codes}])" if codes else NEVER)
    return both(*conditions)


def both(*conditions: str) -> str:
    """All of the conditions that are not empty."""
    return " and ".join(f"({condition})" for condition in conditions if condition)


def among(field: str, values: Iterable[str]) -> str:
    """A condition that a field has one of these values, which are our own hashes and names."""
    return f"{field} in [{', '.join(json.dumps(value) for value in values)}]"


def _source_condition(name: str) -> str:
    if _plain.fullmatch(name) and "_" not in name:
        return f'source == "{name}"'
    wild = {"*": "%", "?": "_"}
    pattern = "".join(
        wild.get(character) or (character if character != "_" and _plain.fullmatch(character) else "%")
        for character in name
    )
    return f'source like "{pattern}"'


def _encoded(document: Document, text: str) -> bytes:
    try:
        return text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise ValueError(
            f"{document.source}: character U+{ord(error.object[error.start]):04X} is half of a surrogate pair and "
            "can't be stored; decode the file with errors='replace'"
        ) from error
