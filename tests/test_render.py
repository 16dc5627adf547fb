"""HTML of the chat page: marks at the right characters, every untrusted text escaped, chips and sources that meet."""

from __future__ import annotations

import re
import threading
from dataclasses import replace
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.types import Answer, Answered, Citation, Claim, Delta, Document, Hit, Passage, Retrieved
from rag.ui.conversation import Latest, Run, converse
from rag.ui.labels import CHINESE, ENGLISH, choose_language, say
from rag.ui.markup import mark_text
from rag.ui.sources import render_panel, render_sources
from rag.ui.transcript import render_hints, render_turn, render_welcome
from rag.ui.turns import Turn
from vectorstore.errors import StoreError
from vectorstore.records import DocumentInfo

#       0         1         2         3         4
#       0123456789012345678901234567890123456789012345678
TEXT = "序言一句。量子院位于中关村软件园，共同成立。它有217名全职人员。结尾另一句。"
FIRST = "量子院位于中关村软件园，共同成立。"
SECOND = "它有217名全职人员。"
PASSAGE = Passage("d:0", "d", 0, "量子.txt", "量子院巡礼", TEXT[5:-6], 5, len(TEXT) - 6, page=3, date="2022-06-13")
DOCUMENT = Document("d", "量子.txt", "/量子.txt", "量子院巡礼", TEXT)
PAYLOADS = (
    "<img src=x onerror=alert(1)>",
    "<script>alert(1)</script>",
    "[点我](javascript:alert(1))",
    "![图](http://evil.example/x.png)",
    '" onmouseover="alert(1)" x=\'',
    "</mark></article><iframe src=//evil.example>",
    "{{constructor}} ${alert(1)} <!--",
)


def cite(number: int, quote: str, fact: str = "") -> Citation:
    """A citation of TEXT, worked out by search: each needle occurs once."""
    start = TEXT.index(quote)
    highlight = (TEXT.index(fact), TEXT.index(fact) + len(fact)) if fact else None
    return Citation(
        number, PASSAGE.source, PASSAGE.title, quote, start, start + len(quote), PASSAGE, 3, "2022-06-13", highlight
    )


ANSWER = Answer(
    text="量子院位于中关村软件园。[1]它有217名全职人员。[1]它在火星上。",
    refused=False,
    question="它在哪里？",
    standalone_question="量子院在哪里？",
    short="中关村软件园",
    claims=(
        Claim("量子院位于中关村软件园。", (1,), True),
        Claim("它有217名全职人员。", (1,), True),
        Claim("它在火星上。", (), False, 0.0, "没有引用"),
    ),
    citations=(cite(1, FIRST, "中关村软件园"), cite(1, SECOND)),
    hits=(Hit(PASSAGE, 1.0),),
    grounding=2 / 3,
)
REFUSAL = Answer(
    "没有答案。没有一段谈到“红烧肉”。",
    True,
    "红烧肉怎么做？",
    "红烧肉怎么做？",
    "没有一段谈到“红烧肉”。",
    hits=(Hit(PASSAGE, 1.0),),
)


def find(document_id: str) -> Document | None:
    return DOCUMENT if document_id == "d" else None


class Tags(HTMLParser):
    """The tags and attributes that a browser would see."""

    ALLOWED = frozenset(
        "div h1 h2 h3 p ul li button span strong article section header blockquote mark label input".split()
    )

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.words: list[str] = []
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in self.ALLOWED
        for name, _ in attrs:
            known = {"class", "id", "type", "hidden", "role", "tabindex", "title", "maxlength"}
            assert name in known or name[:5] in {
                "data-",
                "aria-",
            }
        if tag != "input":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    def handle_comment(self, data: str) -> None:
        raise AssertionError(f"a comment: {data}")


def visible(html: str) -> str:
    return "".join(Tags(html).words)


def test_mark_is_placed_to_the_character() -> None:
    assert mark_text("甲乙，丙丁。", 100, [(101, 104)]) == "甲<mark>乙，丙</mark>丁。"
    assert mark_text("甲乙，丙丁。", 100, [(101, 106)], [(103, 105)]) == "甲<mark>乙，<strong>丙丁</strong>。</mark>"


def test_marks_merge_and_stop_at_the_passage() -> None:
    assert mark_text("甲乙丙", 10, [(5, 11), (11, 12), (12, 99)]) == "<mark>甲乙丙</mark>"
    assert mark_text("甲乙丙", 10, [(20, 30)]) == "甲乙丙"
    assert mark_text("", 0, [(0, 5)]) == ""


def test_fact_outside_a_quote_is_not_stressed() -> None:
    assert mark_text("甲乙丙", 0, [(0, 1)], [(2, 3)]) == "<mark>甲</mark>乙丙"


