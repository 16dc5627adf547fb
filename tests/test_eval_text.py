from hypothesis import given
from hypothesis import strategies as st

from eval.text import character_f1, characters, exact_match, normalise, read_sentences, stated_facts, states

TEXT = st.text(alphabet="量子院有217名。！？[]【】［］1２,， \n“”.m㎡", max_size=60)


def sentences(answer: str) -> list[tuple[str, tuple[int, ...]]]:
    return [(sentence.text, sentence.markers) for sentence in read_sentences(answer)]


def test_markers_of_every_style_belong_to_the_sentence_they_follow():
    assert sentences("量子院在软件园[1]。有217人。【2】［3］\n其中外籍12名 [1-3]") == [
        ("量子院在软件园。", (1,)),
        ("有217人。", (2, 3)),
        ("其中外籍12名", (1, 2, 3)),
    ]


def test_a_marker_in_front_of_everything_belongs_to_the_first_sentence():
    assert sentences("[2]量子院在软件园。") == [("量子院在软件园。", (2,))]


def test_a_year_in_brackets_is_text():
    assert sentences("见报告[2021]。[1]") == [("见报告[2021]。", (1,))]


def test_marks_alone_are_no_sentence():
    assert sentences("。。。 [1]\n——") == []
    assert sentences("") == []


@given(TEXT)
def test_reading_never_fails_and_loses_no_character(answer):
    found = read_sentences(answer)
    assert all(sentence.text == sentence.text.strip() and sentence.text for sentence in found)
    assert all(number >= 0 for sentence in found for number in sentence.markers)
    assert characters("".join(sentence.text for sentence in found)) <= characters(answer)


@given(TEXT)
def test_normalising_twice_changes_nothing(text):
    assert normalise(normalise(text)) == normalise(text)


@given(st.text(min_size=1, max_size=20).filter(lambda text: normalise(text)))
def test_a_text_states_itself(text):
    assert states(text, text)


def test_numbers_match_whole_numbers_only():
    assert states("共有2名", "2名") and not states("共有12名", "2名")
    assert states("217人", "217") and not states("1217人", "217") and not states("2170人", "217")
    assert states("建成1.8万套", "1.8万套") and not states("建成21.8万套", "1.8万套")
    assert not states("建成1.8万套", "8万套")
    assert states("排第4.世界知识产权组织", "第4") and not states("排第4.5", "第4")


def test_script_width_case_blanks_and_commas_make_no_difference():
    assert states("面積達 ９,０００ Ｍ２", "9000m2")
    assert states("投资１２，３４５，６７８元", "12345678元")
    assert not states("2021 2022", "20212022")


def test_a_marker_never_joins_a_number():
    assert stated_facts("排名第[1]3位", [["第3位"], ["第13位"]]) == [True, False]


def test_no_wording_is_stated_by_blanks():
    assert not states("", "217") and not states("量子院", " ")


def test_f1_counts_the_longest_common_run_over_both_lengths():
    # 中关村软件园 is a run of 6 in answer of 9 (北京中关村软件园内) → 2·6/15
    assert character_f1("北京中关村软件园内", "中关村软件园") == 12 / 15
    assert character_f1("9000M2", "9000平方米") == 2 / (3 + 4)  # 9000, m, 2 against 9000, 平, 方, 米
    assert exact_match("「中關村軟件園」", "中关村软件园") == 1.0
    assert exact_match("", "中关村") == 0.0


def test_the_columns_of_a_table_keep_their_numbers_apart():
    row = "营业收入                43,120       39,800       8.3%"
    assert normalise(row) == "营业收入43120       39800       8.3%"
    assert states(row, "43,120") and states(row, "39800")
    assert not states(row, "4312039800")
