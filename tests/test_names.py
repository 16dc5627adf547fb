"""Naming passages must agree with the catalog through every change."""

import pytest

from tests.store_helpers import CharacterEmbedder, cut
from vectorstore.local import LocalStore


@pytest.fixture
def store(tmp_path):
    with LocalStore.create(tmp_path / "库", CharacterEmbedder()) as store:
        store.add([cut("甲", "一二三", "四五六"), cut("空"), cut("乙", "七八九")])
        yield store


def test_ids_and_keys_by_hand(store):
    names = store._names
    assert names.ids([1, 2, 3, 4, 0, -1]) == {1: "甲:0", 2: "甲:1", 3: "乙:0"}
    assert names.keys(["乙:0", "甲:0", "乙:0"]) == [3, 1, 3]
    assert names.ids([]) == {} and names.keys([]) == []


def test_what_is_removed_replaced_or_added_is_named_anew(store):
    names = store._names
    assert names.keys(list(names.ids([1, 2, 3]).values())) == [1, 2, 3]
    store.add([cut("甲", "十")])
    assert names.ids([1, 2, 3, 4]) == {3: "乙:0", 4: "甲:0"}
    assert names.keys(["甲:0"]) == [4]
    with pytest.raises(KeyError):
        names.keys(["甲:1"])
    store.remove(["乙"])
    assert names.ids([3, 4]) == {4: "甲:0"}
    with pytest.raises(KeyError):
        names.keys(["乙:0"])


def test_a_key_beyond_the_passages_of_its_document_has_no_name(store):
    store.add([cut("丙", "十一", "十二")])
    store.remove(["丙"])
    store.add([cut("丁", "十三")])
    assert store._names.ids(range(1, 9)) == {1: "甲:0", 2: "甲:1", 3: "乙:0", 6: "丁:0"}


def test_another_writer_is_followed(store):
    names = store._names
    names.ids([1])
    with LocalStore.open(store.folder, CharacterEmbedder()) as other:
        other.remove(["甲"])
        other.add([cut("戊", "十四", "十五")])
    assert names.ids([1, 3, 4, 5]) == {3: "乙:0", 4: "戊:0", 5: "戊:1"}
    with pytest.raises(KeyError):
        names.keys(["甲:0"])


def test_removing_a_document_without_passages_takes_no_name(store):
    """The catalog remembers its passages as 1 to 0."""
    assert len(store) == 3
    store.remove(["空"])
    assert store._names.ids([1, 2, 3]) == {1: "甲:0", 2: "甲:1", 3: "乙:0"}
    assert len(store) == store._catalog.count() == 3
    store.remove(["甲"])
    assert len(store) == store._catalog.count() == 1
