"""Titles and dates that a text or a file name states."""

from __future__ import annotations

import re
from datetime import date

from rag.sentences import iter_sentences, split_clauses

_TITLE_MAX = 40  # characters
_TITLE_WITHIN = 400  # characters of the text
_TITLE_MIN = 12  # a shorter first clause takes the next one in
_OPENING = 6  # lines in which a dateline is looked for
_BYLINE_MAX = 60  # characters; a longer line is text, and its dates are those of events

_date = re.compile(
    r"(?<!\d)((?:[1１][9９]|[2２][0０])\d{2})\s?(?:[-/.]|年)\s?(\d{1,2})\s?(?:[-/.]|月)\s?(\d{1,2})(?!\d)"
)
_date_in_name = re.compile(r"(?<![0-9A-Za-z])((?:19|20)\d{2})[-_.年]?(\d{2})[-_.月]?(\d{2})日?(?![0-9A-Za-z])")
_starts_with_date = re.compile(r"\s*\d{4}-\d{1,2}-\d{1,2}")
_label = re.compile(r"(?:原?标题|原?標題|题目|題目|title)\s*[：:]\s*", re.IGNORECASE)
_no_title = re.compile(r"[。，；、,;:：.…]\Z")
_letters = re.compile(r"[^\W\d_]")
# Clauses that say when, or who reports, before the news itself begins.
_preamble = re.compile(
    r"[\s（(【\[]*(?:"
    r"(?:\d{2,4}\s?[-年]\s?)?(?:\d{1,2}\s?[-月]\s?)?(?:\d{1,2}\s?日?)?(?:[\s\d:：]*|上午|下午|晚|凌晨|当天)"
    r"|(?:近日|日前|今日|今天|昨日|昨天|近期|当前|目前|此前|最近)"
    r"|.{0,24}(?:电|電|讯|訊|消息|获悉|獲悉|报道|報道|正文)"
    r")[\s）)】\]]*[，,：:]?"
)


def iso_date(text: str) -> str | None:
    """The first full date in `text` as `YYYY-MM-DD`.

    >>> iso_date("2022年6月13日 13:51"), iso_date("6月13日")
    ('2022-06-13', None)
    """
    return next((found for match in _date.finditer(text) if (found := _valid(*match.groups()))), None)


def date_in_name(name: str) -> str | None:
    """The date in a file name such as `2022-06-13-北京.md` or `年报_20220613.txt`."""
    return next((found for match in _date_in_name.finditer(name) if (found := _valid(*match.groups()))), None)


def date_in_opening(text: str) -> str | None:
    """The date of a byline in the first lines (`2022-06-13 13:51 来源：北京商报`), never one inside a sentence."""
    for line in text[:2000].split("\n")[:_OPENING]:
        if _starts_with_date.match(line):
            return iso_date(line[:40])
        if len(line) <= _BYLINE_MAX and not line.rstrip().endswith(("。", "！", "？", ".", "；", "，", ",")):
            found = iso_date(line)
            if found:
                return found
    return None


def title_in_text(text: str) -> str:
    """A title for a text that names none in its metadata.

    The first line, if it is short and no sentence; else the first clause that says what the text is about, without
    the words before it that only say when or who reports, at most 40 characters. "" for a text without letters.
    """
    opening = text[:_TITLE_WITHIN].strip()
    lines = [line.strip() for line in opening.split("\n")]
    for line in lines[:3]:
        if not _letters.search(line) or _preamble.fullmatch(line):
            continue
        line = _label.sub("", line, count=1) if _label.match(line) else line
        if len(line) <= _TITLE_MAX and len(lines) > 1 and not _no_title.search(line):
            return line
        break
    label = _label.match(opening)
    return _first_clause(opening[label.end() :] if label else opening)


def _first_clause(text: str) -> str:
    """The first clause that says something, shortened."""
    for start, end in iter_sentences(text):
        clauses = split_clauses(text, start, end)
        while len(clauses) > 1 and _preamble.fullmatch(text[slice(*clauses[0])]):
            clauses.pop(0)
        if not _letters.search(text[clauses[0][0] : end]):
            continue
        left, right = clauses[0]
        if label := _label.match(text, left, end):
            left = label.end()
        for _, right in clauses:
            if right - left >= _TITLE_MIN and text[right - 1] not in "：:":
                break
        return _shorten(text[left:right].strip(" \t。，；：、！,;:.!"))
    return ""


def _shorten(title: str) -> str:
    """At most 40 characters, cut at a natural break where there is one."""
    if len(title) <= _TITLE_MAX:
        return title
    cut = max(title.rfind(mark, 12, _TITLE_MAX) for mark in ("——", " "))
    return title[:cut] if cut > 0 else title[: _TITLE_MAX - 1] + "…"


def _valid(year: str, month: str, day: str) -> str | None:
    """The date if the calendar has it."""
    try:
        return date(int(year), int(month), int(day)).isoformat()
    except ValueError:
        return None
