"""Every word of the interface, in Chinese and English; which one is chosen by the browser."""

from __future__ import annotations

from typing import Literal

Language = Literal["zh", "en"]

CHINESE: dict[str, str] = {
    "name": "文据",
    "tagline": "只说文档里有的话，每句都附原文",
    "placeholder": "问文档一个问题",
    "new": "新对话",
    "sources": "来源",
    "sources_empty": "每句话的原文依据会出现在这里。",
    "sources_none": "这个回答没有引用原文。",
    "nearest": "最接近的段落",
    "nearest_listed": "“最接近的段落”里有 {passages} 段，可以自行核对。",
    "nearest_note": "它们没有回答这个问题，供您自行判断。",
    "nearest_none": "文档里也没有接近的段落。",
    "back": "回到回答",
    "page": "第 {page} 页",
    "ask_about": "可以这样问",
    "welcome": "问您的文档",
    "welcome_note": "回答只取自下列文档，每句话都附上可以核对的原文；文档里没有的，会直说没有。",
    "no_documents": "还没有文档。请先在“文档”里添加。",
    "loaded": "{documents} 份文档，{passages} 段",
    "searching": "正在查找",
    "checking": "正在核对出处",
    "understood": "理解为：{question}",
    "refused": "文档里没有这个问题的答案。",
    "grounded": "{supported}/{claims} 句有据",
    "unsupported": "虚线标出的句子没有找到依据",
    "stopped": "已停止，以上内容未经核对。",
    "failed": "这次没有答成",
    "unexpected": "程序出错了，详情在运行它的终端里。",
    "source_of": "来源 {number}：{title}",
    "documents": "文档",
    "drop": "拖入文件，或点击选择",
    "limits": "{suffixes}；每个不超过 {megabytes} MB，一次最多 {files} 个",
    "passages": "{passages} 段",
    "remove": "移除",
    "confirm": "确认移除",
    "removed": "已移除 {name}",
    "reading": "正在读入 {name}",
    "added": "{name}：已读入，{passages} 段",
    "replaced": "{name}：已更新，{passages} 段",
    "rejected": "{name}：没有读入。{reason}",
    "too_large": "文件有 {seen} MB，上限是 {limit} MB。",
    "too_many": "一次最多 {limit} 个文件，这次有 {seen} 个；其余请再拖一次。",
    "bad_type": "不支持 {seen} 文件，可用的是 {suffixes}。",
    "no_type": "文件名没有扩展名，可用的是 {suffixes}。",
    "bad_name": "文件名不能用。",
}

ENGLISH: dict[str, str] = {
    "name": "Wenju",
    "tagline": "Says only what your documents say, and quotes every sentence",
    "placeholder": "Ask your documents a question",
    "new": "New chat",
    "sources": "Sources",
    "sources_empty": "The exact quote behind every sentence will appear here.",
    "sources_none": "This answer quotes no passage.",
    "nearest": "Nearest passages",
    "nearest_listed": "The {passages} nearest passages are listed for you to check.",
    "nearest_note": "They do not answer the question; judge for yourself.",
    "nearest_none": "No passage comes near either.",
    "back": "Back to the answer",
    "page": "page {page}",
    "ask_about": "Try asking",
    "welcome": "Ask your documents",
    "welcome_note": "Answers come only from the documents below. Every sentence shows the quote that proves it; "
    "what the documents don't hold is said so.",
    "no_documents": "No documents yet. Add some under “Documents”.",
    "loaded": "{documents} documents, {passages} passages",
    "searching": "Searching",
    "checking": "Checking the sources",
    "understood": "Understood as: {question}",
    "refused": "The documents don't answer this question.",
    "grounded": "{supported} of {claims} sentences supported",
    "unsupported": "no support was found for the dotted sentences",
    "stopped": "Stopped; the text above is unchecked.",
    "failed": "No answer this time",
    "unexpected": "Something broke; the details are in the terminal that runs the page.",
    "source_of": "Source {number}: {title}",
    "documents": "Documents",
    "drop": "Drop files here, or click to choose",
    "limits": "{suffixes}; up to {megabytes} MB each, {files} at a time",
    "passages": "{passages} passages",
    "remove": "Remove",
    "confirm": "Really remove",
    "removed": "Removed {name}",
    "reading": "Reading {name}",
    "added": "{name}: added, {passages} passages",
    "replaced": "{name}: replaced, {passages} passages",
    "rejected": "{name}: not added. {reason}",
    "too_large": "The file has {seen} MB, the limit is {limit} MB.",
    "too_many": "At most {limit} files at a time, this was {seen}; drop the rest again.",
    "bad_type": "{seen} files are not supported; use {suffixes}.",
    "no_type": "The file name has no extension; use {suffixes}.",
    "bad_name": "The file name can't be used.",
}

_WORDS: dict[Language, dict[str, str]] = {"zh": CHINESE, "en": ENGLISH}


def say(language: Language, key: str, **values: object) -> str:
    """The words for `key`, with `values` filled in.

    >>> say("zh", "grounded", supported=3, claims=3)
    '3/3 句有据'
    """
    return _WORDS[language][key].format(**values)


def choose_language(accepted: str | None) -> Language:
    """The interface language for an `Accept-Language` header: its first tag decides, Chinese when there is none.

    >>> choose_language("zh-TW,zh;q=0.9,en;q=0.8"), choose_language("en-GB"), choose_language(None)
    ('zh', 'en', 'zh')
    """
    first = (accepted or "zh").split(",")[0].strip().lower()
    return "zh" if first.split("-")[0] in ("zh", "*", "") else "en"
