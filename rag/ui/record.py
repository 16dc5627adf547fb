"""A conversation as JSON: what is kept in the browser or on disk, exported, and taken in again. Pure.

What comes back may have been written by anybody: it is checked field by field, never trusted to hold markup, and its
quotes are compared with the documents.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from functools import cache
from typing import Any

from rag.errors import WenjuError
from rag.types import Answer, Document
from rag.ui.sources import NEAREST
from rag.ui.turns import Turn, Turns

VERSION = 1
MAX_TURNS = 500
MAX_CHARACTERS = 8_000_000


class RecordRefused(WenjuError):
    """What was given is no kept conversation. `zh` and `en` say why."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(en, zh)
        self.args = zh, en


@dataclass(frozen=True, slots=True)
class Conversation:
    """A kept conversation.

    Attributes:
        id: given by whoever keeps it; letters, digits and hyphens.
        created, updated: milliseconds since 1970.
        collection: id of the collection it is about; "" is the default one.
    """

    version: int
    id: str
    title: str
    created: int
    updated: int
    turns: tuple[Turn, ...]
    collection: str = ""


def turn_to_json(turn: Turn) -> dict[str, Any]:
    """A turn without what can be made again: rendered sources, passages found but not shown."""
    data = asdict(replace(turn, sources="", gone=frozenset(), answer=_lean(turn.answer)))
    del data["sources"], data["gone"]
    return data


def read_conversation(text: str) -> Conversation:
    """A conversation from its JSON text.

    Raises:
        RecordRefused: it is too long, no JSON, of another version, or a field is missing or of the wrong kind.
    """
    from pydantic import ValidationError

    if len(text) > MAX_CHARACTERS:
        raise RecordRefused(
            f"文件太大：{len(text)} 字，最多 {MAX_CHARACTERS} 字。",
            f"Too long: {len(text)} characters, at most {MAX_CHARACTERS}.",
        )
    try:
        record: Conversation = _reader().validate_json(text)
    except ValidationError as error:
        fault = error.errors(include_url=False, include_context=False, include_input=False)[0]
        place = ".".join(str(step) for step in fault["loc"]) or "JSON"
        raise RecordRefused(
            f"这不是导出的对话：{place} 有误。请选择“导出 JSON”得到的文件。",
            f"This is no exported conversation: {place}: {fault['msg']}. Choose a file made by “Export JSON”.",
        ) from None
    if record.version != VERSION:
        raise RecordRefused(
            f"对话文件的版本是 {record.version}，这里只认 {VERSION}。",
            f"The conversation has version {record.version}, this program reads {VERSION}.",
        )
    if not record.id.replace("-", "").isalnum() or not record.id.isascii() or len(record.id) > 64:
        raise RecordRefused("对话编号不合规则。", "The conversation's id has other than letters, digits and hyphens.")
    if len(record.turns) > MAX_TURNS:
        raise RecordRefused(
            f"对话有 {len(record.turns)} 轮，最多 {MAX_TURNS} 轮。",
            f"The conversation has {len(record.turns)} turns, at most {MAX_TURNS}.",
        )
    return replace(record, turns=tuple(_settled(turn) for turn in record.turns))


def mark_gone(turns: Turns, find: Callable[[str], Document | None]) -> Turns:
    """The turns with every citation noted whose quote is no longer where it was.

    Args:
        find: the stored document by id; None when it is gone.
    """
    documents = cache(find)

    def missing(turn: Turn) -> frozenset[int]:
        found = set()
        for citation in turn.answer.citations if turn.answer else ():
            document = documents(citation.document_id)
            if document is None or document.text[citation.start : citation.end] != citation.quote:
                found.add(citation.number)
        return frozenset(found)

    return tuple(replace(turn, gone=missing(turn)) for turn in turns)


def _lean(answer: Answer | None) -> Answer | None:
    """An answer with only the passages that its sources show."""
    return answer and replace(answer, hits=answer.hits[:NEAREST] if answer.refused else ())


def _settled(turn: Turn) -> Turn:
    """A turn as it can be shown: nothing goes on any more, and no markup comes from outside."""
    turn = replace(turn, sources="", gone=frozenset())
    if turn.answer is not None:
        return replace(turn, progress="answered")
    return turn if turn.progress == "failed" else replace(turn, progress="stopped")


@cache
def _reader() -> Any:
    """Checks a `Conversation`, its records and all; unknown fields are left out."""
    from pydantic import TypeAdapter

    return TypeAdapter(Conversation)
