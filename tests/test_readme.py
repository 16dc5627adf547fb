"""The README's Python examples run as written, in order, in a folder of their own."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```python\n(.*?)```", README, flags=re.DOTALL)


def test_python_examples_run(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "seeds").symlink_to(ROOT / "seeds")
    names: dict[str, object] = {}
    for example in EXAMPLES:
        exec(compile(example, "README.md", "exec"), names)
    said = capsys.readouterr().out
    assert "中关村软件园" in said
    assert "量子院有多少全职科研人员？" in said
    assert "Retrieved\n" in said
    assert "Answered\n" in said


@pytest.mark.parametrize("command", ["chat", "test", "ask"])
def test_make_targets_exist(command):
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert f"make {command}" in README
    assert re.search(rf"^{command}:", makefile, flags=re.MULTILINE)