@given(st.text(), st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30)), max_size=4))
def test_marking_never_changes_the_words(text: str, spans: list[tuple[int, int]]) -> None:
    shown = visible(f"<p>{mark_text(text, 3, spans, spans)}</p>")
    unshowable = r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
    assert shown == re.sub(unshowable, "", text)


def test_an_answer_shows_the_fact_first_and_its_grounding() -> None:
    html = render_turn(Turn("它在哪里？", answer=ANSWER, progress="answered"), 2, "zh")
    assert html.index("<strong>中关村软件园</strong>") < html.index("量子院位于中关村软件园。")
    assert "理解为：量子院在哪里？" in html
    assert "2/3 句有据" in html
    assert '<span class="wj-weak">它在火星上。</span>' in html
    assert html.count('class="wj-weak"') == 1
    assert html.count('data-turn="2" data-number="1"') == 2


def test_a_question_understood_as_asked_is_not_repeated() -> None:
    answer = replace(ANSWER, standalone_question="它在哪里？")
    assert "理解为" not in render_turn(Turn("它在哪里？", answer=answer), 0, "zh")


def test_a_marker_without_citation_stays_text() -> None:
    html = render_turn(Turn("问", answer=replace(ANSWER, text="甲。[7]乙。[0]", claims=())), 0, "zh")
    assert "甲。[7]乙。[0]" in html
    assert "wj-chip" not in html


def test_sources_of_one_passage_share_a_card_with_both_quotes() -> None:
    html = render_sources(ANSWER, 2, "zh", find)
    assert html.count("<article") == 1
    assert 'id="wj-source-2-1"' in html
    assert f"<mark>量子院位于<strong>中关村软件园</strong>，共同成立。{SECOND}</mark>" in html
    assert '<span class="wj-around">序言一句。</span>' in html
    assert '<span class="wj-around">结尾另一句。</span>' in html
    assert "量子.txt · 2022-06-13 · 第 3 页" in html


def test_a_changed_document_lends_no_neighbouring_text() -> None:
    html = render_sources(ANSWER, 0, "zh", lambda _: replace(DOCUMENT, text="全新的内容" * 20))
    assert "全新" not in html
    assert SECOND in html


def test_a_refusal_lists_the_nearest_passages_without_marks() -> None:
    turn = render_turn(Turn("红烧肉怎么做？", answer=REFUSAL, progress="answered"), 0, "zh")
    assert "wj-refusal" in turn
    assert '<p class="wj-head">没有答案。</p><p>没有一段谈到“红烧肉”。</p>' in turn
    assert 'data-nearest="0">看最接近的 1 段</button>' in turn
    assert "换个问法" in turn
    assert 'data-go="documents"' in turn
    assert "句有据" not in turn
    sources = render_sources(REFUSAL, 0, "zh", find)
    assert "最接近的段落" in sources
    assert FIRST in sources
    assert "<mark>" not in sources
    assert "序言" not in sources


def test_only_the_last_sources_are_shown() -> None:
    sections = [render_sources(ANSWER, number, "zh", find) for number in (0, 1)]
    panel = render_panel([Turn("一", sources=sections[0]), Turn("失败"), Turn("二", sources=sections[1])], "zh")
    assert panel.count("<section") == 2
    assert panel.count("<section hidden") == 1
    assert panel.index("<section hidden") < panel.index('data-turn="1"')


def test_a_draft_is_marked_as_unchecked() -> None:
    html = render_turn(Turn("问", draft="甲。[1]", standalone="问"), 0, "zh")
    assert "正在核对出处" in html
    assert 'aria-busy="true"' in html
    assert "data-number" not in html
    assert "未经核对" in render_turn(Turn("问", draft="甲。", progress="stopped"), 0, "zh")


@pytest.mark.parametrize("payload", PAYLOADS)
def test_untrusted_text_stays_text_everywhere(payload: str) -> None:
    passage = replace(PASSAGE, source=payload, title=payload, text=payload, start=0, end=len(payload), date=payload)
    citation = replace(
        cite(1, FIRST),
        source=payload,
        title=payload,
        quote=payload,
        start=0,
        end=len(payload),
        passage=passage,
        highlight=(1, 3),
    )
    answer = replace(
        ANSWER,
        text=f"{payload}[1]",
        short=payload,
        notice=payload,
        model=payload,
        standalone_question=payload,
        claims=(Claim(payload, (1,), False, 0.0, payload),),
        citations=(citation,),
        hits=(Hit(passage, 1.0),),
    )
    refusal = replace(answer, refused=True, reason=payload, claims=(), citations=())
    around = replace(DOCUMENT, text=payload * 3)
    info = DocumentInfo("d", payload, payload, payload, payload, 9, 1, "")
    pieces = [
        render_turn(Turn(payload, answer=answer), 0, "zh"),
        render_turn(Turn(payload, answer=refusal), 0, "en"),
        render_turn(Turn(payload, draft=payload, standalone=payload), 0, "zh"),
        render_turn(Turn(payload, progress="failed", error=payload), 0, "zh"),
        render_sources(answer, 0, "zh", lambda _: around),
        render_sources(refusal, 0, "zh", lambda _: around),
        render_welcome([info], "zh"),
        render_hints([payload], "zh"),
    ]
    for piece in pieces:
        assert payload in visible(piece)


