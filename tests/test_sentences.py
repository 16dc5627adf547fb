"""Sentences and clauses by offset."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.sentences import LONGEST, split_clauses, split_sentences


def sentences(text: str) -> list[str]:
    return [text[start:end] for start, end in split_sentences(text)]


def clauses(text: str) -> list[str]:
    return [text[start:end] for start, end in split_clauses(text, 0, len(text))]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("", [], id="empty"),
        pytest.param(" \n\u3000\n", [], id="blank"),
        pytest.param("量子院", ["量子院"], id="no-mark"),
        pytest.param("甲。乙！丙？丁", ["甲。", "乙！", "丙？", "丁"], id="marks"),
        pytest.param("真的吗？！当然！！！", ["真的吗？！", "当然！！！"], id="runs-of-marks"),
        pytest.param("好吗?好!走", ["好吗?", "好!", "走"], id="ascii-marks-in-chinese"),
        pytest.param("甲；乙;丙。", ["甲；乙;丙。"], id="semicolons-stay"),
        pytest.param("标题一\n第一句。第二句\n- 列表项", ["标题一", "第一句。", "第二句", "- 列表项"], id="lines"),
        pytest.param("\u3000\u3000段首。\r\n 次段。", ["段首。", "次段。"], id="indents-trimmed"),
        pytest.param("他说：“天黑了。”我们走。", ["他说：“天黑了。”", "我们走。"], id="quote-stays"),
        pytest.param("「你好。」她笑了。", ["「你好。」", "她笑了。"], id="corner-quote"),
        pytest.param("“走吧！”他说。天黑了。", ["“走吧！”他说。", "天黑了。"], id="attribution-after"),
        pytest.param("“走吧！”他说，“天黑了。”好。", ["“走吧！”他说，“天黑了。”", "好。"], id="attribution-between"),
        pytest.param("“好。”镇长、总河长李灿表示。", ["“好。”镇长、总河长李灿表示。"], id="long-attribution"),
        pytest.param("「好。」店主告訴本報記者。", ["「好。」店主告訴本報記者。"], id="attribution-with-listener"),
        pytest.param("“好。”7月28日，他到了上海。", ["“好。”", "7月28日，他到了上海。"], id="no-attribution"),
        pytest.param("他喊：“快！快！快走！”走了。", ["他喊：“快！快！快走！”", "走了。"], id="short-quote-whole"),
        pytest.param("“加油！”的口号响起。", ["“加油！”的口号响起。"], id="quote-as-word"),
        pytest.param("《走，找大熊猫！》上映了。", ["《走，找大熊猫！》上映了。"], id="title-with-mark"),
        pytest.param("走了（昨天。）他来了。", ["走了（昨天。）", "他来了。"], id="sentence-in-brackets"),
        pytest.param("涨了（谁信？）一倍。", ["涨了（谁信？）一倍。"], id="aside"),
        pytest.param(
            '她问："好吗？"他答："好。"走。', ['她问："好吗？"', '他答："好。"', "走。"], id="straight-quotes"
        ),
        pytest.param("句一。[1][2]句二。【3】", ["句一。[1][2]", "句二。【3】"], id="footnotes"),
        pytest.param("他想……然后走了。", ["他想……", "然后走了。"], id="ellipsis-ends"),
        pytest.param("北京、上海……等城市。", ["北京、上海……等城市。"], id="ellipsis-goes-on"),
        pytest.param("……他走了。", ["……他走了。"], id="mark-in-front"),
        pytest.param("圆周率是3.14，版本1.2.0。", ["圆周率是3.14，版本1.2.0。"], id="decimals"),
        pytest.param(
            "Dr. Smith left the U.S. in May, e.g. by ship. He came back. Now v1.2",
            ["Dr. Smith left the U.S. in May, e.g. by ship.", "He came back.", "Now v1.2"],
            id="english",
        ),
        pytest.param(
            "2023-08-18 10:25:00，正文：量子院搬迁。好。",
            ["2023-08-18 10:25:00，正文：", "量子院搬迁。", "好。"],
            id="stamp",
        ),
        pytest.param(
            "[2023/08/18  10:25]，正文：好。", ["[2023/08/18  10:25]，正文：", "好。"], id="stamp-in-brackets"
        ),
        pytest.param(
            "2023年08月18日 10:25 来自北京市，正文：好。",
            ["2023年08月18日 10:25 来自北京市，正文：", "好。"],
            id="stamp-with-place",
        ),
        pytest.param(
            "2023-08-12 07:30             ，正文：好。",
            ["2023-08-12 07:30             ，正文：", "好。"],
            id="stamp-gap",
        ),
        pytest.param("正文：原标题：首店开业，人多。", ["正文：原标题：", "首店开业，人多。"], id="labels"),
        pytest.param(
            "2023-08-18 10:25 新华社北京电，今天上午在中关村举行会议。",
            ["2023-08-18 10:25", "新华社北京电，今天上午在中关村举行会议。"],
            id="stamp-without-label",
        ),
        pytest.param("2023-08-18 至 09-01 有效。", ["2023-08-18 至 09-01 有效。"], id="date-that-belongs-to-the-text"),
        pytest.param("标题：关于搬迁的通知", ["标题：关于搬迁的通知"], id="form-field"),
        pytest.param(f"吕明 摄{' ' * 9}游客在厦门玩。", ["吕明 摄", "游客在厦门玩。"], id="lost-line-break"),
        pytest.param(f"研发{' ' * 9}1.2亿元", [f"研发{' ' * 9}1.2亿元"], id="table-row"),
        pytest.param("上汽大众ID.家族加码。", ["上汽大众ID.家族加码。"], id="acronym"),
        pytest.param("见www.example.com?a=1。好", ["见www.example.com?a=1。", "好"], id="address"),
        pytest.param("北京排第4.世界知识产权组织发布。", ["北京排第4.", "世界知识产权组织发布。"], id="ordinal-ends"),
        pytest.param("注意事项1.先洗手2.空腹。", ["注意事项", "1.先洗手", "2.空腹。"], id="glued-list"),
        pytest.param("1.概述\n2. 世界", ["1.概述", "2. 世界"], id="numbered-lines"),
        pytest.param("𠮷野家開業了。👨‍👩‍👧好！", ["𠮷野家開業了。", "👨‍👩‍👧好！"], id="rare-and-emoji"),
        pytest.param("他说“\n好。", ["他说“", "好。"], id="open-quote-ends-with-the-line"),
    ],
)
def test_sentences(text: str, expected: list[str]) -> None:
    assert sentences(text) == expected


def test_a_long_quotation_is_cut_inside() -> None:
    first, second = "“" + "这种研究要用到极低温条件" * 6 + "。", "物理所是国内低温研究的发源地”。"
    assert sentences(first + second) == [first, second]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(
            "建成1.8万套,已保障25个院所、31家企业。", ["建成1.8万套,", "已保障25个院所、31家企业。"], id="comma"
        ),
        pytest.param("共1,200人，10:30开始；结束", ["共1,200人，", "10:30开始；", "结束"], id="numbers"),
        pytest.param("以“开放，共享”为题：好", ["以“开放，共享”为题：", "好"], id="short-quote-whole"),
        pytest.param("院(简称“甲,乙”)等，好", ["院(简称“甲,乙”)等，", "好"], id="brackets-whole"),
        pytest.param("mRNA,细胞, and x", ["mRNA,", "细胞,", "and x"], id="mixed"),
        pytest.param("见 https://a.cn/b 一文，好", ["见 https://a.cn/b 一文，", "好"], id="address"),
        pytest.param("，", ["，"], id="mark-alone"),
    ],
)
def test_clauses(text: str, expected: list[str]) -> None:
    assert clauses(text) == expected


def test_clauses_of_a_sentence_are_offsets_in_the_whole_text() -> None:
    text = "前句，有逗号。\n 甲，乙。后句，也有。"
    start, end = split_sentences(text)[1]
    assert [text[a:b] for a, b in split_clauses(text, start, end)] == ["甲，", "乙。"]


CHINESE = st.text(
    alphabet=st.one_of(
        st.sampled_from("量子院位于中关村软件园它有多少人這種研究須要用到"),
        st.sampled_from("。！？!?….，,；;：:、“”‘’「」『』（）()《》【】[]\"'"),
        st.sampled_from("0123456789 aZ.-%\n\n\r\t\u3000\u2028😀𠮷\u200d"),
        st.characters(codec="utf-8"),
    ),
    max_size=400,
)


@given(CHINESE)
def test_every_visible_character_is_in_exactly_one_sentence(text: str) -> None:
    position = 0
    for start, end in split_sentences(text):
        assert position <= start < end <= len(text)
        assert not text[position:start].strip(), "visible text between two sentences"
        assert text[start:end] == text[start:end].strip()
        position = end
    assert not text[position:].strip()


@given(CHINESE)
def test_clauses_cover_their_sentence(text: str) -> None:
    for start, end in split_sentences(text):
        position = start
        for left, right in split_clauses(text, start, end):
            assert position <= left < right <= end
            assert not text[position:left].strip()
            position = right
        assert not text[position:end].strip()


def test_text_without_any_mark_is_cut_at_the_limit() -> None:
    pieces = split_sentences("国" * (LONGEST + 1) + "。")
    assert pieces == [(0, LONGEST), (LONGEST, LONGEST + 2)]


@pytest.mark.parametrize(
    "unit", ["国", "a", "“", "。”国", "a.", "1.国", "A.国", '。"', "(国", "《国！", "…a", " ", "“好。”说"]
)
def test_time_grows_with_the_text_and_no_faster(unit: str) -> None:
    """Twice the text may cost three times, not four, on a busy machine."""
    text = unit * (300_000 // len(unit))
    took = []
    for size in (len(text) // 2, len(text)):
        started = time.process_time()
        split_sentences(text[:size])
        split_clauses(text, 0, size)
        took.append(time.process_time() - started)
    assert took[1] < 3 * took[0] + 0.2
    assert took[1] < 3


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("Total revenue of the whole group rose\nby 6.4 percent. It fell.", 2),  # a small letter follows
        ("The project was finished three weeks behind schedule by the firm of\r\nMargaret Osei. It fell.", 2),
        ("The Authority then replaced all of its mains, and it spent more than\n5 million on them.", 1),
        ("Northfield Water Authority Annual Report\nIn 2024 it supplied water.", 2),  # a heading
        ("Rinse the tank and run two full cycles.\ndescale it now", 2),
        ("- Swimming: three weeks, provided it has closed\n- Driving: two weeks", 2),
        ("Descale the machine every three months with citric acid only\n\nNever use vinegar.", 2),  # a blank line
        ("量子院已入职的全职科研人员217名，其中来自海外的有十二名，分布在GPU\nand more", 2),  # Chinese
    ],
)
def test_a_line_break_inside_wrapped_english_prose_ends_no_sentence(text: str, sentences: int) -> None:
    assert len(split_sentences(text)) == sentences
