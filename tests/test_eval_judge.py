import json
import os
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from eval.cases import QuestionSetError
from eval.grounding import examine
from eval.judge import (
    Opinion,
    Statement,
    asker,
    llm_judge,
    load_figures,
    measure,
    read_citecheck,
    read_opinion,
    save_figures,
    second_opinion,
)
from eval.records import Question, Quote, Record, Reply
from rag.errors import ModelError
from rag.settings import Settings


def by_length(claim, quotes, background=""):
    """Believes short claims."""
    return Opinion(len(claim) <= 3, 1 / len(claim))


STATEMENTS = [
    Statement(1, "甲", "…", True),
    Statement(2, "甲乙", "…", False),
    Statement(3, "甲乙丙丁", "…", True),
    Statement(5, "甲乙丙丁戊", "…", False),
]


def test_accuracy_auroc_and_confusion_by_hand():
    figures = measure(STATEMENTS, by_length)
    assert figures["all"]["statements"] == 4 and figures["all"]["accuracy"] == 0.5
    # scores 1, 1/2, 1/4, 1/5 for true, false, true, false: 3 of 4 pairs in order
    assert figures["all"]["AUROC"] == 0.75
    kinds = ["supported, judged so", "supported, judged not", "unsupported, judged so", "unsupported, judged not"]
    assert [figures["all"][kind] for kind in kinds] == [1, 1, 1, 1]
    odd = figures["odd idx, not fitted on"]
    assert (odd["statements"], odd["AUROC"]) == (3, 1.0) and odd["accuracy"] == pytest.approx(2 / 3, abs=1e-4)
    with pytest.raises(QuestionSetError):
        measure([], by_length)


def test_citecheck_is_read_without_its_quote_numbers(tmp_path):
    path = tmp_path / "c.jsonl"
    row = {"idx": 7, "statement": "有217人。", "quote": "[1] 共217人。[2]", "label": 0, "query": "", "answer": ""}
    path.write_text(json.dumps(row, ensure_ascii=False) + "\n", encoding="utf-8")
    assert read_citecheck(path) == [Statement(7, "有217人。", "共217人。[2]", False)]
    path.write_text("{}")
    with pytest.raises(QuestionSetError, match="CiteCheck"):
        read_citecheck(path)


def test_figures_of_an_older_judge_say_so(tmp_path):
    path = tmp_path / "judge.json"
    assert load_figures(path) == {}
    figures = measure(STATEMENTS, by_length)
    save_figures("offline", figures, path)
    assert load_figures(path) == {"offline": figures}
    path.write_text(path.read_text().replace('"code": "', '"code": "0'))
    assert list(load_figures(path)) == ["offline, an earlier version of it"]


def test_the_committed_figures_are_those_of_the_development_set():
    kept = load_figures()
    assert any("citecheck_dev" in name for name in kept)
    assert all(figures["all"]["AUROC"] >= 0.95 for figures in kept.values())


def test_the_offline_judge_on_the_real_set():
    path = Path(os.environ.get("WENJU_DATA", "")) / "citecheck_dev.jsonl"
    if not os.environ.get("WENJU_DATA") or not path.exists():
        pytest.skip("set WENJU_DATA to a folder with citecheck_dev.jsonl")
    figures = measure(read_citecheck(path)[:400])["odd idx, not fitted on"]
    assert figures["AUROC"] >= 0.95 and figures["accuracy"] >= 0.85


@pytest.mark.parametrize(
    ("reply", "score"),
    [("支持", 1.0), ("【判断】部分支持。", 0.5), ("不支持，因为人名不同", 0.0), ("我不知道", 0.0), ("", 0.0)],
)
def test_a_models_verdict_is_read_and_silence_is_no_support(reply, score):
    assert read_opinion(reply).score == score
    assert read_opinion(reply).supported == (score == 1.0)


@pytest.fixture
def server():
    """An OpenAI-compatible server that supports every claim with 217 in it; model "broken" fails."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            claim = body["messages"][-1]["content"].split("【陈述】")[-1]
            broken = body["model"] == "broken"
            message = {"role": "assistant", "content": "支持" if "217" in claim else "不支持"}
            data = {"id": "1", "object": "chat.completion", "created": 0, "model": "m",
                    "choices": [{"index": 0, "message": message, "finish_reason": "stop"}]}  # fmt: skip
            payload = json.dumps({"error": {"message": "no"}} if broken else data).encode()
            self.send_response(400 if broken else 200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(payload)))
            self.end_headers()
            self.wfile.write(payload)

        def log_message(self, *arguments):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as httpd:
        threading.Thread(target=httpd.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        yield f"http://127.0.0.1:{httpd.server_address[1]}/v1"
        httpd.shutdown()


def test_a_language_model_judges_beside_the_offline_judge(server):
    settings = Settings(llm="openai:judge", llm_base_url=server, llm_api_key="sk-test")
    judge = llm_judge(settings)
    assert judge("有217人。", ["共217人。"], "").supported and not judge("有218人。", ["共217人。"], "").supported
    assert not judge("有217人。", [], "").supported  # no quotes, no question asked
    quote = Quote(1, "院.txt", "量子院已入职的全职科研人员217名。", 0, 17, exact=True)
    reply = Reply("量子院有全职科研人员217名。[1]\n量子院有外籍人员12名。[1]", refused=False, quotes=(quote,))
    record = Record(Question("q", "？", True), reply, examine(reply), {})
    figures = second_opinion([record], judge)["this run"]
    assert figures == {"sentences": 2, "supported by what they cite": 0.5, "agreement with the offline judge": 1.0}
    assert second_opinion([], judge) == {"this run": {"sentences": 0}}


def test_a_broken_model_is_an_error_in_plain_words(server):
    ask = asker(Settings(llm="openai:broken", llm_base_url=server, llm_api_key="sk-secret"))
    with pytest.raises(ModelError) as error:
        ask("好吗？")
    assert "sk-secret" not in str(error.value)
