"""Collections: documents kept apart, each with an index of its own, in folders next to the default index.

The collections of `work/index` lie in `work/index-collections/`. A folder keeps the name it was made with; the name
people see stands in its `collection.json`, so renaming moves no file and no path that the index remembers goes stale.
"""

from __future__ import annotations

import json
import shutil
import unicodedata
import uuid
from dataclasses import dataclass
from pathlib import Path

from rag.errors import CollectionError

NAME_MAX = 40  # characters
_FACTS = "collection.json"
_CATALOG = "catalog.sqlite"
# Not allowed in a folder name on Windows; a collection may move there.
_RESERVED = frozenset('<>:"/\\|?*')
_DEVICES = frozenset(["con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(10))])
_DEFAULT = frozenset(["default", "默认", "預設"])  # what the default collection is called on the page


@dataclass(frozen=True, slots=True)
class Collection:
    """One collection.

    Attributes:
        id: the name of its folder, "" for the default collection; it never changes.
        name: what people call it, "" for the default collection.
        folder: its index.
    """

    id: str
    name: str
    folder: Path


class Collections:
    """The default index and the collections beside it."""

    def __init__(self, index: Path) -> None:
        self.default = Collection("", "", index)
        absolute = index.absolute()
        self.root = absolute.with_name(f"{absolute.name}-collections")

    def all(self) -> list[Collection]:
        """Every collection, the default one first, then by name."""
        named = []
        if self.root.is_dir():
            for folder in self.root.iterdir():
                known = (folder / _FACTS).is_file() or (folder / _CATALOG).is_file()
                if known and folder.is_dir() and not folder.is_symlink() and not folder.name.startswith("."):
                    named.append(Collection(folder.name, _name_of(folder), folder))
        return [self.default, *sorted(named, key=lambda one: (one.name.casefold(), one.id))]

    def find(self, name: str) -> Collection:
        """The collection with this name or id.

        Raises:
            CollectionError: there is none.
        """
        everything = self.all()
        wanted = _folded(name)
        for found in everything:
            if name == found.id or (found.id and _folded(found.name) == wanted):
                return found
        if wanted in _DEFAULT:
            return self.default
        names = "、".join(one.name for one in everything[1:])
        raise CollectionError(
            f"there is no collection {name!r}; `wenju collections` lists them: {names or 'none yet'}",
            f"没有名为“{name}”的集合；现有：{names or '还没有'}（`wenju collections` 可列出）",
        )

    def create(self, name: str) -> Collection:
        """Make an empty collection.

        Raises:
            CollectionError: the name can't be used, or is taken.
        """
        name = self._free_name(name)
        folder, number = self.root / name, 1
        self.root.mkdir(parents=True, exist_ok=True)
        while True:
            try:
                folder.mkdir()
                break
            except FileExistsError:  # left by a collection that was renamed
                number += 1
                folder = self.root / f"{name}-{number}"
        _write_name(folder, name)
        return Collection(folder.name, name, folder)

    def rename(self, collection: Collection, name: str) -> Collection:
        """Give a collection another name; its folder stays where it is.

        Raises:
            CollectionError: the name can't be used, or is taken; or it is the default collection.
        """
        self._check_named(collection)
        name = self._free_name(name, besides=collection)
        _write_name(collection.folder, name)
        return Collection(collection.id, name, collection.folder)

    def delete(self, collection: Collection) -> None:
        """Delete a collection with its index and the copies of files it keeps; files indexed where they lie stay.

        Close its assistant first.

        Raises:
            CollectionError: it is the default collection.
        """
        self._check_named(collection)
        # Out of sight in one step, so that nobody meets half a collection.
        leaving = self.root / f".leaving-{uuid.uuid4().hex}"
        collection.folder.rename(leaving)
        shutil.rmtree(leaving)

    def _check_named(self, collection: Collection) -> None:
        """Refuse to change the default collection."""
        if not collection.id:
            raise CollectionError(
                "the default collection keeps its name and can't be deleted; remove its documents instead",
                "默认集合不能改名，也不能删除；可以移除其中的文档",
            )

    def _free_name(self, name: str, besides: Collection | None = None) -> str:
        """A name that may be used and is not taken by another collection."""
        name = check_name(name)
        taken = {_folded(one.name) for one in self.all() if one != besides}
        if _folded(name) in taken | _DEFAULT:
            raise CollectionError(
                f"there is a collection {name!r} already; choose another name", f"已经有名为“{name}”的集合，请换个名字"
            )
        return name


def check_name(name: str) -> str:
    """The name of a collection in its normal form: composed characters, single blanks.

    Raises:
        CollectionError: it is empty, longer than NAME_MAX, or can't be a folder on some system.

    >>> check_name("  合同 2024 ")
    '合同 2024'
    """
    clean = " ".join(unicodedata.normalize("NFC", name).split())
    if not clean:
        raise CollectionError("a collection needs a name", "请给集合起个名字")
    if len(clean) > NAME_MAX:
        raise CollectionError(
            f"the name has {len(clean)} characters; at most {NAME_MAX} are taken",
            f"名字有 {len(clean)} 个字，最多 {NAME_MAX} 个",
        )
    bad = sorted({char for char in clean if char in _RESERVED or unicodedata.category(char)[0] == "C"})
    if bad:
        shown = " ".join(char if char in _RESERVED else f"U+{ord(char):04X}" for char in bad)
        raise CollectionError(f"a name can't hold {shown}", f"名字里不能有 {shown}")
    if clean.startswith(".") or clean.endswith(".") or clean.split(".")[0].casefold() in _DEVICES:
        raise CollectionError(f"{clean!r} can't be the name of a folder", f"“{clean}”不能用作文件夹名，请换一个")
    return clean


def _folded(name: str) -> str:
    """A name as it is compared: form, case and outer blanks don't matter."""
    return " ".join(unicodedata.normalize("NFC", name).split()).casefold()


def _name_of(folder: Path) -> str:
    """The name of a collection; its folder's where none is written or it can't be read."""
    try:
        name = json.loads((folder / _FACTS).read_text("utf-8"))["name"]
        return check_name(name)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, CollectionError):
        return folder.name


def _write_name(folder: Path, name: str) -> None:
    """Keep the name of a collection, in one step."""
    draft = folder / f".{_FACTS}"
    draft.write_text(json.dumps({"name": name}, ensure_ascii=False) + "\n", "utf-8")
    draft.replace(folder / _FACTS)
