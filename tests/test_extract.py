"""Answers without a language model: the right sentence, or a refusal that says what is missing."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag import refuse
from rag.compose import from_extract
from rag.documents import document_from_text
from rag.extract import MOST_QUOTES, Extract, extract
from rag.passages import split_passages
from rag.question import analyse
from rag.quote import LONG_QUOTE, Quote, cut
from rag.reading import read
from rag.score import find_candidates, score_sentences
from rag.short import Short
from rag.similarity import word_similarity, word_vectors
from rag.tagging import tagged
from rag.types import Document, Hit

QUANTUM = (
    "量子院位于中关村软件园，2017年12月成立。量子院院长助理张硕介绍，量子院已入职的全职科研人员217名，"
    "其中首席科学家2名、外籍人员12名。"
)
HUAHUI = "华辉安健是一家生物科技公司，于2015年在北京成立。据华辉安健CEO陈彬介绍，公司总产能4000升。"
CITY = (
    "“三城一区”是主平台，即中关村科学城、怀柔科学城、未来科学城和创新型产业集群示范区。"
    "怀柔科学城建成房源1.8万套,已保障25个院所。"
)


def hits_of(*texts: str) -> list[Hit]:
    """Every passage of these documents, in order, as if a search had found them."""
    hits: list[Hit] = []
    for number, text in enumerate(texts):
        document = document_from_text(text, source=f"{number}.txt", title=f"文档{number}")
        hits += [Hit(passage, 1 - number / 10) for passage in split_passages(document, minimum=20, maximum=200)]
    return hits


def ask(question: str, *texts: str) -> Extract:
    hits = hits_of(*(texts or (QUANTUM, HUAHUI, CITY)))
    return extract(question, hits, similarity=word_similarity, embed=word_vectors)


def quoted(found: Extract) -> list[str]:
    """The quotes, cut from their passages by offset."""
    return [
        quote.passage.text[quote.start - quote.passage.start : quote.end - quote.passage.start]
        for quote in found.quotes
    ]


@pytest.mark.parametrize(
    ("question", "short", "sentence"),
    [
        ("量子院位于哪里？", "中关村软件园", "量子院位于中关村软件园"),
        ("量子院什么时候成立？", "2017年12月", "2017年12月成立"),
        ("量子院有多少外籍人员？", "12名", "外籍人员12名"),
        ("量子院院长助理是谁？", "张硕", "量子院院长助理张硕"),
        ("華輝安健的ＣＥＯ是誰？", "陈彬", "据华辉安健CEO陈彬介绍"),
        ("华辉安健是在哪个城市成立的", "北京", "在北京成立"),
        ("怀柔科学城建成了多少套住房？", "1.8万套", "怀柔科学城建成房源1.8万套"),
        ("华辉安健的总产能是多少？", "4000升", "公司总产能4000升"),  # the sentence says 公司
        ("三城一区包括哪些？", "中关村科学城、怀柔科学城、未来科学城和创新型产业集群示范区", "三城一区"),
        ("三城一区是什么？", "", "主平台"),
    ],
)
def test_the_sentence_that_answers(question: str, short: str, sentence: str) -> None:
    found = ask(question)
    assert not found.refused
    assert found.reason == ""
    assert found.short == short
    assert sentence in "".join(quoted(found))


def test_what_may_be_no_answer_is_quoted_with_a_caution_and_nothing_in_bold() -> None:
    found = ask("怀柔科学城环境如何？")  # what is told of it says little of that
    assert "即中关村科学城、怀柔科学城" in "".join(quoted(found))
    assert found.short == ""
    assert found.notice == "没有十足把握：这是文中最接近的内容，请核对原文。"


@pytest.mark.parametrize(
    ("question", "reason"),
    [
        pytest.param("红烧肉怎么做？", "文中没有提到“红烧肉”。", id="another-topic"),
        pytest.param("物理所位于哪里？", "文中没有提到“物理所”。", id="another-institute"),
        pytest.param("华辉安健的CTO是谁？", "文中没有提到“CTO”。", id="another-post"),
        pytest.param("量子院2019年有多少人？", "文中没有2019年的", id="a-year-the-text-does-not-name"),
        pytest.param("量子院的院长是谁？", "文中提到的是“院长助理”，不是所问的职务。", id="the-assistant-is-not-it"),
        pytest.param("量子院的预算是多少？", "没有", id="an-attribute-the-text-does-not-give"),
        pytest.param("华辉安健有多少名员工？", "没有", id="a-number-the-text-does-not-give"),
        pytest.param("？？", "问题里没有可以检索的内容，请说得具体一些。", id="no-content"),
        pytest.param("Where is it?", "The question names nothing to look for; please be more specific.", id="english"),
        pytest.param("Who is the CEO of Tesla?", "The documents ", id="english-reason"),
    ],
)
def test_a_refusal_says_what_is_missing(question: str, reason: str) -> None:
    found = ask(question)
    assert found.refused
    assert found.quotes == ()
    assert found.short == ""
    assert reason in found.reason


@pytest.mark.parametrize(
    ("question", "refused"),
    [
        ("荷塘生华是哪一年成立的？", True),
        ("华辉安健是哪一年成立的？", False),
        ("荷塘生华是什么公司？", False),  # what is said of the kind is said of both
    ],
)
def test_what_is_told_of_another_in_comparison_is_no_answer(question: str, refused: bool) -> None:
    found = ask(question, "与荷塘生华一样，华辉安健也是一家生物科技公司，于2015年在北京成立。")
    assert found.refused == refused
    if refused:
        assert found.reason == "文中只拿“荷塘生华”作比较，没有说它本身。"


def test_a_number_of_another_kind_is_no_answer() -> None:
    found = ask("论坛的会场有多少平方米？", "论坛的会场举办了3场研讨会，论坛的会场很大。")
    assert found.refused
    assert found.reason == "文中谈到了这件事，但没有给出这个数字。"
    assert ask("论坛的会场是哪一年建成的？", "论坛的会场已经建成，论坛的会场很大。").reason == (
        "文中谈到了这件事，但没有说是什么时候。"
    )


def test_the_other_years_are_named() -> None:
    found = ask("量子院2019年有多少人？", "2017年，量子院有120人。2021年，量子院有217人。")
    assert found.reason == "文中没有2019年的说法，只有2017、2021年的。"


def test_two_questions_in_one_message() -> None:
    both = ask("华辉安健哪年成立，CEO是谁？")
    assert both.short == "2015年；陈彬"
    assert len(both.quotes) == 2
    half = ask("华辉安健哪年成立，CTO是谁？")
    assert half.short == "2015年"
    assert not half.refused
    assert half.reason == "“华辉安健CTO是谁”：文中没有提到“CTO”。"
    neither = ask("红烧肉怎么做；清蒸鱼怎么做？")
    assert neither.refused
    assert "红烧肉" in neither.reason
    assert "清蒸鱼" in neither.reason


def test_two_parts_answered_by_one_sentence_give_one_quote_with_both_clauses() -> None:
    text = "怀柔园区的显微镜团队研制出探针显微镜，突破了氢原子成像的限制，" + "将空间分辨率提升到国际领先水平，" * 4
    both = extract("显微镜突破了什么限制，国产化了没有？", hits_of(text + "实现了显微镜的国产化。"))
    assert len(both.quotes) == 1
    assert "突破了氢原子成像的限制" in quoted(both)[0]
    assert "国产化" in quoted(both)[0]


def test_a_pronoun_takes_the_sentence_before_along() -> None:
    found = extract("谁获得了拉斯克奖？", hits_of("量子院院长张硕来了。他获得了拉斯克奖。天气很好。"))
    assert quoted(found) == ["量子院院长张硕来了。他获得了拉斯克奖。"]


def test_two_parts_are_not_answered_by_one_fact() -> None:
    found = ask(
        "图书馆项目的质保期是几年，后来的质保期是几年？",
        "图书馆项目招标公告。图书馆项目的质保期不少于3年。",
        "图书馆项目中标公告。图书馆项目公司承诺的质保期为5年。",
    )
    assert sorted(quoted(found)) == ["图书馆项目公司承诺的质保期为5年。", "图书馆项目的质保期不少于3年。"]


def test_two_facts_of_one_sentence_are_both_shown() -> None:
    found = ask("量子院首席科学家有几名，外籍人员有几名？")
    assert found.short == "2名；12名"
    found = ask(
        "仁福医药是哪年成立的，哪年在上交所挂牌？",
        "公开资料显示，仁福医药成立于1993年，于1997年在上交所上市，主营药品。",
    )
    assert found.short == "1993年；1997年"
    assert quoted(found) == ["公开资料显示，仁福医药成立于1993年，于1997年在上交所上市，主营药品。"]


def test_each_part_may_have_its_own_passages() -> None:
    first, second = hits_of("量子院成立于2017年。"), hits_of("量子院的院长是张硕。")
    found = extract("量子院哪年成立，院长是谁？", [], parts={"量子院哪年成立": first, "量子院院长是谁": second})
    assert found.short == "2017年；张硕"


def test_no_passages_no_answer() -> None:
    assert extract("量子院位于哪里？", []) == Extract((), "文档中没有找到相关的段落。", "", 0.0)
    assert extract("Where is the quantum institute?", []).reason == "Nothing related was found in the documents."


def test_a_long_sentence_is_cut_to_whole_clauses_that_answer() -> None:
    long = (
        "目前创新中心与中关村生命科学园合作，建设了9000M2的硬科技孵化器，凭借工艺研发技术、数字化工厂运行体系、"
        "稳定的平台生产工艺、模块化组合的成本优势，为全球细胞与基因治疗领域创新药企提供包括病毒载体、细胞治疗产品、"
        "核心工具酶等全品类中试与商业化生产阶段的工业生产支撑。"
    )
    found = ask("创新中心的硬科技孵化器有多大？", long)
    (quote,) = quoted(found)
    assert found.short == "9000M2"
    assert "9000M2的硬科技孵化器" in quote
    assert len(quote) < len(long)
    start = long.index(quote)
    assert start == 0 or long[start - 1] in "，、"
    assert long[start + len(quote)] in "，。"


def test_the_end_of_a_long_sentence_is_read() -> None:
    lead = (
        "“机械厂今年从外地请来三位老师傅，从谈妥到报到只用了四个月，县里和市里的几个部门都来帮忙，厂里又用了五个月，"
        "把旧车间的屋顶、门窗和地面全部翻修一遍，换了二十台新机床，还给九个人的技术小组腾出了一间大办公室”，"
    )
    told = lead + "李厂长说，到上个月底，青河机械厂在岗的正式职工312名，其中技师25名、学徒37名。"
    found = ask("青河机械厂有多少名正式职工？", told)
    assert len(read(told).words) > 80
    assert found.short == "312名"
    assert "正式职工312名" in quoted(found)[0]


def test_a_text_without_marks_is_cut_between_words() -> None:
    told = (
        "近日吉州分局工业园派出所民警接到辖区某产业园负责人报警称厂区内有一男一女行迹可疑希望民警前来盘查接警后民警立即"
        "前往该企业在现场后很快找到该男女二人遮遮掩掩眼神躲闪一见民警来便慌了神经了解男子是产业园内普通员工女子为其亲姐姐"
        "两人身后一辆三轮车上装有一些铁制品为二人从厂区偷来的废钢铁价值约400元目前二人已被行政拘留案件正在进一步办理之中"
    )
    (quote,) = quoted(ask("吉州工业园的废钢铁值多少钱？", told))
    assert len(told) < 200  # one passage
    assert len(quote) <= LONG_QUOTE
    assert "废钢铁价值约400元" in quote
    start = told.index(quote)
    edges = {sum(len(word) for word, _ in tagged(told)[:count]) for count in range(len(tagged(told)) + 1)}
    assert {start, start + len(quote)} <= edges


@pytest.mark.parametrize(("confidence", "is_kept"), [(0.05, True), (0.03, False)])
def test_a_guess_that_is_not_shown_keeps_its_clause(confidence: float, is_kept: bool) -> None:
    lead = "据恒瑞生物首席执行官陈彬上周在北京举行的论坛上向记者介绍，恒瑞生物多元化的创新研发管线进展一直很快，"
    told = "包括抗体药物HH-003和HH-006，还有广谱抗冠状病毒融合蛋白药物HH-120等产品均已进入临床。"
    question = analyse("恒瑞生物首席执行官陈彬上周在北京的论坛上向记者介绍了什么？")
    (best,) = score_sentences(question, find_candidates(hits_of(lead + told), {}, {}), word_similarity)
    start = (lead + told).index("HH-120")
    quote = cut(question, best, Short(start, start + len("HH-120"), confidence))
    assert ("HH-120" in quote.passage.text[quote.start : quote.end]) == is_kept
    assert quote.highlight is None


@pytest.mark.parametrize(("confidence", "is_kept"), [(0.6, True), (0.9, False)])
def test_what_follows_an_answer_that_may_be_the_wrong_one_stays(confidence: float, is_kept: bool) -> None:
    lead = (
        "然而，与上一代不同的是，据媒体周末的报道，这款手机很可能只在美国和中国市场使用高通芯片，其它市场将使用三星芯片"
    )
    told = lead + "，公司发言人在柏林举行的发布会上没有回答记者关于价格和上市时间的任何提问，也没有透露产量。"
    question = analyse("这款手机在美国和中国以外会用什么芯片？")
    (best,) = score_sentences(question, find_candidates(hits_of(told), {}, {}), word_similarity)
    start = told.index("高通芯片")
    quote = cut(question, best, Short(start, start + 4, confidence))
    assert quote.short == "高通芯片"
    assert ("其它市场将使用三星芯片" in quote.passage.text[quote.start : quote.end]) == is_kept


def test_where_the_reader_is_torn_the_next_best_sentence_is_quoted_too(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "林场介绍了护林的做法。护林员每天步行巡山二十公里。他们在山顶轮流守夜。林场的食堂供应早饭。"
    question = "护林员是怎样护林的？"
    monkeypatch.setattr("rag.short.SURE", 1.1)
    monkeypatch.setattr("rag.extract.TORN", 0.0)
    one = ask(question, text)
    monkeypatch.setattr("rag.extract.TORN", 1.1)
    two = ask(question, text)
    assert (len(one.quotes), len(two.quotes)) == (1, 2)
    assert quoted(two)[0] == quoted(one)[0]
    assert two.short == ""
    monkeypatch.undo()
    monkeypatch.setattr("rag.extract.TORN", 1.1)
    surely = ask("量子院有多少外籍人员？")  # a short answer that is shown stands alone
    assert len(surely.quotes) == 1 and surely.short == "12名"


def test_rules_point_at_a_short_answer_only_where_nothing_was_read() -> None:
    question, text = analyse("量子院有多少全职科研人员？"), "量子院已入职的全职科研人员217名。"
    (best,) = score_sentences(question, find_candidates(hits_of(text), {}, {}), word_similarity)
    start = text.index("217名")
    assert cut(question, best, None).short == "217名"
    assert cut(question, best, Short(start, start + 4, 0.6)).short == "217名"
    assert cut(question, best, Short(start, start + 4, 0.4)).short == ""


def test_a_figure_of_another_kind_does_not_tell_where_to_cut() -> None:
    question = analyse("量子院已入职的全职科研人员有多少名？")
    text = (
        "“从海外回国的首席科学家袁之良，从签署聘用合同到入境到岗，用时仅4个月，在人才工作局大力支持下，还高效完成了"
        "设备论证、实验室改造和人才公寓保障”，张硕透露，截至目前，量子院已入职的全职科研人员217名。"
    )
    (best,) = score_sentences(question, find_candidates(hits_of(text), {}, {}), word_similarity)
    start = text.index("4个月")
    quote = cut(question, best, Short(start, start + 3, 0.35))
    assert len(text) > LONG_QUOTE
    assert quote.highlight is None
    assert "全职科研人员217名" in quote.passage.text[quote.start : quote.end]


def test_a_figure_of_the_name_asked_about_is_no_short_answer() -> None:
    question = analyse("《暗黑4》一共卖了多少份？")
    text = "暴雪公司的热门游戏《暗黑4》上市后，销量创下纪录。"
    (best,) = score_sentences(question, find_candidates(hits_of(text), {}, {}), word_similarity)
    assert cut(question, best, None).highlight is None


def test_a_row_of_a_table_is_quoted_whole() -> None:
    row = (
        "职级：部门经理及同等级别人员；一类城市：每晚不超过550元；二类城市：每晚不超过450元；其他地区：每晚不超过360元；"
        "市内交通：按实际票据报销；餐费补贴：每天120元；超出部分的处理：由本人承担"
    )
    question = analyse("部门经理在二类城市每晚住宿最多多少元？")
    (best,) = score_sentences(question, find_candidates(hits_of(row), {}, {}), word_similarity)
    assert len(row) > LONG_QUOTE
    quote = cut(question, best, None)
    assert quote.passage.text[quote.start : quote.end] == row


def test_the_opening_of_a_document_names_what_its_passages_leave_out() -> None:
    opening, body = "荷塘生华是清华工研院设立的科技公司。", "目前投入过亿元，建设产线10条，包含符合规范的药品生产条件。"
    document = document_from_text(opening + "\n" + body, source="荷塘.txt", title="企业")
    start = document.text.index(body)
    (passage,) = split_passages(document, minimum=200, maximum=400)
    rest = type(passage)(
        f"{document.id}:1", document.id, 1, passage.source, "企业", body, start, start + len(body), None, None
    )
    question = "荷塘生华有多少条产线？"
    assert extract(question, [Hit(rest, 1.0)]).refused
    found = extract(question, [Hit(rest, 1.0)], openings={document.id: opening})
    assert found.short == "10条"
    assert extract(question, [Hit(rest, 1.0)], before={rest.id: opening}).short == "10条"


def test_a_word_of_the_same_meaning_stands_for_another() -> None:
    pairs = {("补助", "津贴"): 0.9}

    def similarity(asked: Sequence[str], there: Sequence[str]) -> np.ndarray:
        return np.array([[pairs.get((one, other), 0.1) for other in there] for one in asked])

    text = "华辉安健研究员的津贴为每月8000元。"
    by_characters = extract("华辉安健研究员的补助是多少？", hits_of(text))
    by_meaning = extract("华辉安健研究员的补助是多少？", hits_of(text), similarity=similarity)
    assert by_meaning.short == "8000元"
    assert by_meaning.score > by_characters.score


def test_a_question_in_the_text_is_not_an_answer() -> None:
    found = ask("量子院位于哪里？", "量子院位于哪里？\n很多人都问过。\n量子院位于中关村软件园。")
    assert quoted(found) == ["量子院位于中关村软件园。"]


CHINESE = st.text(
    st.sampled_from("量子院位于中关村2017年3月28日1.8万套%张硕CEO的是在有、，。；：！？“”《》（）\n 𠮷臺灣【1】"),
    max_size=300,
)
WILD = st.text(st.characters(exclude_categories=("Cs",)), max_size=120)
ASKED = st.one_of(
    st.text(st.sampled_from("量子院位于中关村有多少人谁什么时候哪里哪些2017年CEO和分别，？"), max_size=30),
    st.sampled_from(("量子院位于哪里？", "有多少套？", "CEO是谁，哪年成立？", "有哪些？", "介绍一下张硕")),
    WILD,
)


@given(st.lists(st.one_of(CHINESE, WILD), max_size=3), ASKED)
def test_any_text_gives_exact_quotes_or_a_reason(texts: list[str], question: str) -> None:
    documents = {
        document.id: document
        for number, text in enumerate(texts)
        for document in [Document(f"{number:016d}", f"{number}.txt", "", "题", text)]
    }
    hits = [
        Hit(passage, 0.5)
        for document in documents.values()
        for passage in split_passages(document, minimum=20, maximum=60)
    ]
    found = extract(question, hits)
    assert found == extract(question, hits)
    assert found.refused == (not found.quotes)
    assert found.reason or found.quotes
    assert len(found.quotes) <= MOST_QUOTES
    assert 0 <= found.score <= 1
    taken: set[tuple[str, int]] = set()
    for quote, text in zip(found.quotes, quoted(found), strict=True):
        document = documents[quote.passage.document_id]
        assert document.text[quote.start : quote.end] == text != ""
        if quote.highlight:
            start, end = quote.highlight
            assert quote.start <= start < end <= quote.end
            assert document.text[start:end] in found.short
        places = {(document.id, place) for place in range(quote.start, quote.end)}
        assert not places & taken
        taken |= places


@pytest.mark.parametrize(
    ("probability", "has_caution"), [(1.0, False), (refuse.SURE_ENOUGH, False), (refuse.LEAST_LIKELY, True)]
)
def test_an_answer_that_may_not_be_one_comes_with_a_caution(probability: float, has_caution: bool) -> None:
    chinese, english = (refuse.hedge(analyse(text), probability) for text in ("谁是院长？", "Who is the CEO?"))
    assert bool(chinese) == bool(english) == has_caution
    assert not has_caution or ("没有十足把握" in chinese and "Not certain" in english)


@pytest.mark.parametrize(
    ("question", "text", "reason"),
    [
        pytest.param("网络安全局的局长是谁？", "网络安全局副局长李彤介绍了案情。", "“副局长”，不是所问", id="post"),
        pytest.param("2022年抓了多少名嫌疑人？", "2023年，公安抓了515名嫌疑人。", "只有2023年的", id="year"),
        pytest.param("黑龙江海事部门停了几条航线？", "辽宁海事部门停了20条航线。", "黑龙江", id="place"),
        pytest.param("清蒸鱼怎么做？", "量子院通过合作做研究。", "没有提到“清蒸鱼”", id="subject"),
        pytest.param("论坛的会场哪天开放？", "论坛的会场很大，欢迎参观。", "没有说是什么时候", id="time"),
    ],
)
def test_a_refusal_says_concretely_what_is_missing(question: str, text: str, reason: str) -> None:
    found = ask(question, text)
    assert found.refused
    assert reason in found.reason


@pytest.mark.parametrize(
    ("question", "text", "reason"),
    [
        pytest.param(
            "海峡环保的总部在哪个城市？", "海峡环保签了约。万达的总部很大。", "同时谈到“海峡环保”和“总部”", id="apart"
        ),
        pytest.param("案子最后怎么了结的？", "案子由法院审理。", "没有直接的答案", id="no-adverb"),
        pytest.param("8月1日来了多少名外宾？", "7月30日来了3名外宾。", "没有8月1日的说法，只有7月30日的", id="day"),
        pytest.param("公开了哪几样东西的照片？", "公开了西安的照片。", "没有直接的答案", id="no-direction"),
        pytest.param("哪一代安卓能关掉网络？", "在安卓12系统中能关掉网络。", "没有直接的答案", id="no-landmark"),
    ],
)
def test_a_reason_names_what_is_missing_or_nothing(question: str, text: str, reason: str) -> None:
    analysed = analyse(question)
    scored = score_sentences(analysed, find_candidates(hits_of(text), {}, {}), None)
    assert reason in refuse.check(analysed, scored, 0.1)[0]


@pytest.mark.parametrize(
    ("question", "text"),
    [
        ("新总经理到岗之前衍川谁先管事？", "新任人员到任前，由副总经理厉正声主持工作。"),
        ("森林覆盖率有多高？", "森林覆盖率增长到13.84%。"),
        ("有多少家承办单位到场？", "17个承办单位到场。"),
        ("广汇集团2022年的net profit是多少？", "2022年，广汇集团净利润65.25亿元。"),
    ],
)
def test_what_looks_amiss_does_not_refuse_by_itself(question: str, text: str) -> None:
    analysed = analyse(question)
    scored = score_sentences(analysed, find_candidates(hits_of(text), {}, {}), None)
    assert refuse.check(analysed, scored, 0.5) == ("", 0.5)


@pytest.mark.parametrize(
    ("question", "text", "reason"),
    [
        ("论坛为什么停办？", "论坛停办了，大家很难过。", "文中谈到了这件事，但没有说原因。"),
        ("量子院院长助理是哪里人？", "量子院院长助理介绍了今年的计划。", "文中没有给出籍贯。"),
        ("供水站什么时候恢复供水？", "2021年供水站停止供水。", "“停止”，不是“恢复”"),
        ("论坛会场有多重？", "论坛的会场很大。", "文中谈到了这件事，但没有给出这个数字。"),
    ],
)
def test_what_is_missing_from_unlikely_evidence(question: str, text: str, reason: str) -> None:
    analysed = analyse(question)
    scored = score_sentences(analysed, find_candidates(hits_of(text), {}, {}), None)
    assert reason in refuse.check(analysed, scored, 0.1)[0]


@pytest.mark.parametrize(
    ("text", "answer", "sentences"),
    [
        (
            "量子院院长张硕来了。他获得了拉斯克奖。",
            "量子院院长张硕来了。[1]他获得了拉斯克奖。[1]",
            ("量子院院长张硕来了。", "他获得了拉斯克奖。"),
        ),
        ("Ann came. She won it.", "Ann came.[1] She won it.[1]", ("Ann came.", "She won it.")),
        ("“他来了。”", "“他来了。”[1]", ("“他来了。”",)),
        ("……", "……[1]", ("……",)),
    ],
)
def test_each_sentence_of_a_quote_has_its_marker(text: str, answer: str, sentences: tuple[str, ...]) -> None:
    passage = split_passages(document_from_text(text, source="甲.txt"))[0]
    found = Extract((Quote(passage, 0, len(text), None, 1.0),), "", "", 0.9)
    given = from_extract(found, "谁？", "谁？", [Hit(passage, 1.0)])
    assert given.text == answer
    assert [(claim.text, claim.citations) for claim in given.claims] == [(one, (1,)) for one in sentences]
    assert [citation.quote for citation in given.citations] == [text]
