"""The saved dense index of a large store, at a size that tests can afford."""

import shutil
import zlib

import numpy as np
import pytest

import vectorstore.neighbours
from tests.store_helpers import CharacterEmbedder, cut
from vectorstore.filters import Filter
from vectorstore.inverted import InvertedFileError, best_scores, list_count, load, measure_probes, train
from vectorstore.local import LocalStore

LARGE = 300
HAN = "的一是了不在有人中大上到和地也子得就那要下以可出生成能多他她它之于自作用道行所然家事如方去法起本面部"


def texts(count, seed=0):
    choose = np.random.default_rng(seed)
    return ["".join(choose.choice(list(HAN), 24)) + f"第{seed}组{number}号。" for number in range(count)]


def document(name, count, seed):
    return cut(name, *texts(count, seed))


@pytest.fixture(autouse=True)
def small(monkeypatch):
    monkeypatch.setattr(vectorstore.neighbours, "LARGE", LARGE)


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "库"


@pytest.fixture
def store(folder):
    with LocalStore.create(folder, CharacterEmbedder()) as store:
        store.add([document(f"d{seed}", 50, seed) for seed in range(8)])
        yield store


def saved(folder):
    return sorted(path.name for path in folder.glob("dense-*"))


def exact(store, question, k=10):
    """What comparing every vector gives."""
    asked = store.embedder.embed_question(question)
    found = []
    for info in store.documents():
        rows = store.vectors(info.id).astype(np.float32) @ asked
        found += [(f"{info.id}:{ordinal}", float(score)) for ordinal, score in enumerate(rows)]
    return sorted(found, key=lambda hit: (-hit[1], hit[0]))[:k]


def names(hits):
    return [name for name, _ in hits]


def assert_like_exact(store, least=0.9):
    """Nearly all of the exact ten best, with their exact scores."""
    shares = []
    for question in texts(30, seed=99):
        found, best = dict(store.search_dense(question, 10)), dict(exact(store, question))
        shares.append(len(found.keys() & best.keys()) / len(best))
        ids = list(found)
        assert store.dense_scores(question, ids) == pytest.approx(np.array([found[name] for name in ids]), abs=1e-3)
    assert np.mean(shares) >= least


def test_few_passages_are_compared_one_by_one(tmp_path):
    with LocalStore.create(tmp_path / "小", CharacterEmbedder()) as store:
        store.add([document("d", LARGE - 1, 0)])
        assert saved(tmp_path / "小") == []
        question = texts(1, seed=5)[0]
        assert names(store.search_dense(question, 10)) == names(exact(store, question))


def test_many_get_lists_that_find_what_comparing_all_finds(folder, store):
    assert saved(folder) == ["dense-1"]
    file = load(folder / "dense-1")
    assert (len(file.keys), file.about.generation) == (400, 2)
    assert 0 < file.about.probes <= file.index.nlist == list_count(400)
    assert_like_exact(store)


def test_opening_reads_no_vector_from_the_catalog(folder, store, monkeypatch):
    store.close()
    with LocalStore.open(folder, CharacterEmbedder()) as opened:
        changes = opened._catalog.changes_since
        read = []
        monkeypatch.setattr(opened._catalog, "changes_since", lambda since: read.append(changes(since)) or read[-1])
        assert len(opened.search_dense(texts(1, seed=5)[0], 10)) == 10
        assert [len(change.keys) for change in read] == [0]


def test_additions_are_searched_beside_the_lists_then_taken_in(folder, store):
    store.add([document("neu", 30, 20)])
    assert saved(folder) == ["dense-1"]
    assert_like_exact(store)
    text = texts(30, 20)[7]
    assert store.search_dense(text, 1)[0][0] == "neu:7"
    store.add([document("mehr", 30, 21)])
    assert saved(folder) == ["dense-2"]
    assert len(load(folder / "dense-2").keys) == 460
    assert load(folder / "dense-2").about.trained == 400
    assert store.search_dense(text, 1)[0][0] == "neu:7"
    assert_like_exact(store)
    store.close()
    with LocalStore.open(folder, CharacterEmbedder()) as opened:
        assert_like_exact(opened)


def test_lists_are_trained_anew_when_the_store_has_grown_enough(folder, store):
    store.add([document(f"g{seed}", 600, 40 + seed) for seed in range(3)])
    assert load(folder / saved(folder)[-1]).about.trained == 2200
    assert_like_exact(store)


def test_removed_passages_leave_the_lists(folder, store):
    gone = [store.vectors("d3")[row].tobytes() for row in range(50)]
    text = texts(50, 3)[7]
    store.remove(["d3"])
    assert all(not name.startswith("d3:") for name, _ in store.search_dense(text, 400))
    data = b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())
    assert not any(vector in data for vector in gone)
    assert_like_exact(store)
    store.add([document("d9", 50, 9)])
    assert store.search_dense(texts(50, 9)[3], 1)[0][0] == "d9:3"
    assert store.problems() == []


def test_a_store_that_shrinks_goes_back_to_comparing(folder, store):
    store.remove([f"d{number}" for number in range(6)])
    assert saved(folder) == []
    question = texts(1, seed=5)[0]
    assert names(store.search_dense(question, 10)) == names(exact(store, question))


