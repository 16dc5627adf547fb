import json
from dataclasses import replace
from datetime import datetime

import pytest

from eval.cases import QuestionSetError
from eval.charts import bar_chart, reliability_chart
from eval.compare import compare, fallen, scores_of
from eval.records import Evidence, Finding, Found, Question, Quote, Record, Reply, Run
from eval.report import render_report
from eval.results import (
    Journal,
    load_run,
    newest_result,
    read_baseline,
    run_key,
    run_name,
    save_run,
    write_baseline,
)
from eval.statistics import Figure

EVIL = "<img src=x onerror=alert(1)>“&'\"</style><script>alert(1)</script>"
QUESTION = Question(
    "q1", f"量子院？{EVIL}", True, (("217", EVIL),), (Evidence(EVIL, f"217{EVIL}", 0, 4),), category=EVIL
)
RECORD = Record(
    QUESTION,
    Reply(
        text=f"共218名{EVIL}[1]",
        refused=False,
        standalone=EVIL,
        quotes=(Quote(1, EVIL, f"217{EVIL}", 0, 4, exact=False, around=f"前文{EVIL}217{EVIL}后文"),),
        found=(Found("a:0", "院.txt", 0, 9, 0.5),),
        confidence=0.25,
        model=EVIL,
        seconds=0.01,
    ),
    (Finding(f"共218名{EVIL}", (1,), False, reason=EVIL, relevant=(False,)),),
    {"good": 0.0, "correct": 0.0, "seconds": 0.01, "exact_quote": None},
)
RUN = Run(
    name="r", started="2026-01-02T03:04:05", commit="abc+", questions=EVIL, split="dev",
    settings={"llm": EVIL}, index={"digest": "ff"}, records=(RECORD,), judges={EVIL: {EVIL: {EVIL: 0.5, "n": 3}}},
)  # fmt: skip


def records(scores: dict[str, float], metric: str = "good") -> list[Record]:
    return [replace(RECORD, question=replace(QUESTION, id=name), scores={metric: s}) for name, s in scores.items()]


def test_a_run_survives_saving_and_loading(tmp_path):
    path = save_run(RUN, tmp_path / "results")
    assert path.name == "r.json" and load_run(path) == RUN
    save_run(replace(RUN, name="s"), tmp_path / "results")
    assert newest_result(tmp_path / "results").name == "s.json"


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"version": 99}', "{"])
def test_what_is_no_result_is_refused(tmp_path, text):
    path = tmp_path / "r.json"
    path.write_text(text)
    with pytest.raises(QuestionSetError, match=r"r\.json"):
        load_run(path)
    with pytest.raises(QuestionSetError, match="no results"):
        newest_result(tmp_path / "none")


def test_a_journal_gives_back_what_was_done_even_after_a_torn_write(tmp_path):
    journal = Journal(tmp_path, "key")
    assert journal.done() == {}
    journal.add(RECORD)
    with journal.path.open("a", encoding="utf-8") as file:
        file.write('\n{"question": {"id": "q2", "que')
    assert Journal(tmp_path, "key").done() == {"q1": RECORD}
    journal.add(replace(RECORD, question=replace(QUESTION, id="q2")))
    assert set(journal.done()) == {"q1", "q2"}
    journal.close()
    assert not journal.path.exists()


def test_a_run_is_continued_only_when_questions_and_settings_are_the_same():
    key = run_key([QUESTION], {"llm": "extractive"})
    assert key == run_key([QUESTION], {"llm": "extractive"})
    assert key != run_key([QUESTION], {"llm": "openai:x"}) and key != run_key(
        [replace(QUESTION, id="q2")], {"llm": "extractive"}
    )


def test_names_sort_by_time():
    assert run_name("dev", "a", datetime(2026, 1, 2)) < run_name("all", "b", datetime(2026, 1, 10))


def test_a_clear_loss_is_a_regression_and_a_single_question_is_not():
    before = {f"q{n:02d}": 1.0 for n in range(20)}
    one_lost = before | {"q00": 0.0}
    (change,) = compare(scores_of(records(before), ["good"]), scores_of(records(one_lost), ["good"]))
    assert change.worse == ("q00",) and change.loss == pytest.approx(0.05) and not change.is_regression
    many_lost = before | {f"q{n:02d}": 0.0 for n in range(8)}
    (change,) = compare(scores_of(records(before), ["good"]), scores_of(records(many_lost), ["good"]))
    assert change.is_regression and change.difference.high < 0
    (change,) = compare(scores_of(records(many_lost), ["good"]), scores_of(records(before), ["good"]))
    assert change.is_significant and not change.is_regression and len(change.better) == 8


def test_lower_is_better_where_it_is():
    before, after = {f"q{n}": 0.0 for n in range(20)}, {f"q{n}": 1.0 for n in range(20)}
    (change,) = compare({"unsupported": before}, {"unsupported": after})
    assert change.is_regression and change.loss == 1.0 and len(change.worse) == 20


def test_the_gate_catches_a_loss_beyond_the_tolerance_and_a_question_that_was_not_asked():
    before = {f"q{n:03d}": 1.0 for n in range(100)}
    assert fallen({"good": before}, {"good": before | {"q000": 0.0, "q001": 0.0}}) == []
    (line,) = fallen({"good": before}, {"good": before | {f"q00{n}": 0.0 for n in range(3)}})
    assert line == "right, cited and short: 100.0 → 97.0; worse: q000, q001, q002"
    (line,) = fallen({"good": before}, {"good": dict(list(before.items())[1:])})
    assert line == "right, cited and short: no score for q000"


def test_a_baseline_survives_writing_and_a_missing_one_says_how_to_make_it(tmp_path):
    path = tmp_path / "baseline.json"
    write_baseline([RECORD], ["good", "exact_quote"], path)
    assert read_baseline(path) == {"good": {"q1": 0.0}, "exact_quote": {}}
    with pytest.raises(QuestionSetError, match="python -m eval baseline"):
        read_baseline(tmp_path / "none.json")


def test_the_report_is_self_contained_and_shows_text_as_text():
    from lxml import html

    records = [replace(RECORD, question=replace(QUESTION, id=f"q{n}")) for n in range(12)]  # enough for the plot
    page = render_report(
        replace(RUN, records=tuple(records)), "body { color: red }", {"offline": {"all": {"AUROC": 0.96}}}
    )
    tree = html.fromstring(page)
    assert tree.xpath("//script | //img | //iframe | //link | //@src | //@href | //@onerror") == []
    assert "http://" not in page and "https://" not in page
    assert EVIL in tree.text_content() and "96.0 %" in tree.text_content()
    assert len(tree.xpath("//div[@class='case']")) == 12
    assert tree.xpath("//*[local-name()='svg']//*[local-name()='polyline']")
    assert tree.xpath("//mark[contains(., '217')]")


def test_charts_of_nothing_are_still_charts():
    assert "<svg" in bar_chart([("甲<", Figure(None, None, None, 0))], "t") and "甲&lt;" in bar_chart(
        [("甲<", Figure(None, None, None, 0))], "t"
    )
    assert "<svg" in reliability_chart([], "t")


def test_results_are_plain_json(tmp_path):
    data = json.loads(save_run(RUN, tmp_path).read_text(encoding="utf-8"))
    assert data["records"][0]["question"]["question"].startswith("量子院？")
