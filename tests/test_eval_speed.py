"""The speed report, run at the smallest size on real files, and its table and plot by hand."""

import json
import lzma
from xml.etree import ElementTree

import pytest

from eval.charts import growth_chart
from eval.cli import main
from eval.speed import Measured, Report, find_corpus, measure
from eval.speed_table import plot, table

ARTICLE = "量子院第{0}实验室位于中关村软件园{0}号楼。实验室有{0}名研究人员，负责人是王小明。\n"
SERVING = {
    "open_seconds": 0.012,
    "first_question_seconds": 0.2,
    "grown_megabytes": 30.0,
    "grown_with_answers_megabytes": 60.0,
    "resident_megabytes": 200.0,
    "wall_milliseconds": {"retrieve": [3.0, 6.0]},
    "cpu_milliseconds": {"retrieve": [2.5, 5.0]},
}


def measured(passages):
    return Measured(
        passages=passages,
        documents=passages // 2,
        repeated=0,
        text_bytes=1000 * passages,
        build_seconds=passages / 4000,
        stage_microseconds={"read": 60.0},
        add_seconds=0.2,
        add_cpu_seconds=0.1,
        remove_seconds=0.3,
        disk_bytes={"catalog.sqlite": 1500 * passages, "keyword": 500 * passages},
        serving=SERVING,
    )


def test_a_small_store_is_measured_from_its_files_to_its_answers(tmp_path):
    """30 articles asked for as 60: the second 30 are the first behind a marker."""
    corpus = tmp_path / "新闻.txt.xz"
    with lzma.open(corpus, "wt", encoding="utf-8") as file:
        file.writelines(ARTICLE.format(number) for number in range(30))
    (report,) = measure(corpus, [60])
    (size,) = report.sizes
    assert (size.passages, size.documents, size.repeated) == (60, 60, 30)
    assert set(size.stage_microseconds) == {"read", "split", "cut", "embed", "write"}
    stages = "retrieve keyword dense scores fuse fetch beside headings rerank answer verify".split()
    assert list(size.serving["wall_milliseconds"]) == stages
    assert all(0 < half <= most for half, most in size.serving["cpu_milliseconds"].values() if most)
    assert size.disk_bytes["catalog.sqlite"] > 0 and size.disk_ratio > 1
    assert "60" in table(report)


def test_the_table_names_each_figure_with_its_unit():
    report = Report("新闻", "x86", 2, "2026-01-01T00:00:00", (0.5, 1.5), [measured(1000), measured(20000)])
    lines = table(report).splitlines()
    assert lines[0].endswith("load 0.5 to 1.5")
    assert lines[1].split() == ["passages", "1,000", "20,000"]
    assert any(line.split() == ["indexed", "a", "second", "4,000", "4,000"] for line in lines)
    (line,) = (line for line in lines if line.startswith("retrieve p50/p95 ms (cpu)"))
    assert line.split()[4:] == ["3.0/6.0", "(2.5/5.0)"] * 2
    assert any(line.split() == ["disk,", "times", "the", "text", "2.00", "2.00"] for line in lines)


def test_the_plot_is_svg_that_escapes_its_names():
    report = Report("新闻", "x86", 2, "2026-01-01T00:00:00", (0.5, 1.5), [measured(1000), measured(20000)])
    assert ElementTree.fromstring(plot(report)).tag.endswith("svg")
    chart = growth_chart([("<b>甲</b>", [(1, 10), (100, 1000)])], "标题 & 题", "段落")
    assert "<b>" not in chart and "&lt;b&gt;甲" in chart and "标题 &amp; 题" in chart
    # 1 to 100 across 420 units from 70, 10 to 1000 up 420 units above 454
    assert 'points="70.0,454.0 490.0,34.0"' in chart


def test_without_texts_it_says_what_to_give(monkeypatch, capsys, tmp_path):
    monkeypatch.delenv("WENJU_DATA", raising=False)
    assert main(["speed"]) == 1
    assert "python -m eval speed PATH" in capsys.readouterr().err
    monkeypatch.setenv("WENJU_DATA", str(tmp_path))
    (tmp_path / "news.txt.xz").write_bytes(b"")
    assert find_corpus(None) == tmp_path / "news.txt.xz"


def test_the_command_leaves_json_and_plot(monkeypatch, tmp_path, capsys):
    report = Report("新闻", "x86", 2, "2026-01-01T00:00:00", (0.0, 0.0), [measured(1000)])
    monkeypatch.setattr("eval.speed.measure", lambda corpus, sizes: iter([report]))
    assert main(["speed", str(tmp_path), "--sizes", "1000", "--results", str(tmp_path / "结果")]) == 0
    (written,) = (tmp_path / "结果").glob("*.json")
    assert json.loads(written.read_text(encoding="utf-8"))["sizes"][0]["passages_a_second"] == pytest.approx(4000)
    assert written.with_suffix(".svg").exists()
    assert "indexed a second" in capsys.readouterr().out
