"""What `rag` and `vectorstore` offer is what they list, and all of it is documented."""

from __future__ import annotations

import ast
import importlib
import inspect
from pathlib import Path
from types import FunctionType, ModuleType

import pytest

ROOT = Path(__file__).parents[1]
MODULES = sorted(
    path.relative_to(ROOT).as_posix() for room in ("rag", "vectorstore") for path in (ROOT / room).rglob("*.py")
)
CONTRACT = {
    "rag": (
        "Answer Answered Assistant Citation Claim Delta Document Event Hit IndexReport Passage Retrieved Settings "
        "answer"
    ),
    "vectorstore": (
        "Document DocumentInfo EmbedderMismatch Hit Passage StoreDamaged StoreError StoreLocked StoreMissing WenjuError"
    ),
}


@pytest.mark.parametrize("room", CONTRACT)
def test_the_list_is_what_is_there(room: str) -> None:
    module = importlib.import_module(room)
    assert all(hasattr(module, name) for name in module.__all__)  # some are imported when first asked for
    there = {
        name
        for name, value in vars(module).items()
        if not name.startswith("_") and not isinstance(value, ModuleType) and name != "annotations"
    }
    assert len(module.__all__) == len(set(module.__all__))
    assert set(module.__all__) == there


@pytest.mark.parametrize("room", CONTRACT)
def test_what_others_build_on_stays(room: str) -> None:
    assert set(CONTRACT[room].split()) <= set(importlib.import_module(room).__all__)


@pytest.mark.parametrize("name", ["rag.errors", "rag.types"])
def test_lists_of_modules_name_what_is_there(name: str) -> None:
    module = importlib.import_module(name)
    assert all(hasattr(module, listed) for listed in module.__all__)
    own = {
        attribute
        for attribute, value in vars(module).items()
        if inspect.isclass(value) and value.__module__ == name and not attribute.startswith("_")
    }
    assert own <= set(module.__all__)


@pytest.mark.parametrize("room", CONTRACT)
def test_every_public_class_documents_itself_and_its_methods(room: str) -> None:
    module = importlib.import_module(room)
    for name in module.__all__:
        value = getattr(module, name)
        if not (inspect.isclass(value) or inspect.isfunction(value)):
            continue  # Event is a union of documented records
        doc = inspect.cleandoc(value.__doc__ or "")
        assert doc, name
        assert not doc.startswith(f"{name}("), f"{name} has only the text that dataclasses make up"
        if not inspect.isclass(value):
            continue
        for method, function in vars(value).items():
            is_callable = isinstance(function, classmethod | staticmethod | property | FunctionType)
            if is_callable and not method.startswith("_"):
                assert (inspect.getdoc(function) or "").strip(), f"{name}.{method}"


@pytest.mark.parametrize("name", MODULES)
def test_every_public_name_of_a_module_has_a_docstring(name: str) -> None:
    tree = ast.parse((ROOT / name).read_text("utf-8"))
    lacking = [] if ast.get_docstring(tree) else ["the module"]
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and not node.name.startswith("_"):
            lacking += [] if ast.get_docstring(node) else [node.name]
    assert lacking == []
