"""Questions that can be answered and near misses that can't, for training the answerability model.

Made of a reading set: each question with its passage in reach, and again with its passage or document taken away; then
with its name, noun, post, year or attribute swapped for another that the document does not answer. Only articles that
the sentence and span models have not been trained on are asked about: of what those have seen they are surer than of
anything a user brings.
"""

from __future__ import annotations

import json
import random
import re
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rag.evidence import describe
from rag.passages import split_passages
from rag.question import Question, analyse, is_named
from rag.rank import rank_sentences
from rag.retrieve import retrieve
from rag.short import choose
from rag.similarity import word_similarity, word_vectors
from rag.train.data import CMRC, DRCD, TRAINED, view
from rag.train.data import SEED as SPLIT_SEED
from rag.types import Document, Hit
from vectorstore.tokens import fold

QUESTIONS = 600  # each makes about five cases
TOP_K = 6
IN_REACH = 30  # passages looked at, so that enough are left when the right ones are taken away
SEED = 5
_NAMES = frozenset({"nr", "ns", "nt", "nz", "nrt"})
_ROLES = (
    "主任 副主任 院长 副院长 所长 校长 副校长 书记 局长 部长 市长 省长 会长 董事长 总经理 总裁 秘书长 导演 教练 "
    "主席 创始人 主编"
).split()
# What people ask of anything that has a name, and what in a document may answer it.
_TEMPLATES = tuple(
    line.split(" ")
    for line in (
        "{}的注册资本是多少？ 注册|资本",
        "{}有多少名员工？ 员工|职工|雇员|人员|名",
        "{}的总部在哪里？ 总部|位于|设[在于]",
        "{}的负责人是谁？ 负责|主任|[院校局]长|总裁|经理|董事",
        "{}是哪一年成立的？ 成立|[创开]办|[创建设]立|创建|成军|建校",
        "{}的联系电话是多少？ 电话|热线",
        "{}的价格是多少？ 价|元",
        "{}占地多少平方米？ 平方|公顷|占地|面积|亩|坪",
        "{}获得了哪些奖项？ 奖|荣誉",
        "{}的年收入是多少？ 收入|营收|年薪|元",
        "{}一共有多少个会员？ 会员|成员",
        "{}的发言人是谁？ 发言人",
        "{}的预算是多少？ 预算|经费|元",
        "{}的口号是什么？ 口号|标语",
        "{}由哪家公司承建？ 承建|施工|建造|公司",
        "{}多少岁了？ 岁|出生|生于",
        "{}的身高是多少？ 身高|公分|厘米|米",
        "{}毕业于哪所大学？ 毕业|大学|学院|学位",
        "{}的播放量有多少？ 播放|点击|收视",
        "{}的设计师是谁？ 设计",
        "{}的目标客户是谁？ [客用]户|顾客",
        "{}在上海有几家分店？ 上海|分[店公]",
    )
)


@dataclass(frozen=True, slots=True)
class Asked:
    """A question of a reading set: its document and the places of its answers there."""

    text: str
    document: str
    places: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Case:
    """A question with what was in reach, described.

    Attributes:
        kind: how the case was made; "answerable" and "written" are the real ones.
        group: cases of one group are never split between fitting and measuring.
        held_out: never to be fitted.
    """

    kind: str
    group: str
    answerable: bool
    features: Mapping[str, float]
    held_out: bool = False


class Pool:
    """Documents that can be searched."""

    def __init__(self, documents: Sequence[Document], folder: Path) -> None:
        from vectorstore.embedding import load_embedder
        from vectorstore.local import LocalStore

        self.embedder = load_embedder("embedded")
        self.passages = {document.id: split_passages(document) for document in documents}
        self.store = LocalStore.create(folder, self.embedder)
        self.store.add((document, self.passages[document.id]) for document in documents)

    def search(self, text: str, k: int) -> list[Hit]:
        """The k best passages."""
        return retrieve(self.store, text, k, self.embedder.dense_weight)

    def describe(self, question: Question, hits: Sequence[Hit]) -> dict[str, float]:
        """The features of the best sentence; empty when there is nothing to look at."""
        candidates = view(self.passages, hits).candidates()
        if not candidates or not question.words:
            return {}
        ranked = rank_sentences(question, candidates, word_similarity)
        return describe(question, choose(question, ranked, word_vectors), word_similarity)


