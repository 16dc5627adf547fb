"""The only place where text becomes markup. Pure.

Document text, titles, file names, questions and model output are all untrusted: each passes through `escaped`
(elements) or `attribute` (attribute values). Nothing here writes a link, an image or an inline handler, so an answer
cannot make the browser fetch or run anything.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from html import escape
from itertools import pairwise

# What neither HTML nor JSON can hold (C0 controls but tab and newlines, lone surrogates of undecodable file names), and
# the bidirectional overrides that make a file name read backwards.
_UNSHOWABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def escaped(value: str) -> str:
    """Untrusted text as element content, without what a page cannot hold."""
    return escape(_UNSHOWABLE.sub("", value), quote=True)


def attribute(value: str) -> str:
    """Untrusted text as a double-quoted attribute value, on one line."""
    return " ".join(escaped(value).split())


def verbatim(value: str) -> str:
    """Untrusted text as a double-quoted attribute value that keeps its lines, for scripts to read."""
    return escaped(value).replace("\n", "&#10;")


def button(words: str, /, **data: str) -> str:
    """A small button of words whose `data-…` a script or the server listens to.

    >>> button("复制", copy="甲", classes="wj-act")
    '<button type="button" class="wj-act" data-copy="甲">复制</button>'
    """
    classes = f' class="{data.pop("classes")}"' if "classes" in data else ""
    facts = "".join(f' data-{name}="{verbatim(value)}"' for name, value in data.items())
    return f'<button type="button"{classes}{facts}>{escaped(words)}</button>'


def element(tag: str, text: str, classes: str = "") -> str:
    """An element around untrusted text; `tag` and `classes` are our own."""
    return f'<{tag} class="{classes}">{escaped(text)}</{tag}>' if classes else f"<{tag}>{escaped(text)}</{tag}>"


def meta(facts: Iterable[str]) -> str:
    """A small line of facts, empty ones left out."""
    return element("p", " · ".join(fact for fact in facts if fact), "wj-meta")


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
    for start, end in runs(quoted):
        if not quoted[start]:
            pieces.append(escaped(text[start:end]))
            continue
        inside = [
            f"<strong>{escaped(text[start + a : start + b])}</strong>"
            if stressed[start + a]
            else escaped(text[start + a : start + b])
            for a, b in runs(stressed[start:end])
        ]
        pieces.append(f"<mark>{''.join(inside)}</mark>")
    return "".join(pieces)


def runs(flags: Sequence[bool]) -> list[tuple[int, int]]:
    """Maximal runs of equal flags as (start, end)."""
    edges = [i for i in range(len(flags)) if i == 0 or flags[i] != flags[i - 1]]
    return list(pairwise([*edges, len(flags)]))
