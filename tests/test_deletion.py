"""What is removed is gone from every file of the index: text, single words, names, vectors; also from the log."""

import subprocess
import sys
from pathlib import Path

import pytest

from rag.assistant import Assistant
from rag.cli import main
from rag.settings import Settings
from vectorstore.change import Removed
from vectorstore.keyword import KeywordIndex
from vectorstore.local import LocalStore
from vectorstore.tokens import terms

SECRET = "鸱鸮计划的联络人是欧阳靖淞，电话Zx90177，会合地点在崦嵫山麓的饕餮客栈。"
OPEN = "公开的年报说，公司去年的收入是十八亿元，比前一年增加百分之六。"


@pytest.fixture
def documents(tmp_path):
    folder = tmp_path / "文档"
    folder.mkdir()
    (folder / "机密备忘录.txt").write_text(SECRET * 40, encoding="utf-8")
    for number in range(20):
        (folder / f"年报{number}.txt").write_text(f"第{number}号。{OPEN}" * 30, encoding="utf-8")
    return folder


@pytest.fixture
def index(tmp_path, documents):
    Assistant.build(documents, tmp_path / "索引").close()
    return tmp_path / "索引"


def bytes_of(index: Path) -> bytes:
    return b"\0".join(path.read_bytes() for path in sorted(index.rglob("*")) if path.is_file())


def dictionary(index: Path) -> set[str]:
    """Every word of every tantivy dictionary in the folder."""
    found = set()
    for folder in index.glob("keyword-*"):
        searcher = KeywordIndex(folder)._searcher
        found |= {term for term, _ in searcher.terms_with_prefix("terms", "", limit=1_000_000)}
    return found


def rare() -> set[str]:
    return set(terms(SECRET)) - set(terms(OPEN)) - {"的"}


def assert_gone(index: Path, vectors: list[bytes]) -> None:
    data = bytes_of(index)
    for text in (SECRET, SECRET[:9], *(word for word in rare() if len(word) > 1), "机密备忘录"):
        assert text.encode() not in data and text.encode("utf-16-le") not in data, text
    assert not any(vector in data for vector in vectors)
    assert not dictionary(index) & rare()


def test_nothing_of_it_stays_while_the_index_is_open_or_closed(index):
    with Assistant.open(index) as assistant:
        (info,) = (info for info in assistant.documents() if info.source == "机密备忘录.txt")
        vectors = [row.tobytes() for row in assistant.store.vectors(info.id)]
        assert vectors and all(vector in bytes_of(index) for vector in vectors)
        assert SECRET.encode() in bytes_of(index) and rare() <= dictionary(index)
        assert assistant.remove("机密备忘录.txt") == 1
        assert_gone(index, vectors)
        assert all("鸱鸮" not in hit.passage.text for hit in assistant.retrieve("鸱鸮计划的联络人是谁？"))
        assert "欧阳靖淞" not in assistant.answer("鸱鸮计划的联络人是谁？").text
        assert {"公司", "年报"} <= dictionary(index)
        assert assistant.store.problems() == []
    assert_gone(index, vectors)


def test_the_command_leaves_nothing(index, capsys):
    assert main(["index", "--index", str(index), "--remove", "机密备忘录.txt"]) == 0
    assert_gone(index, [])
    assert main(["doctor", "--index", str(index)]) == 0


def test_what_was_added_and_removed_at_once_leaves_nothing_in_the_log(index, documents):
    with Assistant.open(index) as assistant:
        (documents / "另一份.txt").write_text("夔龙纹的密钥是Qw55318。" * 40, encoding="utf-8")
        assistant.add(documents / "另一份.txt")
        assert "夔龙".encode() in bytes_of(index)
        assistant.remove("另一份.txt")
        data = bytes_of(index)
        assert "夔龙".encode() not in data and b"Qw55318" not in data and b"qw55318" not in data
        assert not {"夔龙", "qw55318"} & dictionary(index)