def read_reading_sets(folder: Path) -> tuple[list[Document], list[Asked]]:
    """The articles of DRCD and CMRC, each one document, and their questions."""
    documents: list[Document] = []
    asked: list[Asked] = []
    for name in (DRCD, CMRC):
        articles: dict[str, list[Mapping[str, Any]]] = {}
        for article in json.loads((folder / name).read_text(encoding="utf-8"))["data"]:
            for paragraph in article["paragraphs"]:
                articles.setdefault(article.get("title") or str(len(articles)), []).append(paragraph)
        for title, paragraphs in articles.items():
            identity, text = f"{len(documents):016x}", ""
            for paragraph in paragraphs:
                text += "\n" if text else ""
                for qa in paragraph["qas"]:
                    starts = [(a["answer_start"], a["text"]) for a in qa["answers"]]
                    places = tuple(
                        (len(text) + start, len(text) + start + len(answer))
                        for start, answer in starts
                        if paragraph["context"][start : start + len(answer)] == answer
                    )
                    if places:
                        asked.append(Asked(qa["question"], identity, places))
                text += paragraph["context"]
            documents.append(Document(identity, name, "", title, text))
    return documents, asked


def _unread(documents: Sequence[Document]) -> frozenset[str]:
    """The DRCD articles that `rag.train.data` holds out from the sentence and span models."""
    titles = [document.id for document in documents if document.source == DRCD]
    random.Random(SPLIT_SEED).shuffle(titles)  # noqa: S311 - a split, not a secret
    return frozenset(titles[int(TRAINED * len(titles)) :])


def reading_cases(folder: Path, questions: int = QUESTIONS) -> Iterator[Case]:
    """Cases made of the reading sets."""
    documents, asked = read_reading_sets(folder)
    unread = _unread(documents)
    asked = [item for item in asked if item.document in unread]
    shuffled = random.Random(SEED)  # noqa: S311  (picks questions, guards nothing)
    swaps = _Swaps(documents, asked, shuffled)
    texts = {document.id: document.text for document in documents}
    with tempfile.TemporaryDirectory() as place:
        pool = Pool(documents, Path(place) / "index")
        for item in shuffled.sample(asked, min(questions, len(asked))):
            for kind, text, hits in [*_removals(pool, item, texts[item.document]), *swaps.of(item, pool)]:
                if features := pool.describe(analyse(text), hits):
                    yield Case(kind, item.document, kind == "answerable", features)


def _removals(pool: Pool, item: Asked, text: str) -> Iterator[tuple[str, str, list[Hit]]]:
    """The question with everything in reach, without its document, and without its passage."""
    answers = {fold(text[start:end]) for start, end in item.places}

    def is_gold(hit: Hit) -> bool:
        passage = hit.passage
        return passage.document_id == item.document and any(
            passage.start < end and start < passage.end for start, end in item.places
        )

    hits = pool.search(item.text, IN_REACH)
    if any(is_gold(hit) for hit in hits[:TOP_K]):
        yield "answerable", item.text, hits[:TOP_K]
    yield "document gone", item.text, [hit for hit in hits if hit.passage.document_id != item.document][:TOP_K]
    rest = [
        hit for hit in hits if not is_gold(hit) and not any(a in fold(hit.passage.text) for a in answers if len(a) > 1)
    ]
    if any(hit.passage.document_id == item.document for hit in rest[:3]):
        yield "passage gone", item.text, rest[:TOP_K]


