"""Nothing lost, nothing half: full disks, damaged catalogs, kill -9 at random points, many processes at once.

What takes minutes is marked `hammer`; `.ci/run` runs it.
"""

import os
import random
import re
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import vectorstore.neighbours
from tests.hammer import LINES_FROM, sentences
from tests.store_helpers import CharacterEmbedder, cut
from vectorstore.errors import StoreDamaged, StoreLocked
from vectorstore.local import LocalStore

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "库"
    with LocalStore.create(folder, CharacterEmbedder()) as store:
        store.add([cut("旧", *(f"原有的第{number}句。" for number in range(20)))])
    return folder


def start(role, folder, name, seconds):
    command = [sys.executable, "-m", "tests.hammer", role, str(folder), name, str(seconds)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT)


def documents_of(store, name):
    return {int(found[1]) for info in store.documents() if (found := re.fullmatch(rf"{name}(\d+)", info.id))}


def check_whole(store, name, numbers):
    for number in numbers:
        passages = store.document_passages(f"{name}{number}")
        assert [passage.text for passage in passages] == sentences(name, number)
        assert store.search_keyword(f"{name}写的编号{number}的第1003句", 1)[0][0] == f"{name}{number}:3"


def killed_again_and_again(folder, rounds, seed):
    """Kill a writer `rounds` times and look each time at what is there."""
    choose = random.Random(seed)
    for turn in range(rounds):
        name = chr(ord("A") + turn % 26)
        with LocalStore.open(folder, CharacterEmbedder()) as store:
            store.remove([info.id for info in store.documents() if info.id[0] == name])
        writer = start("write", folder, name, 600)
        said = [writer.stdout.readline()]
        time.sleep(choose.random() ** 2 * 1.5)
        writer.send_signal(signal.SIGKILL)
        said += writer.stdout.read().split("\n")
        writer.stdout.close()
        writer.wait()
        there, last = set(), 0
        for line in said:
            if re.fullmatch(r"[+-]\d+\n?", line):
                number = int(line[1:])
                (there.add if line[0] == "+" else there.discard)(number)
                last = max(last, number)
        with LocalStore.open(folder, CharacterEmbedder()) as store:
            assert store.problems() == []
            found = documents_of(store, name)
            # One call more may have been finished without having said so: an addition, or a removal.
            assert there - found in (set(), *({number} for number in there))
            assert found - there <= {last + 1}
            assert not (there - found and found - there)
            check_whole(store, name, found)
            texts = [passage.text for passage in store.document_passages(f"变{name}")]
            assert len(texts) == 2 and texts[0].replace("甲", "乙") == texts[1]
            assert store.document("旧").text.startswith("原有的第0句。")


def test_killed_at_random_points(folder, monkeypatch):
    monkeypatch.setattr(vectorstore.neighbours, "LARGE", LINES_FROM)
    killed_again_and_again(folder, rounds=2, seed=1)


@pytest.mark.hammer
def test_killed_at_many_random_points(folder, monkeypatch):
    monkeypatch.setattr(vectorstore.neighbours, "LARGE", LINES_FROM)
    killed_again_and_again(folder, rounds=26, seed=2)


def many_at_once(folder, seconds, readers, writers):
    """Readers and writers in processes of their own; afterwards everything that was said to be there is."""
    names = "甲乙丙丁"[:writers]
    processes = {name: start("write", folder, name, seconds) for name in names}
    watching = [start("read", folder, names, seconds) for _ in range(readers)]
    for reader in watching:
        lines = reader.communicate(timeout=seconds + 120)[0].splitlines()
        assert reader.returncode == 0 and len(lines) == 1 and lines[0].startswith("rounds "), lines
        assert int(lines[0].split()[1]) > 0
    written = 0
    for name, writer in processes.items():
        lines = writer.communicate(timeout=seconds + 120)[0].splitlines()
        assert writer.returncode == 0
        written += len(lines)
        there = set()
        for line in lines:
            (there.add if line[0] == "+" else there.discard)(int(line[1:]))
        with LocalStore.open(folder, CharacterEmbedder()) as store:
            assert documents_of(store, name) == there
            check_whole(store, name, there)
            assert store.problems() == []
    assert written > writers


