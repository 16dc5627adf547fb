"""A conversation → HTML: the empty page, questions, drafts, answers with their chips, refusals, failures. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from rag.types import Answer, Citation, Claim
from rag.ui.labels import Language, say
from rag.ui.markup import attribute, element, escaped, runs
from rag.ui.sources import NEAREST, quote_attributes
from rag.ui.turns import Turn
from vectorstore.records import DocumentInfo

_MARKER = re.compile(r"\[(\d{1,3})\]")


def render_welcome(documents: Sequence[DocumentInfo], examples: Sequence[str], language: Language) -> str:
    """The empty conversation: what this is, which documents are loaded, questions to start with."""
    if not documents:
        note = element("p", say(language, "no_documents"), "wj-note")
        return f'<div class="wj-welcome"><h2>{escaped(say(language, "welcome"))}</h2>{note}</div>'
    titles = "".join(f"<li>{escaped(info.title)}</li>" for info in documents[:5])
    more = "<li>…</li>" if len(documents) > 5 else ""
    loaded = say(language, "loaded", documents=len(documents), passages=sum(info.passages for info in documents))
    buttons = "".join(
        f'<li><button type="button" class="wj-ask" data-ask="{attribute(question)}">{escaped(question)}</button></li>'
        for question in examples
    )
    ask = f"<h3>{escaped(say(language, 'ask_about'))}</h3><ul class='wj-examples'>{buttons}</ul>" if examples else ""
    return (
        f'<div class="wj-welcome"><h2>{escaped(say(language, "welcome"))}</h2>'
        f"{element('p', say(language, 'welcome_note'), 'wj-note')}"
        f'<ul class="wj-titles">{titles}{more}</ul>{element("p", loaded, "wj-note")}{ask}</div>'
    )


def render_turns(turns: Sequence[Turn], language: Language, first: int = 0) -> str:
    """Several turns in order; `first` is the number of the first one in its conversation."""
    return "".join(render_turn(turn, number, language) for number, turn in enumerate(turns, first))


def render_turn(turn: Turn, number: int, language: Language) -> str:
    """One question with its answer, draft, refusal or failure.

    Args:
        number: position of the turn in its conversation, from 0; chips and sources meet through it.
    """
    parts = [element("p", turn.question, "wj-question")]
    standalone = turn.answer.standalone_question if turn.answer else turn.standalone
    if standalone and standalone.strip() != turn.question.strip():
        parts.append(element("p", say(language, "understood", question=standalone), "wj-understood"))
    if turn.answer is not None:
        parts.append(_render_answer(turn.answer, number, language))
    elif turn.progress == "failed":
        head = element("p", say(language, "failed"), "wj-head")
        parts.append(f'<div class="wj-card wj-failed" role="alert">{head}{element("p", turn.error)}</div>')
    else:
        parts.append(_render_draft(turn, language))
    busy = "true" if turn.progress == "asking" else "false"
    return f'<article class="wj-turn" data-turn="{number}" aria-busy="{busy}">{"".join(parts)}</article>'


def _render_answer(answer: Answer, number: int, language: Language) -> str:
    """A checked answer, or the refusal card."""
    notice = element("p", answer.notice, "wj-notice") if answer.notice else ""
    if answer.refused:
        lead = answer.text.replace(answer.reason, "").strip() or say(language, "refused")
        reason = element("p", answer.reason) if answer.reason else ""
        near = min(len(answer.hits), NEAREST)
        note = element("p", say(language, "nearest_listed", passages=near), "wj-note") if near else ""
        return f'<div class="wj-card wj-refusal">{element("p", lead, "wj-head")}{reason}{note}{notice}</div>'
    short = f'<p class="wj-short"><strong>{escaped(answer.short)}</strong></p>' if answer.short else ""
    text = _render_prose(answer.text, answer.claims, answer.citations, number, language)
    return f'<div class="wj-answer">{short}<p class="wj-text">{text}</p>{notice}{_grounding(answer, language)}</div>'


def _grounding(answer: Answer, language: Language) -> str:
    """The line under an answer that says how many of its sentences are supported, and who wrote it."""
    supported = sum(claim.supported for claim in answer.claims)
    total = len(answer.claims)
    if not total:
        return ""
    line = say(language, "grounded", supported=supported, claims=total)
    if supported < total:
        line += f" · {say(language, 'unsupported')}"
    if answer.model != "extractive":
        line += f" · {answer.model}"
    return element("p", line, "wj-grounding" if supported == total else "wj-grounding wj-partly")


def _render_prose(
    text: str, claims: Sequence[Claim], citations: Sequence[Citation], number: int, language: Language
) -> str:
    """Answer text with its markers as chips and its unsupported sentences flagged."""
    cited: dict[int, list[Citation]] = {}
    for citation in citations:
        cited.setdefault(citation.number, []).append(citation)
    words = _MARKER.split(text)  # text, marker, text, marker, … text
    plain = "".join(words[::2])
    weak = [False] * len(plain)
    cursor = 0
    for claim in claims:
        at = plain.find(claim.text, cursor)
        if at < 0:
            continue
        cursor = at + len(claim.text)
        if not claim.supported:
            weak[at:cursor] = [True] * len(claim.text)
    pieces: list[str] = []
    offset = 0
    for i, word in enumerate(words):
        if i % 2:
            pieces.append(_chip(int(word), cited.get(int(word), []), number, language))
            continue
        for start, end in runs(weak[offset : offset + len(word)]):
            run = escaped(word[start:end])
            pieces.append(f'<span class="wj-weak">{run}</span>' if weak[offset + start] else run)
        offset += len(word)
    return "".join(pieces)


def _chip(marker: int, citations: Sequence[Citation], number: int, language: Language) -> str:
    """A marker as a button that opens its source; the bare marker when it has none."""
    if not citations:
        return f"[{marker}]"
    label = say(language, "source_of", number=marker, title=citations[0].title)
    return (
        f'<button type="button" class="wj-chip" data-turn="{number}" data-number="{marker}" '
        f'{quote_attributes(citations)} aria-label="{attribute(label)}" aria-expanded="false">{marker}</button>'
    )


def _render_draft(turn: Turn, language: Language) -> str:
    """The unchecked text so far, its markers not yet clickable, and what is going on."""
    words = _MARKER.split(turn.draft)
    text = "".join(
        f'<span class="wj-chip wj-unchecked">{word}</span>' if i % 2 else escaped(word) for i, word in enumerate(words)
    )
    draft = f'<p class="wj-text wj-draft">{text}</p>' if text else ""
    if turn.progress == "stopped":
        return f'<div class="wj-answer">{draft}{element("p", say(language, "stopped"), "wj-note")}</div>'
    doing = say(language, "checking" if turn.standalone else "searching")
    return f'<div class="wj-answer">{draft}{element("p", doing, "wj-doing")}</div>'
