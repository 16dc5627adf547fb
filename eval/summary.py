"""A run as a short HTML summary for the chat page: the main figures, and the questions that went wrong. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from eval.metrics import HEADLINE, has_failed, shortcomings, summarise
from eval.records import Record
from eval.table import in_words
from rag.language import Language
from rag.ui.labels import say
from rag.ui.markup import element, escaped

# Failures that the page lists; the full report has all.
WORST = 20


def render_summary(records: Sequence[Record], problems: Sequence[str], language: Language) -> str:
    """The table of figures, the worst cases, and what was left out."""
    figures = summarise(records)
    heads = "".join(f'<th scope="col">{escaped(say(language, key))}</th>' for key in ("eval_metric", "eval_value"))
    rows = "".join(
        f'<tr><th scope="row">{escaped(say(language, f"metric_{name}"))}</th>'
        f"<td>{escaped(in_words(figures[name], name))}</td><td>{figures[name].count}</td></tr>"
        for name in HEADLINE
        if figures[name].count
    )
    table = (
        f'<table class="wj-figures"><thead><tr>{heads}<th scope="col">{escaped(say(language, "eval_count"))}</th></tr>'
        f"</thead><tbody>{rows}</tbody></table>"
    )
    failed = sorted((record for record in records if has_failed(record)), key=_badness)
    shown = failed[:WORST]
    title = element("h3", say(language, "eval_worst", shown=len(shown), all=len(failed))) if failed else ""
    cases = "".join(_case(record, language) for record in shown)
    left = element("p", say(language, "eval_skipped", count=len(problems)), "wj-note") if problems else ""
    skipped = "".join(element("li", problem) for problem in problems[:WORST])
    return f"{table}{title}{cases}{left}" + (f'<ul class="wj-skipped">{skipped}</ul>' if skipped else "")


def _badness(record: Record) -> tuple[int, str]:
    """Worst first: a made-up answer, then a wrong one, then a refusal, then what is only badly cited."""
    question, reply = record.question, record.reply
    if not question.answerable:
        return 0, question.id
    if reply.error:
        return 1, question.id
    if reply.refused:
        return 3, question.id
    wrong = any(line.startswith("missing") for line in shortcomings(question, reply))
    return (2 if wrong else 4), question.id


def _case(record: Record, language: Language) -> str:
    """One question: the reply, what was wanted, and why it fails."""
    question, reply = record.question, record.reply
    wanted = "; ".join(" / ".join(fact) for fact in question.facts) or say(language, "eval_refusal_wanted")
    facts = (
        ("eval_reply", reply.error or reply.text),
        ("eval_wanted", wanted),
        ("eval_why", "; ".join(shortcomings(question, reply))),
    )
    items = "".join(f"<dt>{escaped(say(language, key))}</dt><dd>{escaped(text)}</dd>" for key, text in facts)
    return f'<article class="wj-case">{element("h4", question.question)}<dl>{items}</dl></article>'
