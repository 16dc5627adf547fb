"""What speaks against a sentence, each doubt by a question and a text of one or two lines."""

from __future__ import annotations

import pytest

from rag.doubts import Found, apart, describe_doubts, lacking_names, lacking_places, lacking_posts
from rag.question import analyse
from rag.score import Scored, score_sentences

from .test_rank import candidates_of


def scored(question: str, text: str) -> list[Scored]:
    """The sentences of a text, the one that covers most of the question first."""
    found = score_sentences(analyse(question), candidates_of(text), None)
    return sorted(found, key=lambda item: -item.prior)


@pytest.mark.parametrize(
    ("question", "text", "doubts"),
    [
        ("怀柔科学城建成了多少套住房？", "怀柔科学城建成住房1.8万套。", set()),
        ("皮克敏3有多少关？", "皮克敏4有30关。", {"name replaced"}),
        ("第4期招了多少人？", "第5期招了20人。", {"number replaced", "ordinal replaced"}),
        ("周末班几点上班？", "班别：早班；时间：6:30—14:30；适用：织造；用餐：30 分钟", {"row replaced"}),
        ("黑龙江停了几条航线？", "辽宁停了20条航线。", {"names", "places", "things", "subject"}),
        ("这批货有多少箱？", "这批货已经到了。", {"figure"}),
        ("桥为什么塌了？", "大桥昨天塌了。", {"reason"}),
        ("这款手机有多重？", "这款手机有三种颜色。", {"attribute", "figure"}),
    ],
)
def test_doubts(question: str, text: str, doubts: set[str]) -> None:
    described = describe_doubts(analyse(question), scored(question, text))
    assert {name.removeprefix("doubt ") for name, value in described.items() if value} == doubts


def test_what_is_lacking_is_named() -> None:
    question = "黑龙江海事局的局长是谁？"
    found = Found(analyse(question), scored(question, "辽宁海事部门停了20条航线。"))
    assert lacking_names(found) == ["黑龙江"] == lacking_places(found)
    assert lacking_posts(found) == ["局长"]


def test_subject_and_thing_that_no_sentence_has_together() -> None:
    question = "怀柔科学城的食堂有几层？"
    beside = "怀柔科学城建成住房1.8万套。天津大学的食堂有三层楼高。"
    assert apart(Found(analyse(question), scored(question, beside))) == ("怀柔科学城", "食堂")
    together = "怀柔科学城的食堂有三层楼高。"
    assert apart(Found(analyse(question), scored(question, together))) is None