def test_only_the_segments_that_held_it_are_written_anew(index, documents):
    with Assistant.open(index) as assistant:
        (documents / "新.txt").write_text("独立的一小段新内容，讲鼯鼠。" * 9, encoding="utf-8")
        assistant.add(documents / "新.txt")
        keyword = assistant.store._keyword.current()
        (new,) = (row for row in assistant.documents() if row.source == "新.txt")
        key = assistant.store._catalog.passage_keys([f"{new.id}:0"])[0]
        ((document, *_),) = [entry[1:2] for entry in assistant.store._catalog.entries([key])]
        assert keyword.beside([document], 99) == []
        (old,) = (row for row in assistant.documents() if row.source == "机密备忘录.txt")
        first = assistant.store._catalog.passage_keys([f"{old.id}:0"])[0]
        ((other, *_),) = [entry[1:2] for entry in assistant.store._catalog.entries([first])]
        shared = keyword.beside([other], 99)
        assert shared and key not in shared and first not in shared
        assert keyword.beside([other], len(shared)) == shared
        assert keyword.beside([other], len(shared) - 1) is None
        assert keyword.beside([document, other], len(shared) - 1) is None


def test_segments_are_as_large_as_the_keyword_index_says(tmp_path):
    """Counted without listing what is in them, in the order in which a search numbers them."""
    index = KeywordIndex.create(tmp_path / "词")
    for generation, count in enumerate((5, 70, 20), start=1):
        with index.writer() as writer:
            for number in range(count):
                writer.add(1000 * generation + number, 100 * generation + number // 2, "量子 院")
            writer.remove([100 * (generation - 1)])
            writer.commit(generation)
        index = index.newest()
    sizes = index._segment_sizes()
    assert len(sizes) == index.segments > 1
    assert sum(sizes) == 1 + len(index) == 1 + 5 + 70 + 20 - 2 - 2
    for generation, others in ((1, 1), (2, 66), (3, 18)):
        keys = index.beside([100 * generation + 1], 99)
        assert len(keys) == others and {key // 1000 for key in keys} == {generation}
        assert index.beside([100 * generation + 1], len(keys)) == keys
        assert index.beside([100 * generation + 1], len(keys) - 1) is None


def test_a_crash_between_the_commits_leaves_no_word_either(index):
    """The catalog has forgotten the document, the keyword index not yet: the next opening mends that."""
    script = f"""
import os
from vectorstore.keyword import KeywordWriter
from rag.assistant import Assistant
assistant = Assistant.open({str(index)!r})
KeywordWriter.commit = lambda *_: os._exit(9)
assistant.remove("机密备忘录.txt")
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, timeout=120)
    assert done.returncode == 9
    assert "饕餮" in dictionary(index)
    with LocalStore.open(index, load()) as store:
        assert store.problems() == []
    assert_gone(index, [])


def load():
    from vectorstore.embedding import load_embedder

    return load_embedder(Settings().embedder)


def test_removed_remembers_numbers_only():
    assert Removed._fields == ("document", "first", "last")


def test_no_pickle_in_the_code_or_in_an_index(index):
    """Neither the module nor anything that loads through it, nor a pickle's bytes in any file of an index."""
    root = Path(__file__).resolve().parent.parent
    banned = ("import pickle", "from pickle", "import dill", "import joblib", "import marshal", "import shelve")
    banned += ("allow_pickle" + "=True", "torch.load(", "trust_remote_code" + "=True")
    for folder in ("rag", "vectorstore", "eval"):
        for path in (root / folder).rglob("*.py"):
            code = path.read_text(encoding="utf-8")
            assert not [word for word in banned if word in code], path
    assert "import pickle" not in (root / "app.py").read_text(encoding="utf-8")
    for path in index.rglob("*"):
        if path.is_file():
            assert path.suffix not in {".pkl", ".pickle", ".joblib", ".pt", ".bin"}, path
            assert not path.read_bytes().startswith((b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05")), path


def test_a_large_index_forgets_single_words_when_it_is_made_anew(index, monkeypatch):
    monkeypatch.setattr("vectorstore.upkeep.AT_ONCE", 1)
    with Assistant.open(index) as assistant:
        assert assistant.remove("机密备忘录.txt") == 1
        assert all("鸱鸮" not in hit.passage.text for hit in assistant.retrieve("鸱鸮计划的联络人是谁？"))
    assert SECRET[:9].encode() not in bytes_of(index)  # the text is gone at once
    assert main(["index", "--index", str(index), "--rebuild"]) == 0
    assert_gone(index, [])
