"""The verbs: build, open, add, remove, retrieve, answer, stream."""

from __future__ import annotations

import shutil
import sqlite3
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import rag
from rag import Answered, Assistant, Delta, IndexReport, Retrieved, Settings
from rag.assistant import SEEDS, _default
from rag.compose import from_extract, refusal
from rag.errors import DocumentUnknown, LoadError, QuestionError, StoreMissing, UnsupportedFormat
from rag.extract import Extract
from rag.quote import Quote
from rag.types import Passage
from tests.llm_server import ScriptedServer

FACTORY = "青河机械厂位于成都市郫都区，1998年建成投产。\n全厂有职工312名，其中工程师45名。厂长是李向东。\n"
GARDEN = "臺北植物園位於臺北市中正區，創立於1896年。\n園內種植植物約2000種，溫室面積1500平方公尺。園長是林志明。\n"
PLAN = "# 星火计划\n\n星火计划于2021年启动，预算为3000万元，𠮷田实验室（Yoshida Lab）参与。\n"


def write_documents(folder: Path) -> Path:
    """A GB18030 text, a traditional one and a Markdown file."""
    (folder / "下级").mkdir(parents=True)
    (folder / "工厂.txt").write_bytes(FACTORY.encode("gb18030"))
    (folder / "繁體.txt").write_text(GARDEN, "utf-8")
    (folder / "下级" / "计划.md").write_text(PLAN, "utf-8")
    return folder


@pytest.fixture
def docs(tmp_path: Path) -> Path:
    return write_documents(tmp_path / "文档")


@pytest.fixture
def assistant(docs: Path, tmp_path: Path) -> Iterator[Assistant]:
    with Assistant.build(docs, index=tmp_path / "索引") as opened:
        yield opened


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Assistant]:
    """The same, for tests that only ask."""
    folder = tmp_path_factory.mktemp("reader")
    with Assistant.build(write_documents(folder / "文档"), index=folder / "索引") as opened:
        yield opened


def short(assistant: Assistant, question: str) -> str:
    return assistant.answer(question).short


# building and opening


def test_a_folder_becomes_an_index(assistant: Assistant, docs: Path) -> None:
    infos = assistant.documents()
    assert [info.source for info in infos] == ["下级/计划.md", "工厂.txt", "繁體.txt"]
    assert [info.path for info in infos] == [str(docs / source) for source in ("下级/计划.md", "工厂.txt", "繁體.txt")]
    assert sum(info.passages for info in infos) == len(assistant.store) == 3


def test_built_then_opened_the_answers_are_the_same(assistant: Assistant) -> None:
    with Assistant.open(assistant.settings.index) as again:
        assert short(again, "青河机械厂有多少职工？") == short(assistant, "青河机械厂有多少职工？") == "312名"


def test_building_again_brings_the_index_up_to_date(assistant: Assistant, docs: Path) -> None:
    (docs / "新.txt").write_text("青河机械厂的食堂有座位280个。", "utf-8")
    with Assistant.build(docs, index=assistant.settings.index) as again:
        assert len(again.documents()) == 4
        assert short(again, "青河机械厂的食堂有多少个座位？") == "280个"


def test_files_globs_and_any_iterable_build(docs: Path, tmp_path: Path) -> None:
    with Assistant.build(str(docs / "**" / "*.md"), index=tmp_path / "甲") as one:
        assert [info.source for info in one.documents()] == ["下级/计划.md"]
    paths = (path for path in (docs / "工厂.txt", docs / "繁體.txt"))
    with Assistant.build(paths, index=tmp_path / "乙") as two:
        assert len(two.documents()) == 2


def test_opening_no_index_names_the_command_that_makes_one(tmp_path: Path) -> None:
    with pytest.raises(StoreMissing, match="wenju index") as caught:
        Assistant.open(tmp_path / "无")
    assert str(tmp_path / "无") in str(caught.value)
    assert not (tmp_path / "无").exists()


def test_a_mistyped_path_leaves_no_index_behind(tmp_path: Path) -> None:
    with pytest.raises(LoadError, match=r"错字\.txt"):
        Assistant.build(tmp_path / "错字.txt", index=tmp_path / "索引")
    assert not (tmp_path / "索引").exists()


