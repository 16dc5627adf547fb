"""Where a question asks, and for what."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.asked import FORMS, find_asked
from vectorstore.tokens import fold


@pytest.mark.parametrize(
    ("question", "word", "form", "kind"),
    [
        ("量子院哪年成立？", "哪年", "year", "年"),
        ("量子院什么时候成立？", "什么时候", "when", ""),
        ("誰是量子院的院長？", "谁", "who", "院长"),
        ("梵语起源于哪一個國家？", "哪一个国家", "where", "国家"),
        ("量子院位于哪个城市？", "哪个城市", "where", "城市"),
        ("建成了多少套住房？", "多少", "count", "住房"),
        ("首席科学家是谁？", "谁", "who", "科学家"),
        ("法国的首都是什么？", "什么", "what", "首都"),
        ("为什么要搬迁？", "为什么", "why", ""),
        ("介绍一下量子院", "", None, ""),
        ("", "", None, ""),
    ],
)
def test_the_question_word_and_its_noun(question: str, word: str, form: str | None, kind: str) -> None:
    folded = fold(question)
    asked = find_asked(folded)
    assert folded[asked.start : asked.end] == word
    assert asked.form == (len(FORMS) if form is None else FORMS.index(form))
    assert asked.type == kind


@given(st.text(alphabet="量子院哪年谁多少什么為何是的,?？ a1", max_size=20))
def test_offsets_lie_in_the_question(question: str) -> None:
    folded = fold(question)
    asked = find_asked(folded)
    assert 0 <= asked.start <= asked.end <= len(folded)
    assert asked.type in folded
