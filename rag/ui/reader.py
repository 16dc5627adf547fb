"""What the source panel fetches: a document's head, its text window by window, its pages, the file itself."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from starlette.responses import FileResponse, Response

from rag.language import Language
from rag.originals import find_original
from rag.types import Document
from rag.ui.desk import Desk
from rag.ui.labels import say
from rag.ui.markup import attribute, element, escaped, meta
from rag.ui.reading import (
    FOUND_MAX,
    Quotes,
    find_all,
    locate,
    parse_spans,
    render_lines,
    render_peek,
    window_after,
    window_around,
    window_before,
    write_spans,
)
from rag.ui.routes import Answerer, Call, Routes

LEAVES_MAX = 3000  # pages shown as pictures; a longer document is read as text


def add_reader(routes: Routes, desk: Desk) -> None:
    """Serve what the source panel and the previews ask for."""

    def document_of(call: Call) -> Document:
        return desk.open(call.text("collection")).document(call.text("document"))

    def original_of(call: Call) -> tuple[Document, Path | None]:
        assistant = desk.open(call.text("collection"))
        document = assistant.document(call.text("document"))
        return document, find_original(document, Path(assistant.settings.index))

    def read(call: Call) -> dict[str, Any]:
        document, original = original_of(call)
        quotes = locate(document.text, quotes_of(call), call.text("said"))
        at, total = (quotes.first[0] if quotes else 0), len(document.text)
        start, end = window_around(document.text, at)
        found = quotes or Quotes()
        pdf = original is not None and original.suffix.lower() == ".pdf" and len(document.pages) <= LEAVES_MAX
        address = urlencode({"collection": call.text("collection"), "document": document.id})
        file = f"{routes.base}/file?{address}" if original else ""
        note = "" if quotes else say(call.language, "quote_gone")
        if not original and document.path:
            note = " ".join(filter(None, (note, say(call.language, "text_only"))))
        return {
            "head": render_head(document, found, file, pdf, note, call.language),
            "spans": write_spans(found.spans),
            "facts": write_spans(found.facts),
            "pdf": pdf,
            "page": document.page_at(at) or 1,
            "version": document.digest[:12],
            "total": total,
            **window(document, start, end, found, call.language),
        }

    def text(call: Call) -> dict[str, Any]:
        document, quotes = document_of(call), quotes_of(call)
        if "after" in call.values:
            start, end = window_after(document.text, call.number("after"))
        elif "before" in call.values:
            start, end = window_before(document.text, call.number("before"))
        else:
            start, end = window_around(document.text, call.number("around"))
        return window(document, start, end, quotes, call.language)

    def find(call: Call) -> dict[str, Any]:
        words = call.text("words")[:200]
        found = find_all(document_of(call).text, words)
        return {"found": found, "length": len(words), "more": len(found) == FOUND_MAX}

    def peek(call: Call) -> dict[str, Any]:
        document = document_of(call)
        quotes = locate(document.text, quotes_of(call), call.text("said"))
        if quotes is None:
            return {"html": element("p", say(call.language, "quote_gone"), "wj-note")}
        page = document.page_at(quotes.first[0])
        facts = [document.source, document.date or "", say(call.language, "page", page=page) if page else ""]
        return {
            "html": f"{element('p', document.title, 'wj-title')}{meta(facts)}"
            f'<p class="wj-peek-text">{render_peek(document, quotes)}</p>'
        }

    def leaves(call: Call) -> dict[str, Any]:
        from rag.pdf_pages import page_sizes

        document, original = original_of(call)
        if original is None:
            raise IndexError
        sizes = page_sizes(original)
        return {"sizes": [[round(side, 2) for side in size] for size in sizes], **boxes_in(original, document, call)}

    def boxes(call: Call) -> dict[str, Any]:
        document, original = original_of(call)
        if original is None:
            raise IndexError
        return boxes_in(original, document, call)

    def leaf(call: Call) -> Response:
        from rag.pdf_pages import render_page

        _, original = original_of(call)
        if original is None or original.suffix.lower() != ".pdf":
            raise IndexError
        picture = render_page(original, call.number("page"), max(call.number("width", 1200), 100))
        return Response(picture, media_type="image/png", headers={"cache-control": "private, max-age=86400"})

    def file(call: Call) -> Response:
        document, original = original_of(call)
        if original is None:
            raise IndexError
        # Never shown by the browser itself: a page of HTML would run as a part of this one.
        return FileResponse(
            original,
            media_type="application/octet-stream",
            filename=document.source.rpartition("/")[2] or original.name,
            content_disposition_type="attachment",
            headers={"cache-control": "no-store"},
        )

    answers: dict[str, Answerer] = {
        "read": read,
        "text": text,
        "find": find,
        "peek": peek,
        "leaves": leaves,
        "boxes": boxes,
        "leaf": leaf,
        "file": file,
    }
    for path, answer in answers.items():
        routes.add(path, answer, bare=path in ("leaf", "file"))


def quotes_of(call: Call) -> Quotes:
    """The quotes that a call names. Raises ValueError."""
    return Quotes(parse_spans(call.text("spans")), parse_spans(call.text("facts")))


def window(document: Document, start: int, end: int, quotes: Quotes, language: Language) -> dict[str, Any]:
    """One window as the panel takes it in."""
    return {"start": start, "end": end, "html": render_lines(document, start, end, quotes, language)}


def boxes_in(original: Path, document: Document, call: Call) -> dict[str, Any]:
    """Where the named quotes and facts stand on the pages: page → boxes."""
    from rag.pdf_pages import find_boxes

    places: dict[str, Any] = {}
    for name in ("spans", "facts"):
        found: dict[int, list[Any]] = {}
        for start, end in parse_spans(call.text(name))[:50]:
            for page, there in find_boxes(original, document, start, end).items():
                found.setdefault(page, []).extend(there)
        places[name] = found
    return places


def render_head(document: Document, quotes: Quotes, file: str, pdf: bool, note: str, language: Language) -> str:
    """Title, place and tools of the panel.

    Args:
        file: address of the original; "" when only the text is there.
        pdf: whether its pages can be shown.
        note: a line for the reader; "" for none.
    """
    page = document.page_at(quotes.first[0]) if quotes.spans else None
    facts = [document.source, document.date or "", say(language, "page", page=page) if page else ""]

    def button(do: str, label: str, sign: str) -> str:
        words = attribute(say(language, label))
        return f'<button type="button" data-do="{do}" title="{words}" aria-label="{words}">{sign}</button>'

    original = (
        f'<a class="wj-tool" href="{attribute(file)}" download>{escaped(say(language, "original"))}</a>' if file else ""
    )
    modes = (
        '<div class="wj-modes" role="group">'
        f'<button type="button" data-do="pages">{escaped(say(language, "as_pages"))}</button>'
        f'<button type="button" data-do="text">{escaped(say(language, "as_text"))}</button></div>'
        if pdf
        else ""
    )
    leaf = (
        f'<div class="wj-steps wj-leafing">{button("leaf-back", "leaf_back", "‹")}<span class="wj-leaf-at"></span>'
        f"{button('leaf-on', 'leaf_on', '›')}{button('smaller', 'smaller', '−')}{button('larger', 'larger', '+')}</div>"
        if pdf
        else ""
    )
    find = attribute(say(language, "find"))
    return (
        f'<header><button type="button" class="wj-close" data-do="close">{escaped(say(language, "close"))}</button>'
        f'<div class="wj-steps wj-citing">{button("back", "quote_back", "‹")}<span class="wj-cite-at"></span>'
        f"{button('on', 'quote_on', '›')}</div>{original}</header>"
        f'<div class="wj-reader-title">{element("h2", document.title, "wj-title")}{meta(facts)}</div>'
        f'<div class="wj-tools">{modes}{leaf}<div class="wj-find" role="search"><input type="search" '
        f'placeholder="{find}" aria-label="{find}"><span class="wj-find-at" role="status"></span>'
        f"{button('find-back', 'find_back', '‹')}{button('find-on', 'find_on', '›')}</div></div>"
        f"{element('p', note, 'wj-note') if note else ''}"
    )
