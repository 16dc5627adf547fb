"""`.txt` as it really comes: any Chinese encoding, front matter, HTML inside, tables of tabs or blanks, links below."""

from __future__ import annotations

import html
import re

from rag.loaders.base import Content, decode, tidy
from rag.loaders.frontmatter import split_front_matter, title_date_rest
from rag.loaders.text_table import name_columns
from rag.loaders.trailer import split_trailer

_ELEMENT = (
    r"/?(?:a|abbr|article|b|big|blockquote|body|br|caption|center|cite|code|col|colgroup|dd|del|div|dl|dt|em|figcaption"
    r"|figure|font|footer|h[1-6]|head|header|hr|html|i|iframe|img|ins|label|li|link|main|mark|meta|nav|ol|p|pre|s|script"
    r"|section|small|span|strike|strong|style|sub|sup|table|tbody|td|tfoot|th|thead|title|tr|u|ul|video|[a-z]+:[a-z]+)"
    r"(?:\s+[A-Za-z_:-]+(?:\s*=[^<>]{0,2000})?|\s*)/?>"
)
_tag = re.compile(f"<{_ELEMENT}", re.IGNORECASE)
_no_tag = re.compile(f"<(?!{_ELEMENT}|!--)", re.IGNORECASE)
_page = re.compile(r"\s*(?:<!doctype html|<html[\s>])", re.IGNORECASE)
_entity = re.compile(r"&(?:[A-Za-z]{2,8}|#\d{1,7}|#[xX][0-9A-Fa-f]{1,6});")
_TAGS_OF_HTML = 2  # a text about HTML may name one tag; a text made of HTML closes what it opens


def load(data: bytes) -> Content:
    """Read a text file.

    Front matter becomes title, date and metadata; HTML paragraphs and entities become plain lines; rows of tables take
    in the names of their columns (`rag.loaders.text_table`); closing lines of links and `文章来源：…` are dropped and
    kept as the facts `url` and `publisher`.

    Raises:
        LoadError: the bytes are no text.
    """
    text = decode(data)
    if _page.match(text):
        from rag.loaders import html as page

        return page.load_text(text)
    values, body = split_front_matter(text)
    title, date, facts = title_date_rest(values)
    lines, below = split_trailer(body.splitlines())
    lines, credit = split_trailer(plain_lines("\n".join(lines)))
    return Content(tidy("\n".join(lines)), title, date, metadata={**facts, **below, **credit})


def plain_lines(body: str) -> list[str]:
    """Lines of a text in which HTML tags and entities and tables may stand."""
    if "<" in body and sum(1 for _ in _tag.finditer(body)) >= _TAGS_OF_HTML:
        from rag.loaders.markup import parse_html, prune, readable_lines

        # Everything that is no HTML element, as in a<b, List<T> or <http://…>, is text.
        root = parse_html("<div>" + _no_tag.sub("&lt;", body) + "</div>")
        prune(root, surroundings=False)
        return [line for part in root.body for line in readable_lines(part, keep_breaks=True)]
    if "&" in body:
        body = _entity.sub(lambda match: html.unescape(match[0]), body)
    return name_columns(body.splitlines())
