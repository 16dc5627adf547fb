"""Training data: where the answers are, what is held out, and that the two views hold the same answer."""

from __future__ import annotations

import json
import lzma
from pathlib import Path

import pytest
from safetensors.numpy import load_file

from rag import rank, reader, short, trees
from rag.train import data, folds
from rag.train.__main__ import main
from rag.train.data import CMRC, DRCD, read_examples
from rag.train.news import NEWS
from rag.train.office import DOCUMENTS, read_documents, read_marked
from rag.train.questions import Asked
from rag.train.spans import overlap
from vectorstore.embedding import load_embedder

CITIES = ("臺北", "高雄", "臺中", "臺南", "基隆", "新竹", "嘉義", "花蓮", "屏東", "苗栗")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Ten traditional articles of two paragraphs, one simplified; nothing asked of others. One answer is not there."""
    for none in ("read_marked", "asked_of_news", "asked_of_office"):
        monkeypatch.setattr(data, none, list)
    articles = [
        {
            "title": city,
            "paragraphs": [
                {"context": f"{city}很大。", "qas": []},
                {
                    "context": f"{city}的河流叫淡水河。人口有{number}萬。",
                    "qas": [
                        {"question": f"{city}的人口有多少？", "answers": [answer(f"{number}萬", city)]},
                        {"question": f"{city}的市長是誰？", "answers": [{"text": "無名氏", "answer_start": 0}]},
                    ],
                },
            ],
        }
        for number, city in enumerate(CITIES, start=1)
    ]
    (tmp_path / DRCD).write_text(json.dumps({"data": articles}), encoding="utf-8")
    simple = {
        "context": "量子院位于中关村。",
        "qas": [{"question": "量子院在哪里？", "answers": [{"text": "中关村", "answer_start": 5}]}],
    }
    (tmp_path / CMRC).write_text(json.dumps({"data": [{"id": "一", "paragraphs": [simple]}]}), encoding="utf-8")
    with lzma.open(tmp_path / NEWS, "wt", encoding="utf-8") as file:
        file.write("7月28日，高雄有4人获奖。他们都是老师。\n基隆有4人获奖。\n")
    return tmp_path


def answer(text: str, city: str) -> dict[str, object]:
    return {"text": text, "answer_start": len(f"{city}的河流叫淡水河。人口有")}


def test_answers_are_found_in_both_views(folder: Path) -> None:
    examples = [one for one in read_examples(folder, load_embedder()) if one.answers]
    assert len(examples) == 11
    for number, example in enumerate(examples[:10], start=1):
        for view in (example.given, example.found):
            answering = [(one, places) for one in view.candidates() if (places := example.answers_in(one))]
            assert [one.folded[slice(*places[0])] for one, places in answering] == [f"{number}万"]
    # the given passage is the paragraph, two lines into the article
    assert examples[0].given.hits[0].passage.text == "臺北的河流叫淡水河。人口有1萬。"
    assert list(examples[0].given.before.values()) == ["臺北很大。\n"]


def test_what_is_asked_of_the_news_counts_more(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = [
        Asked("1.txt", "高雄有多少人获奖？", True, "number", ((9, 11),), ((0, 14),), False),
        Asked("1.txt", "How many won?", True, "number", ((9, 11),), ((0, 14),), False),
        Asked("2.txt", "基隆有谁获奖，哪天？", True, "two-part", ((0, 2), (3, 5)), ((0, 8), (0, 8)), False),
        Asked("9.txt", "不在文件里的问什么？", True, "what", ((0, 2),), ((0, 8),), False),
        Asked("1.txt", "高雄奖金多少？", False, "attribute", (), (), False),
    ]
    monkeypatch.setattr(data, "asked_of_news", lambda: asked)
    examples = read_examples(folder, load_embedder())
    *_, last, unanswered = [one for one in examples if one.source == NEWS or one.answers]
    assert sum(bool(one.answers) for one in examples) == 12
    assert (last.text, last.source, last.weight, examples[0].weight) == ("高雄有多少人获奖？", NEWS, 4.0, 1.0)
    assert (unanswered.text, unanswered.answers, unanswered.given.hits) == ("高雄奖金多少？", (), ())
    assert {hit.passage.text for hit in unanswered.found.hits} == {hit.passage.text for hit in last.found.hits}
    answering = [(one, places) for one in last.found.candidates() if (places := last.answers_in(one))]
    assert [one.folded[slice(*places[0])] for one, places in answering] == ["4人"]


def test_every_third_question_is_asked_again_without_its_answer(folder: Path) -> None:
    examples = read_examples(folder, load_embedder())
    gone = [one for one in examples if not one.answers]
    answered = [one.text for one in examples if one.answers]
    assert [one.text for one in gone] == answered[::3]
    for one in gone:
        right = next(other for other in examples if other.text == one.text and other.answers)
        places = [right.answers_in(candidate) for candidate in one.found.candidates()]
        assert not any(places), one.text
        assert one.found.hits, one.text


def test_three_in_ten_of_one_set_are_held_out(folder: Path) -> None:
    examples = read_examples(folder, load_embedder())
    assert sum(example.held_out for example in examples if example.answers) == 3
    assert not examples[-1].held_out
    assert [example.held_out for example in read_examples(folder, load_embedder())] == [
        example.held_out for example in examples
    ]


def test_office_questions_have_their_facts_in_one_document() -> None:
    documents = read_documents(DOCUMENTS)
    marked = read_marked()
    assert {kept for *_, kept in marked} == {False, True}
    for source, text, places, _ in marked:
        assert places, text
        assert all(documents[source].text[start:end].strip() for start, end in places)


@pytest.mark.parametrize(
    ("one", "right", "expected"),
    [("2017年", "2017年12月", 2 * 5 / 13), ("《红楼梦》", "红楼梦", 1.0), ("，", "北京", 0.0), ("上海", "北京", 0.0)],
)
def test_overlap_counts_the_longest_common_run(one: str, right: str, expected: float) -> None:
    assert overlap(one, right) == pytest.approx(expected)


def test_every_step_writes_what_the_answerer_loads(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("lightgbm", reason="lightgbm is only needed to train")
    for module, name in ((rank, "sentences"), (reader, "reader"), (short, "spans")):
        monkeypatch.setattr(module, "WEIGHTS", tmp_path / "new" / f"{name}.safetensors")
    monkeypatch.setattr(folds, "FOLDED", tmp_path / "unseen")  # not over models that took somebody an hour
    assert main(["sentences", str(folder)]) == 0
    assert main(["spans", str(folder)]) == 0
    said = capsys.readouterr().out
    for module in (rank, reader, short):
        assert f"{module.WEIGHTS}: {module.WEIGHTS.stat().st_size:,} bytes" in said
    shipped = Path(rank.__file__).parent / "model"
    assert trees.load(rank.WEIGHTS).names == trees.load(shipped / "sentences.safetensors").names
    assert trees.load(short.WEIGHTS).names == trees.load(shipped / "spans.safetensors").names
    made, ships = load_file(reader.WEIGHTS), load_file(shipped / "reader.safetensors")
    of_words = {name for name in ships if ".table." in name}  # as many as are read often
    assert made.keys() == ships.keys()
    assert {name: made[name].shape for name in ships.keys() - of_words} == {
        name: ships[name].shape for name in ships.keys() - of_words
    }


def test_without_data_the_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=DRCD):
        main(["evaluate", str(tmp_path)])
