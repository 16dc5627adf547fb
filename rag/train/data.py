"""Questions with marked answers, in the surroundings the answerer meets them in.

The passages of one article make one document, cut and searched as the product does. Three in ten DRCD articles and one
in three news articles are held out: nothing is trained on them, and every figure is taken there.
"""

from __future__ import annotations

import json
import random
import re
import tempfile
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rag.language import language_of
from rag.passages import split_passages
from rag.retrieve import retrieve
from rag.score import Candidate, find_candidates
from rag.train.news import NEWS, read_articles, read_questions
from rag.train.office import OFFICE, read_documents, read_marked
from vectorstore.embedding import Embedder
from vectorstore.local import LocalStore
from vectorstore.records import Document, Hit, Passage

DRCD, CMRC = "drcd_dev.json", "cmrc2018_trial.json"
# Share of the DRCD articles trained on, and what shuffles them.
TRAINED = 0.7
SEED = 13
RETRIEVED = 5
# News articles in all, and how many of them are searched beside those asked about.
ARTICLES = 68_000
NOISE = 2000
# How much a question counts in training: there are ten times as many about encyclopaedia articles as about the rest.
WEIGHTS = {DRCD: 1.0, CMRC: 1.0, NEWS: 2.0, OFFICE: 3.0}
# Where an answer of so many characters stands in its article again, that answers too: headline, lead, caption.
TELLING = 3
# Of a gold passage's score, where there is no search to give one.
_GIVEN = {"score": 1.0, "keyword": 10.0, "dense": 0.5}
_BEFORE = 400


@dataclass(frozen=True, slots=True)
class View:
    """Passages put before the answerer, with what stands around them."""

    hits: tuple[Hit, ...]
    before: Mapping[str, str]
    openings: Mapping[str, str]

    def candidates(self) -> list[Candidate]:
        """Every sentence of the passages."""
        return find_candidates(self.hits, self.before, self.openings)


@dataclass(frozen=True, slots=True)
class Example:
    """A question with the places of its answer in one document.

    Attributes:
        source: where it comes from: DRCD, CMRC, NEWS or OFFICE.
        answers: (start, end) in the document.
        given: the passage it was asked on, alone.
        found: what a search over all passages gives.
        held_out: never to be trained on.
    """

    text: str
    document_id: str
    source: str
    answers: tuple[tuple[int, int], ...]
    given: View
    found: View
    held_out: bool

    @property
    def weight(self) -> float:
        """How much it counts in training."""
        return WEIGHTS[self.source]

    def answers_in(self, candidate: Candidate) -> list[tuple[int, int]]:
        """Answers that start in a sentence, as offsets into it."""
        passage = candidate.hit.passage
        if passage.document_id != self.document_id:
            return []
        start, end = passage.start + candidate.start, passage.start + candidate.end
        return [(first - start, last - start) for first, last in self.answers if start <= first < end]


@dataclass(frozen=True, slots=True)
class _Marked:
    """A question with the passage it was asked on and the places of its answers, both in the document."""

    text: str
    document: Document
    given: tuple[int, int]
    answers: tuple[tuple[int, int], ...]


def read_examples(folder: Path, embedder: Embedder) -> list[Example]:
    """All questions of DRCD dev, CMRC 2018 trial and those about the news with one marked answer.

    Encyclopaedia articles are searched for in one store, news articles in another among NOISE more of their kind,
    office documents in a third.
    """
    return [*_encyclopaedia(folder, embedder), *_news(folder, embedder), *_office(embedder)]


def _encyclopaedia(folder: Path, embedder: Embedder) -> Iterator[Example]:
    """Examples of DRCD and CMRC."""
    documents: list[Document] = []
    asked: list[_Marked] = []
    titles = []
    for file in (DRCD, CMRC):
        for title, paragraphs in _articles(folder / file):
            document = _document(len(documents), file, title, paragraphs)
            documents.append(document)
            titles += [document.id] if file == DRCD else []
            asked += [_Marked(text, document, place, answers) for text, place, answers in _questions(paragraphs)]
    random.Random(SEED).shuffle(titles)  # noqa: S311 - a split, not a secret
    held_out = set(titles[int(TRAINED * len(titles)) :])
    return _searched(documents, asked, held_out, embedder)


