"""Conversations → Markdown with footnotes, for the clipboard and for files. Pure.

Quotes, titles and model output are untrusted, and a Markdown viewer may show HTML or follow links: what has a meaning
in Markdown is escaped.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from rag.language import Language
from rag.types import Answer, Citation
from rag.ui.labels import say
from rag.ui.turns import Turn

_MARKER = re.compile(r"\[(\d{1,3})\]")
_MEANINGFUL = re.compile(r"([\\`*_\[\]<>|~])")
# What starts a heading, list or quote at the beginning of a line.
_OPENING = re.compile(r"(?m)^(\s*)([#+>-]|\d+[.)])")


def answer_to_markdown(answer: Answer, language: Language, prefix: str = "") -> str:
    """One answer, its markers as footnotes, each with the quotes and where they stand.

    Args:
        prefix: put before each footnote's number, to keep the footnotes of several answers apart.

    >>> from rag.types import Answer
    >>> answer_to_markdown(Answer("文档里没有。", True, "问", "问"), "zh")
    '文档里没有。'
    """
    known = {citation.number for citation in answer.citations}
    pieces: list[str] = []
    for i, piece in enumerate(_MARKER.split(answer.text)):
        if i % 2:
            pieces.append(f"[^{prefix}{piece}]" if int(piece) in known else f"\\[{piece}\\]")
        else:
            pieces.append(_plain(piece))
    notes = [
        f"[^{prefix}{number}]: {_footnote([c for c in answer.citations if c.number == number], language)}"
        for number in sorted(known)
    ]
    return "\n\n".join(part for part in ("".join(pieces).strip(), "\n".join(notes)) if part)


def conversation_to_markdown(title: str, turns: Sequence[Turn], language: Language) -> str:
    """A whole conversation: each question a heading, each answer with its footnotes."""
    parts = [f"# {_line(title)}"]
    for number, turn in enumerate(turns, start=1):
        parts.append(f"## {_line(turn.question)}")
        if turn.answer is not None:
            standalone = turn.answer.standalone_question
            if standalone.strip() != turn.question.strip():
                parts.append(f"*{_line(say(language, 'understood', question=standalone))}*")
            parts.append(answer_to_markdown(turn.answer, language, prefix=f"{number}-"))
        elif turn.draft:
            parts += [_plain(turn.draft), f"*{say(language, 'stopped')}*"]
        else:
            parts.append(f"*{_line(turn.error or say(language, 'stopped_early'))}*")
    return "\n\n".join(parts) + "\n"


def _footnote(citations: Sequence[Citation], language: Language) -> str:
    """The quotes of one marker and their place."""
    first = citations[0]
    quotes = " … ".join(dict.fromkeys(f"“{_line(citation.quote)}”" for citation in citations))
    page = say(language, "page", page=first.page) if first.page else ""
    place = [first.title, first.source if first.source != first.title else "", first.date or "", page]
    return f"{quotes} — {', '.join(_line(fact) for fact in place if fact)}"


def _plain(text: str) -> str:
    """Text that Markdown shows as it is, its lines kept."""
    return _OPENING.sub(r"\1\\\2", _MEANINGFUL.sub(r"\\\1", text))


def _line(text: str) -> str:
    """The same on one line, inside one."""
    return _MEANINGFUL.sub(r"\\\1", " ".join(text.split()))
