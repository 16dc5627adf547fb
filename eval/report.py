"""A run as one HTML file: figures, charts, and every failure with its quotes. Nothing is loaded from elsewhere."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

from eval.charts import bar_chart, reliability_chart
from eval.judge import Figures
from eval.judge import in_words as judged
from eval.metrics import BY_NAME, HEADLINE, METRICS, has_failed, shortcomings, slices, summarise
from eval.records import Finding, Quote, Record, Reply, Run
from eval.statistics import auroc, quantile, reliability
from eval.table import in_words
from eval.text import strip_markers


def render_report(run: Run, css: str, judges: Mapping[str, Figures]) -> str:
    """The whole page.

    Args:
        css: the style sheet to put inside.
        judges: figures of the judges by name, for the part on how far to trust them.
    """
    failed = [record for record in run.records if has_failed(record)]
    doubted = [record for record in run.records if not has_failed(record) and _is_doubted(record)]
    passed = [record for record in run.records if not has_failed(record) and not _is_doubted(record)]
    body = [
        _head(run),
        _cards(run.records),
        "<h2>By kind of question</h2>",
        bar_chart(
            [(name, summarise(group)["good"]) for name, group in slices(run.records)],
            "share right, cited and short, by kind of question",
        ),
        "<p class=soft>Percent right, cited and short (unanswerable: refused), with bootstrap 95 % intervals.</p>",
        "<h2>All metrics</h2>",
        _figures(run.records),
        "<h2>Does it know what it doesn’t know?</h2>",
        _reliability(run.records),
        "<h2>How far to trust the judge</h2>",
        _judges({**judges, **run.judges}),
        f"<h2>Failures ({len(failed)} of {len(run.records)})</h2>",
        *(_case(record) for record in failed),
        f"<h2>Right, but the judge doubts a sentence ({len(doubted)})</h2>" if doubted else "",
        *(_case(record) for record in doubted),
        f"<details><summary>The {len(passed)} others</summary>",
        *(_case(record) for record in passed),
        "</details>",
    ]
    title = escape(f"Grounding eval {run.name}")
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">"
        f"<title>{title}</title><style>{css}</style></head><body>{''.join(body)}</body></html>\n"
    )


def _is_doubted(record: Record) -> bool:
    """Whether the judge finds a sentence that its quotes don't support."""
    return any(not finding.supported for finding in record.findings)


def _head(run: Run) -> str:
    """What was run, when, over what."""
    facts = {"questions": f"{run.questions}, split {run.split}, {len(run.records)} asked", "commit": run.commit or "–"}
    facts |= {f"index {name}": value for name, value in run.index.items()}
    facts |= dict(run.settings)
    rows = "".join(f"<tr><th>{escape(name)}</th><td>{escape(value)}</td></tr>" for name, value in facts.items())
    return (
        f"<h1>Grounding eval</h1><p class=soft>{escape(run.started)} · {escape(run.settings.get('llm', ''))} · "
        f"{len(run.records)} questions, split {escape(run.split)} · commit {escape(run.commit or '–')}</p>"
        f"<details><summary>Settings and index</summary><table>{rows}</table></details>"
    )


def _cards(records: Sequence[Record]) -> str:
    """The main figures, large."""
    figures = summarise(records)
    cards = []
    for name in HEADLINE:
        mean, _, interval = in_words(figures[name], name).partition(" ")
        kind = "card main" if name == "good" else "card"
        cards.append(
            f'<div class="{kind}">{BY_NAME[name].label}<b>{mean}</b><span class=soft>{interval} %</span></div>'
        )
    return f'<div class="cards">{"".join(cards)}</div>'


def _figures(records: Sequence[Record]) -> str:
    """Every metric with its interval and definition."""
    core = [record for record in records if record.question.core]
    figures, core_figures = summarise(records), summarise(core)
    rows = "".join(
        f"<tr><td class=name>{metric.label}</td><td class=number>{in_words(figures[metric.name], metric.name)}</td>"
        f"<td class=number>{in_words(core_figures[metric.name], metric.name)}</td>"
        f"<td class=number>{figures[metric.name].count}</td><td class=soft>{escape(metric.about)}</td></tr>"
        for metric in METRICS
    )
    seconds = [record.reply.seconds for record in records]
    times = ", ".join(f"p{share * 100:.0f} {(quantile(seconds, share) or 0) * 1000:.0f} ms" for share in (0.5, 0.95))
    return (
        f'<div class="wide"><table><tr><th>metric</th><th class=number>all</th><th class=number>core ({len(core)})</th>'
        f"<th class=number>n</th><th>what it says</th></tr>{rows}</table></div>"
        f"<p class=soft>Percent with bootstrap 95 % intervals; length in characters; an answer takes {times}.</p>"
    )