class _Swaps:
    """Questions near an answerable one that its document does not answer."""

    def __init__(self, documents: Sequence[Document], asked: Sequence[Asked], shuffled: random.Random) -> None:
        self.texts = {document.id: fold(document.text) for document in documents}
        self.asked = asked
        self.random = shuffled
        self.words = {identity: _by_tag(text) for identity, text in self.texts.items()}
        self.nouns = sorted({noun for found in self.words.values() for noun in found.get("n", ())})

    def of(self, item: Asked, pool: Pool) -> Iterator[tuple[str, str, list[Hit]]]:
        """(kind, question, hits) of each swap that can be made."""
        question = analyse(item.text)
        for kind, text in self._swapped(item, question):
            if text != question.folded:
                yield kind, text, pool.search(text, TOP_K)

    def _swapped(self, item: Asked, question: Question) -> Iterator[tuple[str, str]]:
        here, text = self.texts[item.document], question.folded
        tags = dict(_tagged_places(text))
        names = [word for word in question.words if word.is_name and tags.get(word.start) in _NAMES]
        if names:
            word = self.random.choice(names)
            tag = tags[word.start]
            near = [w for w in self.words[item.document].get(tag, ()) if w not in text and w not in word.text]
            other = self.words[self.random.choice(self.asked).document].get(tag, ())
            far = [w for w in other if w not in here and w not in text]
            if near:
                yield "name", _put(text, word.start, word.text, self.random.choice(near))
            if far and self.random.random() < 0.3:
                yield "name elsewhere", _put(text, word.start, word.text, self.random.choice(far))
        nouns = [w for w in question.words if w.is_noun and not (w.is_name or w.is_role or w.is_type)]
        if nouns:
            word = self.random.choice(nouns)
            near = [w for w in self.words[item.document].get("n", ()) if w not in text and w not in word.text]
            if near:
                yield "noun", _put(text, word.start, word.text, self.random.choice(near))
            noun = self.random.choice(self.nouns)
            if noun not in here and noun not in text and self.random.random() < 0.4:
                yield "noun elsewhere", _put(text, nouns[-1].start, nouns[-1].text, noun)
        for year in question.years[:1]:
            other_year = str(int(year) + self.random.choice([-3, -2, -1, 1, 2, 3]))
            if other_year not in here:
                yield "year", text.replace(year, other_year)
        for word in question.words:
            role = self.random.choice(_ROLES)
            if word.is_role and role not in here and word.text not in role:
                yield "post", _put(text, word.start, word.text, role)
        subject = question.subject
        if subject and is_named(subject):
            yield from self._other_attribute(item, subject)
            unanswered = [asks for asks, held in _TEMPLATES if not re.search(held, here)]
            if unanswered and subject in here:
                yield "template", self.random.choice(unanswered).format(subject)

    def _other_attribute(self, item: Asked, subject: str) -> Iterator[tuple[str, str]]:
        """What another document's question asks of its subject, asked of this one."""
        for _ in range(8):
            other = self.random.choice(self.asked)
            found = analyse(other.text)
            rest = [w for w in found.words if w.text not in found.subject and (w.is_noun or w.is_name)]
            short = len(found.folded) - len(found.subject) <= 18
            plain = rest and not any(w.is_name for w in rest) and not found.years
            if other.document != item.document and found.subject and is_named(found.subject) and short and plain:
                yield "attribute", found.folded.replace(found.subject, subject, 1)
                return


def _by_tag(text: str) -> dict[str, list[str]]:
    """Names and nouns of a text by tag, sorted."""
    found: dict[str, set[str]] = {}
    for _, (word, tag) in _words_at(text):
        if len(word) > 1 and (tag in _NAMES or tag == "n"):
            found.setdefault(tag, set()).add(word)
    return {tag: sorted(words) for tag, words in found.items()}


def _words_at(text: str) -> Iterator[tuple[int, tuple[str, str]]]:
    """(offset, (word, tag)) of each word."""
    import rjieba

    start = 0
    for word, tag in rjieba.tag(text):
        yield start, (word, tag)
        start += len(word)


def _tagged_places(text: str) -> Iterator[tuple[int, str]]:
    """(offset, tag) of each word."""
    return ((start, tag) for start, (_, tag) in _words_at(text))


def _put(text: str, start: int, old: str, new: str) -> str:
    """The text with `old` at `start` replaced."""
    return text[:start] + new + text[start + len(old) :]
