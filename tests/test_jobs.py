"""The queue of files: one at a time, stopped at any moment, each visitor's own."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

import pytest

from rag.errors import LoadError
from rag.indexing import FileReport, Watch
from rag.ui.jobs import Jobs, Row
from rag.ui.shelf import render_rows

REPORT = FileReport("added", "0" * 16, "甲.txt", 3)


def until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.01)


class Slow:
    """Work that waits at its first stage until it is let go."""

    def __init__(self) -> None:
        self.begun, self.go, self.dropped = threading.Event(), threading.Event(), threading.Event()

    def __call__(self, watch: Watch) -> FileReport:
        watch("read", 0, 0)
        self.begun.set()
        assert self.go.wait(10)
        watch("embed", 2, 8)
        return REPORT


def test_one_file_after_another_and_collections_beside_each_other() -> None:
    jobs, slow = Jobs(), Slow()
    first = jobs.submit("我", "", "慢.txt", slow, slow.dropped.set)
    second = jobs.submit("我", "", "快.txt", lambda watch: REPORT)
    other = jobs.submit("我", "合同", "旁.txt", lambda watch: REPORT)
    until(lambda: other.is_over)
    assert slow.begun.wait(10)
    assert (first.state, second.state, other.state) == ("working", "waiting", "done")
    assert jobs.waiting() == 2
    slow.go.set()
    until(lambda: second.is_over)
    assert (first.state, first.report, first.done, first.total) == ("done", REPORT, 2, 8)
    assert slow.dropped.is_set()
    assert (jobs.changed(""), jobs.changed("合同")) == (2, 1)
    again = jobs.submit("我", "", "又.txt", lambda watch: REPORT)  # the thread had ended
    until(lambda: again.is_over)


def test_stopping_drops_what_waits_and_undoes_what_is_at_work() -> None:
    jobs, slow, waits = Jobs(), Slow(), Slow()
    working = jobs.submit("我", "", "慢.txt", slow, slow.dropped.set)
    waiting = jobs.submit("我", "", "等.txt", waits, waits.dropped.set)
    theirs = jobs.submit("她", "", "她的.txt", lambda watch: REPORT)
    assert slow.begun.wait(10)
    jobs.stop("我", "", waiting.number)
    assert (working.state, waiting.state) == ("working", "stopped")
    assert waits.dropped.is_set()
    jobs.stop("我", "")
    slow.go.set()
    until(lambda: slow.dropped.is_set() and theirs.is_over)
    assert (working.state, working.report, theirs.state) == ("stopped", None, "done")
    assert not waits.begun.is_set()


def test_rows_are_the_visitors_own() -> None:
    jobs = Jobs()
    mine = jobs.refuse("我", "", "坏.exe", LoadError("no", "不行"))
    jobs.refuse("她", "", "秘密.txt", LoadError("no", "不行"))
    assert jobs.rows("我", "") == [mine]
    assert jobs.rows("我", "合同") == []
    jobs.clear("她", "合同")
    assert len(jobs.rows("她", "")) == 1
    jobs.clear("她", "")
    assert jobs.rows("她", "") == []


def test_an_unknown_failure_is_logged_and_the_queue_goes_on(caplog: pytest.LogCaptureFixture) -> None:
    jobs = Jobs()

    def broken(watch: Watch) -> FileReport:
        raise RuntimeError("secret /etc/path")

    with caplog.at_level(logging.ERROR):
        failed = jobs.submit("我", "", "甲.txt", broken)
        after = jobs.submit("我", "", "乙.txt", lambda watch: REPORT)
        until(lambda: after.is_over)
    assert (failed.state, after.state) == ("failed", "done")
    assert "RuntimeError" in caplog.text
    assert "secret" not in render_rows([failed], "zh")
    assert "程序出错了" in render_rows([failed], "zh")


def test_rows_say_how_far_and_what_became_of_each() -> None:
    def row(state: str, **facts: object) -> Row:
        return Row(1, "我", "", "夹/<b>.txt", state, **facts)

    rows = [
        row("working", stage="embed", done=20, total=80),
        row("waiting"),
        row("done", report=FileReport("duplicate", "d", "旧<i>.txt")),
        row("failed", error=LoadError("<b>.txt: this file is empty", "<b>.txt：这是个空文件")),
        row("stopped"),
    ]
    html = render_rows(rows, "zh")
    for words in (
        "3 / 5 个文件",
        "建立索引 20 / 80 段",
        "等待中",
        "内容和“旧&lt;i&gt;.txt”完全相同",
        "已停止，没有收录",
    ):
        assert words in html
    assert '<progress max="80" value="20">' in html
    assert '<span class="wj-row-said">这是个空文件</span>' in html  # the name stands once, in front
    assert "<b>" not in html
    assert 'data-rows="stop"' in html
    assert 'data-rows="clear"' in render_rows(rows[2:], "en")
    assert "is empty" in render_rows(rows[2:], "en")
    assert render_rows([], "zh") == ""
    many = render_rows([row("waiting")] * 500, "zh")
    assert "… 440" in many
