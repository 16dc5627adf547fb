"""One loader per format: bytes of a file → its readable text with title, date and pages."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module

from rag.errors import UnsupportedFormat
from rag.loaders.base import Content

__all__ = ["SUFFIXES", "Content", "loader_for"]

# Suffix → module of this package; imported when first needed, since PDF, Word and Excel bring libraries along.
SUFFIXES = {
    ".txt": "text",
    ".text": "text",
    ".md": "markdown",
    ".markdown": "markdown",
    ".html": "html",
    ".htm": "html",
    ".pdf": "pdf",
    ".docx": "docx",
    ".xlsx": "spreadsheet",
    ".csv": "delimited",
    ".tsv": "delimited",
    ".pptx": "slides",
    ".epub": "book",
}
_HINTS = {
    ".doc": ("open it in Word and save it as .docx", "请用 Word 打开，另存为 .docx"),
    ".wps": ("open it in WPS and save it as .docx", "请用 WPS 打开，另存为 .docx"),
    ".rtf": ("open it in Word and save it as .docx", "请用 Word 打开，另存为 .docx"),
    ".xls": ("open it in Excel and save it as .xlsx", "请用 Excel 打开，另存为 .xlsx"),
    ".ppt": ("open it in PowerPoint and save it as .pptx", "请用 PowerPoint 打开，另存为 .pptx"),
    ".png": ("run OCR over it and load the text", "请先做文字识别，再收录文本"),
    ".jpg": ("run OCR over it and load the text", "请先做文字识别，再收录文本"),
    ".jpeg": ("run OCR over it and load the text", "请先做文字识别，再收录文本"),
}


def loader_for(name: str) -> Callable[[bytes], Content]:
    """The loader for a file of this name, by its suffix (in any case).

    Raises:
        UnsupportedFormat: no loader reads this suffix.
    """
    suffix = suffix_of(name)
    if suffix not in SUFFIXES:
        seen = f"{suffix} files" if suffix else "files without a suffix"
        hint, hint_zh = _HINTS.get(suffix, ("convert it to one of these", "请转成其中一种"))
        seen_zh = f"{suffix} 文件" if suffix else "没有扩展名的文件"
        raise UnsupportedFormat(
            f"{name}: {seen} can't be read; supported are {' '.join(SUFFIXES)}; {hint}",
            f"{name}：读不了{seen_zh}，可读的是 {' '.join(SUFFIXES)}；{hint_zh}",
        )
    load: Callable[[bytes], Content] = import_module(f"rag.loaders.{SUFFIXES[suffix]}").load
    return load


def suffix_of(name: str) -> str:
    """The suffix of a file name in lower case, with its dot; "" without one."""
    stem, dot, suffix = name.rpartition(".")
    return f".{suffix.lower()}" if dot and stem and "/" not in suffix else ""
