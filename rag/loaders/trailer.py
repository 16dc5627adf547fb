"""What stands below an article and is not part of it: where it came from, links back, links on."""

from __future__ import annotations

import re

_URL = r"(?:https?:)?//[^\s<>()（）|｜、，]++"  # possessive: where a link ends is never tried again
_LINK = rf"(?:<{_URL}>|\[[^\[\]\n]{{0,80}}\]\([^()\s]{{0,500}}\)|{_URL})"
_links_only = re.compile(rf"[\s|｜·•>»/、，,\-]*(?:{_LINK}[\s|｜·•>»/、，,\-]*)+")
_credit = re.compile(
    r"[（(\[【]?\s*(?:(?P<source>(?:文章|信息|资料|資料|稿件|新闻|新聞|本文|内容|內容)?[来來]源)"
    r"|(?P<editor>(?:责任|責任)?(?:编辑|編輯)|责编|責編)"
    r"|(?:原文|文章)?(?:链接|連結|地址|网址))\s*[：:]\s*(?P<value>[^。！？\n]{0,200}?)\s*[)）\]】]?"
)
_url = re.compile(r"https?://[^\s<>()（）]+")
_CREDIT_MAX = 60  # characters besides a link


def split_trailer(lines: list[str]) -> tuple[list[str], dict[str, str]]:
    """Split off the closing lines that hold nothing but links, or say where a text comes from or who edited it.

    Returns:
        (the lines that are content, facts: `publisher`, `editor`, `url`). A text of links alone is kept whole.
    """
    kept = len(lines)
    facts: dict[str, str] = {}
    while kept and (not lines[kept - 1].strip() or (found := _trailer_facts(lines[kept - 1].strip())) is not None):
        if lines[kept - 1].strip() and found:
            facts = {**facts, **found}
        kept -= 1
    return (lines[:kept], facts) if kept else (lines, {})


def _trailer_facts(line: str) -> dict[str, str] | None:
    """What a closing line tells; {} for mere links, None for content."""
    url = _url.search(line)
    facts = {"url": url[0]} if url else {}
    if len(line) <= 2000 and _links_only.fullmatch(line):
        return facts
    without_link = _url.sub("", line)
    credit = _credit.fullmatch(without_link) if len(without_link) <= _CREDIT_MAX else None
    if not credit:
        return None
    name = "publisher" if credit["source"] else "editor"
    if credit["value"] and (credit["source"] or credit["editor"]):
        facts[name] = credit["value"]
    return facts
