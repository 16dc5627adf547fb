"""What a question asks for."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from rag.parts import split_parts
from rag.question import Kind, _tagged_in_turn, analyse, is_named, subject
from rag.tagging import tagged
from vectorstore.tokens import fold

ASKED = st.text(
    st.one_of(
        st.sampled_from("量子院位于哪里有多少人谁什么时候何年哪些和分别各以及还有?？;；,，。《》“”\n 的是在CEO20"),
        st.characters(exclude_categories=("Cs",)),
    ),
    max_size=60,
)


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        ("荷塘生华的硬科技孵化器有多大？", Kind.NUMBER),
        ("北京在榜单中排第几？", Kind.NUMBER),
        ("減碳的車輛佔比多少？", Kind.NUMBER),
        ("总建筑面积是？", Kind.NUMBER),
        ("How many people work there?", Kind.NUMBER),
        ("纳米能源所是什么时候开始筹建的？", Kind.DATE),
        ("华辉安健哪一年成立", Kind.DATE),
        ("When was it founded?", Kind.DATE),
        ("华辉安健的CEO是谁？", Kind.PERSON),
        ("量子院的院长叫什么名字？", Kind.PERSON),
        ("Who is the CEO?", Kind.PERSON),
        ("量子院位于哪里？", Kind.PLACE),
        ("論壇在什麼地方舉行？", Kind.PLACE),
        ("生命谷集聚了哪些机构？", Kind.LIST),
        ("两个平台分别是什么？", Kind.LIST),
        ("哪家公司发起设立了荷塘生华？", Kind.WHICH),
        ("为什么要建怀柔科学城？", Kind.REASON),
        ("如何申请入驻？", Kind.METHOD),
        ("量子院实行院长负责制吗？", Kind.YES_NO),
        ("有没有外籍人员？", Kind.YES_NO),
        ("介绍一下量子院", Kind.OPEN),
        ("", Kind.OPEN),
        ("？？", Kind.OPEN),
    ],
)
def test_the_kind_of_a_question(question: str, kind: Kind) -> None:
    assert analyse(question).kind is kind


@pytest.mark.parametrize(
    ("question", "unit"),
    [
        ("建成了多少套住房？", "套"),
        ("ＧＰＵ有几台？", "台"),
        ("在怀人员有多少人？", "人"),
        ("这座楼有多少平方米？", "平方米"),
        ("硬科技孵化器有多大？", ""),
        ("量子院位于哪里？", ""),
    ],
)
def test_the_measure_word_asked_for(question: str, unit: str) -> None:
    assert analyse(question).unit == unit


@pytest.mark.parametrize(
    ("question", "word"),
    [
        ("一英镑能换多少人民币？", "人民币"),
        ("这家公司招了多少年轻人？", "年轻人"),
        ("全区有多少家庭断电？", "家庭"),
        ("上半年用掉多少天然气？", "天然气"),
        ("培养了多少人才？", "人才"),
        ("潘舒今年上几年级？", "年级"),
    ],
)
def test_a_word_that_begins_like_a_measure_word_is_whole(question: str, word: str) -> None:
    analysed = analyse(question)
    assert analysed.unit == ""
    assert word in [one.text for one in analysed.words]


def test_a_measure_word_before_a_verb_is_one() -> None:
    assert analyse("要多少人才能搬动？").unit == "人"


def test_words_carry_their_place_in_the_folded_question() -> None:
    question = analyse("華輝安健的ＣＥＯ是誰？")
    assert question.folded == "华辉安健的ceo是谁?"
    assert [(word.text, word.start) for word in question.words] == [("华辉安健", 0), ("ceo", 5)]
    assert all(word.is_name for word in question.words)
    assert question.words[1].is_role
    assert question.text == "華輝安健的ＣＥＯ是誰？"


def test_rare_nouns_weigh_more_than_common_verbs() -> None:
    weight = {word.text: word.weight for word in analyse("怀柔科学城建成了多少套住房？").words}
    assert weight["科学城"] > weight["建成"]
    assert weight["怀柔"] > weight["住房"]


def test_a_year_and_the_names_of_a_question() -> None:
    question = analyse("《2021年全球创新指数》中GPU排第几？")
    assert question.years == ("2021",)
    assert question.names == ("2021年全球创新指数", "gpu")
    assert analyse("编号20213的项目").years == ()  # five digits are no year
    assert analyse("what is GPU").names == ("gpu",)  # a word that asks is no name


def test_the_kind_asked_for_is_no_name() -> None:
    (city,) = (word for word in analyse("华辉安健位于哪个城市？").words if word.text == "城市")
    assert city.is_type
    assert not city.is_name


def test_the_28th_as_spoken_is_the_28th_as_printed() -> None:
    assert "3月28日" in analyse("3月28号在哪里开会？").folded
    assert analyse("北京6号线有多长？").folded == "北京6号线有多长?"
    assert analyse("5号棚种什么？").folded == "5号棚种什么?"


@pytest.mark.parametrize("question", ["", "  ", "？？", "Where is it?", "它呢？"])
def test_a_question_without_content_has_no_words(question: str) -> None:
    assert analyse(question).words == ()


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        ("怀柔科学城建成了多少套住房？", "怀柔科学城"),
        ("量子院有多少人？", "量子院"),
        ("纳米能源所的面积", "纳米能源所"),
        ("中国科学院物理研究所位于怀柔", "中国科学院物理研究所"),
        ("未来科学城在哪里", "未来科学城"),
        ("未来有什么打算", ""),
        ("它有多大？", ""),
        ("公司有多少人", ""),
        ("", ""),
    ],
)
def test_the_subject_of_a_sentence(sentence: str, expected: str) -> None:
    assert subject(sentence) == expected


@pytest.mark.parametrize(
    ("phrase", "named"),
    [
        ("纳米能源所", True),
        ("量子院", True),
        ("张硕", True),
        ("北京", True),
        ("GPU", True),
        ("外籍人员", False),
        ("面积", False),
        ("负责人", False),
        ("院", False),
        ("", False),
    ],
)
def test_names_and_attributes(phrase: str, named: bool) -> None:
    assert is_named(phrase) is named


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        pytest.param("量子院位于哪里？", ["量子院位于哪里？"], id="one"),
        pytest.param("华辉安健哪年成立，CEO是谁？", ["华辉安健哪年成立", "华辉安健CEO是谁"], id="subject-taken-over"),
        pytest.param("量子院位于哪里；物理所位于哪里", ["量子院位于哪里", "物理所位于哪里"], id="two-subjects"),
        pytest.param("量子院和物理所分别在哪里？", ["量子院在哪里？", "物理所在哪里？"], id="each"),
        pytest.param(
            "荷塘生华、华辉安健各有多少人？", ["荷塘生华有多少人？", "华辉安健有多少人？"], id="each-with-list-mark"
        ),
        pytest.param("DART是什么望远镜，国产化了没有？", ["DART是什么望远镜", "DART国产化了没有"], id="whether"),
        pytest.param(
            "指数是哪两家机构发布的？北京升了还是降了？",
            ["指数是哪两家机构发布的", "指数北京升了还是降了"],
            id="place-is-no-topic",
        ),
        pytest.param("物理所在哪里，它的院长是谁", ["物理所在哪里", "物理所院长是谁"], id="pronoun"),
        pytest.param("研讨会什么时间开，在哪座城市？", ["研讨会什么时间开", "研讨会在哪座城市"], id="asked-place"),
        pytest.param("郑先生多大年纪，扣几分", ["郑先生多大年纪", "郑先生扣几分"], id="points"),
        pytest.param(
            "请问量子院的预算是多少，还有院长是谁", ["请问量子院的预算是多少", "量子院院长是谁"], id="polite-attribute"
        ),
        pytest.param(
            "量子院和物理所哪个成立得更早？", ["量子院哪个成立得更早？", "物理所哪个成立得更早？"], id="compared"
        ),
        pytest.param(
            "量子院和物理所的院长分别是谁？", ["量子院的院长是谁？", "物理所的院长是谁？"], id="attribute-of-both"
        ),
        pytest.param(
            "量子院2023年和2024年的收入各是多少",
            ["量子院2023年的收入是多少", "量子院2024年的收入是多少"],
            id="years-of-one-thing",
        ),
        pytest.param(
            "图书馆项目的质保是几年，中标公司承诺的又是几年？",
            ["图书馆项目的质保是几年", "图书馆项目中标公司承诺的质保又是几年"],
            id="attribute-left-out",
        ),
        pytest.param(
            "新馆什么时候开工，结果什么时候建成？",
            ["新馆什么时候开工", "新馆什么时候建成"],
            id="tied-to-the-part-before",
        ),
        pytest.param(
            "种罂粟的张某某被拘役多久，罚了多少钱？",
            ["种罂粟的张某某被拘役多久", "种罂粟的张某某罚了多少钱"],
            id="name-kept-secret",
        ),
        pytest.param(
            "第一家搬进科学城的研究所是哪家，什么时候搬的？",
            ["第一家搬进科学城的研究所是哪家", "第一家搬进科学城的研究所什么时候搬的"],
            id="noun-behind-a-clause",
        ),
        pytest.param(
            "雨下得最大的地方是哪儿，下了多少毫米？",
            ["雨下得最大的地方是哪儿", "雨下得最大的地方下了多少毫米"],
            id="noun-behind-a-quality",
        ),
        pytest.param(
            "沈阳推倒服务员的那家烧烤店叫什么，在哪个区？",
            ["沈阳推倒服务员的那家烧烤店叫什么", "沈阳推倒服务员的那家烧烤店在哪个区"],
            id="that-shop",
        ),
        pytest.param(
            "“少儿绘本创作征集”活动是哪年开始的，由谁策划？",
            ["“少儿绘本创作征集”活动是哪年开始的", "“少儿绘本创作征集”活动由谁策划"],
            id="quoted-name",
        ),
        pytest.param(
            "北京纳米能源所是什么时候筹建的，又是什么时候搬的？",
            ["北京纳米能源所是什么时候筹建的", "北京纳米能源所是什么时候搬的"],
            id="institute",
        ),
        pytest.param(
            "冬奥会用了多少辆汽车，其中华为造的有多少？",
            ["冬奥会用了多少辆汽车", "冬奥会其中华为造的有多少"],
            id="of-these",
        ),
        pytest.param(
            "三坡镇的游客属于哪个县，那条河有多长？",
            ["三坡镇的游客属于哪个县", "三坡镇的游客那条河有多长"],
            id="that-river",
        ),
        pytest.param(
            "专题培训搞了几场，有多少家来听？", ["专题培训搞了几场", "专题培训有多少家来听"], id="verb-with-a-particle"
        ),
        pytest.param(
            "焦小平的党籍和公职分别怎么处理？", ["焦小平的党籍怎么处理？", "焦小平的公职怎么处理？"], id="owner-of-both"
        ),
        pytest.param("小米的CEO是谁？华为公司在哪里？", ["小米的CEO是谁", "华为公司在哪里"], id="two-companies"),
        pytest.param("介绍一下量子院，谢谢", ["介绍一下量子院，谢谢"], id="thanks-are-no-question"),
        pytest.param("你好，量子院在哪里？", ["你好，量子院在哪里？"], id="greeting-is-no-question"),
        pytest.param("？？", ["？？"], id="marks-alone"),
        pytest.param("", [""], id="empty"),
    ],
)
def test_the_parts_of_a_message(text: str, parts: list[str]) -> None:
    assert split_parts(text) == parts


def test_traditional_parts_keep_their_script() -> None:
    assert split_parts("量子院和物理所分別在哪裡？") == ["量子院在哪裡？", "物理所在哪裡？"]


@given(ASKED)
@example("，；？\n")
@example("以及以及还有")
def test_parts_never_lose_a_whole_question(text: str) -> None:
    parts = split_parts(text)
    assert all(parts) or not text.strip()
    assert all(set(part) <= set(text) for part in parts)
    assert len(parts) > 1 or parts == [text.strip()]


@given(ASKED)
def test_any_text_can_be_analysed(text: str) -> None:
    question = analyse(text)
    assert len(question.folded) == len(text)
    assert all(question.folded[word.start : word.start + len(word.text)] == word.text for word in question.words)
    assert all(word.weight >= 0 for word in question.words)
    assert subject(text) == question.subject or "号" in fold(text)
    assert analyse(text) == question


@given(ASKED)
def test_the_tagger_never_looks_across_a_mark(text: str) -> None:
    folded = fold(text)
    assert "".join(word for word, _ in _tagged_in_turn(folded)) == folded
    marks = re.compile(r"[\s,;:。、!?]")
    telling = [pair for pair in tagged(folded) if not marks.search(pair[0])]
    assert [pair for pair in _tagged_in_turn(folded) if not marks.search(pair[0])] == telling