def test_a_format_nobody_reads_is_said_so(assistant: Assistant, docs: Path) -> None:
    (docs / "片.mp4").write_bytes(b"\0\0\0\x18ftyp")
    with pytest.raises(UnsupportedFormat, match="mp4"):
        assistant.add(docs / "片.mp4")


def test_building_from_unreadable_files_alone_fails(tmp_path: Path) -> None:
    (tmp_path / "空.txt").write_bytes(b"")
    with pytest.raises(LoadError, match=r"No file could be read: 空\.txt"):
        Assistant.build(tmp_path / "空.txt", index=tmp_path / "索引")


def test_the_default_assistant_is_built_from_the_seeds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAG_INDEX", str(tmp_path / "默认"))
    settings = Settings()
    try:
        first = rag.answer("量子院位于哪里？")
        assert first.short == "中关村软件园"
        assert _default(settings) is _default(settings)  # kept open between calls
        assert {Path(info.path).parent for info in _default(settings).documents()} == {SEEDS}
        followed = rag.answer("它有多少全职科研人员？", history=[(first.question, first.text)])
        assert followed.short == "217名"
    finally:
        _default(settings).close()
        _default.cache_clear()


# adding and removing


def test_the_same_file_twice_is_unchanged(assistant: Assistant, docs: Path) -> None:
    again = assistant.add(docs)
    assert again == IndexReport(unchanged=("下级/计划.md", "工厂.txt", "繁體.txt"))
    assert assistant.add(docs / "工厂.txt").unchanged == ("工厂.txt",)
    assert len(assistant.documents()) == 3


def test_changed_bytes_replace_the_document(assistant: Assistant, docs: Path) -> None:
    (docs / "工厂.txt").write_bytes(FACTORY.replace("312名", "358名").encode("gb18030"))
    report = assistant.add(docs)
    assert report.added == ("工厂.txt",)
    assert report.passages == 1
    assert len(assistant.documents()) == 3
    reply = assistant.answer("青河机械厂有多少职工？")
    assert reply.short == "358名"
    assert "312" not in reply.text


def test_a_removed_document_never_answers(assistant: Assistant, docs: Path) -> None:
    question = "青河机械厂有多少职工？"
    citation = assistant.answer(question).citations[0]
    assert assistant.remove("工厂.txt") == 1
    reply = assistant.answer(question)
    assert reply.refused
    assert all(hit.passage.source != "工厂.txt" for hit in [*reply.hits, *assistant.retrieve(question, k=50)])
    with pytest.raises(DocumentUnknown):
        assistant.document(citation.document_id)
    with Assistant.open(assistant.settings.index) as again:
        assert again.answer(question).refused
    assert assistant.add(docs).added == ("工厂.txt",)
    assert short(assistant, question) == "312名"


@pytest.mark.parametrize("spelling", ["source", "path", "relative", "id"])
def test_a_document_goes_by_any_of_its_names(
    assistant: Assistant, docs: Path, monkeypatch: pytest.MonkeyPatch, spelling: str
) -> None:
    monkeypatch.chdir(docs)
    info = assistant.documents()[0]
    names = {
        "source": "下级/计划.md",
        "path": docs / "下级" / "计划.md",
        "relative": "../文档/下级/计划.md",
        "id": info.id,
    }
    assert assistant.remove(names[spelling]) == 1
    assert [info.source for info in assistant.documents()] == ["工厂.txt", "繁體.txt"]


def test_removing_what_is_not_there_names_the_listing(assistant: Assistant) -> None:
    with pytest.raises(DocumentUnknown, match=r"没有\.txt.*wenju index --list.*3"):
        assistant.remove("没有.txt")
    assert len(assistant.documents()) == 3


def test_a_bad_file_among_good_ones_is_reported_and_the_rest_goes_in(docs: Path, tmp_path: Path) -> None:
    (docs / "坏.pdf").write_bytes(b"this is no PDF")
    (docs / "空.txt").write_bytes(b"")
    steps: list[tuple[int, int, str, int]] = []
    with Assistant.open_or_create(tmp_path / "索引") as assistant:
        report = assistant.add(docs, progress=lambda *step: steps.append(step))
        assert report.added == ("下级/计划.md", "工厂.txt", "繁體.txt")
        assert [source for source, _ in report.failed] == ["坏.pdf", "空.txt"]
        assert all(source in why for source, why in report.failed)
        assert short(assistant, "青河机械厂有多少职工？") == "312名"
    assert [(done, total) for done, total, *_ in steps] == [(number, 5) for number in range(1, 6)]
    assert {source for *_, source, _ in steps} == {"下级/计划.md", "工厂.txt", "繁體.txt", "坏.pdf", "空.txt"}
    assert steps[-1][-1] == report.passages == 3


