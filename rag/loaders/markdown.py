"""`.md`: Markdown → readable lines, by way of the HTML it stands for."""

from __future__ import annotations

from rag.loaders.base import Content, decode, tidy
from rag.loaders.frontmatter import split_front_matter, title_date_rest
from rag.loaders.markup import parse_html, prune, readable_lines
from rag.loaders.trailer import split_trailer


def load(data: bytes) -> Content:
    """Read a Markdown file: headings, paragraphs, list items and table rows on lines of their own, links as their text.

    Front matter becomes title, date and metadata; without it the first H1 is the title. Pictures are dropped, code is
    kept, and closing lines of links and `文章来源：…` are dropped as in a text file.

    Raises:
        LoadError: the bytes are no text.
    """
    from markdown_it import MarkdownIt

    values, body = split_front_matter(decode(data))
    title, date, facts = title_date_rest(values)
    source, below = split_trailer(body.splitlines())
    root = parse_html(
        MarkdownIt("commonmark").enable("table").enable("strikethrough").render("\n".join(source)) or "<p>"
    )
    prune(root, surroundings=False)
    heading = root.find(".//h1")
    if not title and heading is not None:
        title = " ".join(heading.text_content().split())
    lines, credit = split_trailer(readable_lines(root))
    return Content(tidy("\n".join(lines)), title, date, metadata={**facts, **below, **credit})
