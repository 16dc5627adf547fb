"""A writer or a reader that never rests, in a process of its own: `python -m tests.hammer ROLE FOLDER NAME SECONDS`.

A writer says on its standard output what has returned: `+3` for a document added, `-3` for one removed. A reader says
what it saw that cannot be.
"""

import random
import sys
import time

import vectorstore.inverted
import vectorstore.neighbours
from tests.store_helpers import CharacterEmbedder, cut
from vectorstore.errors import StoreLocked
from vectorstore.local import LocalStore

QUESTION = "同步测试第几版"
LINES_FROM = 150  # passages from which on lists are saved: the whole machinery takes part


def sentences(name: str, number: int) -> list[str]:
    """What a document says, whole or not at all."""
    return [f"{name}写的编号{number}的第{n + 1000}句。" for n in range(5)]


def write(store: LocalStore, name: str, until: float) -> None:
    """Add, replace and remove; the document named after the writer always has two passages of one version."""
    choose = random.Random(name)
    number, there = 0, []
    while time.monotonic() < until:
        number += 1
        store.add(
            [
                cut(f"{name}{number}", *sentences(name, number)),
                cut(f"变{name}", f"同步测试甲{number}。", f"同步测试乙{number}。"),
            ]
        )
        print(f"+{number}", flush=True)
        there.append(number)
        if choose.random() < 0.4:
            gone = there.pop(choose.randrange(len(there)))
            store.remove([f"{name}{gone}"])
            print(f"-{gone}", flush=True)


def read(store: LocalStore, writers: str, until: float) -> None:
    """Search and compare until the time is up; print every contradiction."""
    rounds = 0
    while time.monotonic() < until:
        for search in (store.search_keyword, store.search_dense):
            found = {name for name, _ in search(QUESTION, 40) if name.startswith("变")}
            halves = {name for name in found if f"{name[:-1]}{1 - int(name[-1])}" not in found}
            if halves:
                print(f"half an update in {search.__name__}: {sorted(halves)}", flush=True)
        for name in writers:
            texts = [passage.text for passage in store.document_passages(f"变{name}")]
            if texts and (len(texts) != 2 or texts[0].replace("甲", "乙") != texts[1]):
                print(f"half a document: {texts}", flush=True)
        rounds += 1
    print(f"rounds {rounds}", flush=True)


def main(role: str, folder: str, name: str, seconds: float) -> None:
    vectorstore.neighbours.LARGE = LINES_FROM
    vectorstore.inverted.RECALL = 1.1  # never reached, so every list is looked at: what is missed is not there
    until = time.monotonic() + seconds
    while True:
        try:
            store = LocalStore.open(folder, CharacterEmbedder(), lock_timeout=120)
            break
        except StoreLocked:
            continue
    with store:
        (write if role == "write" else read)(store, name, until)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3], float(sys.argv[4]))