def test_an_empty_index_refuses(tmp_path: Path) -> None:
    with Assistant.open_or_create(tmp_path / "索引") as assistant:
        reply = assistant.answer("量子院位于哪里？")
        assert reply.refused
        assert reply.reason == "文档中没有找到相关的段落。"
        assert reply.hits == ()
        assert assistant.retrieve("量子院") == []


# asking


@pytest.mark.parametrize(
    ("question", "expected", "quote"),
    [
        ("青河机械厂有多少职工？", "312名", "全厂有职工312名"),
        ("青河機械廠的廠長是誰？", "李向东", "厂长是李向东"),
        ("青河机械厂哪年建成投产？", "1998年", "1998年建成投产"),
        ("台北植物园位于哪里？", "臺北市中正區", "臺北植物園位於臺北市中正區"),
        ("臺北植物園種植了多少種植物？", "約2000種", "園內種植植物約2000種"),
        ("台北植物园的园长是谁？", "林志明", "園長是林志明"),
        ("星火计划的预算是多少？", "3000万元", "预算为3000万元"),
    ],
)
def test_documents_of_either_script_and_encoding_answer(
    reader: Assistant, question: str, expected: str, quote: str
) -> None:
    reply = reader.answer(question)
    assert reply.short == expected
    citation = reply.citations[0]
    assert quote in citation.quote
    assert reader.document(citation.document_id).text[citation.start : citation.end] == citation.quote
    start, end = citation.highlight or (0, 0)
    assert reader.document(citation.document_id).text[start:end] == expected
    assert reply.text == f"{citation.quote}[1]"


def test_a_rare_character_beyond_the_first_plane_counts_as_one(reader: Assistant) -> None:
    reply = reader.answer("星火计划有哪个实验室参与？")
    text = reader.document(reply.citations[0].document_id).text
    assert "𠮷田实验室" in reply.citations[0].quote == text[reply.citations[0].start : reply.citations[0].end]


def test_the_order_of_events(seeds_assistant: Assistant) -> None:
    first, *deltas, last = seeds_assistant.stream("荷塘生华的硬科技孵化器有多大？")
    assert isinstance(first, Retrieved)
    assert first.hits
    assert first.standalone_question == "荷塘生华的硬科技孵化器有多大？"
    assert all(isinstance(delta, Delta) for delta in deltas)
    assert isinstance(last, Answered)
    assert "".join(delta.text for delta in deltas) == last.answer.text
    assert last.answer.hits == first.hits
    assert last.answer.short == "9000M2"
    assert last.answer.model == "extractive"
    assert last.answer.notice == ""


def test_a_refusal_streams_too(seeds_assistant: Assistant) -> None:
    first, delta, last = seeds_assistant.stream("红烧肉怎么做？")
    assert isinstance(first, Retrieved)
    assert isinstance(delta, Delta)
    assert isinstance(last, Answered)
    assert last.answer.refused
    assert delta.text == last.answer.text == f"文档里没有这个问题的答案。{last.answer.reason}"
    assert "红烧肉" in last.answer.reason


def test_a_follow_up_is_understood(seeds_assistant: Assistant) -> None:
    history = [("介绍一下荷塘生华", "荷塘生华是清华工研院与行业领军企业共同发起设立的科技公司。[1]")]
    reply = seeds_assistant.answer("它的硬科技孵化器有多大？", history)
    assert reply.question == "它的硬科技孵化器有多大？"
    assert reply.standalone_question == "荷塘生华的硬科技孵化器有多大？"
    assert reply.short == "9000M2"
    assert seeds_assistant.answer("它的硬科技孵化器有多大？").standalone_question == "它的硬科技孵化器有多大？"


def test_an_english_question_is_refused_in_english(seeds_assistant: Assistant) -> None:
    reply = seeds_assistant.answer("How do I cook pork?")
    assert reply.refused
    assert reply.text.startswith("The documents don't answer this.")


