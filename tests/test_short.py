"""Reading the short answer: words and their columns, the network in numpy and in torch, spans, and what is shown."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from safetensors.numpy import load_file

from rag.asked import find_asked
from rag.question import analyse
from rag.rank import rank_sentences
from rag.reader import WEIGHTS, WORDS, Net, nets_of, read_sentences
from rag.reading import QUESTION_COLUMNS, TOKEN_COLUMNS, Asking, describe, question_columns, read, token_columns
from rag.short import Short, choose, is_worth_showing, settle
from rag.similarity import word_similarity, word_vectors
from rag.span_features import ReadSentence, find_spans, span_features
from vectorstore.tokens import fold

from .test_rank import candidates_of


def test_words_lie_end_to_end() -> None:
    reading = read("量子院位于中关村,2017年成立。")
    assert "".join(reading.words) == reading.folded
    assert reading.starts[0] == 0
    assert reading.starts[1:].tolist() == reading.ends[:-1].tolist()
    assert reading.ends[-1] == len(reading.folded)


def test_columns_say_what_the_question_has() -> None:
    question = analyse("量子院位于哪里？")
    asked, reading = find_asked(question.folded), read("量子院位于《北京》。")
    nothing = np.zeros(len(reading.words))
    columns = token_columns(question, asked, reading, nothing, nothing)
    assert columns.shape == (len(reading.words), TOKEN_COLUMNS)
    at = dict(zip(reading.words, columns, strict=True))
    assert at["位于"][0] == 1.0  # every character stands in a pair of the question
    assert at["北京"][0] == 0.0
    assert at["北京"][10] == 1.0  # between title marks
    assert at["位于"][10] == 0.0
    own = read(question.folded)
    assert question_columns(question, asked, own).shape == (len(own.words), QUESTION_COLUMNS)


def test_numpy_computes_what_torch_computes() -> None:
    torch = pytest.importorskip("torch")
    from rag.train.net import arrays, layers, logits
    from rag.train.reader import Item, Sentence, Vocabulary, _batch, packed

    question = analyse("量子院位于哪里？")
    asked, own = find_asked(question.folded), read(question.folded)
    asking = Asking(question, asked, own, word_vectors(own.words), word_vectors([asked.type])[0])
    readings = [read("量子院位于中关村软件园。"), read("周围有公园,很大。")]
    told = np.array([[0.0, 0.5], [-1.0, 0.25]], np.float32)
    sentences = []
    for reading, extra in zip(readings, told, strict=True):
        here = word_vectors(reading.words)
        columns = describe(asking, reading, extra, here, here @ asking.vectors.T)
        sentences.append(Sentence(0, reading, 0, 0.0, columns, ()))
    item = Item(own, question_columns(question, asked, own), asked.form, tuple(sentences))
    vocabulary = Vocabulary([item], word_vectors)
    vocabulary.learned = ["量子", "位于"]
    vocabulary.rows[vocabulary.numbers(vocabulary.learned)] = torch.tensor([1, 2])
    torch.manual_seed(1)
    net = layers(vocabulary.vectors.shape[1], TOKEN_COLUMNS + 2, 2)
    torch.nn.init.normal_(net["table"].weight)
    ships = Net.of(packed(arrays(net) | {WORDS: np.frombuffer("\n".join(vocabulary.learned).encode(), np.uint8)}))
    net.load_state_dict({name: torch.from_numpy(array) for name, array in ships.layers.items()})
    batch = _batch([item], vocabulary)
    with torch.no_grad():
        starts, ends, none = logits(net.eval(), batch)
    found, odds = read_sentences(question, asked, readings, told, word_vectors, [ships])
    totals = [float(torch.logsumexp(both, (0, 1))) for both in (starts, ends)]
    assert odds == pytest.approx(none.item() - sum(totals) / 2, abs=1e-4)
    for number, (start, end) in enumerate(found):
        here = batch["sentence"] == number
        np.testing.assert_allclose(start, starts[here].numpy() - totals[0], atol=1e-4)
        np.testing.assert_allclose(end, ends[here].numpy() - totals[1], atol=1e-4)


def test_several_nets_say_what_they_say_on_average() -> None:
    (shipped, *_), question = nets_of(load_file(WEIGHTS)), analyse("量子院位于哪里？")
    doubting = Net({**shipped.layers, "none.bias": shipped.layers["none.bias"] + 0.5}, shipped.rows)
    seeking = Net({**shipped.layers, "start.weight": -shipped.layers["start.weight"]}, shipped.rows)
    asked, readings = find_asked(question.folded), [read("量子院位于中关村软件园。"), read("周围有公园,很大。")]
    told = np.zeros((2, shipped.layers["inp.weight"].shape[1] - 10 - 2 * 64 - 128 - TOKEN_COLUMNS), np.float32)
    one, other, both = (
        read_sentences(question, asked, readings, told, word_vectors, nets)
        for nets in ([doubting], [seeking], [doubting, seeking])
    )
    assert one[1] != other[1]
    assert both[1] == pytest.approx((one[1] + other[1]) / 2)
    for (start, _), (its, _), (mean, _) in zip(one[0], other[0], both[0], strict=True):
        np.testing.assert_allclose(mean, (start + its) / 2, atol=1e-6)
        assert not np.allclose(start, its)


def test_spans_come_best_first_with_what_the_rules_take() -> None:
    question = analyse("建了多少套住房？")
    reading = read("建成房源1.8万套。")
    start, end = np.zeros(len(reading.words)), np.zeros(len(reading.words))
    start[0] = end[0] = 5.0
    spans = find_spans(question, [ReadSentence(reading, 0, 0.0, start, end)])
    texts = [reading.folded[span.begin : span.finish] for span in spans]
    assert texts[0] == reading.words[0] == "建成"
    assert "1.8万套" in texts
    assert all(any(c.isalnum() for c in text) for text in texts)
    columns = span_features(question, find_asked(question.folded), [ReadSentence(reading, 0, 0.0, start, end)], spans)
    assert columns["reader.rank"].tolist() == list(range(len(spans)))
    assert columns["reader.share"].sum() == pytest.approx(1.0)
    assert columns["rules.same"][texts.index("1.8万套")] == 1.0
    assert columns["asked.unit"][texts.index("1.8万套")] == 1.0
    assert columns["among.sentence"] == pytest.approx(1.0)


def test_no_span_begins_with_a_mark() -> None:
    question, reading = analyse("组建了多大的团队？"), read("改造实验室、8人科研团队，很快。")
    start = np.array([9.0 * (word in "、，") for word in reading.words])
    spans = find_spans(question, [ReadSentence(reading, 0, 0.0, start, np.zeros(len(start)))])
    texts = [reading.folded[span.begin : span.finish] for span in spans]
    assert "8人" in texts
    assert not [text for text in texts if text[0] in "、，,"]


@pytest.mark.parametrize(
    ("question", "is_found"),
    [("是谁做的演讲？", False), ("这条新闻是谁写的？", True), ("哪个记者报道的？", True), ("讲坛在哪举行？", True)],
)
def test_who_reported_is_no_answer_to_who_did(question: str, is_found: bool) -> None:
    reading = read("新华社拉萨电(记者聂毅)麻国庆作了演讲。")
    flat = np.zeros(len(reading.words))
    spans = find_spans(analyse(question), [ReadSentence(reading, 0, 0.0, flat, flat)])
    texts = [reading.folded[span.begin : span.finish] for span in spans]
    assert any("聂毅" in text for text in texts) == is_found
    assert texts


@pytest.mark.parametrize(
    ("question", "text", "span", "shown"),
    [
        ("打造什么谷？", "打造“生命谷”。", "“生命谷”。", "生命谷"),
        ("哪本书？", "他写了《红楼梦》。", "《红楼梦》。", "《红楼梦》"),
        ("他叫什么？", "他叫,,", ",,", None),
        ("量子院的院长助理是谁？", "院长助理张硕向记者介绍。", "张硕向", "张硕"),
        ("服务队是谁在负责？", "服务队由县人大代表徐海荣负责。", "由县人大代表徐海荣", "县人大代表徐海荣"),
        ("联盟的主席是谁？", "主席、总统卡加梅曾表示支持。", "总统卡加梅曾表示", "总统卡加梅"),
        ("是谁介绍的？", "由他说的。", "由他", "由他"),
        ("法国前总理是谁？", "法国前总理让-马克·艾罗。", "让-马克·艾罗", "让-马克·艾罗"),
        ("谁来签收？", "由二院设备科科长韩青松签收。", "科科长韩青松", "韩青松"),
        ("谁来签收？", "由二院副科长韩青松签收。", "副科长韩青松", "副科长韩青松"),
        ("基金经理是谁？", "基金经理为祁禾，祁禾于2017年任职。", "为祁禾,祁禾", "祁禾"),
    ],
    ids=[
        "quotes go",
        "title stays",
        "only marks",
        "inside a word",
        "lead goes",
        "tail goes",
        "short",
        "a name",
        "post cut",
        "post",
        "named twice",
    ],
)
def test_what_is_shown_of_a_span(question: str, text: str, span: str, shown: str | None) -> None:
    folded = fold(text)
    start = folded.index(fold(span))
    settled = settle(analyse(question), read(folded), start, start + len(span))
    assert (text[slice(*settled)] if settled else None) == shown


@pytest.mark.parametrize(
    ("question", "text", "span", "confidence", "worth"),
    [
        ("量子院有多少人？", "量子院有217人。", "217人", 0.5, True),
        ("量子院有多少人？", "量子院有217人。", "217人", 0.49, False),
        ("量子院有多少人？", "量子院2017年成立。", "2017年", 0.74, False),
        ("量子院有多少人？", "量子院2017年成立。", "2017年", 0.9, True),
        ("三城一区是什么？", "三城一区是主平台。", "三城一区", 0.9, False),
        ("量子院和物理所谁先成立？", "物理所先成立。", "物理所", 0.9, True),
        ("怎么回事？", f"这是一个{'特别' * 15}长的句子。", f"这是一个{'特别' * 15}长的句子", 0.9, False),
    ],
    ids=[
        "sure",
        "not sure",
        "a year is no head count",
        "unless the reader is certain",
        "said by the question",
        "unless offered",
        "nearly the whole sentence",
    ],
)
def test_what_is_worth_showing(question: str, text: str, span: str, confidence: float, worth: bool) -> None:
    start = text.index(span)
    assert is_worth_showing(analyse(question), fold(text), Short(start, start + len(span), confidence)) is worth


@given(st.text(alphabet="量子院“”《》,。、 1年", min_size=1, max_size=30), st.data())
def test_what_is_shown_lies_inside_what_was_read(text: str, data: st.DataObject) -> None:
    folded = fold(text)
    start = data.draw(st.integers(0, len(folded) - 1))
    end = data.draw(st.integers(start + 1, len(folded)))
    settled = settle(analyse("量子院哪年成立？"), read(folded), start, end)
    assert settled is None or start <= settled[0] < settled[1] <= end


@pytest.mark.parametrize(
    ("question", "short"),
    [
        ("量子院位于哪里？", "中关村软件园"),
        ("量子院哪一年成立？", "2017年"),
        ("量子院的院长助理是谁？", "张硕"),
        ("全职科研人员有多少名？", "217名"),
    ],
)
def test_short_answers_of_plain_sentences(question: str, short: str) -> None:
    text = "量子院位于中关村软件园。量子院于2017年成立。量子院院长助理张硕介绍了情况。全职科研人员217名。"
    asked = analyse(question)
    read = choose(asked, rank_sentences(asked, candidates_of(text), word_similarity), word_vectors)
    best = read[0]
    assert best.short is not None
    assert best.scored.candidate.folded[best.short.start : best.short.end] == short
    assert 0 <= best.short.confidence <= 1
    assert sum(one.share for one in read) == pytest.approx(1.0)
