"""Two documents, two values: both shown, newest first; one value written two ways is no conflict."""

from __future__ import annotations

import pytest

from rag.compose import from_extract
from rag.conflicts import differ
from rag.documents import document_from_text
from rag.extract import Extract, extract
from rag.passages import split_passages
from rag.question import Kind
from rag.types import Hit

OLD, NEW = "2022-06-13", "2024-03-28"


def ask(question: str, *dated: tuple[str, str | None]) -> Extract:
    """Ask over documents of (text, date), found in this order."""
    hits: list[Hit] = []
    for number, (text, date) in enumerate(dated):
        document = document_from_text(text, source=f"{number}.txt", title=f"报道{number}", date=date)
        hits += [Hit(passage, 1 - number / 10) for passage in split_passages(document)]
    return extract(question, hits)


@pytest.mark.parametrize(
    ("kind", "one", "other", "contradict"),
    [
        (Kind.NUMBER, "54项", "60项", True),
        (Kind.NUMBER, "1.8万套", "18000套", False),
        (Kind.NUMBER, "1.8万套", "一万八千套", False),
        (Kind.NUMBER, "1.8万套", "1.9万套", True),
        pytest.param(Kind.NUMBER, "2.5万名", "24963名", False, id="rounds-to-it"),
        pytest.param(Kind.NUMBER, "约500家", "512家", False, id="about"),
        pytest.param(Kind.NUMBER, "约500家", "620家", True, id="far-from-about"),
        pytest.param(Kind.NUMBER, "9平方公里", "900公顷", False, id="9-square-kilometres-are-900-hectares"),
        pytest.param(Kind.NUMBER, "54项", "5%", False, id="other-units-say-nothing"),
        (Kind.DATE, "2017年12月", "2017年", False),
        (Kind.DATE, "2017年12月", "2017年11月", True),
        (Kind.DATE, "2017-12-03", "2017年12月3日", False),
        pytest.param(Kind.DATE, "12月", "2017年", False, id="nothing-shared"),
        (Kind.PERSON, "张硕", "陈彬", True),
        (Kind.PERSON, "袁之良", "之良", False),
    ],
)
def test_which_values_contradict(kind: Kind, one: str, other: str, contradict: bool) -> None:
    assert differ(kind, one, other) == contradict
    assert differ(kind, other, one) == contradict
    assert not differ(kind, one, one)


def test_both_values_are_shown_newest_first() -> None:
    found = ask(
        "量子院有多少名科研人员？", ("量子院有科研人员217名。", OLD), ("量子院有科研人员305名，分三个方向。", NEW)
    )
    assert found.short == "305名；217名"
    assert [quote.passage.date for quote in found.quotes] == [NEW, OLD]
    assert found.notice == f"文档的说法不一致，从新到旧：《报道1》（{NEW}）：305名；《报道0》（{OLD}）：217名。"
    answer = from_extract(found, "问", "问", [])
    assert answer.notice == found.notice
    assert [citation.date for citation in answer.citations] == [NEW, OLD]


def test_a_conflict_is_told_in_the_questions_language_and_without_a_date() -> None:
    found = ask(
        "How many staff at HuaHui?",
        ("HuaHui has a staff of 217 people.", None),
        ("HuaHui has a staff of 305 people.", NEW),
    )
    assert found.short == "305；217"
    assert found.notice == f"The documents differ, newest first: “报道1” ({NEW}): 305; “报道0” (undated): 217."


@pytest.mark.parametrize(
    ("question", "one", "other"),
    [
        pytest.param("怀柔建成多少套房源？", "怀柔建成房源1.8万套。", "怀柔建成房源18000套。", id="same-value"),
        pytest.param("量子院有多少名研究员？", "量子院有研究员217名。", "物理所有研究员305名。", id="other-subject"),
        pytest.param("量子院有多少名科研人员？", "量子院有科研人员217名。", "量子院有外籍人员12名。", id="other-thing"),
        pytest.param(
            "量子院2021年有多少名科研人员？",
            "2021年，量子院有科研人员217名。",
            "2023年，量子院有科研人员305名。",
            id="other-year",
        ),
        pytest.param(
            "墨迹表单3.3版有多少个组件？",
            "墨迹表单3.3版有组件217个。",
            "墨迹表单3.2版有组件305个。",
            id="other-version",
        ),
        pytest.param(
            "量子院的院长是谁？", "量子院院长薛其坤表示祝贺。", "物理所院长张硕参观了量子院。", id="post-elsewhere"
        ),
        pytest.param("谁访问了量子院？", "薛其坤访问了量子院。", "张硕访问了量子院。", id="several-may-have"),
        pytest.param("量子院位于哪里？", "量子院位于软件园。", "量子院位于科学城。", id="places-are-not-compared"),
    ],
)
def test_what_is_no_conflict(question: str, one: str, other: str) -> None:
    found = ask(question, (one, OLD), (other, NEW))
    assert not found.refused
    assert found.notice == ""


def test_dates_and_people_conflict_too() -> None:
    dates = ask("量子院是哪一年成立的？", ("量子院成立于2017年12月。", OLD), ("量子院成立于2018年。", NEW))
    assert dates.short == "2018年；2017年12月"
    people = ask("量子院的院长是谁？", ("量子院院长薛其坤表示祝贺。", OLD), ("量子院院长张硕表示祝贺。", NEW))
    assert people.short == "张硕；薛其坤"
    assert "不一致" in people.notice


def test_the_same_document_does_not_contradict_itself() -> None:
    found = ask("量子院有多少名科研人员？", ("量子院有科研人员217名。后来，量子院有科研人员305名。", OLD))
    assert found.notice == ""
