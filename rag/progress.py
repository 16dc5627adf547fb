"""How far indexing is, for people: a bar on a terminal, a line now and then anywhere else."""

from __future__ import annotations

import sys
import time
from types import TracebackType
from typing import TYPE_CHECKING, Self, TextIO

from rag.language import terminal_language

if TYPE_CHECKING:
    from rich.progress import Progress

_FRAME = 0.1  # seconds between two states of the bar
_LINE = 10.0  # seconds between two lines
_NAME = 40  # characters of a file's name
# Each in Chinese and in English.
_INDEXING = "索引", "indexing"
_SAVING = "写入", "saving"
_SPEED = "{:,.0f} 段/秒", "{:,.0f} passages/s"
_LINE_TEXT = (
    "索引 {done:,}/{total:,} 个文件，{speed:,.0f} 段/秒，还需约 {left:,.0f} 秒",
    "indexing {done:,}/{total:,} files, {speed:,.0f} passages/s, about {left:,.0f} s left",
)


class Shown:
    """A context in which calls, as `rag.indexing.Progress` makes them, are shown; nothing is before the first.

    Args:
        stream: where to; the bar needs a terminal there.
        line_every: seconds between two lines where it is none; quick work so says nothing.
    """

    def __init__(self, stream: TextIO | None = None, *, line_every: float = _LINE) -> None:
        self._stream = sys.stderr if stream is None else stream
        self._line_every = line_every
        self._bar: Progress | None = None
        self._begun = self._told = 0.0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar:
            self._bar.stop()

    def __call__(self, done: int, total: int, source: str, passages: int) -> None:
        """So many files of all are done, the one of that name last, with so many passages in all."""
        now = time.monotonic()
        if not self._begun:
            self._begun = self._told = now
            if self._stream.isatty():
                self._bar = self._start(total)
        wait = _FRAME if self._bar else self._line_every
        if now - self._told < wait and (done < total or not self._bar):
            return
        self._told = now
        spent = max(now - self._begun, _FRAME)
        if self._bar:
            name = "".join(c if c.isprintable() else "?" for c in source[-_NAME:])
            doing, last = (_told(_INDEXING), name) if done < total else (_told(_SAVING), "")
            speed = _told(_SPEED).format(passages / spent, passages / spent)
            self._bar.update(self._bar.task_ids[0], completed=done, description=doing, speed=speed, name=last)
        else:
            left = spent / done * (total - done)
            line = _told(_LINE_TEXT).format(done=done, total=total, speed=passages / spent, left=left)
            print(line, file=self._stream, flush=True)

    def _start(self, total: int) -> Progress:
        """A bar that disappears when the work is done."""
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        columns = (
            TextColumn("{task.description}"),
            BarColumn(bar_width=30),
            MofNCompleteColumn(),
            TextColumn("{task.fields[speed]}"),
            TimeRemainingColumn(),
            TextColumn("{task.fields[name]}", markup=False, style="dim"),
        )
        bar = Progress(*columns, console=Console(file=self._stream), transient=True)
        bar.add_task(_told(_INDEXING), total=total, speed="", name="")
        bar.start()
        return bar


def _told(said: tuple[str, str]) -> str:
    """In the language of the terminal; in both where that is not known."""
    chinese, english = said
    language = terminal_language()
    return f"{chinese} {english}" if language is None else chinese if language == "zh" else english