@pytest.mark.parametrize("question", ["", "  \n\u3000"])
def test_an_empty_question_is_an_error_before_the_first_event(seeds_assistant: Assistant, question: str) -> None:
    for ask in (seeds_assistant.answer, seeds_assistant.retrieve, lambda text: next(seeds_assistant.stream(text))):
        with pytest.raises(QuestionError, match="问题是空的"):
            ask(question)


def test_a_question_may_not_be_too_long(seeds_assistant: Assistant) -> None:
    most = seeds_assistant.settings.question_max
    assert seeds_assistant.answer("量子院位于哪里？".ljust(most, "？")).question
    with pytest.raises(QuestionError, match=f"{most + 1} 个字，最多 {most} 个"):
        seeds_assistant.answer("长" * (most + 1))


def test_a_follow_up_may_grow_past_the_limit(seeds_assistant: Assistant) -> None:
    question = "它有多少人？".ljust(seeds_assistant.settings.question_max, "？")
    reply = seeds_assistant.answer(question, [("量子院位于哪里？", "量子院位于中关村软件园。[1]")])
    assert len(reply.standalone_question) > seeds_assistant.settings.question_max
    assert reply.standalone_question.startswith("量子院有多少人？")


def test_half_a_character_from_a_shell_does_no_harm(seeds_assistant: Assistant) -> None:
    reply = seeds_assistant.answer("量子院位于哪里？\udce9", [("你好\ud800", "\udfff")])
    assert reply.short == "中关村软件园"
    reply.text.encode()
    reply.question.encode()


def test_a_document_removed_between_search_and_answer_does_not_answer(assistant: Assistant) -> None:
    events = assistant.stream("青河机械厂有多少职工？")
    retrieved = next(events)
    assert isinstance(retrieved, Retrieved)
    assert retrieved.hits
    assistant.remove("工厂.txt")
    *_, last = events
    assert isinstance(last, Answered)
    assert last.answer.refused
    assert all(hit.passage.source != "工厂.txt" for hit in last.answer.hits)


def test_many_threads_ask_at_once(seeds_assistant: Assistant) -> None:
    questions = ["量子院位于哪里？", "荷塘生华的硬科技孵化器有多大？", "红烧肉怎么做？", "华辉安健的CEO是谁？"] * 6
    expected = [seeds_assistant.answer(question).text for question in questions]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(lambda question: seeds_assistant.answer(question).text, questions)) == expected


def test_asking_goes_on_while_documents_come_and_go(assistant: Assistant, docs: Path) -> None:
    stop = threading.Event()
    spare = docs.parent / "备用.txt"
    shutil.copy(docs / "工厂.txt", spare)

    def change() -> None:
        while not stop.is_set():
            assistant.add(spare)
            assistant.remove(spare)

    with ThreadPoolExecutor(4) as pool:
        changing = pool.submit(change)
        try:
            replies = list(pool.map(lambda _: assistant.answer("青河机械厂有多少职工？"), range(30)))
        finally:
            stop.set()  # or a failed answer would leave the pool waiting for ever
        changing.result()
    assert {reply.short for reply in replies} == {"312名"}
    assert assistant.answer("青河机械厂有多少职工？").citations[0].source == "工厂.txt"


# composing


def passage_of(text: str) -> Passage:
    return Passage("d:0", "d", 0, "文.txt", "题", text, 100, 100 + len(text))


@pytest.mark.parametrize(
    ("text", "start", "end", "sentence"),
    [
        ("产线10条，投入过亿元。", 100, 106, "产线10条"),
        ("产线10条，投入过亿元。", 100, 112, "产线10条，投入过亿元。"),
        ("“我们有产线10条，”他说。", 100, 110, "我们有产线10条"),
        ("“产线10条”。", 100, 107, "“产线10条”"),
    ],
)
def test_a_quote_reads_as_a_sentence_and_stays_exact(text: str, start: int, end: int, sentence: str) -> None:
    quote = Quote(passage_of(text), start, end, None, 1.0)
    reply = from_extract(Extract((quote,), "", "", 1.0), "有多少产线？", "有多少产线？", [])
    assert reply.text == f"{sentence}[1]"
    assert reply.citations[0].quote == text[start - 100 : end - 100]
    assert reply.claims[0].text == sentence


