"""A conversation → HTML: the empty page, questions, drafts, answers with their chips, refusals, failures. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

from rag.settings import EXTRACTIVE
from rag.types import Answer, Citation, Claim
from rag.ui.export import answer_to_markdown
from rag.ui.feedback import REASONS, REFUSAL_REASONS
from rag.ui.labels import Language, say
from rag.ui.markup import attribute, button, element, escaped, runs
from rag.ui.sources import NEAREST, quote_attributes
from rag.ui.turns import Feedback, Turn
from vectorstore.records import DocumentInfo

_MARKER = re.compile(r"\[(\d{1,3})\]")


def render_welcome(documents: Sequence[DocumentInfo], language: Language) -> str:
    """The empty conversation: what this is, and which documents are loaded."""
    title = element("h2", say(language, "welcome"))
    if not documents:
        note = element("p", say(language, "no_documents"), "wj-note")
        add = button(say(language, "add_documents"), classes="wj-offer", go="documents")
        return f'<div class="wj-welcome">{title}{note}<div class="wj-offers">{add}</div></div>'
    titles = "".join(element("li", info.title) for info in documents[:5])
    more = "<li>…</li>" if len(documents) > 5 else ""
    loaded = say(language, "loaded", documents=len(documents), passages=sum(info.passages for info in documents))
    return (
        f'<div class="wj-welcome">{title}{element("p", say(language, "welcome_note"), "wj-note")}'
        f'<ul class="wj-titles">{titles}{more}</ul>{element("p", loaded, "wj-note")}</div>'
    )


def render_hints(questions: Sequence[str], language: Language) -> str:
    """Questions to start with; the style sheet hides them once a conversation goes on."""
    if not questions:
        return ""
    rows = "".join(f"<li>{button(question, classes='wj-ask', ask=question)}</li>" for question in questions)
    return f'<div class="wj-hints">{element("h3", say(language, "ask_about"))}<ul class="wj-examples">{rows}</ul></div>'


def render_turns(turns: Sequence[Turn], language: Language, first: int = 0) -> str:
    """Several turns in order; `first` is the number of the first one in its conversation."""
    return "".join(render_turn(turn, number, language) for number, turn in enumerate(turns, first))


def render_turn(turn: Turn, number: int, language: Language) -> str:
    """One question with its answer, draft, refusal or failure, and what the reader can do with it.

    Args:
        number: position of the turn in its conversation, from 0; chips, sources and buttons meet through it.
    """
    parts = [_render_question(turn, number, language)]
    standalone = turn.answer.standalone_question if turn.answer else turn.standalone
    if standalone and standalone.strip() != turn.question.strip():
        parts.append(element("p", say(language, "understood", question=standalone), "wj-understood"))
    if turn.answer is not None and turn.answer.refused:
        parts.append(_render_refusal(turn, turn.answer, number, language))
    elif turn.answer is not None:
        parts.append(_render_answer(turn, turn.answer, number, language))
    elif turn.progress == "failed":
        head = element("p", say(language, "failed"), "wj-head")
        retry = button(say(language, "retry"), classes="wj-offer", retry=str(number))
        offers = f'<div class="wj-offers">{retry}</div>'
        parts.append(f'<div class="wj-card wj-failed" role="alert">{head}{element("p", turn.error)}{offers}</div>')
    else:
        parts.append(_render_draft(turn, number, language))
    busy = "true" if turn.progress == "asking" else "false"
    return f'<article class="wj-turn" data-turn="{number}" aria-busy="{busy}">{"".join(parts)}</article>'


def _render_question(turn: Turn, number: int, language: Language) -> str:
    """The question and, once it is answered, the way to change it."""
    edit = (
        ""
        if turn.progress == "asking"
        else button(
            say(language, "edit"),
            classes="wj-act",
            edit=str(number),
            question=turn.question,
            send=say(language, "send"),
            cancel=say(language, "cancel"),
            label=say(language, "edit_label"),
        )
    )
    return f'<div class="wj-asked">{edit}{element("p", turn.question, "wj-question")}</div>'


def _render_refusal(turn: Turn, answer: Answer, number: int, language: Language) -> str:
    """The card that says that the documents don't hold the answer, why, what comes nearest and what to do."""
    lead = answer.text.replace(answer.reason, "").strip() or say(language, "refused")
    reason = element("p", answer.reason) if answer.reason else ""
    notice = element("p", answer.notice, "wj-notice") if answer.notice else ""
    near = min(len(answer.hits), NEAREST)
    offers = [
        button(say(language, "rephrase"), classes="wj-offer", rephrase=turn.question),
        button(say(language, "add_documents"), classes="wj-offer", go="documents"),
    ]
    if near:
        look = say(language, "nearest_listed", passages=near)
        offers.insert(0, button(look, classes="wj-offer", nearest=str(number)))
    return (
        f'<div class="wj-card wj-refusal">{element("p", lead, "wj-head")}{reason}{notice}'
        f'<div class="wj-offers">{"".join(offers)}</div></div>{_tools(turn, answer, number, language)}'
    )