def test_a_filter_looks_into_every_list(store):
    for question in texts(5, seed=31):
        found = store.search_dense(question, 20, Filter(sources="d5.txt"))
        best = [hit for hit in exact(store, question, 400) if hit[0].startswith("d5:")][:20]
        assert names(found) == names(best)


def damage_cut(folder):
    path = folder / "index.faiss"
    path.write_bytes(path.read_bytes()[:-100])


def damage_byte(folder):
    path = folder / "index.faiss"
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(bytes(data))


def damage_keys(folder):
    path = folder / "keys.npy"
    path.write_bytes(path.read_bytes()[:-8] + b"\0" * 8)


def damage_about(folder):
    (folder / "about.json").write_text("{}")


def damage_gone(folder):
    (folder / "index.faiss").unlink()


DAMAGES = [damage_cut, damage_byte, damage_keys, damage_about, damage_gone, shutil.rmtree]


@pytest.mark.parametrize("damage", DAMAGES)
def test_damaged_lists_are_made_anew_at_opening(folder, store, damage, caplog):
    store.close()
    damage(folder / "dense-1")
    with LocalStore.open(folder, CharacterEmbedder()) as opened:
        assert "can't be used" in caplog.text
        assert saved(folder)[-1].startswith("dense-")
        load(folder / saved(folder)[-1])
        assert opened.problems() == []
        assert_like_exact(opened)


def test_damaged_lists_are_named_by_the_full_check_while_open(folder, store):
    damage_byte(folder / "dense-1")
    assert any("checksum differs" in problem for problem in store.problems())


def test_a_reader_that_may_not_write_does_without_damaged_lists(folder, store):
    store.close()
    damage_byte(folder / "dense-1")
    with LocalStore.open(folder, CharacterEmbedder(), read_only=True) as opened:
        question = texts(1, seed=5)[0]
        assert names(opened.search_dense(question, 10)) == names(exact(opened, question))
    assert saved(folder) == ["dense-1"]


def test_lists_ahead_of_a_restored_catalog_are_not_used(folder, store, tmp_path, caplog):
    store.close()
    shutil.copytree(folder, tmp_path / "früher")
    with LocalStore.open(folder, CharacterEmbedder()) as later:
        later.remove(["d1"])
        assert saved(folder) == ["dense-2"]
    shutil.copy(tmp_path / "früher" / "catalog.sqlite", folder / "catalog.sqlite")
    with LocalStore.open(folder, CharacterEmbedder()) as restored:
        assert "the saved dense index can't be used" in caplog.text
        assert_like_exact(restored)
        assert restored.search_dense(texts(50, 1)[4], 1)[0][0] == "d1:4"


def test_another_embedder_makes_the_lists_anew(folder, store):
    store.close()
    with LocalStore.rebuild(folder, CharacterEmbedder(32)) as rebuilt:
        assert_like_exact(rebuilt)
        file = load(folder / saved(folder)[-1])
        assert file.index.d == 32 and file.about.embedded == rebuilt._catalog.generation()


def test_lists_that_cannot_be_saved_cost_speed_and_nothing_else(folder, store, monkeypatch, caplog):
    def full(*args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(vectorstore.neighbours, "rewritten", full)
    store.remove(["d2"])
    assert "could not be saved" in caplog.text
    assert all(not name.startswith("d2:") for name, _ in store.search_dense(texts(50, 2)[1], 400))
    assert_like_exact(store)


def test_another_process_follows(folder, store):
    with LocalStore.open(folder, CharacterEmbedder()) as other:
        assert_like_exact(other)
        store.remove(["d0"])
        store.add([document("x", 60, 60)])
        assert_like_exact(other)
        assert other.search_dense(texts(60, 60)[5], 1)[0][0] == "x:5"
        assert all(not name.startswith("d0:") for name, _ in other.search_dense(texts(50, 0)[5], 400))


# The parts, by hand


def test_best_scores_over_blocks():
    rows = np.eye(4, dtype=np.float16)
    asked = np.array([[0.5, 0.25, 0, 1]], np.float32)
    assert best_scores(asked, [rows[:2], rows[2:]]).tolist() == [[1, 0.5, 0.25, 0]]
    many = [np.full((7, 4), 0.1, np.float16), np.eye(4, dtype=np.float16), np.full((7, 4), 0.05, np.float16)]
    assert best_scores(asked, many).shape == (1, 10)


def test_lists_looked_at_until_the_recall_is_met():
    rows = np.random.default_rng(0).standard_normal((2000, 16)).astype(np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    index = train(rows, len(rows))
    index.add(rows)
    probes, recall = measure_probes(index, rows[:100], best_scores(rows[:100], [rows]))
    assert 1 < probes <= index.nlist == 64 and recall >= 0.995
    assert measure_probes(index, rows[:0], best_scores(rows[:0], [rows])) == (64, 1.0)


def test_checksums_are_crc32_and_no_file_is_read_without(folder, store):
    file = load(folder / "dense-1")
    for name, checksum in file.about.checksums.items():
        assert zlib.crc32((folder / "dense-1" / name).read_bytes()) == checksum
    with pytest.raises(InvertedFileError, match="about"):
        load(folder / "dense-7")
