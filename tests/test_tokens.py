"""Index terms, one text at a time and many at once."""

from hypothesis import example, given, settings
from hypothesis import strategies as st

from vectorstore.tokens import fold, folded_codes, term_lines, terms

CHARACTERS = "量子院位于中关村臺灣〇々ＡＢc1２. ，。\n\0𠀀한글かな"
TEXTS = st.lists(st.text(st.sampled_from(CHARACTERS), max_size=90), max_size=6)


@settings(deadline=None)  # the dictionary is loaded by the first
@given(TEXTS)
@example(["", "院", "子院", ""])
@example(["量子", "院长"])
@example(["〇々", "a〇", "，"])
def test_many_texts_at_once_give_what_each_gives_alone(texts):
    assert [line.split(" ") if line else [] for line in term_lines(texts)] == [terms(text) for text in texts]


def test_terms_by_hand():
    assert term_lines(["臺灣ＧＰＵ", "3.14%，好"]) == ["台湾 gpu 台湾", "3.14% 好"]


@given(st.text(max_size=300))
def test_long_and_short_texts_fold_alike(text):
    assert fold(text) == "".join(fold(character) for character in text)
    assert len(fold(text)) == len(text) == len(folded_codes(text))