def _reliability(records: Sequence[Record]) -> str:
    """The plot of stated confidence against answerability."""
    stated = [(r.reply.confidence, r.question.answerable) for r in records if r.reply.confidence is not None]
    if len(stated) < 10:
        return "<p class=soft>The answerer states no confidence, so there is nothing to plot.</p>"
    confidences, truths = [c for c, _ in stated], [truth for _, truth in stated]
    area = auroc(confidences, truths)
    said = (
        "" if area is None else f" AUROC {area * 100:.1f}: how often an answerable question gets the higher confidence."
    )
    return (
        reliability_chart(reliability(confidences, truths), "confidence against answerability")
        + f"<p class=soft>{len(stated)} questions in bins of equal size; on the diagonal, confidence is honest.{said}"
        "</p>"
    )


def _judges(judges: Mapping[str, Figures]) -> str:
    """The judges' own figures on labelled data."""
    if not judges:
        return "<p class=soft>Not measured; <code>python -m eval judge citecheck_dev.jsonl</code> does it.</p>"
    tables = []
    for name, parts in judges.items():
        heads = "".join(f"<th class=number>{escape(part)}</th>" for part in parts)
        labels = dict.fromkeys(label for figures in parts.values() for label in figures)
        rows = "".join(
            f"<tr><td>{escape(label)}</td>{''.join(_cell(figures.get(label)) for figures in parts.values())}</tr>"
            for label in labels
        )
        tables.append(f"<table><tr><th>{escape(name)}</th>{heads}</tr>{rows}</table>")
    return "".join(tables)


def _cell(value: float | int | None) -> str:
    """A table cell with a judge's figure."""
    return f"<td class=number>{'–' if value is None else escape(judged(value))}</td>"


def _case(record: Record) -> str:
    """One question: what was asked, replied and wanted, with the quotes in their passages."""
    question, reply = record.question, record.reply
    rows = [("after", escape(f"{asked} → {told}")) for asked, told in question.history]
    if reply.standalone and reply.standalone != question.question:
        rows.append(("searched", escape(reply.standalone)))
    rows.append(("reply", _reply(reply, record.findings)))
    rows += [(f"[{quote.number}]", _in_passage(quote)) for quote in reply.quotes]
    if question.answerable:
        rows.append(("facts", "; ".join(escape(" / ".join(fact)) for fact in question.facts)))
        wordings = [wording for fact in question.facts for wording in fact]
        rows += [
            ("gold", f"{_marked(piece.quote, wordings)} <span class=note>{escape(piece.source)}</span>")
            for piece in question.evidence
        ]
    else:
        rows.append(("gold", f"<span class=refused>to be refused</span> {escape(question.note)}"))
    if has_failed(record):
        rows.append(("why", f"<span class=why>{escape('; '.join(shortcomings(question, reply)))}</span>"))
    items = "".join(f"<dt>{name}</dt><dd>{html}</dd>" for name, html in rows)
    return (
        f'<div class="case" id="{escape(question.id)}"><h3>'
        f"<small>{escape(question.id)} {escape(question.category)}</small>{escape(question.question)}</h3>"
        f"<dl>{items}</dl></div>"
    )


def _reply(reply: Reply, findings: Sequence[Finding]) -> str:
    """The answer with unsupported sentences underlined, or the refusal."""
    if reply.error:
        return f"<span class=why>{escape(reply.error)}</span>"
    if reply.refused:
        return f"<span class=refused>refused: {escape(reply.reason or reply.text)}</span>"
    lines = []
    for finding in findings:
        markers = "".join(f"[{number}]" for number in finding.markers)
        note = "" if finding.supported else f" <span class=note>{escape(finding.reason)}</span>"
        kind = "claim" if finding.supported else "claim bad"
        lines.append(f'<span class="{kind}">{escape(finding.text)}{markers}</span>{note}')
    return "".join(lines) or escape(strip_markers(reply.text)) or "<span class=refused>empty</span>"


def _in_passage(quote: Quote) -> str:
    """A quote highlighted in its passage, with a warning when the document doesn't read so."""
    start = quote.around.find(quote.text) if quote.text else -1
    warning = "" if quote.exact else "<span class=why>not in the document at these offsets</span> "
    where = f" <span class=note>{escape(quote.source)} {quote.start}–{quote.end}</span>"
    if start < 0:
        return f"{warning}<mark>{escape(quote.text)}</mark>{where}"
    end = start + len(quote.text)
    before, after = quote.around[max(0, start - 80) : start], quote.around[end : end + 80]
    return (
        f"{warning}<span class=context>…{escape(before)}<mark>{escape(quote.text)}</mark>{escape(after)}…</span>{where}"
    )


def _marked(text: str, wordings: Sequence[str]) -> str:
    """Escaped text with the first of the wordings it holds marked."""
    found = next((wording for wording in wordings if wording in text), "")
    if not found:
        return escape(text)
    before, _, after = text.partition(found)
    return f"{escape(before)}<mark>{escape(found)}</mark>{escape(after)}"
