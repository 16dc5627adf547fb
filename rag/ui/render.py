"""Records → HTML of the chat page. Pure, and the only place where text becomes markup.

Document text, titles, file names, questions and model output are all untrusted: each passes through `_text`
(elements) or `_attribute` (attribute values). Nothing here writes a link, an image or an inline handler, so an answer
cannot make the browser fetch or run anything.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from html import escape
from itertools import pairwise
from typing import Literal

from rag.injection import suspicious
from rag.types import Answer, Citation, Claim, Document, Passage
from rag.ui.labels import Language, say
from vectorstore.records import DocumentInfo

# Characters of the document shown on either side of a cited passage: two or three sentences of context.
NEIGHBOURS = 120
# Nearest passages listed after a refusal; further ones are rarely about the question.
NEAREST = 3

_MARKER = re.compile(r"\[(\d{1,3})\]")
# What neither HTML nor JSON can hold (C0 controls but tab and newlines, lone surrogates of undecodable file names), and
# the bidirectional overrides that make a file name read backwards.
_UNSHOWABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")

Progress = Literal["asking", "answered", "stopped", "failed"]
FindDocument = Callable[[str], Document | None]


@dataclass(frozen=True, slots=True)
class Turn:
    """One question of a conversation and how far its answer has come.

    Attributes:
        draft: the unchecked text so far; the checked `answer` replaces it.
        standalone: the question that was searched for, "" until known.
        error: what went wrong, in the reader's words; for `failed` only.
        sources: the turn's rendered source panel, "" until answered.
    """

    question: str
    draft: str = ""
    standalone: str = ""
    answer: Answer | None = None
    progress: Progress = "asking"
    error: str = ""
    sources: str = ""


def render_welcome(documents: Sequence[DocumentInfo], examples: Sequence[str], language: Language) -> str:
    """The empty conversation: what this is, which documents are loaded, questions to start with."""
    if not documents:
        note = _element("p", say(language, "no_documents"), "wj-note")
        return f'<div class="wj-welcome"><h2>{_text(say(language, "welcome"))}</h2>{note}</div>'
    titles = "".join(f"<li>{_text(info.title)}</li>" for info in documents[:5])
    more = "<li>…</li>" if len(documents) > 5 else ""
    loaded = say(language, "loaded", documents=len(documents), passages=sum(info.passages for info in documents))
    buttons = "".join(
        f'<li><button type="button" class="wj-ask" data-ask="{_attribute(question)}">{_text(question)}</button></li>'
        for question in examples
    )
    ask = f"<h3>{_text(say(language, 'ask_about'))}</h3><ul class='wj-examples'>{buttons}</ul>" if examples else ""
    return (
        f'<div class="wj-welcome"><h2>{_text(say(language, "welcome"))}</h2>'
        f"{_element('p', say(language, 'welcome_note'), 'wj-note')}"
        f'<ul class="wj-titles">{titles}{more}</ul>{_element("p", loaded, "wj-note")}{ask}</div>'
    )


def render_brand(language: Language) -> str:
    """The name of the product and what it promises."""
    name, promise = say(language, "name"), say(language, "tagline")
    return f'<div class="wj-brand">{_element("h1", name)}{_element("p", promise)}</div>'


def render_turns(turns: Sequence[Turn], language: Language, first: int = 0) -> str:
    """Several turns in order; `first` is the number of the first one in its conversation."""
    return "".join(render_turn(turn, number, language) for number, turn in enumerate(turns, first))


def render_turn(turn: Turn, number: int, language: Language) -> str:
    """One question with its answer, draft, refusal or failure.

    Args:
        number: position of the turn in its conversation, from 0; chips and sources meet through it.
    """
    parts = [_element("p", turn.question, "wj-question")]
    standalone = turn.answer.standalone_question if turn.answer else turn.standalone
    if standalone and standalone.strip() != turn.question.strip():
        parts.append(_element("p", say(language, "understood", question=standalone), "wj-understood"))
    if turn.answer is not None:
        parts.append(_render_answer(turn.answer, number, language))
    elif turn.progress == "failed":
        head = _element("p", say(language, "failed"), "wj-head")
        parts.append(f'<div class="wj-card wj-failed" role="alert">{head}{_element("p", turn.error)}</div>')
    else:
        parts.append(_render_draft(turn, language))
    busy = "true" if turn.progress == "asking" else "false"
    return f'<article class="wj-turn" data-turn="{number}" aria-busy="{busy}">{"".join(parts)}</article>'


def render_sources(answer: Answer, number: int, language: Language, find: FindDocument) -> str:
    """The source panel of one answer: its cited passages with the quotes marked, or the nearest passages of a refusal.

    Args:
        number: position of the turn in its conversation, from 0.
        find: the stored document by id, for the text around a passage; None when it is gone.
    """
    if answer.refused:
        nearest = [hit.passage for hit in answer.hits[:NEAREST]]
        cards = [_render_source(passage, (), None, number, language, find) for passage in nearest]
        note = say(language, "nearest_note" if nearest else "nearest_none")
        return _section(number, say(language, "nearest"), _element("p", note, "wj-note") + "".join(cards))
    cited: dict[int, list[Citation]] = {}
    for citation in answer.citations:
        cited.setdefault(citation.number, []).append(citation)
    cards = [
        _render_source(same[0].passage, same, marker, number, language, find) for marker, same in sorted(cited.items())
    ]
    empty = "" if cards else _element("p", say(language, "sources_none"), "wj-note")
    return _section(number, say(language, "sources"), empty + "".join(cards))


def render_panel(turns: Sequence[Turn], language: Language) -> str:
    """All source sections of a conversation; the page shows the last one and reveals others when a chip asks."""
    sections = [turn.sources for turn in turns if turn.sources]
    if not sections:
        return _section(-1, say(language, "sources"), _element("p", say(language, "sources_empty"), "wj-note"))
    hidden = [section.replace("<section ", "<section hidden ", 1) for section in sections[:-1]]
    return "".join([*hidden, sections[-1]])


def render_documents(documents: Sequence[DocumentInfo], language: Language) -> str:
    """The list of loaded documents, each with a remove button that asks once more."""
    if not documents:
        return _element("p", say(language, "no_documents"), "wj-note")
    rows = []
    for info in documents:
        facts = [info.source, info.date or "", say(language, "passages", passages=info.passages)]
        rows.append(
            f"<li><div>{_element('p', info.title, 'wj-title')}{_meta(facts)}</div>"
            f'<button type="button" class="wj-remove" data-document="{_attribute(info.id)}" '
            f'data-confirm="{_attribute(say(language, "confirm"))}" '
            f'aria-label="{_attribute(say(language, "remove") + " " + info.title)}">'
            f"{_text(say(language, 'remove'))}</button></li>"
        )
    return f'<ul class="wj-documents">{"".join(rows)}</ul>'


def render_limits(suffixes: Iterable[str], megabytes: int, files: int, language: Language) -> str:
    """What may be dropped: kinds of file, size, number."""
    kinds = " ".join(suffix.lstrip(".").upper() for suffix in suffixes)
    return _element("p", say(language, "limits", suffixes=kinds, megabytes=megabytes, files=files), "wj-note")


def render_results(lines: Iterable[tuple[bool, str]]) -> str:
    """One line per file or removal: (went well, what happened)."""
    rows = "".join(f'<li class="{"wj-done" if well else "wj-wrong"}">{_text(line)}</li>' for well, line in lines)
    return f'<ul class="wj-results" role="status">{rows}</ul>' if rows else ""


def mark_text(text: str, base: int, quotes: Sequence[tuple[int, int]], facts: Sequence[tuple[int, int]] = ()) -> str:
    """Escaped `text` with quotes in `<mark>` and the fact inside them in `<strong>`.

    Args:
        base: offset in the document of `text[0]`.
        quotes: (start, end) document offsets; those outside the text are cut to it, overlaps merge.
        facts: (start, end) document offsets; shown only inside a quote.

    >>> mark_text("甲<乙丙丁", 10, [(12, 14)], [(13, 14)])
    '甲&lt;<mark>乙<strong>丙</strong></mark>丁'
    """
    size = len(text)
    quoted = [False] * size
    stressed = [False] * size
    for spans, flags in ((quotes, quoted), (facts, stressed)):
        for start, end in spans:
            for i in range(max(start - base, 0), min(end - base, size)):
                flags[i] = True
    pieces: list[str] = []
    for start, end in _runs(quoted):
        if not quoted[start]:
            pieces.append(_text(text[start:end]))
            continue
        inside = [
            f"<strong>{_text(text[start + a : start + b])}</strong>"
            if stressed[start + a]
            else _text(text[start + a : start + b])
            for a, b in _runs(stressed[start:end])
        ]
        pieces.append(f"<mark>{''.join(inside)}</mark>")
    return "".join(pieces)


def _render_answer(answer: Answer, number: int, language: Language) -> str:
    """A checked answer, or the refusal card."""
    notice = _element("p", answer.notice, "wj-notice") if answer.notice else ""
    if answer.refused:
        lead = answer.text.replace(answer.reason, "").strip() or say(language, "refused")
        reason = _element("p", answer.reason) if answer.reason else ""
        near = min(len(answer.hits), NEAREST)
        note = _element("p", say(language, "nearest_listed", passages=near), "wj-note") if near else ""
        return f'<div class="wj-card wj-refusal">{_element("p", lead, "wj-head")}{reason}{note}{notice}</div>'
    short = f'<p class="wj-short"><strong>{_text(answer.short)}</strong></p>' if answer.short else ""
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
    return _element("p", line, "wj-grounding" if supported == total else "wj-grounding wj-partly")


def _render_prose(
    text: str, claims: Sequence[Claim], citations: Sequence[Citation], number: int, language: Language
) -> str:
    """Answer text with its markers as chips and its unsupported sentences flagged."""
    first = {citation.number: citation for citation in reversed(citations)}
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
            pieces.append(_chip(int(word), first.get(int(word)), number, language))
            continue
        for start, end in _runs(weak[offset : offset + len(word)]):
            run = _text(word[start:end])
            pieces.append(f'<span class="wj-weak">{run}</span>' if weak[offset + start] else run)
        offset += len(word)
    return "".join(pieces)


def _chip(marker: int, citation: Citation | None, number: int, language: Language) -> str:
    """A marker as a button that opens its source; the bare marker when it has none."""
    if citation is None:
        return f"[{marker}]"
    label = say(language, "source_of", number=marker, title=citation.title)
    return (
        f'<button type="button" class="wj-chip" data-turn="{number}" data-number="{marker}" '
        f'aria-label="{_attribute(label)}" title="{_attribute(citation.quote)}">{marker}</button>'
    )


def _render_draft(turn: Turn, language: Language) -> str:
    """The unchecked text so far, its markers not yet clickable, and what is going on."""
    words = _MARKER.split(turn.draft)
    text = "".join(
        f'<span class="wj-chip wj-unchecked">{word}</span>' if i % 2 else _text(word) for i, word in enumerate(words)
    )
    draft = f'<p class="wj-text wj-draft">{text}</p>' if text else ""
    if turn.progress == "stopped":
        return f'<div class="wj-answer">{draft}{_element("p", say(language, "stopped"), "wj-note")}</div>'
    doing = say(language, "checking" if turn.standalone else "searching")
    return f'<div class="wj-answer">{draft}{_element("p", doing, "wj-doing")}</div>'


def _render_source(
    passage: Passage,
    citations: Sequence[Citation],
    marker: int | None,
    number: int,
    language: Language,
    find: FindDocument,
) -> str:
    """One passage with its place and, if it is cited, the text around it and its quotes marked."""
    document = find(passage.document_id) if citations else None
    before = after = ""
    # A document replaced since the answer has other text at these offsets: then the passage stands alone.
    if document is not None and document.text[passage.start : passage.end] == passage.text:
        start, end = max(passage.start - NEIGHBOURS, 0), min(passage.end + NEIGHBOURS, len(document.text))
        before = ("…" if start else "") + document.text[start : passage.start]
        after = document.text[passage.end : end] + ("…" if end < len(document.text) else "")
    quotes = [(citation.start, citation.end) for citation in citations]
    facts = [citation.highlight for citation in citations if citation.highlight]
    page = citations[0].page if citations and citations[0].page else passage.page
    facts_line = [passage.source, passage.date or "", say(language, "page", page=page) if page else ""]
    badge = f'<span class="wj-number">{marker}</span>' if marker is not None else ""
    place = f' id="wj-source-{number}-{marker}"' if marker is not None else ""
    back = (
        f'<button type="button" class="wj-back" data-turn="{number}">{_text(say(language, "back"))}</button>'
        if marker is not None
        else ""
    )
    warning = suspicious(passage.text, language)
    warned = _element("p", f"⚠ {warning}", "wj-warning") if warning else ""
    return (
        f'<article class="wj-source"{place} tabindex="-1"><header>{badge}'
        f"<div>{_element('p', passage.title, 'wj-title')}{_meta(facts_line)}{warned}</div></header>"
        f'<blockquote class="wj-passage"><span class="wj-around">{_text(before)}</span>'
        f"{mark_text(passage.text, passage.start, quotes, facts)}"
        f'<span class="wj-around">{_text(after)}</span></blockquote>{back}</article>'
    )


def _section(number: int, heading: str, content: str) -> str:
    """The source section of one turn."""
    return f'<section class="wj-section" data-turn="{number}">{_element("h2", heading)}{content}</section>'


def _meta(facts: Iterable[str]) -> str:
    """A small line of facts, empty ones left out."""
    return _element("p", " · ".join(fact for fact in facts if fact), "wj-meta")


def _runs(flags: Sequence[bool]) -> list[tuple[int, int]]:
    """Maximal runs of equal flags as (start, end)."""
    edges = [i for i in range(len(flags)) if i == 0 or flags[i] != flags[i - 1]]
    return list(pairwise([*edges, len(flags)]))


def _element(tag: str, text: str, classes: str = "") -> str:
    """An element around untrusted text; `tag` and `classes` are our own."""
    return f'<{tag} class="{classes}">{_text(text)}</{tag}>' if classes else f"<{tag}>{_text(text)}</{tag}>"


def _text(value: str) -> str:
    """Untrusted text as element content, without what a page cannot hold."""
    return escape(_UNSHOWABLE.sub("", value), quote=True)


def _attribute(value: str) -> str:
    """Untrusted text as a double-quoted attribute value, on one line."""
    return " ".join(_text(value).split())
