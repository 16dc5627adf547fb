"""YAML front matter at the head of a text or Markdown file → title, date, metadata."""

from __future__ import annotations

import re

from rag.loaders.facts import iso_date

_block = re.compile(r"---[ \t]*\r?\n(.*?)\r?\n(?:---|\.\.\.)[ \t]*(?:\r?\n|\Z)", re.DOTALL)
_pair = re.compile(r"([\w.-]{1,40})\s*[:：]\s*(.*)")
_LIMIT = 20_000  # characters of front matter; more is not a header
_VALUE_LIMIT = 500
_DATES = ("date", "published", "pubdate", "publish_date", "created", "time", "日期", "发布时间", "发布日期")
_TITLES = ("title", "标题", "標題")
_LAYOUT = frozenset(("layout", "permalink", "slug", "comments", "toc", "mathjax", "draft"))


def split_front_matter(text: str) -> tuple[dict[str, str], str]:
    """Front matter as flat strings, and the text after it; ({}, text) where there is none.

    Lists are joined with "、"; nested values are dropped. Broken YAML (an unquoted `title: a: b`) is read line by line.
    """
    if not text.startswith("---"):
        return {}, text
    match = _block.match(text[: _LIMIT + 10])
    if not match:
        return {}, text
    values = _values(match.group(1))
    return (values, text[match.end() :]) if values else ({}, text)


def title_date_rest(values: dict[str, str]) -> tuple[str, str | None, dict[str, str]]:
    """(title, ISO date or None, remaining facts) of front matter; keys that only steer a page layout are dropped."""
    if not values:
        return "", None, {}
    title = next((values[key] for key in _TITLES if values.get(key)), "")
    date = next((found for key in _DATES if (found := iso_date(values.get(key, "")))), None)
    used = {*_TITLES, *_LAYOUT, *(key for key in _DATES if iso_date(values.get(key, "")))}
    return title, date, {key: value for key, value in values.items() if key not in used and value}


def _values(block: str) -> dict[str, str]:
    """Key → string of one YAML mapping; {} where it is none."""
    import yaml

    try:
        node = yaml.compose(block, Loader=yaml.SafeLoader)
    except yaml.YAMLError:
        pairs = (_pair.fullmatch(line.strip()) for line in block.splitlines())
        return {pair[1].lower(): pair[2].strip("\"' ")[:_VALUE_LIMIT] for pair in pairs if pair}
    if not isinstance(node, yaml.MappingNode):
        return {}
    values: dict[str, str] = {}
    for key, value in node.value:
        items = value.value if isinstance(value, yaml.SequenceNode) else [value]
        strings = [item.value.strip() for item in items if isinstance(item, yaml.ScalarNode)]
        if isinstance(key, yaml.ScalarNode) and strings:
            values[key.value.strip().lower()] = "、".join(strings)[:_VALUE_LIMIT]
    return values
