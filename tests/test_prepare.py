"""Files made ready here and in other processes; what need not be embedded again."""

import io
import subprocess
import sys
import time

import numpy as np
import pytest

import rag.prepare
from rag.indexing import index_files
from rag.prepare import Unreadable, prepare_files, read_answer, write_answer
from rag.settings import Settings
from vectorstore.embedding import load_embedder
from vectorstore.local import LocalStore
from vectorstore.prepared import Prepared

SETTINGS = Settings(passage_min=40, passage_max=80)
ARTICLE = "量子院位于中关村软件园，成立于2017年。怀柔科学城建成住房{}套，已经全部交付使用。“走吧！”他说。\n"


@pytest.fixture(scope="module")
def embedder():
    return load_embedder()


@pytest.fixture
def files(tmp_path):
    folder = tmp_path / "文档"
    folder.mkdir()
    for number in range(40):
        (folder / f"{number:02}.txt").write_text(ARTICLE.format(number) * (1 + number % 5), encoding="utf-8")
    (folder / "07.txt").write_bytes(b"\x00\x01\x02" * 40)
    (folder / "08.txt").write_text("繁體中文的檔案，臺灣。" * 9, encoding="big5")
    return [(path, path.name) for path in sorted(folder.iterdir())]


def as_plain(item):
    if isinstance(item, Unreadable):
        return item.why
    return item.document, [tuple(span) for span in item.spans], list(item.terms), item.vectors.tobytes()


def test_other_processes_prepare_what_this_one_would(files, embedder, monkeypatch):
    here = list(prepare_files(files, SETTINGS, embedder))
    monkeypatch.setattr(rag.prepare, "MANY_BYTES", 0)
    monkeypatch.setattr(rag.prepare, "_CHUNK_FILES", 3)
    monkeypatch.setattr(rag.prepare, "_cores", lambda: 2)
    there = list(prepare_files(files, SETTINGS, embedder))
    assert [as_plain(item) for item in there] == [as_plain(item) for item in here]
    assert [number for number, item in enumerate(there) if isinstance(item, Unreadable)] == [7]
    assert there[8].document.text.startswith("繁體中文")


def test_a_file_that_ends_its_process_is_left_out_by_name(files, embedder, monkeypatch, tmp_path):
    """A parser in C may crash; a site hook plays that part in the workers."""
    hook = tmp_path / "hook"
    hook.mkdir()
    (hook / "sitecustomize.py").write_text(
        "import os, pathlib\n"
        "read = pathlib.Path.read_bytes\n"
        "pathlib.Path.read_bytes = lambda path: os._exit(11) if path.name == '20.txt' else read(path)\n"
    )
    monkeypatch.syspath_prepend(str(hook))
    monkeypatch.setattr(rag.prepare, "MANY_BYTES", 0)
    monkeypatch.setattr(rag.prepare, "_CHUNK_FILES", 4)
    monkeypatch.setattr(rag.prepare, "_cores", lambda: 2)
    prepared = list(prepare_files(files, SETTINGS, embedder))
    left_out = {number: item.why for number, item in enumerate(prepared) if isinstance(item, Unreadable)}
    assert left_out.keys() == {7, 20}
    assert left_out[20].startswith("20.txt") and "crashed" in left_out[20]


def test_workers_that_cannot_start_are_done_without(files, embedder, monkeypatch):
    monkeypatch.setattr(rag.prepare, "MANY_BYTES", 0)
    monkeypatch.setattr(rag.prepare, "_cores", lambda: 2)
    monkeypatch.setattr("sys.executable", "/bin/false")
    prepared = list(prepare_files(files[:3], SETTINGS, embedder))
    assert [item.document.source for item in prepared] == ["00.txt", "01.txt", "02.txt"]
    assert all(item.vectors is None for item in prepared)


def test_a_worker_loads_what_it_needs_and_no_more():
    code = "import sys, rag.worker; print(*{'langchain_core', 'pydantic', 'rag.assistant'} & sys.modules.keys())"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert loaded.stdout.strip() == ""


def test_answers_survive_the_pipe(embedder, files):
    items = [*prepare_files(files[:2], SETTINGS, embedder), Unreadable("坏了")]
    items.append(Prepared(items[0].document, items[0].spans, items[0].terms, None))
    pipe = io.BytesIO()
    write_answer(pipe, items)
    pipe.seek(0)
    *there, last = read_answer(pipe)
    assert [as_plain(item) for item in there] == [as_plain(item) for item in items[:-1]]
    assert last.vectors is None and last.document == items[0].document
    pipe.truncate(len(pipe.getvalue()) - 1)
    pipe.seek(0)
    with pytest.raises(EOFError):
        read_answer(pipe)


# What need not be embedded again