def _render_answer(turn: Turn, answer: Answer, number: int, language: Language) -> str:
    """A checked answer: the short fact, then the sentences, then how much of it is proven and who wrote it."""
    notice = element("p", answer.notice, "wj-notice") if answer.notice else ""
    gone = element("p", say(language, "gone"), "wj-warning") if turn.gone else ""
    short = f'<p class="wj-short"><strong>{escaped(answer.short)}</strong></p>' if answer.short else ""
    text = _render_prose(answer.text, answer.claims, answer.citations, number, language, turn.gone)
    return (
        f'<div class="wj-answer">{short}<p class="wj-text">{text}</p>{gone}{notice}{_grounding(answer, language)}</div>'
        f"{_tools(turn, answer, number, language)}"
    )


def _grounding(answer: Answer, language: Language) -> str:
    """The line under an answer that says how many of its sentences are proven, and who wrote it."""
    supported = sum(claim.supported for claim in answer.claims)
    total = len(answer.claims)
    if not total:
        return ""
    line = say(language, "grounded" if total > 1 else "grounded_one", supported=supported, claims=total)
    if supported < total:
        line += f" · {say(language, 'unsupported')}"
    line += f" · {_writer(answer, language)}"
    return element("p", line, "wj-grounding" if supported == total else "wj-grounding wj-partly")


def _writer(answer: Answer, language: Language) -> str:
    """Which answerer wrote it."""
    return say(language, "by_embedded") if answer.model == EXTRACTIVE else answer.model


def _tools(turn: Turn, answer: Answer, number: int, language: Language) -> str:
    """What can be done with an answer: copy it with its sources, ask again, judge it."""
    rated = turn.feedback
    marks = "".join(
        f'<button type="button" class="wj-act" data-rate="{value}" data-turn="{number}" '
        f'aria-pressed="{"true" if rated and rated.good is good else "false"}">'
        f"{escaped(say(language, value))}</button>"
        for value, good in (("good", True), ("bad", False))
    )
    copied = say(language, "copied")
    tools = (
        button(say(language, "copy"), classes="wj-act", copy=answer_to_markdown(answer, language), done=copied)
        + button(say(language, "retry"), classes="wj-act", retry=str(number))
        + marks
    )
    group = f'<div class="wj-tools" role="group" aria-label="{attribute(say(language, "tools"))}">{tools}</div>'
    return group + (_render_feedback(rated, answer, number, language) if rated and not rated.good else "")


def _render_feedback(rated: Feedback, answer: Answer, number: int, language: Language) -> str:
    """What is wrong with an answer: asked until it is said, then thanked for."""
    if rated.reason or rated.right:
        return element("p", say(language, "thanks_case" if rated.case else "thanks"), "wj-note wj-thanks")
    reasons = "".join(
        button(say(language, f"reason_{reason}"), classes="wj-offer", reason=reason, turn=str(number))
        for reason in (REFUSAL_REASONS if answer.refused else REASONS)
    )
    label = escaped(say(language, "right_answer"))
    return (
        f'<div class="wj-feedback" data-feedback="{number}">{element("p", say(language, "what_is_wrong"), "wj-note")}'
        f'<div class="wj-offers">{reasons}</div><label class="wj-note">{label}<input class="wj-right" type="text" '
        f'maxlength="500"></label><p class="wj-note">{escaped(say(language, "right_note"))}</p></div>'
    )


def _render_prose(
    text: str,
    claims: Sequence[Claim],
    citations: Sequence[Citation],
    number: int,
    language: Language,
    gone: Collection[int] = (),
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
            pieces.append(_chip(int(word), cited.get(int(word), []), number, language, int(word) in gone))
            continue
        for start, end in runs(weak[offset : offset + len(word)]):
            run = escaped(word[start:end])
            pieces.append(f'<span class="wj-weak">{run}</span>' if weak[offset + start] else run)
        offset += len(word)
    return "".join(pieces)


def _chip(marker: int, citations: Sequence[Citation], number: int, language: Language, gone: bool) -> str:
    """A marker as a button that opens its source; the bare marker when it has none."""
    if not citations:
        return f"[{marker}]"
    label = say(language, "source_gone" if gone else "source_of", number=marker, title=citations[0].title)
    return (
        f'<button type="button" class="wj-chip{" wj-gone" if gone else ""}" data-turn="{number}" '
        f'data-number="{marker}" {quote_attributes(citations)} aria-label="{attribute(label)}" '
        f'aria-expanded="false">{marker}</button>'
    )


def _render_draft(turn: Turn, number: int, language: Language) -> str:
    """The unchecked text so far, its markers not yet clickable, and what is going on."""
    words = _MARKER.split(turn.draft)
    text = "".join(
        f'<span class="wj-chip wj-unchecked">{word}</span>' if i % 2 else escaped(word) for i, word in enumerate(words)
    )
    draft = f'<p class="wj-text wj-draft">{text}</p>' if text else ""
    if turn.progress == "stopped":
        note = element("p", say(language, "stopped" if text else "stopped_early"), "wj-note")
        again = button(say(language, "retry"), classes="wj-act", retry=str(number))
        return f'<div class="wj-answer">{draft}{note}</div><div class="wj-tools">{again}</div>'
    doing = say(language, "checking" if turn.standalone else "searching")
    return f'<div class="wj-answer">{draft}{element("p", doing, "wj-doing")}</div>'