def test_quotes_are_numbered_in_order() -> None:
    quotes = tuple(Quote(passage_of(text), 100, 100 + len(text), None, 1.0) for text in ("甲是一。", "乙是二。"))
    reply = from_extract(Extract(quotes, "没有提到丙。", "一；二", 1.0), "甲乙丙？", "甲乙丙？", [])
    assert reply.text == "甲是一。[1]\n乙是二。[2]"
    assert [citation.number for citation in reply.citations] == [1, 2]
    assert reply.notice == "没有提到丙。"
    assert not reply.refused


def test_a_refusal_speaks_the_language_of_the_question() -> None:
    assert refusal("谁？", "谁？", "没有。", [], model="extractive").text == "文档里没有这个问题的答案。没有。"
    english = refusal("Who?", "Who?", "", [], model="extractive")
    assert english.text == "The documents don't answer this."
    assert english.refused


# a language model that can't be reached


def test_without_its_model_the_embedded_answerer_answers_and_says_so(
    seeds_assistant: Assistant, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = Settings(
        index=seeds_assistant.settings.index,
        llm="openai:x",
        llm_base_url="http://127.0.0.1:9",
        llm_api_key="secret-key",
        llm_timeout=5,
    )
    with caplog.at_level("DEBUG"), Assistant.open(settings=settings) as assistant:
        first, *_, last = assistant.stream("荷塘生华的硬科技孵化器有多大？")
    assert isinstance(first, Retrieved)
    assert isinstance(last, Answered)
    assert last.answer.short == "9000M2"
    assert last.answer.model == "extractive"
    assert last.answer.text == seeds_assistant.answer("荷塘生华的硬科技孵化器有多大？").text
    assert "127.0.0.1:9" in last.answer.notice
    assert "内置回答" in last.answer.notice
    output = capsys.readouterr()
    for told in (repr(last.answer), repr(settings), caplog.text, output.out, output.err):
        assert "secret-key" not in told


@pytest.mark.parametrize("part", ["fabricated", "wrong_number", "fake_quote", "unauthorized", "half", "empty"])
def test_a_lying_or_failing_model_gives_way_to_the_quoted_answer(seeds_assistant, part):
    with ScriptedServer() as server:
        settings = Settings(llm=f"openai:{part}", llm_base_url=server.url, index=seeds_assistant.settings.index)
        with Assistant.open(settings=settings) as assistant:
            answer = assistant.answer("量子院已入职的全职科研人员有多少名？")
    assert answer.model == "extractive"
    assert "217名" in answer.text
    assert answer.notice
    assert "99999" not in answer.text + answer.notice


def test_an_honest_model_answers_under_proof(seeds_assistant):
    with ScriptedServer() as server:
        settings = Settings(llm="openai:half_true", llm_base_url=server.url, index=seeds_assistant.settings.index)
        with Assistant.open(settings=settings) as assistant:
            answer = assistant.answer("量子院位于哪里？")
            document = assistant.document(answer.citations[0].document_id)
    assert answer.model == "openai:half_true"
    assert "中关村软件园" in answer.text
    assert "99999" not in answer.text
    assert [claim.supported for claim in answer.claims] == [True, False]
    assert answer.grounding == 0.5
    citation = answer.citations[0]
    assert document.text[citation.start : citation.end] == citation.quote


def test_an_index_of_an_older_embedded_model_is_embedded_anew(tmp_path):
    with Assistant.build(SEEDS, tmp_path / "索引") as assistant:
        passages = len(assistant.store)
    with sqlite3.connect(tmp_path / "索引" / "catalog.sqlite") as catalog:
        catalog.execute("UPDATE meta SET value = 'older' WHERE name = 'fingerprint'")
    catalog.close()
    with Assistant.open(tmp_path / "索引") as assistant:
        assert len(assistant.store) == passages
        assert assistant.answer("量子院位于哪里？").short == "中关村软件园"
        assert assistant.store.meta()["fingerprint"] != "older"


def test_an_interrupted_first_start_leaves_no_index(tmp_path):
    def interrupt(done: int, total: int, source: str, passages: int) -> None:
        raise KeyboardInterrupt

    settings = Settings(index=tmp_path / "索引")
    with pytest.raises(KeyboardInterrupt):
        Assistant.default(settings, progress=interrupt)
    assert list(tmp_path.iterdir()) == []
    with Assistant.default(settings) as assistant:
        assert len(assistant.documents()) == 2