class Counting:
    """A real embedder that counts the passages it is given."""

    def __init__(self, embedder):
        self._embedder = embedder
        self.name, self.fingerprint, self.dimension = embedder.name, embedder.fingerprint, embedder.dimension
        self.count = 0

    def embed(self, texts):
        self.count += len(texts)
        return self._embedder.embed(texts)

    def embed_question(self, text):
        return self._embedder.embed_question(text)


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "资料"
    folder.mkdir()
    for name, number in (("甲", 18), ("乙", 20)):
        (folder / f"{name}.txt").write_text(ARTICLE.format(number) * 4, encoding="utf-8")
    return folder


@pytest.fixture
def store(tmp_path, embedder):
    with LocalStore.create(tmp_path / "库", Counting(embedder)) as store:
        yield store


def sources(store):
    return [info.source for info in store.documents()]


def test_unchanged_files_cost_no_embedding(store, folder):
    first = index_files(store, folder, SETTINGS)
    assert store.embedder.count == first.passages > 0
    generation = store.meta()["generation"]
    again = index_files(store, folder, SETTINGS)
    assert (again.added, again.unchanged, again.passages) == ((), ("乙.txt", "甲.txt"), 0)
    assert store.embedder.count == first.passages
    assert store.meta()["generation"] == generation


def test_a_renamed_file_is_recognised(store, folder):
    index_files(store, folder, SETTINGS)
    before = store.embedder.count
    found = store.search_dense("怀柔科学城建成住房18套", 3)[0]
    (folder / "甲.txt").rename(folder / "丙.txt")
    report = index_files(store, folder, SETTINGS)
    assert report.renamed == (("甲.txt", "丙.txt"),)
    assert report.unchanged == ("乙.txt",) and not report.added and not report.failed
    assert store.embedder.count == before
    assert sources(store) == ["丙.txt", "乙.txt"]
    again = store.search_dense("怀柔科学城建成住房18套", 3)[0]
    assert again[1] == pytest.approx(found[1]) and store.passages([again[0]])[0].source == "丙.txt"
    assert store.search_keyword("怀柔科学城建成住房18套", 1)[0][0] == again[0]
    assert store.problems() == []


def test_a_copy_is_a_second_document_but_not_embedded_again(store, folder):
    index_files(store, folder, SETTINGS)
    before = store.embedder.count
    (folder / "丙.txt").write_bytes((folder / "甲.txt").read_bytes())
    report = index_files(store, folder, SETTINGS)
    assert report.added == ("丙.txt",) and not report.renamed
    assert store.embedder.count == before
    assert sources(store) == ["丙.txt", "乙.txt", "甲.txt"]
    assert np.array_equal(*(store.vectors(info.id) for info in store.documents() if info.source != "乙.txt"))


def test_a_changed_file_replaces_its_passages(store, folder):
    index_files(store, folder, SETTINGS)
    (folder / "甲.txt").write_text("红烧肉要炖四十分钟。" * 9, encoding="utf-8")
    report = index_files(store, folder, SETTINGS)
    assert report.added == ("甲.txt",) and report.unchanged == ("乙.txt",)
    assert sources(store) == ["乙.txt", "甲.txt"]
    assert store.search_keyword("建成住房18套", 9)
    assert all(
        "18套" not in passage.text
        for passage in store.passages([name for name, _ in store.search_keyword("建成住房18套", 9)])
    )


def test_a_renamed_file_that_was_also_changed_is_a_new_one(store, folder):
    index_files(store, folder, SETTINGS)
    (folder / "甲.txt").rename(folder / "丙.txt")
    (folder / "丙.txt").write_text(ARTICLE.format(99) * 3, encoding="utf-8")
    report = index_files(store, folder, SETTINGS)
    assert report.added == ("丙.txt",) and not report.renamed
    assert sources(store) == ["丙.txt", "乙.txt", "甲.txt"]


def test_small_additions_start_no_process(store, folder, monkeypatch):
    monkeypatch.setattr(rag.prepare, "_Workers", None)
    index_files(store, folder, SETTINGS)
    assert len(sources(store)) == 2


def test_no_worker_outlives_a_build_that_fails(files, embedder, monkeypatch):
    monkeypatch.setattr(rag.prepare, "MANY_BYTES", 0)
    monkeypatch.setattr(rag.prepare, "_CHUNK_FILES", 2)
    monkeypatch.setattr(rag.prepare, "_cores", lambda: 2)
    started = []
    start = rag.prepare._Workers._start
    monkeypatch.setattr(rag.prepare._Workers, "_start", lambda self: started.append(start(self)) or started[-1])
    results = prepare_files(files, SETTINGS, embedder)
    next(results)
    results.close()
    deadline = time.monotonic() + 20
    while any(worker.poll() is None for worker in started) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert len(started) == 2 and all(worker.returncode is not None for worker in started)
