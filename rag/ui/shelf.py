"""Collections, uploads on their way, and the list of documents → HTML. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal

from rag.collections import NAME_MAX, Collection
from rag.errors import WenjuError
from rag.language import Language
from rag.ui.jobs import Row
from rag.ui.labels import say
from rag.ui.markup import attribute, element, escaped, meta
from rag.ui.routes import spoken
from vectorstore.records import DocumentInfo
from vectorstore.tokens import fold

PAGE = 50  # documents on one page of the list
SHOWN = 60  # rows of files drawn; of the rest only the count is told

Sort = Literal["name", "title", "date", "size"]
SORTS: tuple[Sort, ...] = ("name", "title", "date", "size")


def render_frame(
    collections: Sequence[Collection],
    current: str,
    documents: Sequence[DocumentInfo],
    suffixes: Sequence[str],
    limits: tuple[int, int],
    file: str,
    language: Language,
) -> str:
    """The whole area: collections, drop zone, and places for rows and list, which the page's script fills.

    Args:
        current: id of the collection that is shown.
        limits: megabytes of one file, files in one drop.
        file: address of the originals, to which a document's id is added.
    """
    kinds = " ".join(suffix.lstrip(".").upper() for suffix in suffixes)
    note = say(language, "limits", suffixes=kinds, megabytes=limits[0], files=limits[1])
    too_many = attribute(say(language, "too_many", limit=limits[1], seen="{seen}"))
    search = attribute(say(language, "search_documents"))
    sorts = "".join(f'<option value="{sort}">{escaped(say(language, f"sort_{sort}"))}</option>' for sort in SORTS)
    return (
        f"{_render_bar(collections, current, len(documents), language)}"
        f'<label class="wj-drop" data-limit="{limits[1]}" data-too-many="{too_many}">'
        f'<input type="file" multiple accept="{attribute(",".join(suffixes))}">'
        f"{element('span', say(language, 'drop'))}{element('small', note)}</label>"
        f'<div class="wj-rows" aria-live="polite"></div>'
        f'<div class="wj-list-tools"><input type="search" placeholder="{search}" aria-label="{search}">'
        f'<select aria-label="{attribute(say(language, "sort"))}" data-sort>{sorts}</select></div>'
        f'<div class="wj-list">{render_list(documents, "", "name", 1, file, language)}</div>'
    )


def _render_bar(collections: Sequence[Collection], current: str, documents: int, language: Language) -> str:
    """Making, renaming and deleting collections."""
    label = attribute(say(language, "collection_name"))
    name = attribute(next((one.name for one in collections if one.id == current), ""))
    field = f'<input type="text" maxlength="{NAME_MAX}" placeholder="{label}" aria-label="{label}"'

    def form(do: str, open_with: str, value: str, words: str) -> str:
        return (
            f'<details class="wj-form"><summary>{escaped(say(language, open_with))}</summary><form data-shelf="{do}">'
            f'{field} value="{value}" required><button>{escaped(say(language, words))}</button></form></details>'
        )

    change = ""
    if current:
        confirm = attribute(say(language, "collection_confirm", documents=documents))
        change = (
            f"{form('rename', 'collection_rename', name, 'collection_rename')}"
            f'<button type="button" data-shelf="delete" data-confirm="{confirm}">'
            f"{escaped(say(language, 'collection_delete'))}</button>"
        )
    heading = element("h2", name_of(current, collections, language))
    return (
        f'<div class="wj-shelf">{heading}{form("create", "collection_new", "", "collection_make")}{change}</div>'
        '<p class="wj-shelf-said wj-wrong" role="alert"></p>'
    )


def name_of(current: str, collections: Sequence[Collection], language: Language) -> str:
    """What a collection is called on the page."""
    name = next((one.name for one in collections if one.id == current), "")
    return name or say(language, "default_collection")


def render_picker(collections: Sequence[Collection], current: str, language: Language) -> str:
    """The choice of a collection for the head of the page; only its mark while there is but one."""
    mark = f'data-collection="{attribute(current)}"'
    if len(collections) < 2:
        return f"<span {mark}></span>"
    options = "".join(
        f'<option value="{attribute(one.id)}"{" selected" if one.id == current else ""}>'
        f"{escaped(name_of(one.id, collections, language))}</option>"
        for one in collections
    )
    return f'<select {mark} aria-label="{attribute(say(language, "collection"))}">{options}</select>'


def render_rows(rows: Sequence[Row], language: Language) -> str:
    """Files on their way: how far each is, what became of it, and buttons to stop and to clear."""
    if not rows:
        return ""
    over = sum(row.is_over for row in rows)
    count = element("span", say(language, "progress", over=over, rows=len(rows)), "wj-note")
    do = "clear" if over == len(rows) else "stop_all"
    button = f'<button type="button" data-rows="{do.partition("_")[0]}">{escaped(say(language, do))}</button>'
    # What is going on comes first, then what went wrong, then the rest, each in the order it came.
    order = {"working": 0, "failed": 1, "waiting": 2, "stopped": 3, "done": 3}
    shown = sorted(rows, key=lambda row: order[row.state])[:SHOWN]
    more = f"<li class='wj-note'>… {len(rows) - SHOWN}</li>" if len(rows) > SHOWN else ""
    items = "".join(_render_row(row, language) for row in shown)
    return (
        f'<div class="wj-rows-head">{count}<progress max="{len(rows)}" value="{over}"></progress>{button}</div>'
        f'<ul tabindex="0" aria-label="{attribute(say(language, "progress_list"))}">{items}{more}</ul>'
    )


def _render_row(row: Row, language: Language) -> str:
    """One file on its way."""
    stop = attribute(say(language, "stop_one", name=row.name))
    button = f'<button type="button" data-rows="stop" data-row="{row.number}" aria-label="{stop}">×</button>'
    bar = f'<progress max="{row.total}" value="{row.done}"></progress>' if row.state == "working" and row.total else ""
    return (
        f'<li class="wj-row wj-{row.state}">{element("span", row.name, "wj-row-name")}'
        f"{element('span', _said(row, language), 'wj-row-said')}{bar}{'' if row.is_over else button}</li>"
    )


def _said(row: Row, language: Language) -> str:
    """How far a file is, or what became of it, in words."""
    if row.state == "waiting":
        return say(language, "waiting")
    if row.state == "working":
        return say(language, f"stage_{row.stage}", done=row.done, total=row.total)
    if row.error is not None:
        known = isinstance(row.error, WenjuError | OSError)
        words = spoken(row.error, language) if known else say(language, "unexpected")
        bare = row.name.rpartition("/")[2]  # loaders name the file first, and so does the row
        return words.removeprefix(f"{bare}: ").removeprefix(f"{bare}：")
    if row.report is not None:
        report = row.report
        return say(language, report.outcome, passages=_passages(report.passages, language), source=report.source)
    return say(language, "stopped_row")


def choose(documents: Sequence[DocumentInfo], words: str, sort: str) -> list[DocumentInfo]:
    """The documents whose title or source holds all the words, in the order asked for; ties by source and id."""
    wanted = fold(words).split()
    found = [info for info in documents if all(word in fold(f"{info.title}\n{info.source}") for word in wanted)]
    found.sort(key=lambda info: (fold(info.source), info.id))
    if sort == "title":
        found.sort(key=lambda info: fold(info.title))
    elif sort == "date":
        found.sort(key=lambda info: info.date or "", reverse=True)
    elif sort == "size":
        found.sort(key=lambda info: -info.characters)
    return found


def render_list(
    documents: Sequence[DocumentInfo], words: str, sort: str, page: int, file: str, language: Language
) -> str:
    """One page of the list of documents.

    Args:
        words: what is searched for in titles and names.
        page: 1-based; a page beyond the last is the last.
        file: address of the originals, to which the id is added; "" leaves the download out.
    """
    if not documents:
        return element("p", say(language, "none_yet"), "wj-note")
    found = choose(documents, words, sort)
    if not found:
        return element("p", say(language, "none_found"), "wj-note")
    pages = -(-len(found) // PAGE)
    page = min(max(page, 1), pages)
    shown = found[(page - 1) * PAGE : page * PAGE]
    passages = sum(info.passages for info in found)
    key = "found" if words.strip() else "loaded"
    count = element("span", say(language, key, documents=len(found), passages=passages), "wj-note")
    all_label = attribute(say(language, "choose_all"))
    head = (
        f'<div class="wj-list-head"><input type="checkbox" data-all aria-label="{all_label}">{count}'
        f'<button type="button" class="wj-chosen" data-do="again">{escaped(say(language, "again_chosen"))}</button>'
        f'<button type="button" class="wj-chosen wj-remove" data-do="remove" '
        f'data-confirm="{attribute(say(language, "confirm"))}">{escaped(say(language, "remove_chosen"))}</button>'
        f'<button type="button" class="wj-unchosen" data-do="again-all">{escaped(say(language, "again_all"))}</button>'
        "</div>"
    )
    rows = "".join(_render_document(info, file, language) for info in shown)
    return f'{head}<ul class="wj-documents">{rows}</ul>{_render_pager(page, pages, language)}'


def _render_document(info: DocumentInfo, file: str, language: Language) -> str:
    """One document with what can be done with it."""
    facts = [
        info.source,
        info.date or "",
        _passages(info.passages, language),
        say(language, "characters", count=f"{info.characters:,}"),
    ]
    identity = attribute(info.id)
    download = (
        f'<a href="{attribute(file)}{identity}" download>{escaped(say(language, "download"))}</a>' if file else ""
    )
    return (
        f'<li data-id="{identity}"><input type="checkbox" value="{identity}" '
        f'aria-label="{attribute(say(language, "choose_one", name=info.title))}">'
        f'<div><button type="button" class="wj-title" data-document="{identity}" data-spans="">{escaped(info.title)}'
        f"</button>{meta(facts)}</div>"
        f'<div class="wj-acts">{download}'
        f'<button type="button" data-do="again">{escaped(say(language, "again"))}</button>'
        f'<button type="button" class="wj-remove" data-do="remove" '
        f'data-confirm="{attribute(say(language, "confirm"))}" '
        f'aria-label="{attribute(say(language, "remove") + " " + info.title)}">'
        f"{escaped(say(language, 'remove'))}</button></div></li>"
    )


def _passages(count: int, language: Language) -> str:
    """A number of passages in words."""
    return say(language, "passage" if count == 1 else "passages", passages=f"{count:,}")


def _render_pager(page: int, pages: int, language: Language) -> str:
    """Steps between the pages of the list; "" for one page."""
    if pages < 2:
        return ""

    def step(to: int, words: str) -> str:
        off = "" if 1 <= to <= pages else " disabled"
        return f'<button type="button" data-page="{to}"{off}>{escaped(say(language, words))}</button>'

    here = element("span", say(language, "page_of", page=page, pages=pages), "wj-note")
    return f'<div class="wj-pager">{step(page - 1, "earlier_page")}{here}{step(page + 1, "later_page")}</div>'


def one_suffix_each(suffixes: Iterable[tuple[str, str]]) -> tuple[str, ...]:
    """The first suffix of each loader, for the reader's eyes.

    >>> one_suffix_each([(".md", "markdown"), (".markdown", "markdown"), (".pdf", "pdf")])
    ('.md', '.pdf')
    """
    first: dict[str, str] = {}
    for suffix, loader in suffixes:
        first.setdefault(loader, suffix)
    return tuple(first.values())
