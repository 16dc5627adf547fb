"""The list of documents, what may be dropped, and what became of it → HTML. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rag.ui.labels import Language, say
from rag.ui.markup import attribute, element, escaped, meta
from vectorstore.records import DocumentInfo


def render_documents(documents: Sequence[DocumentInfo], language: Language) -> str:
    """The list of loaded documents, each with a remove button that asks once more."""
    if not documents:
        return element("p", say(language, "no_documents"), "wj-note")
    rows = []
    for info in documents:
        facts = [info.source, info.date or "", say(language, "passages", passages=info.passages)]
        rows.append(
            f"<li><div>{element('p', info.title, 'wj-title')}{meta(facts)}</div>"
            f'<button type="button" class="wj-remove" data-document="{attribute(info.id)}" '
            f'data-confirm="{attribute(say(language, "confirm"))}" '
            f'aria-label="{attribute(say(language, "remove") + " " + info.title)}">'
            f"{escaped(say(language, 'remove'))}</button></li>"
        )
    return f'<ul class="wj-documents">{"".join(rows)}</ul>'


def render_limits(suffixes: Iterable[str], megabytes: int, files: int, language: Language) -> str:
    """What may be dropped: kinds of file, size, number."""
    kinds = " ".join(suffix.lstrip(".").upper() for suffix in suffixes)
    return element("p", say(language, "limits", suffixes=kinds, megabytes=megabytes, files=files), "wj-note")


def render_results(lines: Iterable[tuple[bool, str]]) -> str:
    """One line per file or removal: (went well, what happened)."""
    rows = "".join(f'<li class="{"wj-done" if well else "wj-wrong"}">{escaped(line)}</li>' for well, line in lines)
    return f'<ul class="wj-results" role="status">{rows}</ul>' if rows else ""
