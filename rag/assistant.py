"""The verbs: open, build, add, remove, retrieve, answer, stream. Chat page, CLI and evals all go through here."""

from __future__ import annotations

import time
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Self

from rag.compose import fallback_notice, from_extract, from_grounded
from rag.condense import History, condense
from rag.documents import document_id
from rag.errors import DocumentUnknown, ModelError, QuestionError, StoreMissing
from rag.extract import extract
from rag.gloss import gloss, in_english
from rag.indexing import IndexReport, Paths, Progress, index_files, make_index
from rag.language import language_of
from rag.narrowed import narrowed
from rag.retrieve import TRIES, retrieve
from rag.settings import EXTRACTIVE, Settings
from rag.similarity import word_similarity, word_vectors
from rag.stores import create_store, open_current_store, rebuild_store
from rag.surroundings import distinct, parts_with_hits, texts_around
from rag.threads import one_blas_thread
from rag.types import Answer, Answered, Delta, Document, Event, Hit, Retrieved
from vectorstore.filters import Filter
from vectorstore.records import DocumentInfo

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel

    from rag.stores import AnyStore
    from vectorstore.embedding import Embedder

SEEDS = Path(__file__).resolve().parent.parent / "seeds"


class Assistant:
    """Answers questions from one index of documents.

    With `settings.llm` set, a language model writes the answer and only what the passages prove is kept; when the model
    fails, the embedded answerer takes over and `notice` says why.

    Make one with `Assistant.build` or `Assistant.open`. It may be used from several threads.
    """

    def __init__(self, store: AnyStore, embedder: Embedder, settings: Settings) -> None:
        self.store = store
        self.settings = settings
        self._embedder = embedder

    @classmethod
    def open(cls, index: str | Path | None = None, *, settings: Settings | None = None) -> Self:
        """Open an index that is there.

        Args:
            index: its folder; None takes `settings.index`.

        Raises:
            StoreMissing: there is no index.
            EmbedderMismatch: it was made with another embedding model. (An older version of the embedded one is no
                error: its passages are embedded anew, which takes about a second for ten thousand.)
            StoreDamaged: its catalog can't be read.
        """
        from vectorstore.embedding import load_embedder

        settings = _with_index(settings, index)
        embedder = load_embedder(settings.embedder)
        return cls(open_current_store(settings, embedder), embedder, settings)

    @classmethod
    def build(
        cls,
        paths: Paths,
        index: str | Path | None = None,
        *,
        settings: Settings | None = None,
        progress: Progress | None = None,
    ) -> Self:
        """Index files, folders and globs, and return the open assistant.

        An index that is there already is kept and brought up to date; unchanged files cost nothing. A file that can't
        be read is left out; `build_reported` says which.

        Raises:
            LoadError: no file could be read at all; then no index is made.
            EmbedderMismatch, StoreDamaged: as `open`.
        """
        return cls.build_reported(paths, index, settings=settings, progress=progress)[0]

    @classmethod
    def build_reported(
        cls,
        paths: Paths,
        index: str | Path | None = None,
        *,
        settings: Settings | None = None,
        progress: Progress | None = None,
    ) -> tuple[Self, IndexReport]:
        """As `build`, with the report of what became of each file.

        A new index is made beside its place and moved there when it is whole, so an interrupted first start leaves
        nothing behind that could pass for an index.
        """
        settings = _with_index(settings, index)
        try:
            assistant = cls.open(settings=settings)
        except StoreMissing:
            report = make_index(paths, settings, progress)
            return cls.open(settings=settings), report
        try:
            return assistant, assistant.add(paths, progress=progress)
        except BaseException:
            assistant.close()
            raise

    @classmethod
    def open_or_create(cls, index: str | Path | None = None, *, settings: Settings | None = None) -> Self:
        """Open an index, or make an empty one where there is none. Raises as `open`, but never StoreMissing."""
        from vectorstore.embedding import load_embedder

        settings = _with_index(settings, index)
        try:
            return cls.open(settings=settings)
        except StoreMissing:
            create_store(settings, load_embedder(settings.embedder)).close()
            return cls.open(settings=settings)

    @classmethod
    def rebuild(cls, index: str | Path | None = None, *, settings: Settings | None = None) -> Self:
        """Make an index anew with the embedding model of the settings, from the text it holds; no file is read again.

        Raises:
            StoreMissing, StoreDamaged: as `open`.
        """
        from vectorstore.embedding import load_embedder

        settings = _with_index(settings, index)
        embedder = load_embedder(settings.embedder)
        return cls(rebuild_store(settings, embedder), embedder, settings)

    @classmethod
    def default(cls, settings: Settings | None = None, *, progress: Progress | None = None) -> Self:
        """Open the index that the settings name; where there is none yet, build it from the seed documents."""
        settings = settings or Settings()
        try:
            return cls.open(settings=settings)
        except StoreMissing:
            return cls.build(SEEDS, settings=settings, progress=progress)

    def using(self, settings: Settings) -> Self:
        """The same open index asked with other settings: another model, more passages. Close only one of the two."""
        return type(self)(self.store, self._embedder, settings)

    def close(self) -> None:
        """Release the index's files."""
        self.store.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    # documents

    def add(self, paths: Paths, *, progress: Progress | None = None) -> IndexReport:
        """Add files, folders or globs; a file indexed before under the same path is replaced when its bytes changed.

        On return all that was added is on disk. Files that can't be read are reported, not raised; the rest goes in.

        Raises:
            LoadError: a named path does not exist or no loader reads a named file.
        """
        return index_files(self.store, paths, self.settings, progress)

    def remove(self, name: str | Path) -> int:
        """Remove the documents with this source name, path or id, with every trace; returns how many there were.

        Raises:
            DocumentUnknown: no document goes by that name.
        """
        wanted = {str(name), document_id(Path(name).expanduser())}
        found = [info.id for info in self.documents() if {info.source, info.path, info.id} & wanted]
        if not found:
            raise DocumentUnknown(
                f"no document named {name}; `wenju index --list` shows the {len(self.documents())} there are",
                f"没有名为“{name}”的文档；`wenju index --list` 列出现有的 {len(self.documents())} 份",
            )
        return self.store.remove(found)

    def documents(self) -> list[DocumentInfo]:
        """All documents of the index, without their text."""
        return self.store.documents()

    def document(self, document_id: str) -> Document:
        """One document with its text, by the id that a passage or citation carries.

        Raises:
            DocumentUnknown: there is no such document (any more).
        """
        try:
            return self.store.document(document_id)
        except KeyError:
            raise DocumentUnknown(
                f"no document with id {document_id}; it may have been removed", "没有这份文档，可能已经移除了"
            ) from None

    # questions

    def retrieve(self, question: str, k: int | None = None, *, filter: Filter | None = None) -> list[Hit]:
        """The k best passages for a question that stands alone, best first; `settings.top_k` by default.

        Args:
            filter: which documents to look in; None for all.

        Raises:
            QuestionError: the question is blank or longer than `settings.question_max`.
            ValueError: k < 1.
        """
        return self._find(self._checked(question), self.settings.top_k if k is None else k, filter)[1]

    def answer(self, question: str, history: History = (), *, filter: Filter | None = None) -> Answer:
        """Answer a question from the documents, or say that they don't hold the answer.

        Args:
            question: as a person asks it; may follow up on the history.
            history: (question, answer) pairs, oldest first.
            filter: which documents to look in; None for all. A refusal says what was left out.

        Raises:
            QuestionError: the question is blank or longer than `settings.question_max`.
        """
        for event in self.stream(question, history, filter=filter):
            if isinstance(event, Answered):
                return event.answer
        raise AssertionError("a stream ends in Answered")

    def stream(self, question: str, history: History = (), *, filter: Filter | None = None) -> Iterator[Event]:
        """Answer step by step: Retrieved, then Delta pieces of the draft, then Answered with the checked answer.

        Arguments as of `answer`.

        Raises:
            QuestionError: as `answer`, before the first event.
        """
        question = self._checked(question)
        history = [(_encodable(asked), _encodable(answered)) for asked, answered in history]
        timings: dict[str, float] = {}
        notice = ""
        with _timed(timings, "condense"):
            standalone = question
            if history:
                try:
                    standalone = self._standalone(question, history)
                except ModelError as error:
                    standalone, notice = condense(question, history), fallback_notice(error, question)
        with _timed(timings, "retrieve"):
            asked, hits = self._find(standalone, self.settings.top_k, filter)
        yield Retrieved(standalone, tuple(hits))
        if self.settings.llm == EXTRACTIVE or notice or not hits:
            with _timed(timings, "answer"):
                answer = self._extractive(question, standalone, asked, hits, filter)
        else:
            try:
                with _timed(timings, "answer"):
                    answer = yield from self._generated(question, standalone, hits)
            except ModelError as error:
                notice = fallback_notice(error, question)
                with _timed(timings, "answer"):
                    answer = self._extractive(question, standalone, asked, hits, filter)
        if filter and answer.refused:
            matched = bool(hits) or any(map(filter.admits, self.documents()))
            answer = narrowed(answer, filter, matched=matched)
        if answer.model == EXTRACTIVE:
            yield Delta(answer.text)
        notes = " ".join(note for note in (notice, answer.notice) if note)
        yield Answered(replace(answer, notice=notes, timings=timings))

    def _standalone(self, question: str, history: History) -> str:
        """The follow-up as a question of its own, by the LLM if there is one. Raises ModelError."""
        if self.settings.llm == EXTRACTIVE:
            return condense(question, history)
        from rag.generate import rewrite_question

        return rewrite_question(question, history, self._llm, self.settings)

    def _generated(self, question: str, standalone: str, hits: Sequence[Hit]) -> Generator[Delta, None, Answer]:
        """The LLM's draft as Deltas, then the answer made of what the passages prove.

        Raises:
            ModelError: the model failed, or nothing that it wrote could be proven.
        """
        from rag.chain import write_answer

        grounded = yield from write_answer(standalone, hits, self._llm, self.settings, language_of(question))
        return from_grounded(grounded, question, standalone, hits, model=self.settings.llm)

    @cached_property
    def _llm(self) -> BaseChatModel:
        """The language model of the settings. Raises ModelError."""
        from rag.generate import load_llm

        return load_llm(self.settings)

    def _search(self, standalone: str, k: int, filter: Filter | None) -> list[Hit]:
        """The k best passages; a question made to stand alone may be longer than what a person may ask."""
        weight = self.settings.dense_weight
        weight = self._embedder.dense_weight if weight is None else weight
        return retrieve(self.store, standalone, k, weight, filter=filter)

    def _find(self, standalone: str, k: int, filter: Filter | None) -> tuple[str, list[Hit]]:
        """What was searched for and the k best passages: an English question of Chinese documents in their words."""
        hits = self._search(standalone, k, filter)
        meant = gloss(standalone, hits)
        return (meant, self._search(meant, k, filter)) if meant else (standalone, hits)

    def _extractive(
        self, question: str, standalone: str, asked: str, hits: Sequence[Hit], filter: Filter | None
    ) -> Answer:
        """The embedded answerer's answer; `asked` is what was searched for."""
        for _ in range(TRIES):
            try:
                return self._extracted(question, standalone, asked, hits, filter)
            except KeyError:  # a document was removed since the search: what is there now answers
                hits = self._search(asked, self.settings.top_k, filter)
        return self._extracted(question, standalone, asked, hits, filter)

    def _extracted(
        self, question: str, standalone: str, asked: str, hits: Sequence[Hit], filter: Filter | None
    ) -> Answer:
        """The answer quoted from these hits. Raises KeyError when one of their documents is gone."""
        parts = parts_with_hits(asked, hits, lambda text: self._search(text, self.settings.top_k, filter))
        hits = distinct([*hits, *(hit for own in parts.values() for hit in own)])
        before, openings = texts_around(self.store, hits)
        with one_blas_thread():
            found = extract(
                asked,
                hits,
                parts=parts,
                before=before,
                openings=openings,
                similarity=word_similarity,
                embed=word_vectors,
            )
        return from_extract(found if asked == standalone else in_english(found, question), question, standalone, hits)

    def _checked(self, question: str) -> str:
        """The question without outer blanks, or a clear error."""
        question = _encodable(question).strip()
        if not question:
            raise QuestionError("The question is empty: type one.", "问题是空的，请输入一个问题。")
        if len(question) > self.settings.question_max:
            raise QuestionError(
                f"The question has {len(question)} characters, at most {self.settings.question_max} are taken.",
                f"问题有 {len(question)} 个字，最多 {self.settings.question_max} 个。",
            )
        return question


def answer(question: str, history: History = (), *, settings: Settings | None = None) -> Answer:
    """Answer one question from the default index, built from the seed documents the first time.

    The assistant is kept open between calls. Raises what `Assistant.default` and `Assistant.answer` raise.
    """
    return _default(settings or Settings()).answer(question, history)


@lru_cache(maxsize=4)
def _default(settings: Settings) -> Assistant:
    """One open assistant for each settings."""
    return Assistant.default(settings)


def _encodable(text: str) -> str:
    """Text without lone surrogates, which a shell or JSON can hand over and no tokenizer takes; "?" stands for each."""
    return text.encode("utf-8", errors="replace").decode("utf-8")


def _with_index(settings: Settings | None, index: str | Path | None) -> Settings:
    """The settings, with the index named by argument."""
    settings = settings or Settings()
    return settings if index is None else settings.model_copy(update={"index": Path(index)})


@contextmanager
def _timed(timings: dict[str, float], stage: str) -> Iterator[None]:
    """Note how many seconds a stage takes."""
    start = time.perf_counter()
    try:
        yield
    finally:
        timings[stage] = time.perf_counter() - start
