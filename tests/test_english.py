"""English questions about English documents: what they ask for, what answers, and that every quote is the text's."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.assistant import Assistant
from rag.documents import document_from_text
from rag.english.answer import ANSWERABLE, RANKER, readable
from rag.english.question import Wanted, analyse
from rag.english.quote import LONG_QUOTE
from rag.english.typed import names, things
from rag.english.words import spelled, tokens
from rag.extract import extract
from rag.passages import LATIN_STRETCH, split_passages
from rag.score import find_candidates
from rag.settings import Settings
from rag.similarity import word_vectors
from rag.train.english import read_asked
from rag.train.office import IN_ENGLISH, read_documents
from rag.trees import load
from rag.types import Hit
from vectorstore.tokens import fold

WATER = """Northfield Water Authority Annual Report 2024

In 2024 the Northfield Water Authority supplied drinking water to 412,000 residents in 23 municipalities. Total revenue
rose 6.4 percent to $187.3 million, driven mainly by higher connection fees. Operating costs grew to $151.9 million.

The Authority replaced 38 kilometres of cast-iron mains during the year. The longest single project, the Alder Street
trunk main, was finished on 14 October, three weeks behind schedule because of archaeological finds near the old mill.

Chief executive Margaret Osei said the board had approved a five-year investment plan of $640 million in December. The
new treatment plant at Hollow Bay is expected to open in spring 2027.
"""
COFFEE = """# AeroBrew 300 Coffee Machine

## First use

Rinse the water tank and run two full cycles without coffee. The tank holds 1.8 litres. Do not use distilled water,
because the level sensor needs minerals to work.

## Descaling

Descale the machine every three months, or when the orange light stays on. Never use vinegar, as it damages the seals.

## Error codes

E5: overheating. Unplug the machine and let it cool for 30 minutes before calling service.

## Warranty