def test_two_readers_and_two_writers(folder, monkeypatch):
    monkeypatch.setattr(vectorstore.neighbours, "LARGE", LINES_FROM)
    many_at_once(folder, seconds=6, readers=2, writers=2)


@pytest.mark.hammer
def test_eight_readers_and_four_writers_for_a_minute(folder, monkeypatch):
    monkeypatch.setattr(vectorstore.neighbours, "LARGE", LINES_FROM)
    many_at_once(folder, seconds=60, readers=8, writers=4)


# A full disk

FULL = """
import resource, signal, sys
from tests.store_helpers import CharacterEmbedder, cut
from vectorstore.errors import StoreError
from vectorstore.local import LocalStore
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
with LocalStore.open({folder!r}, CharacterEmbedder()) as store:
    resource.setrlimit(resource.RLIMIT_FSIZE, ({limit}, {limit}))
    try:
        many = (f"磁盘快满了的第{{m}}句，还要写很多很多。" for m in range(8000))
        store.add([cut(f"新{{n}}", *(next(many) for _ in range(40))) for n in range(200)])
    except (StoreError, OSError) as error:
        print("refused", error)
    else:
        print("written")
    print(store.search_keyword("原有的第7句", 1)[0][0], len(store))
"""


@pytest.mark.skipif(not hasattr(resource, "RLIMIT_FSIZE"), reason="no limit on file sizes here")
@pytest.mark.parametrize("limit", [20_000, 100_000, 400_000])
def test_a_full_disk_refuses_the_change_and_keeps_the_rest(folder, limit):
    """No file may grow beyond a limit, so that now the log, now a segment of the keyword index can't be written."""
    before = LocalStore.open(folder, CharacterEmbedder())
    kept = [(info.id, before.document(info.id)) for info in before.documents()]
    before.close()
    script = FULL.format(folder=str(folder), limit=limit)
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, cwd=ROOT, timeout=120)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("refused"), done.stdout
    with LocalStore.open(folder, CharacterEmbedder()) as store:
        assert store.problems() == []
        assert all(store.document(name) == document for name, document in kept)
        assert store.search_keyword("原有的第7句", 1)[0][0] == "旧:7"
        # wholly there or wholly not
        assert len(store.documents()) in (1, 201)
        store.add([cut("新", "又有地方了。")])
        assert store.search_keyword("又有地方", 1)[0][0] == "新:0"


# Damage that is told


@pytest.mark.parametrize("damage", ["zeroed", "cut", "header", "middle"])
def test_a_damaged_catalog_is_an_error_in_both_languages_and_never_an_empty_index(folder, damage):
    catalog = folder / "catalog.sqlite"
    data = bytearray(catalog.read_bytes())
    if damage == "zeroed":
        data = bytearray(len(data))
    elif damage == "cut":
        data = data[: len(data) // 3]
    elif damage == "header":
        data[:16] = b"not a database!!"
    else:
        data[4096 : len(data) - 100] = os.urandom(len(data) - 4196)
    catalog.write_bytes(bytes(data))
    with pytest.raises(StoreDamaged) as caught:
        store = LocalStore.open(folder, CharacterEmbedder())
        try:
            store.documents()
        finally:
            store.close()
    assert "坏了" in caught.value.told("zh") and "is damaged" in str(caught.value)
    assert "wenju index --index" in str(caught.value)


HOLDER = """
import sys, time
from pathlib import Path
from vectorstore.lock import WriterLock
with WriterLock(Path({folder!r}) / "write.lock", 5).held():
    print("held", flush=True)
    time.sleep(60)
"""


def test_a_time_out_names_the_process_that_holds_the_lock(folder):
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER.format(folder=str(folder))], stdout=subprocess.PIPE, text=True, cwd=ROOT
    )
    try:
        assert holder.stdout.readline() == "held\n"
        with LocalStore.open(folder, CharacterEmbedder(), lock_timeout=0.2) as store:
            with pytest.raises(StoreLocked) as caught:
                store.add([cut("新", "新。")])
            assert f"process {holder.pid} on" in str(caught.value) and "正在写" in caught.value.told("zh")
            assert store.search_keyword("原有的第7句", 1)[0][0] == "旧:7"
    finally:
        holder.kill()
        holder.communicate()
    with LocalStore.open(folder, CharacterEmbedder()) as store:
        store.add([cut("新", "新的。")])
        assert len(store) == 21
