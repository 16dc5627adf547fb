"""Questions to start with, drawn from whatever documents are loaded.

A clause that states one clear fact ("试验地位于泽北市") is turned into the question it answers ("试验地位于哪里？").
`propose` is pure; `suggest` asks the embedded answerer each proposal and keeps those it answers with that very fact, so
that a suggestion never leads to a refusal.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, zip_longest
from typing import TYPE_CHECKING

from rag.errors import WenjuError
from rag.sentences import split_clauses, split_sentences
from rag.settings import EXTRACTIVE
from rag.types import Document

if TYPE_CHECKING:
    from rag.assistant import Assistant
    from vectorstore.records import DocumentInfo

# Documents looked at, characters of each, proposals tried for each suggestion wanted: bounds on the time it takes.
_DOCUMENTS = 12
_CHARACTERS = 20_000
_TRIES = 5
# Documents longer than this many characters are not read for it.
_LONGEST_DOCUMENT = 2_000_000

_NAME = r"(?P<what>[\u4e00-\u9fffA-Za-z][\u4e00-\u9fffA-Za-z0-9·“”《》-]{1,15}?)"
_DATE = r"(?P<answer>(?:19|20)\d{2}年(?:\d{1,2}月(?:\d{1,2}日)?)?)"
_UNIT = r"(?P<unit>平方公里|平方米|公里|小时|[名人位家个项套台辆座所次件种间册篇亩升吨岁元天年度])"
_NUMBER = rf"(?P<answer>\d[\d,]*(?:\.\d+)?[余多]?[百千万亿]*{_UNIT})"
_BEGUN = r"(?P<verb>成立|创立|创办|开业|开馆|施行|实施|生效|投产|上线|建成|通车)"
# Clause → question; the first that fits counts, and earlier ones read better.
_FORMS = tuple(
    (re.compile(pattern), question)
    for pattern, question in (
        (rf"^{_NAME}(?:位于|坐落于|坐落在|地处)(?P<answer>[\u4e00-\u9fffA-Za-z0-9]{{2,20}})$", "{what}位于哪里？"),
        (rf"^{_NAME}{_BEGUN}于{_DATE}", "{what}是什么时候{verb}的？"),
        (rf"^{_NAME}(?:自|于|从){_DATE}起?(?:正式)?{_BEGUN}", "{what}什么时候{verb}？"),
        (rf"^{_NAME}由(?P<answer>[\u4e00-\u9fff]{{2,4}})(?P<verb>负责|主持|牵头|创办)$", "{what}由谁{verb}？"),
        (rf"^{_NAME}[:：]\s*(?:人民币)?{_NUMBER}$", "{what}是多少？"),
        (rf"^(?P<what>[\u4e00-\u9fff]{{1,6}}(?:日期|时间))[:：]\s*{_DATE}", "{what}是什么时候？"),
        (r"^(?P<what>[\u4e00-\u9fff]{1,6}(?:地址|地点))[:：]\s*(?P<answer>\S{3,30})$", "{what}在哪里？"),
        (rf"^{_NAME}(?P<verb>约为|共有|达到|约|达|为|有|是)?{_NUMBER}$", "{what}{verb}多少{unit}？"),
    )
)
# Clauses that hang on what stands before them, or are no statements of their own.
_hanging = re.compile(
    r"^(?:其|该|它|此|这|那|并|而|但|也|还|以及|同时|目前|据|在|于|至|从|向|因|如|若|应|均|共|约|不|每|仅|已|须|距离|主要|累计|预计|首期|搭载|外出|运营|上述|前述|本"
    r"|第|图|表|[乙甲丙丁]方)"
)
_unfinished = re.compile("(?:超过|不足|少于|不少于|增加|减少|调整|相当|等)$")
_numbering = re.compile(
    r"^[\s\-–•*#>]*(?:(?:\d+(?:\.\d+)*[.、)）]?|[（(][\d一二三四五六七八九十]+[)）]|[一二三四五六七八九十]+、)\s*)?"
)


@dataclass(frozen=True, slots=True)
class Proposal:
    """A question and the words of the document that answer it."""

    question: str
    answer: str


def propose(document: Document) -> Iterator[Proposal]:
    """The questions that the clauses of a document answer, the better forms first.

    >>> text = "试验地位于泽北市柳圩镇。该院成立于2017年。食堂通知：略。全年研发投入1.68亿元。"
    >>> for proposal in propose(Document("d", "a.txt", "/a.txt", "试验", text)):
    ...     print(proposal.question, proposal.answer)
    试验地位于哪里？ 泽北市柳圩镇
    全年研发投入多少元？ 1.68亿元
    """
    text = document.text[:_CHARACTERS]
    found: list[tuple[int, Proposal]] = []
    for start, end in split_sentences(text):
        for left, right in ((start, end), *split_clauses(text, start, end)):
            clause = _numbering.sub("", text[left:right]).rstrip("，,；;。.！!？? ")
            if len(clause) > 60 or _hanging.match(clause):
                continue
            for rank, (pattern, question) in enumerate(_FORMS):
                if (match := pattern.match(clause)) and not _unfinished.search(match["what"]):
                    parts = {name: value or "" for name, value in match.groupdict().items()}
                    found.append((rank, Proposal(question.format(**parts), parts["answer"])))
                    break
    seen: set[str] = set()
    for _, proposal in sorted(found, key=lambda item: item[0]):
        if proposal.question not in seen:
            seen.add(proposal.question)
            yield proposal


def suggest(assistant: Assistant, count: int = 4) -> tuple[str, ...]:
    """Up to `count` questions that the loaded documents answer, taking turns between documents; () when none is found.

    Asks the embedded answerer a few dozen times at most, about a second in all; keep the result.
    """
    proposals = [list(islice(propose(document), count * 2)) for document in _readable(assistant)]
    turns = [proposal for round_ in zip_longest(*proposals) for proposal in round_ if proposal is not None]
    if not turns:
        return ()
    asked = assistant.using(assistant.settings.model_copy(update={"llm": EXTRACTIVE}))
    kept: dict[str, None] = {}
    for proposal in turns[: count * _TRIES]:
        if _answered(asked, proposal):
            kept[proposal.question] = None
        if len(kept) == count:
            break
    return tuple(kept)


def _readable(assistant: Assistant) -> Iterator[Document]:
    """The first documents of moderate length."""
    infos: Sequence[DocumentInfo] = assistant.documents()
    for info in islice((info for info in infos if info.characters <= _LONGEST_DOCUMENT), _DOCUMENTS):
        try:
            yield assistant.document(info.id)
        except WenjuError:  # removed meanwhile
            continue


def _answered(assistant: Assistant, proposal: Proposal) -> bool:
    """Whether the answerer gives this very fact, proven."""
    try:
        answer = assistant.answer(proposal.question)
    except WenjuError:
        return False
    return not answer.refused and _folded(proposal.answer) in _folded(answer.text)


def _folded(text: str) -> str:
    """Text as compared: one width, no blanks."""
    return "".join(unicodedata.normalize("NFKC", text).split())