The warranty runs for 24 months from the date of purchase.
"""
RULES = "霜叶空调整机保修三年，压缩机保修六年。滤网每两周清洗一次。霜叶公司2017年8月6日成立，位于怀柔。"


@pytest.fixture(scope="module")
def assistant(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Assistant]:
    folder = tmp_path_factory.mktemp("english")
    (folder / "water.txt").write_text(WATER, encoding="utf-8")
    (folder / "coffee.md").write_text(COFFEE, encoding="utf-8")
    (folder / "rules.txt").write_text(RULES, encoding="utf-8")
    with Assistant.build(folder, settings=Settings(index=tmp_path_factory.mktemp("index") / "index")) as built:
        yield built


@pytest.mark.parametrize(
    ("question", "fact"),
    [
        ("What was the total revenue of the Northfield Water Authority?", "$187.3 million"),
        ("Who is the chief executive of the Northfield Water Authority?", "Margaret Osei"),
        ("When was the Alder Street trunk main finished?", "14 October"),
        ("Why was the Alder Street project late?", "because of archaeological finds"),
        ("How many residents does the Northfield Water Authority supply with drinking water?", "412,000 residents"),
        ("When is the Hollow Bay plant going to open?", "spring 2027"),
        ("How big is the tank of the AeroBrew 300?", "1.8 litres"),
        ("How often should the AeroBrew be descaled?", "every three months"),
        ("Can I use vinegar in the AeroBrew coffee machine?", "Never use vinegar"),
        ("how long is the aerobrew warranty", "24 months"),
    ],
)
def test_what_the_documents_say_is_quoted(assistant: Assistant, question: str, fact: str) -> None:
    reply = assistant.answer(question)
    assert not reply.refused
    assert fact in reply.text
    for citation in reply.citations:
        text = assistant.document(citation.document_id).text
        assert text[citation.start : citation.end] == citation.quote


@pytest.mark.parametrize(
    "question",
    [
        "What is the population of Northfield's sister city?",
        "How much does the AeroBrew 300 weigh?",
        "Who designed the AeroBrew 300?",
        "How do I bake sourdough bread?",
    ],
)
def test_what_they_do_not_say_is_refused(assistant: Assistant, question: str) -> None:
    reply = assistant.answer(question)
    assert reply.refused and not reply.citations
    assert reply.reason.startswith(("The documents", "Nothing related"))


def test_a_name_that_is_nowhere_is_named(assistant: Assistant) -> None:
    reply = assistant.answer("How long is the warranty of the Brewmaster Z900?")
    assert reply.refused
    assert reply.reason in {f"The documents don't mention “{name}”." for name in ("Brewmaster", "Z900")}


def test_two_questions_in_one_message_are_both_answered(assistant: Assistant) -> None:
    reply = assistant.answer("When was the Alder Street trunk main finished and who is the chief executive?")
    assert "14 October" in reply.text and "Margaret Osei" in reply.text


def test_the_short_answer_is_the_fact_alone(assistant: Assistant) -> None:
    assert assistant.answer("What was the total revenue of the Northfield Water Authority?").short == "$187.3 million"


def test_a_chinese_question_beside_english_documents_is_answered_as_ever(assistant: Assistant) -> None:
    assert "三年" in assistant.answer("霜叶空调整机保修多久？").text


@pytest.mark.parametrize(
    ("question", "wanted"),
    [
        ("How much did the bridge cost?", Wanted.MONEY),
        ("What was Brindle's profit in 2022?", Wanted.MONEY),
        ("pedalwise yearly membership price", Wanted.MONEY),
        ("Which council member voted against the budget?", Wanted.THING),
        ("who took over the business when he stopped working", Wanted.PERSON),
        ("Which firm printed it?", Wanted.PERSON),
        ("In which year was the loan repaid?", Wanted.YEAR),
        ("What time does it open?", Wanted.CLOCK),
        ("Which months is it open?", Wanted.DATE),
        ("How often is it cleaned?", Wanted.FREQUENCY),
        ("How long does it take?", Wanted.DURATION),
        ("how far is it", Wanted.LENGTH),
        ("How old must I be?", Wanted.AGE),
        ("What percentage was lost?", Wanted.PERCENT),
        ("Which cities are the servers in?", Wanted.PLACE),
        ("Why was it late?", Wanted.REASON),
        ("How do I pay the fee?", Wanted.METHOD),
        ("Can I claim the cost of lunch?", Wanted.YES_NO),
        ("What material is it made of?", Wanted.THING),
        ("How many beds are there?", Wanted.NUMBER),
    ],
)
def test_what_a_question_asks_for(question: str, wanted: Wanted) -> None:
    assert analyse(question).wanted is wanted


@pytest.mark.parametrize(
    ("question", "text", "found"),
    [
        ("How much did it cost?", "It cost £4.6m in 2020, or 48 cents a head.", ["£4.6m", "48 cents"]),
        ("What share was lost?", "Some 61% of shoots, two thirds of them old.", ["61%", "two thirds"]),
        ("How long did it take?", "It took about three weeks and 12 days.", ["about three weeks", "12 days"]),
        ("How often?", "Descale it every three months.", ["every three months"]),
        ("When was it?", "On 14 October 2024, at 8 am.", ["14 October 2024", "8 am."]),
        ("Which year was it?", "In 1923 it had 4,100 men.", ["1923"]),
        ("How far is it?", "It is 38 kilometres, not 5 miles.", ["38 kilometres", "5 miles"]),
        ("How old must I be?", "You must be 16 or older.", ["16 or older"]),
        ("Who runs it?", "The lab is run by Dr Margaret Osei in Hollow Bay.", ["Dr Margaret Osei", "Hollow Bay"]),
        ("Who beat Margaret Osei?", "Margaret Osei lost to Carlos Whitfield.", ["Carlos Whitfield"]),
        ("What is it made of?", "It is made of 3 kinds of wood.", []),
    ],
)
def test_things_of_the_asked_kind(question: str, text: str, found: list[str]) -> None:
    assert [text[start:end] for start, end in things(analyse(question), text)] == found


def test_names_are_not_what_begins_a_sentence() -> None:
    text = "Total costs rose. On Monday the Alder Street Trust, said Osei, will pay."
    assert [text[start:end] for start, end in names(text)] == ["Alder Street Trust", "Osei"]


def test_the_embedder_is_asked_for_a_form_that_it_knows() -> None:
    assert [spelled(token) for token in tokens("workers employed pictures")] == ["worker", "employ", "picture"]


@pytest.mark.parametrize(
    ("one", "other"), [("leave", "leaves"), ("live", "lives"), ("descale", "descaling"), ("rise", "rose")]
)
def test_forms_of_a_word_have_one_stem(one: str, other: str) -> None:
    assert tokens(one)[0].stem == tokens(other)[0].stem


def test_english_passages_are_longer() -> None:
    text = " ".join(f"Sentence number {number} says that nothing much happened on that day." for number in range(60))
    lengths = [len(passage.text) for passage in split_passages(document_from_text(text, source="long.txt"))]
    assert max(lengths) <= LATIN_STRETCH * 400 and min(lengths) >= LATIN_STRETCH * 200
    chinese = "".join(f"第{number}句话说那天没有发生什么大事。" for number in range(90))
    assert max(len(passage.text) for passage in split_passages(document_from_text(chinese, source="长.txt"))) <= 400


def test_a_long_sentence_is_cut_to_the_clauses_that_answer() -> None:
    tail = ", ".join(f"while office {number} stayed in the old house by the canal" for number in range(8))
    text = f"The press moved to Toulouse on 8 January 2024, {tail}."
    (passage,) = split_passages(document_from_text(text, source="press.txt"))
    found = extract("When did the press move to Toulouse?", [Hit(passage, 1.0, 1.0, 1.0)], embed=word_vectors)
    (quote,) = found.quotes
    assert quote.end - quote.start <= LONG_QUOTE
    assert passage.text[quote.start : quote.end].startswith("The press moved to Toulouse on 8 January 2024")


@given(
    st.text(alphabet="abcdeW T.,?!$£%0123456789'-\n", max_size=160),
    st.text(alphabet="whoatenr ABC0123.?", min_size=1, max_size=40),
)
def test_every_quote_is_cut_from_the_text(text: str, question: str) -> None:
    passages = split_passages(document_from_text(text, source="any.txt")) if text.strip() else []
    found = extract(question, [Hit(passage, 1.0, 1.0, 1.0) for passage in passages], embed=word_vectors)
    for quote in found.quotes:
        assert quote.passage.start <= quote.start < quote.end <= quote.passage.end
        assert not quote.highlight or quote.start <= quote.highlight[0] < quote.highlight[1] <= quote.end


@given(st.text(alphabet="abcW T.,?!$£%0123456789'’-é中", max_size=80))
def test_things_and_words_lie_inside_the_text(text: str) -> None:
    folded = fold(text)
    assert all(folded[token.start : token.end] == token.text for token in tokens(folded))
    for wanted in ("How much did it cost?", "Who was it?", "Where is it?", "When?", "Why?"):
        assert all(0 <= start < end <= len(text) for start, end in things(analyse(wanted), text))


def test_only_english_sentences_are_read() -> None:
    passages = [split_passages(document_from_text(text, source=name))[0] for text, name in ((RULES, "a"), (WATER, "b"))]
    candidates = find_candidates([Hit(passage, 1.0, 1.0, 1.0) for passage in passages], {}, {})
    assert {one.hit.passage.source for one in readable(candidates)} == {"b"}


@pytest.mark.parametrize("path", [RANKER, ANSWERABLE], ids=lambda path: path.stem)
def test_the_models_are_small(path: Path) -> None:
    assert load(path).names and path.stat().st_size < 60_000


def test_every_marked_answer_stands_in_its_document() -> None:
    documents, lines = read_documents(IN_ENGLISH), read_asked()
    assert len({(line["source"], line["question"]) for line in lines}) == len(lines) > 3000
    for line in lines:
        text = documents[line["source"]].text
        assert line["answerable"] == bool(line.get("sentences"))
        for start, end in line.get("sentences", ()):
            assert 0 <= start < end <= len(text)
        if line["answerable"]:
            start, end = line["answer"]
            assert any(first <= start < end <= last for first, last in line["sentences"])
