"""Answers → HTML of the source panel: cited passages with their quotes marked, or the nearest passages. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from rag.injection import suspicious
from rag.types import Answer, Citation, Document, Passage
from rag.ui.labels import Language, say
from rag.ui.markup import attribute, element, escaped, mark_text, meta, verbatim
from rag.ui.reading import write_spans
from rag.ui.turns import Turn

# Characters of the document shown on either side of a cited passage: two or three sentences of context.
NEIGHBOURS = 120
# Nearest passages listed after a refusal; further ones are rarely about the question.
NEAREST = 3

FindDocument = Callable[[str], Document | None]


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
        return _section(number, say(language, "nearest"), element("p", note, "wj-note") + "".join(cards))
    cited: dict[int, list[Citation]] = {}
    for citation in answer.citations:
        cited.setdefault(citation.number, []).append(citation)
    cards = [
        _render_source(same[0].passage, same, marker, number, language, find) for marker, same in sorted(cited.items())
    ]
    empty = "" if cards else element("p", say(language, "sources_none"), "wj-note")
    return _section(number, say(language, "sources"), empty + "".join(cards))


def render_panel(turns: Sequence[Turn], language: Language) -> str:
    """All source sections of a conversation; the page shows the last one and reveals others when a chip asks."""
    sections = [turn.sources for turn in turns if turn.sources]
    if not sections:
        return _section(-1, say(language, "sources"), element("p", say(language, "sources_empty"), "wj-note"))
    hidden = [section.replace("<section ", "<section hidden ", 1) for section in sections[:-1]]
    return "".join([*hidden, sections[-1]])


def quote_attributes(citations: Sequence[Citation]) -> str:
    """What a button needs to open the source of a marker: document, offsets of quotes and facts, the quoted words."""
    spans = write_spans([(citation.start, citation.end) for citation in citations])
    facts = write_spans([citation.highlight for citation in citations if citation.highlight])
    first = min(citations, key=lambda citation: citation.start)
    return (
        f'data-document="{attribute(first.document_id)}" data-spans="{spans}" data-facts="{facts}" '
        f'data-quote="{verbatim(first.quote)}"'
    )


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
    if citations:
        opens = f'{quote_attributes(citations)} data-turn="{number}" data-number="{marker}"'
    else:
        opens = (
            f'data-document="{attribute(passage.document_id)}" data-spans="{passage.start}-{passage.end}" '
            f'data-quote="{verbatim(passage.text)}"'
        )
    read = f'<button type="button" class="wj-open" {opens}>{escaped(say(language, "read"))}</button>'
    warning = suspicious(passage.text, language)
    warned = element("p", f"⚠ {warning}", "wj-warning") if warning else ""
    return (
        f'<article class="wj-source"{place} tabindex="-1"><header>{badge}'
        f"<div>{element('p', passage.title, 'wj-title')}{meta(facts_line)}{warned}</div></header>"
        f'<blockquote class="wj-passage"><span class="wj-around">{escaped(before)}</span>'
        f"{mark_text(passage.text, passage.start, quotes, facts)}"
        f'<span class="wj-around">{escaped(after)}</span></blockquote>{read}</article>'
    )


def _section(number: int, heading: str, content: str) -> str:
    """The source section of one turn."""
    return f'<section class="wj-section" data-turn="{number}">{element("h2", heading)}{content}</section>'