def _news(folder: Path, embedder: Embedder) -> Iterator[Example]:
    """Examples of the questions about articles in the file; those of two parts are no example of one answer."""
    questions = [one for one in read_questions() if len(one.answers) == 1 and language_of(one.text) == "zh"]
    asked_about = {one.article for one in questions}
    noise = random.Random(SEED).sample(range(1, ARTICLES), NOISE)  # noqa: S311 - a sample, not a secret
    articles = read_articles(folder, asked_about | set(noise))
    questions = [one for one in questions if one.article in articles]
    answering = {articles[one.article].text[slice(*one.sentences[0])] for one in questions}
    for number in articles.keys() - asked_about:  # reprints would pass for wrong
        if any(sentence in articles[number].text for sentence in answering):
            del articles[number]
    asked = []
    for one in questions:
        document, ((start, end),) = articles[one.article], one.answers
        again = document.text[start:end]
        places = {(start, end)}
        if end - start >= TELLING:
            places |= {found.span() for found in re.finditer(re.escape(again), document.text)}
        around = [(passage.start, passage.end) for passage in split_passages(document)]
        given = next(place for place in around if place[0] <= start < place[1])
        asked.append(_Marked(one.text, document, given, tuple(sorted(places))))
    held_out = {articles[one.article].id for one in questions if one.held_out}
    return _searched(list(articles.values()), asked, held_out, embedder, NEWS)


def _office(embedder: Embedder) -> Iterator[Example]:
    """Examples of the questions about office documents."""
    documents = read_documents()
    asked, held_out = [], set()
    for source, text, places, kept in read_marked():
        document = documents[source]
        around = [(passage.start, passage.end) for passage in split_passages(document)]
        given = next(place for place in around if place[0] <= places[0][0] < place[1])
        asked.append(_Marked(text, document, given, places))
        if kept:
            held_out.add(document.id)
    return _searched(list(documents.values()), asked, held_out, embedder, OFFICE)


def _searched(
    documents: Sequence[Document],
    asked: Sequence[_Marked],
    held_out: Collection[str],
    embedder: Embedder,
    source: str | None = None,
) -> Iterator[Example]:
    """An example of each question, searched for among all the documents."""
    passages = {document.id: split_passages(document) for document in documents}
    with tempfile.TemporaryDirectory(prefix="wenju-train-") as index:
        store = LocalStore.create(Path(index) / "index", embedder)
        store.add((document, passages[document.id]) for document in documents)
        for one in asked:
            document, (start, end) = one.document, one.given
            hits = retrieve(store, one.text, RETRIEVED, embedder.dense_weight)
            openings = {
                name: passages[name][0].text for name in {hit.passage.document_id for hit in hits} | {document.id}
            }
            given = Passage(
                f"{document.id}:given",
                document.id,
                0,
                document.source,
                document.title,
                document.text[start:end],
                start,
                end,
            )
            before = {
                hit.passage.id: passages[hit.passage.document_id][hit.passage.ordinal - 1].text
                for hit in hits
                if hit.passage.ordinal
            }
            alone = View((Hit(given, **_GIVEN),), {given.id: document.text[max(0, start - _BEFORE) : start]}, openings)
            yield Example(
                one.text,
                document.id,
                source or document.source,
                one.answers,
                alone,
                View(tuple(hits), before, openings),
                document.id in held_out,
            )
        store.close()


def _articles(path: Path) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """(title, paragraphs) of a file in SQuAD's layout; paragraphs of one title together."""
    together: dict[str, list[dict[str, Any]]] = {}
    for article in json.loads(path.read_text(encoding="utf-8"))["data"]:
        together.setdefault(article.get("title") or str(article["id"]), []).extend(article["paragraphs"])
    yield from together.items()


def _document(number: int, file: str, title: str, paragraphs: Sequence[dict[str, Any]]) -> Document:
    """One article, a paragraph a line."""
    text = "\n".join(paragraph["context"] for paragraph in paragraphs)
    return Document(f"{number:016x}", file, "", title, text)


def _questions(
    paragraphs: Sequence[dict[str, Any]],
) -> Iterator[tuple[str, tuple[int, int], tuple[tuple[int, int], ...]]]:
    """(question, place of its paragraph, places of its answers) in the joined text; answers not found are left out."""
    base = 0
    for paragraph in paragraphs:
        context = paragraph["context"]
        for asked in paragraph["qas"]:
            answers = set()
            for answer in asked["answers"]:
                text, start = answer["text"], answer["answer_start"]
                start = start if context.startswith(text, start) else context.find(text)
                if start >= 0:
                    answers.add((base + start, base + start + len(text)))
            if answers:
                yield asked["question"], (base, base + len(context)), tuple(sorted(answers))
        base += len(context) + 1
