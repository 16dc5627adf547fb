"""What a refusal says when only some documents were searched, in the question's language. Pure."""

from __future__ import annotations

from dataclasses import replace

from rag.language import Language, language_of
from rag.types import Answer
from vectorstore.filters import Filter


def narrowed(refused: Answer, filter: Filter, *, matched: bool) -> Answer:
    """A refusal that tells the reader which documents it speaks of.

    Args:
        refused: the refusal, as made from the documents that were searched.
        filter: what was searched.
        matched: whether any document meets the filter; without one, that is the reason.
    """
    language = language_of(refused.question)
    said = describe(filter, language)
    if matched:
        note = f"只查了符合条件的文档：{said}。" if language == "zh" else f"Only these documents were searched: {said}."
        return replace(refused, notice=" ".join(part for part in (refused.notice, note) if part))
    if language == "zh":
        reason = f"没有文档符合筛选条件：{said}。请放宽条件再问。"
    else:
        reason = f"No document meets the filter: {said}. Widen it and ask again."
    return replace(refused, text=reason, reason=reason)


def describe(filter: Filter, language: Language) -> str:
    """The conditions of a filter in words.

    >>> describe(Filter(sources="年报/*.pdf", since="2023", metadata={"部门": ["法务", "财务"]}), "zh")
    '来源为 年报/*.pdf，日期从 2023-01-01 起，部门为 法务 或 财务'
    >>> describe(Filter(until="2023-06"), "en")
    'dated up to 2023-06-30'
    """
    chinese = language == "zh"
    either = " 或 " if chinese else " or "
    parts = []
    if filter.sources:
        parts.append(("来源为 " if chinese else "source ") + either.join(filter.sources))
    if filter.since and filter.until:
        parts.append(
            f"日期从 {filter.since} 到 {filter.until}" if chinese else f"dated {filter.since} to {filter.until}"
        )
    elif filter.since:
        parts.append(f"日期从 {filter.since} 起" if chinese else f"dated {filter.since} or later")
    elif filter.until:
        parts.append(f"日期到 {filter.until} 为止" if chinese else f"dated up to {filter.until}")
    for key, values in filter.metadata.items():
        parts.append(f"{key}为 {either.join(values)}" if chinese else f"{key} {either.join(values)}")
    return ("，" if chinese else ", ").join(parts)
