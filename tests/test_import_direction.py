"""House rules that every source file keeps: who may import whom, what loads late, what is never used."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SOURCES = sorted(
    [*(path for room in ("rag", "vectorstore", "eval") for path in (ROOT / room).rglob("*.py")), ROOT / "app.py"]
)
NAMES = [path.relative_to(ROOT).as_posix() for path in SOURCES]
# Room → rooms it must not import; data flows one way.
FORBIDDEN = {
    "vectorstore": {"rag", "app", "eval", "tests"},
    "rag": {"app", "eval", "tests"},
    "eval": {"tests"},
    "app": {"tests"},
}
# Slow to import, or not needed by everyone: loaded inside the functions that use them.
HEAVY = {
    "torch",
    "sentence_transformers",
    "transformers",
    "gradio",
    "langchain",
    "langchain_openai",
    "openai",
    "pymilvus",
}
# These run code that they find in the file they read.
UNSAFE = {"pickle", "cPickle", "_pickle", "dill", "cloudpickle", "joblib", "shelve", "marshal"}


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"), str(path))


def imported(path: Path) -> Iterator[tuple[str, int]]:
    """(module, line) of every import of a file, also in functions, by name, and relative ones in full."""
    package = path.relative_to(ROOT).parent.parts
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Import):
            yield from ((name.name, node.lineno) for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else ()
            yield ".".join([*above, *([node.module] if node.module else [])]), node.lineno
        elif isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
            called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if called in {"import_module", "__import__", "find_spec", "run_module"}:
                yield str(node.args[0].value), node.lineno


def test_the_sources_are_found() -> None:
    assert {"rag/assistant.py", "vectorstore/local.py", "eval/run.py", "app.py"} <= set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_nothing_imports_upward(name: str) -> None:
    room = name.partition("/")[0].removesuffix(".py")
    upward = [(module, line) for module, line in imported(ROOT / name) if module.partition(".")[0] in FORBIDDEN[room]]
    assert upward == []


@pytest.mark.parametrize("name", NAMES)
def test_nothing_runs_code_that_came_with_data(name: str) -> None:
    unsafe = [(module, line) for module, line in imported(ROOT / name) if module.partition(".")[0] in UNSAFE]
    for node in ast.walk(tree_of(ROOT / name)):
        if not isinstance(node, ast.Call):
            continue
        called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        if called in {"eval", "exec"} and isinstance(node.func, ast.Name):
            unsafe.append((called, node.lineno))
        for keyword in node.keywords:
            is_off = isinstance(keyword.value, ast.Constant) and not keyword.value.value
            if keyword.arg in {"trust_remote_code", "allow_pickle", "allow_dangerous_deserialization"} and not is_off:
                unsafe.append((str(keyword.arg), node.lineno))
            if keyword.arg == "weights_only" and is_off:
                unsafe.append(("weights_only", node.lineno))
    assert unsafe == []


@pytest.mark.parametrize("name", [name for name in NAMES if name.startswith(("rag/", "vectorstore/"))])
def test_heavy_packages_are_imported_inside_functions(name: str) -> None:
    at_top = {
        module
        for node in tree_of(ROOT / name).body
        if isinstance(node, ast.Import | ast.ImportFrom)
        for module in ([alias.name for alias in node.names] if isinstance(node, ast.Import) else [node.module or ""])
    }
    assert {module for module in at_top if module.partition(".")[0] in HEAVY} == set()


@pytest.mark.parametrize("module", ["rag", "rag.cli", "vectorstore", "rag.verify"])
def test_importing_loads_nothing_heavy(module: str) -> None:
    code = f"import sys, {module}; print(*sorted({{name.partition('.')[0] for name in sys.modules}}))"
    done = subprocess.run(
        [sys.executable, "-W", "error::ImportWarning", "-c", code],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        timeout=60,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert HEAVY & set(done.stdout.split()) == set()


def test_importing_the_rooms_reads_no_settings_and_writes_no_file(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", "import rag, rag.cli, vectorstore, rag.assistant, vectorstore.local"],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT), "RAG_TOP_K": "没有这样的数", "TMPDIR": str(tmp_path)},
        timeout=60,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert list(tmp_path.iterdir()) == []
