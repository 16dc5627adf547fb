"""The commands, end to end, and the gate over the dev split."""

import json

import pytest

from eval import cases, results
from eval.cli import main
from eval.compare import fallen, scores_of
from eval.records import Question
from eval.results import load_run, read_baseline
from eval.run import ask, index_fingerprint, public_settings, run, temporary_assistant
from rag.settings import Settings


@pytest.fixture(scope="module")
def assistant():
    with temporary_assistant([cases.SEEDS], Settings()) as assistant:
        yield assistant


@pytest.fixture(scope="module")
def dev(assistant):
    questions = cases.select(cases.read_questions(cases.SEED_QUESTIONS), split="dev")
    return run(assistant, questions)


def test_the_dev_split_holds_its_baseline(dev):
    lines = fallen(read_baseline(), scores_of(dev))
    assert not lines, "\n".join(["worse than eval/baseline.json:", *lines])


def test_no_answer_of_the_dev_split_shows_an_inexact_quote_or_an_unsupported_sentence(dev):
    for record in dev:
        assert all(quote.exact for quote in record.reply.quotes), record.question.id
        assert all(finding.supported for finding in record.findings), record.question.id
        assert not record.reply.error


def test_the_answerer_is_deterministic(assistant, dev):
    again = run(assistant, [record.question for record in dev[:20]])
    assert [(r.reply.text, r.reply.refused) for r in again] == [(r.reply.text, r.reply.refused) for r in dev[:20]]


def test_a_continued_run_asks_only_what_is_missing(assistant, dev):
    asked: list[tuple[str, bool]] = []
    questions = [record.question for record in dev[:3]]
    done = {record.question.id: record for record in dev[:2]}
    records = run(assistant, questions, done=done, on_record=lambda r, fresh: asked.append((r.question.id, fresh)))
    assert [record.question.id for record in records] == [question.id for question in questions]
    assert [fresh for _, fresh in asked] == [False, False, True]


def test_an_error_of_the_assistant_becomes_a_record(assistant):
    reply = ask(assistant, Question("q", " ", True))
    assert reply.error.startswith("QuestionError") and not reply.refused


def test_the_fingerprint_says_what_was_searched_and_settings_hold_no_secrets(assistant):
    print_ = index_fingerprint(assistant)
    assert print_["documents"] == "2" and int(print_["passages"]) > 10 and len(print_["digest"]) == 16
    public = public_settings(Settings(llm="openai:x", llm_api_key="sk-secret"))
    assert "sk-secret" not in json.dumps(public) and "index" not in public


def test_run_report_and_compare_on_the_command_line(tmp_path, capsys):
    folder = ["--results", str(tmp_path)]
    assert main(["run", "--limit", "3", *folder]) == 0
    said = capsys.readouterr().out
    assert "right, cited and short" in said and "by kind of question" in said
    (result,) = tmp_path.glob("*.json")
    report = result.with_suffix(".html")
    assert str(report) in said.replace("\n", "") and report.stat().st_size > 5000
    run_ = load_run(result)
    assert len(run_.records) == 3 and run_.split == "dev" and run_.index["documents"] == "2"
    assert not list(tmp_path.glob("unfinished-*"))
    report.unlink()
    assert main(["report", *folder]) == 0 and report.exists()
    assert main(["compare", str(result), str(result)]) == 0
    assert "worse: none" in capsys.readouterr().out


def test_compare_fails_on_a_significant_regression(tmp_path, capsys, dev):
    from dataclasses import replace

    from eval.records import Run

    def saved(name: str, value: float) -> str:
        changed = [replace(record, scores={"good": value}) for record in dev[:30]]
        record_of = Run(name, "2026-01-01", "", "seeds.jsonl", "dev", {}, {}, tuple(changed))
        return str(results.save_run(record_of, tmp_path))

    assert main(["compare", saved("a", 1.0), saved("b", 0.0)]) == 1
    assert main(["compare", saved("c", 0.0), saved("d", 1.0)]) == 0
    assert "worse" in capsys.readouterr().out


def test_draft_add_check_and_run_ones_own_questions(tmp_path, capsys):
    document = tmp_path / "量子院.txt"
    document.write_text("量子院位于中关村软件园。量子院已入职的全职科研人员217名。物理所从2003年开始布局超导量子计算。")
    own = ["--documents", str(document)]
    to = str(tmp_path / "q.jsonl")
    assert main(["draft", str(document), "--to", to, "--yes", "--count", "6"]) == 0
    assert main(["add", "量子院在哪里？", "--fact", "中关村软件园|软件园", "--to", to, *own]) == 0
    answer = tmp_path / "answer.json"
    answer.write_text(json.dumps({"question": "量子院的院长是谁？", "text": "…"}), encoding="utf-8")
    assert main(["add", "--answer", str(answer), "--unanswerable", "--note", "没有提到", "--to", to, *own]) == 0
    assert main(["check", "--questions", to, *own]) == 0
    assert main(["run", "--questions", to, *own, "--results", str(tmp_path / "r"), "--no-failures"]) == 0
    questions = cases.read_questions(tmp_path / "q.jsonl")
    assert {"量子院在哪里？", "量子院的院长是谁？", "物理所从哪一年开始布局超导量子计算？"} <= {
        q.question for q in questions
    }
    assert "0 problems" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (["run", "--questions", "none.jsonl"], "can't read the questions"),
        (["run", "--category", "nonsense"], "no question has"),
        (["report", "none.json"], "python -m eval run"),
        (["add"], "which question?"),
        (["add", "？", "--answer", "none.json"], "can't read none.json"),
        (["public", "squad", "none.json"], "can't read none.json"),
        (["judge", "none.jsonl"], "can't read none.jsonl"),
    ],
)
def test_what_went_wrong_is_said_in_one_line_without_a_traceback(command, said, capsys):
    assert main(command) == 1
    error = capsys.readouterr().err
    assert said in error and "Traceback" not in error


def test_questions_that_dont_fit_the_documents_are_refused(tmp_path, capsys):
    other = tmp_path / "别的.txt"
    other.write_text("这里说的是别的事情，和量子院没有关系。")
    assert main(["run", "--documents", str(other), "--limit", "2", "--results", str(tmp_path)]) == 1
    assert "python -m eval check" in capsys.readouterr().err


def test_importing_the_package_loads_nothing_heavy():
    import subprocess
    import sys

    code = (
        "import sys, eval.cli, eval.commands, eval.report, eval.draft; "
        "heavy = {'torch', 'sentence_transformers', 'gradio', 'langchain', 'faiss', 'rich'} & set(sys.modules); "
        "sys.exit(str(heavy) if heavy else 0)"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=cases.HERE.parent, check=False).returncode == 0


def test_a_language_model_is_evaluated_the_same_way(tmp_path, monkeypatch):
    from tests.llm_server import ScriptedServer

    with ScriptedServer() as server:
        monkeypatch.setenv("RAG_LLM_BASE_URL", server.url)
        monkeypatch.setenv("RAG_LLM_API_KEY", "sk-test")
        command = ["run", "--llm", "openai:honest", "--judge-llm", "openai:honest", "--id", "s001", "s003"]
        assert main([*command, "--results", str(tmp_path), "--no-failures"]) == 0
    (result,) = tmp_path.glob("*.json")
    finished = load_run(result)
    assert finished.settings["llm"] == "openai:honest" and "sk-test" not in result.read_text(encoding="utf-8")
    assert all(record.scores["exact_quote"] in (None, 1.0) for record in finished.records)
    assert list(finished.judges) == ["second judge openai:honest, this run"]  # beside the scores, not among them
