"""Questions with marked answers, in the surroundings the answerer meets them in.

The passages of one article make one document, cut and searched as the product does. Three in ten DRCD articles, one in
six news articles and the office documents of one writer are held out: nothing is trained on them, and every figure is
taken there.
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
from rag.train.news import NEWS, read_among_others
from rag.train.office import DOCUMENTS, INVENTED, OFFICE, read_documents, read_marked
from rag.train.questions import Asked, asked_of_news, asked_of_office
from vectorstore.embedding import Embedder
from vectorstore.local import LocalStore
from vectorstore.records import Document, Hit, Passage
from vectorstore.tokens import fold

DRCD, CMRC = "drcd_dev.json", "cmrc2018_trial.json"
# Share of the DRCD articles trained on, and what shuffles them.
TRAINED = 0.7
SEED = 13
RETRIEVED = 5
# How much a question counts in training: those about encyclopaedia articles are asked in the text's own words.
WEIGHTS = {DRCD: 1.0, CMRC: 1.0, NEWS: 4.0, OFFICE: 4.0}
# Where an answer of so many characters stands in its article again, that answers too (headline, lead, caption); in
# another article it may.
TELLING = 3
# Of a gold passage's score, where there is no search to give one.
_GIVEN = {"score": 1.0, "keyword": 10.0, "dense": 0.5}
_BEFORE = 400
# One encyclopaedia question in so many is asked again without its answer; passages searched for in place of those gone.
GONE = 3
LEFT = 4
Places = tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class View:
    """Passages put before the answerer, with what stands around them."""

    hits: tuple[Hit, ...]
    before: Mapping[str, str]
    openings: Mapping[str, str]

    def candidates(self) -> list[Candidate]:
        """Every sentence of the passages."""
        return find_candidates(self.hits, self.before, self.openings)


NOTHING = View((), {}, {})


@dataclass(frozen=True, slots=True)
class Example:
    """A question with the places of its answer in one document.

    Attributes:
        source: where it comes from: DRCD, CMRC, NEWS or OFFICE.
        answers: (start, end) in the document; () where the documents don't answer it.
        given: the passage it was asked on, alone; nothing where there is none.
        found: what a search over all passages gives.
        held_out: never to be trained on.
        words: the answers that tell something, folded.
    """

    text: str
    document_id: str
    source: str
    answers: tuple[tuple[int, int], ...]
    given: View
    found: View
    held_out: bool
    words: tuple[str, ...] = ()

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

    def is_unclear(self, candidate: Candidate) -> bool:
        """Whether a sentence of another document has the words of an answer: it may answer as well."""
        elsewhere = candidate.hit.passage.document_id != self.document_id
        return elsewhere and any(words in candidate.folded for words in self.words)


@dataclass(frozen=True, slots=True)
class _Marked:
    """A question with the passage it was asked on and the places of its answers, both in the document.

    Without an answer there is no passage either.
    """

    text: str
    document: Document
    given: tuple[int, int] | None
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
    """Examples of the questions about articles in the file."""
    questions = of_one_answer_or_none(asked_of_news())
    articles = read_among_others(folder, {one.source for one in questions}, SEED)
    questions = [one for one in questions if one.source in articles]
    answering = {articles[one.source].text[slice(*one.sentences[0])] for one in questions if one.sentences}
    for source in articles.keys() - {one.source for one in questions}:  # reprints would pass for wrong
        if any(sentence in articles[source].text for sentence in answering):
            del articles[source]
    return _of_people(articles, questions, embedder, NEWS)


def _office(embedder: Embedder) -> Iterator[Example]:
    """Examples of the questions about office documents."""
    documents = read_documents(DOCUMENTS)
    asked, held_out = [], set()
    for source, text, places, kept in read_marked():
        document = documents[source]
        asked.append(_Marked(text, document, _passage_at(document, places[0][0]), places))
        if kept:
            held_out.add(document.id)
    yield from _searched(list(documents.values()), asked, held_out, embedder, OFFICE)
    yield from _of_people(read_documents(INVENTED), of_one_answer_or_none(asked_of_office()), embedder, OFFICE)


def of_one_answer_or_none(questions: Sequence[Asked]) -> list[Asked]:
    """The Chinese questions with one marked answer, or that have none; those of two parts are no example of one."""
    return [one for one in questions if len(one.answers) == int(one.answerable) and language_of(one.text) == "zh"]


def _of_people(
    documents: Mapping[str, Document], questions: Sequence[Asked], embedder: Embedder, source: str
) -> Iterator[Example]:
    """Examples of questions that people wrote about some of the documents."""
    asked = []
    for one in questions:
        document = documents[one.source]
        if not one.answers:
            asked.append(_Marked(one.text, document, None, ()))
            continue
        ((start, end),) = one.answers
        places = {(start, end)}
        if end - start >= TELLING:
            again = re.escape(document.text[start:end])
            places |= {found.span() for found in re.finditer(again, document.text)}
        asked.append(_Marked(one.text, document, _passage_at(document, start), tuple(sorted(places))))
    held_out = {documents[one.source].id for one in questions if one.held_out}
    return _searched(list(documents.values()), asked, held_out, embedder, source)


def _passage_at(document: Document, start: int) -> tuple[int, int]:
    """Where the passage with this character begins and ends."""
    places = ((passage.start, passage.end) for passage in split_passages(document))
    return next(place for place in places if place[0] <= start < place[1])


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
        for number, one in enumerate(asked):
            hits = retrieve(store, one.text, RETRIEVED + LEFT, embedder.dense_weight)
            found = view(passages, hits[:RETRIEVED])
            given = _alone(one, passages) if one.given else NOTHING
            name, kept = source or one.document.source, one.document.id in held_out
            words = tuple(fold(one.document.text[start:end]) for start, end in one.answers if end - start >= TELLING)
            yield Example(one.text, one.document.id, name, one.answers, given, found, kept, words)
            if source is None and number % GONE == 0:  # encyclopaedia questions all have answers: take some away
                left = view(passages, [hit for hit in hits if not _holds(hit, one)][:RETRIEVED])
                yield Example(one.text, one.document.id, name, (), NOTHING, left, kept)
        store.close()


def view(passages: Mapping[str, Sequence[Passage]], hits: Sequence[Hit]) -> View:
    """Passages found, with what stands before each and the openings of their documents."""
    openings = {name: passages[name][0].text for name in {hit.passage.document_id for hit in hits}}
    before = {
        hit.passage.id: passages[hit.passage.document_id][hit.passage.ordinal - 1].text
        for hit in hits
        if hit.passage.ordinal
    }
    return View(tuple(hits), before, openings)


def _alone(one: _Marked, passages: Mapping[str, Sequence[Passage]]) -> View:
    """The passage a question was asked on."""
    document, (start, end) = one.document, one.given or (0, 0)
    text = document.text[start:end]
    given = Passage(f"{document.id}:given", document.id, 0, document.source, document.title, text, start, end)
    openings = {document.id: passages[document.id][0].text}
    return View((Hit(given, **_GIVEN),), {given.id: document.text[max(0, start - _BEFORE) : start]}, openings)


def _holds(hit: Hit, one: _Marked) -> bool:
    """Whether a passage has an answer, at its place or in the same words."""
    return any(one.document.text[start:end] in hit.passage.text for start, end in one.answers)


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
