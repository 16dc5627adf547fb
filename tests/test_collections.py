"""Collections: names that are safe everywhere, folders that stay, indexes kept apart."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag import Assistant
from rag.collections import NAME_MAX, Collections, check_name
from rag.errors import CollectionError
from rag.ui.desk import Desk


def names(collections: Collections) -> list[str]:
    return [one.name for one in collections.all()]


@pytest.mark.parametrize(
    "name",
    [
        "",
        " \u3000 ",
        "长" * (NAME_MAX + 1),
        "../外",
        "a/b",
        "a\\b",
        "<b>",
        "甲\x00",
        "甲\u202e",
        ".隐",
        "末.",
        "CON",
        "nul.合同",
    ],
)
def test_names_that_are_refused(name: str, tmp_path: Path) -> None:
    collections = Collections(tmp_path / "index")
    with pytest.raises(CollectionError) as caught:
        collections.create(name)
    assert caught.value.zh != caught.value.en
    assert list(tmp_path.iterdir()) == []


@given(st.text(max_size=60))
def test_a_name_is_a_folder_right_below_the_root(name: str) -> None:
    try:
        clean = check_name(name)
    except CollectionError:
        return
    assert Path("根", clean).parent == Path("根")
    assert check_name(clean) == clean
    assert len(clean.encode()) <= 4 * NAME_MAX


def test_make_rename_and_delete(tmp_path: Path) -> None:
    collections = Collections(tmp_path / "索引")
    assert names(collections) == [""]
    contracts = collections.create("合同 2024")
    assert contracts.folder == tmp_path / "索引-collections" / "合同 2024"
    collections.create("Reports")
    for taken in ("合同 2024", " 合同  2024", "REPORTS", "默认", "default"):
        with pytest.raises(CollectionError, match="already"):
            collections.create(taken)
    assert names(collections) == ["", "Reports", "合同 2024"]

    renamed = collections.rename(contracts, "旧合同")
    assert (renamed.id, renamed.folder) == (contracts.id, contracts.folder)
    assert names(Collections(tmp_path / "索引")) == ["", "Reports", "旧合同"]
    assert collections.find("旧合同") == collections.find("合同 2024") == renamed  # by its name, by its id
    assert collections.rename(renamed, "旧合同") == renamed
    second = collections.create("合同 2024")
    assert second.id == "合同 2024-2"

    collections.delete(renamed)
    assert names(collections) == ["", "Reports", "合同 2024"]
    assert not contracts.folder.exists()
    with pytest.raises(CollectionError, match="no collection '旧合同'"):
        collections.find("旧合同")


def test_the_default_collection_stays(tmp_path: Path) -> None:
    collections = Collections(tmp_path / "index")
    for change in (
        lambda: collections.delete(collections.default),
        lambda: collections.rename(collections.default, "甲"),
    ):
        with pytest.raises(CollectionError, match="default collection"):
            change()
    assert collections.find("默认") == collections.find("default") == collections.find("") == collections.default


def test_a_folder_that_is_no_collection_is_left_alone(tmp_path: Path) -> None:
    collections = Collections(tmp_path / "index")
    collections.create("甲")
    (collections.root / "别的").mkdir()
    (collections.root / ".leaving-1").mkdir()
    (collections.root / "链接").symlink_to(collections.root / "甲")
    (collections.root / "甲" / "collection.json").write_text('{"name": "<b>"}', "utf-8")
    assert names(collections) == ["", "甲"]  # a name written by hand that can't be used: the folder's counts


def test_collections_are_separate_and_opened_when_asked(tmp_path: Path) -> None:
    (tmp_path / "甲.txt").write_text("甲公司的经理是王明。", "utf-8")
    (tmp_path / "乙.txt").write_text("乙公司的经理是李华。", "utf-8")
    with Assistant.build(tmp_path / "甲.txt", index=tmp_path / "index") as default:
        desk = Desk(default, idle=0.0)
        one, two = desk.collections.create("乙"), desk.collections.create("丙")
        assert desk.open() is default
        other = desk.open(one.id)
        other.add(tmp_path / "乙.txt")
        assert desk.open(one.id) is other
        assert [info.source for info in default.documents()] == ["甲.txt"]
        assert other.answer("乙公司的经理是谁？").short == "李华"
        assert default.answer("乙公司的经理是谁？").short != "李华"
        assert desk.open(two.id).documents() == []  # the first has been idle for longer than 0 s and is closed
        assert desk.open(one.id) is not other
        assert [info.source for info in desk.open(one.id).documents()] == ["乙.txt"]
        desk.delete(one)
        with pytest.raises(CollectionError):
            desk.open(one.id)
        for hostile in ("../index", "/etc", "..", "乙/../丙"):
            with pytest.raises(CollectionError):
                desk.open(hostile)
        desk.close()
        assert default.documents()
