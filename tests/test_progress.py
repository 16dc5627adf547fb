"""How far indexing is: a bar on a terminal, lines in a log, the reader's language."""

from __future__ import annotations

import io
import os
import pty
import re
import subprocess
import sys
from pathlib import Path

import pytest

from rag.progress import Shown

ROOT = Path(__file__).parents[1]


def told(monkeypatch: pytest.MonkeyPatch, lang: str, seconds: list[float]) -> list[str]:
    """Lines of three files of four, done at these seconds."""
    monkeypatch.setenv("LC_ALL", lang)
    clock = iter(seconds)
    monkeypatch.setattr("rag.progress.time.monotonic", lambda: next(clock))
    stream = io.StringIO()
    with Shown(stream, line_every=10) as shown:
        for done, name in enumerate(("甲.txt", "乙.txt", "丙.txt"), start=1):
            shown(done, 4, name, done * 1000)
    return stream.getvalue().splitlines()


@pytest.mark.parametrize(
    ("lang", "line"),
    [
        ("zh_CN.UTF-8", "索引 3/4 个文件，100 段/秒，还需约 10 秒"),
        ("en_US.UTF-8", "indexing 3/4 files, 100 passages/s, about 10 s left"),
        (
            "C",
            "索引 3/4 个文件，100 段/秒，还需约 10 秒 indexing 3/4 files, 100 passages/s, about 10 s left",
        ),
    ],
)
def test_a_log_gets_a_line_now_and_then(monkeypatch: pytest.MonkeyPatch, lang: str, line: str) -> None:
    assert told(monkeypatch, lang, [50.0, 55.0, 80.0]) == [line]


def test_quick_work_says_nothing_in_a_log(monkeypatch: pytest.MonkeyPatch) -> None:
    assert told(monkeypatch, "C", [50.0, 51.0, 52.0]) == []


def test_a_terminal_gets_a_bar_that_goes_away(tmp_path: Path) -> None:
    """Run in a terminal of its own; a file's name can't send it orders."""
    folder = tmp_path / "文档"
    folder.mkdir()
    for number in range(3):
        (folder / f"第{number}份\x1b[31m.txt").write_text("量子院位于中关村软件园。" * 20, encoding="utf-8")
    ours, theirs = pty.openpty()
    done = subprocess.Popen(
        [sys.executable, "-m", "rag.cli", "index", "--index", str(tmp_path / "索引"), str(folder)],
        stdout=subprocess.PIPE,
        stderr=theirs,
        env={**os.environ, "PYTHONPATH": str(ROOT), "LC_ALL": "C.UTF-8", "LANG": "", "TERM": "xterm", "COLUMNS": "120"},
    )
    os.close(theirs)
    output, _ = done.communicate(timeout=60)
    seen = b""
    while True:
        try:
            chunk = os.read(ours, 65536)
        except OSError:  # the other end is closed
            break
        if not chunk:
            break
        seen += chunk
    os.close(ours)
    text = seen.decode()
    assert done.returncode == 0 and "段落 passages 3" in output.decode()
    assert "索引 indexing" in text and re.search(r"3/3", text) and "passages/s" in text
    assert "\x1b[31m.txt" not in text
    assert "\x1b[2K" in text[text.rindex("passages/s") :]  # the bar was wiped