def test_unshowable_characters_are_dropped() -> None:
    html = render_turn(Turn("a\x00\x1b[31mb\u202egpj.txt\udc80", progress="failed", error="x"), 0, "zh")
    assert "a[31mbgpj.txt" in visible(html)
    html.encode()


def test_no_documents_says_what_to_do() -> None:
    assert "还没有文档" in render_welcome([], "zh")
    assert 'data-go="documents"' in render_welcome([], "zh")
    assert render_hints([], "zh") == ""


def test_both_languages_have_the_same_words_and_blanks() -> None:
    assert CHINESE.keys() == ENGLISH.keys()
    for key in CHINESE:
        assert set(re.findall(r"{\w+}", CHINESE[key])) == set(re.findall(r"{\w+}", ENGLISH[key])), key


@pytest.mark.parametrize(
    ("accepted", "language"),
    [
        ("zh-CN,zh;q=0.9", "zh"),
        ("zh-Hant-TW", "zh"),
        ("en-US,en;q=0.9,zh;q=0.8", "en"),
        ("fr", "en"),
        (None, "zh"),
        ("*", "zh"),
    ],
)
def test_the_browser_chooses_the_language(accepted: str | None, language: str) -> None:
    assert choose_language(accepted) == language
    assert say("en", "grounded", supported=1, claims=2) == "1 of 2 sentences proven"


class Scripted:
    """An answerer that plays given events; an exception among them is raised."""

    def __init__(self, *events: object) -> None:
        self.events = events
        self.history: list[tuple[str, str]] = []

    def stream(self, question, history=()):
        self.history = list(history)
        for event in self.events:
            if isinstance(event, Exception):
                raise event
            yield event

    def document(self, document_id):
        raise StoreError("gone")


def test_a_conversation_grows_step_by_step() -> None:
    assistant = Scripted(Retrieved("量子院在哪里？", ANSWER.hits), Delta("量子院"), Delta("位于"), Answered(ANSWER))
    before = (Turn("你好", answer=REFUSAL, progress="answered"), Turn("断了", progress="stopped"))
    steps = list(converse(assistant, "它在哪里？", before, "zh", Run()))
    assert [step[-1].progress for step in steps] == ["asking"] * (len(steps) - 1) + ["answered"]
    assert steps[1][-1].standalone == "量子院在哪里？"
    assert all(step[:2] == before for step in steps)
    assert steps[-1][-1].draft == "量子院位于"
    assert "wj-source-2-1" in steps[-1][-1].sources
    assert assistant.history == [("你好", "没有答案。没有一段谈到“红烧肉”。")]


def test_a_known_failure_is_told_and_an_unknown_one_logged(caplog: pytest.LogCaptureFixture) -> None:
    *_, told = converse(Scripted(StoreError("索引被占用。")), "问", (), "zh", Run())
    assert (told[-1].progress, told[-1].error) == ("failed", "索引被占用。")
    *_, logged = converse(Scripted(Delta("甲"), RuntimeError("boom")), "问", (), "zh", Run())
    assert logged[-1].error == say("zh", "unexpected")
    assert "boom" in caplog.text
    assert "boom" not in render_turn(logged[-1], 0, "zh")


def test_a_silent_model_can_be_stopped() -> None:
    class Silent(Scripted):
        def stream(self, question, history=()):
            yield Delta("甲")
            released.wait(10)

    released, run = threading.Event(), Run()
    steps = converse(Silent(), "问", (), "zh", run)
    assert next(steps)[-1].progress == "asking"
    run.stop()
    *_, last = steps
    released.set()
    assert last[-1].progress == "stopped"
    assert list(steps) == []


def test_a_question_on_its_way_does_not_bring_an_ended_conversation_back() -> None:
    latest, ended, other = Latest(), (Turn("量子院有多少人？"),), (Turn("量子院有多少人？"),)
    latest.close(ended)
    assert latest.going_on(ended) == ()
    assert latest.going_on(other) is other
    assert Latest().going_on(ended) is ended
