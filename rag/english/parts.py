"""The questions inside one English message, each able to stand alone. Pure."""

from __future__ import annotations

import re

from rag.english.question import analyse

_ASKS = r"(?:wh(?:o|om|ose|at|en|ere|y|ich)|how)\b"
_ENDS = re.compile(r"\?\s+(?=\w)|[;\n]\s*(?=\w)")
_REFERS = re.compile(r"\b(?:it|its|they|their|them|he|his|him|she|her|this|these|those)\b", re.IGNORECASE)
_JOINS = re.compile(rf",?\s+and\s+(?:also\s+)?(?=(?:in |on |at |by |for |to |from |with )?{_ASKS})", re.IGNORECASE)


def split_english(text: str) -> list[str]:
    """The questions inside one message, usually just one.

    A later part that names nothing is asked of what the first part names, which is written behind it.

    >>> split_english("When was the Alder Street tunnel finished and why was it late?")
    ['When was the Alder Street tunnel finished', 'why was it late? (Alder Street tunnel)']
    >>> split_english("Who is the chair and chief executive?")
    ['Who is the chair and chief executive?']
    """
    pieces = [piece.strip() for sentence in _ENDS.split(text) for piece in _JOINS.split(sentence) if piece.strip()]
    if len(pieces) < 2 or not all(_stands_alone(piece) for piece in pieces):
        return [text.strip()]
    topic = _topic(pieces[0])
    return [pieces[0], *(piece if _names(piece) or not topic else f"{piece} ({topic})" for piece in pieces[1:])]


def _stands_alone(piece: str) -> bool:
    """Whether a part asks for something of something: not if so, why."""
    asks = re.search(_ASKS, piece, re.IGNORECASE)
    return bool(asks) and (any(not word.is_type for word in analyse(piece).words) or bool(_REFERS.search(piece)))


def _names(piece: str) -> bool:
    """Whether a part names something itself."""
    return any(word.is_name and word.token.text[0].isalpha() for word in analyse(piece).words)


def _topic(piece: str) -> str:
    """What a question names, in its own words: from its first name to the last word of that run."""
    question = analyse(piece)
    words = [word.token for word in question.words if not word.is_type and not word.is_light]
    named = [word.token for word in question.words if word.is_name]
    if all(token.text[0].isdigit() for token in named):
        return " ".join(piece[token.start : token.end] for token in words)
    last = named[-1].end
    for token in words:
        if token.start == last + 1:
            last = token.end
            break
    return piece[named[0].start : last]
