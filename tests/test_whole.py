"""Short answers whose ends were inside a name, a figure, a date: worked by hand, one line a case."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.question import analyse
from rag.whole import whole
from vectorstore.tokens import fold

CASES = [
    # names joined by a dot, of which the reader took a part
    ("获得者是谁？", "诺贝尔物理学奖获得者杰哈·阿尔贝特·穆鲁教授作报告", "杰哈·阿尔贝特", "杰哈·阿尔贝特·穆鲁"),
    ("获得者是谁？", "诺贝尔物理学奖获得者杰哈·阿尔贝特·穆鲁教授作报告", "穆鲁", "杰哈·阿尔贝特·穆鲁"),
    ("总统是谁？", "俄罗斯总统弗拉基米尔·普京表示欢迎", "普京", "弗拉基米尔·普京"),
    ("谁会见了他？", "据俄罗斯弗拉基米尔·普京办公室", "普京", "弗拉基米尔·普京"),
    ("专员是谁？", "西共体专员阿卜杜勒·法陶·穆萨称", "法陶", "阿卜杜勒·法陶·穆萨"),
    ("哪位法官？", "圣何塞地区法院的爱德华・达维拉法官裁定", "爱德华", "爱德华・达维拉"),
    ("国务卿是谁？", "美国国务卿安东尼·布林肯抵达", "布林肯", "安东尼·布林肯"),
    ("作者是谁？", "作者是列夫·托尔斯泰，俄国人", "列夫", "列夫·托尔斯泰"),
    ("女市长是谁？", "罗马新上任的女市长维尔吉尼娅·拉吉20日宣布", "吉尼娅", "维尔吉尼娅·拉吉"),
    ("谁得了冠军？", "冠军是买买提·吐尔逊", "吐尔逊", "买买提·吐尔逊"),
    # Chinese names of three characters that the tagger cuts
    ("记者是谁？", "记者杨薇薇报道", "杨薇", "杨薇薇"),
    ("記者是誰？", "記者楊薇薇報道", "楊薇", "楊薇薇"),
    ("主任是谁？", "主任张硕向大家介绍", "张硕", "张硕"),
    ("谁说的？", "杨帆说他来了", "杨帆", "杨帆"),
    ("谁当院长？", "张伟新任院长", "张伟", "张伟"),
    ("负责人是谁？", "负责人李桂英说", "李桂英", "李桂英"),
    ("哪里？", "记者杨薇薇报道", "杨薇", "杨薇"),
    # figures
    ("建成多少套？", "建成房源1.8万套，已入住", "1.8", "1.8万套"),
    ("多少人？", "派出约150人的兵力", "150", "约150人"),
    ("超过多少人？", "超过150人参加", "150", "150人"),
    ("涨了多少？", "同比增长4.7%左右", "4.7", "4.7%左右"),
    ("多少钱？", "售价16999元到54999元。", "16999", "16999元到54999元"),
    ("多少钱？", "售价 16999 元到 54999 元。", "54999 元", "16999 元到 54999 元"),
    ("比例是多少？", "占5.5%-8%之间", "8%", "5.5%-8%"),
    ("风速多大？", "最大风力52米/秒", "52米", "52米/秒"),
    ("多少人？", "共217名科研人员", "217", "217名"),
    ("多少钱？", "收入为153亿美元，增长20%", "153", "153亿美元"),
    ("多少人次？", "累计报名超过1亿人次", "1亿", "超过1亿人次"),
    ("多少平方米？", "建筑面积7000平方米", "7000", "7000平方米"),
    ("多少钱？", "票价￥50起", "50", "￥50"),
    ("多少户？", "至少3户以上受灾", "3户", "至少3户以上"),
    ("多少个？", "已建成1,200个站点", "200", "1,200个"),
    ("涨到多少？", "报3149.38点", "3149", "3149.38"),
    # a figure beside the answer is none of its business
    ("谁来了？", "张硕带来1.8万套", "张硕", "张硕"),
    ("什么平台？", "7000平方米的中试平台", "中试平台", "中试平台"),
    # dates
    ("什么时候？", "2023年8月18日开幕", "8月18", "2023年8月18日"),
    ("什么时候？", "将于8月21日开始", "8月", "8月21日"),
    ("哪年开建？", "2017年12月开建", "2017年", "2017年"),
    ("哪年哪月？", "2017年12月开建", "2017年", "2017年12月"),
    ("什么时候成立？", "成立于二〇一五年三月", "二〇一五年", "二〇一五年三月"),
    ("什么时候？", "2023-08-18 发布", "08-18", "2023-08-18"),
    # Latin words and models
    ("什么处理器？", "搭载i7-12650H处理器", "12650", "i7-12650H"),
    ("什么药？", "抗肿瘤新药HH-101获批", "101", "HH-101"),
    ("什么版本？", "升级到v1.2.0版", "v1", "v1.2.0"),
    ("什么软件？", "使用Photoshop处理", "shop", "Photoshop"),
    # whole as they are
    ("谁？", "程玉洁夺冠", "程玉洁", "程玉洁"),
    ("哪里？", "位于中关村软件园", "中关村软件园", "中关村软件园"),
    ("何时？", "2023年8月18日", "2023年8月18日", "2023年8月18日"),
]


@pytest.mark.parametrize(("question", "sentence", "read", "shown"), CASES)
def test_nothing_is_cut_in_half(question: str, sentence: str, read: str, shown: str) -> None:
    start = sentence.index(read)
    first, last = whole(analyse(question), fold(sentence), start, start + len(read))
    assert sentence[first:last] == shown


@given(st.text(alphabet="杰哈·・约1280.,万亿元%年月日到-a7杨薇说 ", min_size=1, max_size=30), st.data())
def test_a_span_only_grows(text: str, data: st.DataObject) -> None:
    folded = fold(text)
    start = data.draw(st.integers(0, len(folded) - 1))
    end = data.draw(st.integers(start + 1, len(folded)))
    first, last = whole(analyse("谁来了？"), folded, start, end)
    assert 0 <= first <= start < end <= last <= len(folded)
