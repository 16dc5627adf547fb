"""Conversations kept on disk, one JSON file each, beside the index; for a single person's own machine."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

from rag.ui.record import RecordRefused, read_conversation

# Newest conversations that the drawer lists.
LISTED = 500
_ID = re.compile(r"[A-Za-z0-9-]{1,64}")
_CASES = "feedback.jsonl"


class Diary:
    """The conversations of a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def kept_list(self) -> list[Any]:
        """All conversations, newest first; a damaged file is left out."""
        found: list[Any] = []
        for path in self.folder.glob("*.json"):
            try:
                found.append(json.loads(path.read_text("utf-8")))
            except (OSError, ValueError):
                continue
        found.sort(key=lambda record: (-record.get("updated", 0), record.get("id", "")))
        return found[:LISTED]

    def kept_get(self, name: str) -> Any:
        """One conversation, or None."""
        path = self._path(name)
        return json.loads(path.read_text("utf-8")) if path.exists() else None

    def kept_put(self, record: dict[str, Any]) -> None:
        """Write a conversation, replacing its older state at once or not at all; only the reader may read it.

        Raises:
            RecordRefused: it is no conversation.
        """
        text = json.dumps(record, ensure_ascii=False)
        path = self._path(read_conversation(text).id)
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._write(path, text)
        self._write_cases()

    def kept_remove(self, name: str) -> None:
        """Delete a conversation, with the eval cases made from it."""
        self._path(name).unlink(missing_ok=True)
        self._write_cases()

    def _write_cases(self) -> None:
        """Bring the file of eval cases up to date; it is removed with its last case."""
        cases = {
            case["id"]: case
            for record in reversed(self.kept_list())
            for turn in record.get("turns", ())
            if (case := (turn.get("feedback") or {}).get("case"))
        }
        path = self.folder / _CASES
        if cases:
            self._write(path, "".join(json.dumps(case, ensure_ascii=False) + "\n" for case in cases.values()))
        else:
            path.unlink(missing_ok=True)

    def _write(self, path: Path, text: str) -> None:
        """Write a file whole or not at all."""
        draft = path.with_name(f".{path.name}.new")
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
            file.write(text)
        draft.replace(path)

    def _path(self, name: str) -> Path:
        """The file of a conversation. Raises RecordRefused for what is no id."""
        if not isinstance(name, str) or not _ID.fullmatch(name):
            raise RecordRefused(f"没有编号为 {name} 的对话。", f"There is no conversation with id {name}.")
        return self.folder / f"{name}.json"
