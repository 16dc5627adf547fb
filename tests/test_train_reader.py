"""Training a reader: batches of sentences of like length, its layers, and the file it ships in."""

from __future__ import annotations

import random
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from rag.reader import WORDS, Net
from rag.reading import QUESTION_COLUMNS, read
from rag.similarity import word_vectors
from rag.train import pipeline, reader
from rag.train.reader import Item, Sentence, Vocabulary


def an_item(words: int) -> Item:
    """A question on a sentence of so many words and on one of a single word."""
    readings = [read("，" * words), read("好")]
    sentences = tuple(Sentence(k, one, k, 0.0, np.zeros((1, 1)), ()) for k, one in enumerate(readings))
    return Item(read("谁"), np.zeros((1, 1)), 0, sentences)


def test_every_question_is_in_one_batch_beside_others_of_its_length(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "BATCH", 4)
    monkeypatch.setattr(reader, "SORTED", 100)
    items = [an_item(words) for words in (5, 1, 9, 3, 7, 2, 8, 4, 6, 10)]
    batches = reader._batches(items, random.Random(0))
    lengths = [[reader._words(one) for one in batch] for batch in batches]
    assert sorted(lengths) == [[2, 3, 4, 5], [6, 7, 8, 9], [10, 11]]  # and the word of the other sentence
    orders = [[len(batch) for batch in reader._batches(items, random.Random(seed))] for seed in range(20)]
    assert any(one != other for one, other in pairwise(orders))  # drawn anew


@pytest.mark.parametrize("dilation", [1, 2, 4])
def test_convolution_and_its_gradients_are_those_of_torch(dilation: int) -> None:
    torch = pytest.importorskip("torch")
    from rag.train.net import REACH, convolution

    torch.manual_seed(0)
    words, kernel, bias = torch.randn(13, 3), torch.randn(4, 3, REACH), torch.randn(4)
    given = [one.requires_grad_() for one in (words, kernel, bias)]
    ours = convolution()(*given, dilation)
    theirs = torch.nn.functional.conv1d(words.t()[None], kernel, bias, padding=2 * dilation, dilation=dilation)[0].t()
    torch.testing.assert_close(ours, theirs)
    weight = torch.randn(13, 4)
    of_ours, of_theirs = (torch.autograd.grad((out * weight).sum(), given) for out in (ours, theirs))
    torch.testing.assert_close(of_ours, of_theirs)


WHOLE = "量子院位于中关村。"


def on(*sentences: str) -> Item:
    """A question on sentences of nothing but words, of which WHOLE answers."""
    readings = [read(one) for one in sentences]
    rows = tuple(
        Sentence(k, one, k, 0.0, np.zeros((len(one.words), 3), np.float16), ((5, 8),) if one.folded == WHOLE else ())
        for k, one in enumerate(readings)
    )
    own = read("量子院在哪？")
    return Item(own, np.zeros((len(own.words), QUESTION_COLUMNS)), 0, rows)


def test_sentences_do_not_reach_into_each_other() -> None:
    torch = pytest.importorskip("torch")
    from rag.train.net import layers, logits

    items = [on(WHOLE, "好"), on(WHOLE, WHOLE, "好")]
    vocabulary = Vocabulary(items, word_vectors)
    pair = reader._batch(items, vocabulary)
    assert pair["starts"].sum(1).tolist() == pair["ends"].sum(1).tolist() == [1.0, 2.0]
    torch.manual_seed(0)
    with torch.no_grad():
        starts, _, _ = logits(layers(pair["vectors"].shape[2], 3, 0).eval(), pair)
    first, again = (starts[1][pair["sentence"][1] == number] for number in (0, 1))
    torch.testing.assert_close(first, again)
    alone = starts[0][pair["sentence"][0] == 0]
    torch.testing.assert_close(first - first[0], alone - alone[0])  # the others weigh on it as a whole only


def test_words_read_often_are_known_of_themselves(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "LEAST", 3)
    vocabulary = Vocabulary([on("好 好", "好"), on("坏")], word_vectors)  # 量子 院 在 哪 ？ twice, a blank once
    assert vocabulary.learned == ["好"]
    assert vocabulary.rows[vocabulary.numbers(["坏", "好", "院"])].tolist() == [0, 1, 0]
    np.testing.assert_allclose(vocabulary.vectors[vocabulary.numbers(["好"])], word_vectors(["好"]), atol=1e-6)


def test_the_rarest_words_do_not_ship_and_rows_become_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "MOST_KNOWN", 2)
    table = np.array([[0, 0], [1.27, -0.01], [0.5, 0.25], [9, 9]], np.float32)
    words = np.frombuffer("好\n院\n坏".encode(), np.uint8)
    packed = reader.packed({"table.weight": table, "emb.bias": np.array([0.5]), WORDS: words})
    assert packed["table.weight"].tolist() == [[0, 0], [127, -1], [127, 64]]  # 63.5 steps, to the even one
    assert packed["emb.bias"].dtype == np.float16
    net = Net.of(packed)
    assert net.rows == {"好": 1, "院": 2}
    np.testing.assert_allclose(net.layers["table.weight"], [[0, 0], [1.27, -0.01], [0.5, 0.252]], atol=1e-3)
    assert net.layers["emb.bias"].tolist() == [0.5]


def test_a_net_that_a_run_before_fitted_is_taken_from_its_file(tmp_path: Path) -> None:
    items = [on(WHOLE, "好"), on("好")]
    named = f"3-{reader.digest(items)}.safetensors"
    save_file({"emb.bias": np.array([0.5], np.float32)}, tmp_path / named)
    assert pipeline._fit(items, 3, tmp_path)["emb.bias"].tolist() == [0.5]
    others = ([on(WHOLE)], [on(WHOLE, "坏"), on("好")], items[::-1], [replace(items[0], asked=read("谁？")), items[1]])
    assert len({reader.digest(some) for some in (items, *others)}) == 5
    described = replace(items[0].sentences[0], columns=items[0].sentences[0].columns + 1)  # another ranker, say
    assert reader.digest([replace(items[0], sentences=(described, *items[0].sentences[1:])), items[1]]) not in named
    elsewhere = replace(items[0].sentences[0], answers=((0, 3),))
    assert reader.digest([replace(items[0], sentences=(elsewhere, *items[0].sentences[1:])), items[1]]) not in named
