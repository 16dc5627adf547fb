"""One loader per format: bytes of a file → its readable text with title, date and pages."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module

from rag.errors import UnsupportedFormat
from rag.loaders.base import Content

__all__ = ["SUFFIXES", "Content", "loader_for"]

# Suffix → module of this package; imported when first needed, since PDF and Word bring libraries along.
SUFFIXES = {
    ".txt": "text",
    ".text": "text",
    ".md": "markdown",
    ".markdown": "markdown",
    ".html": "html",
    ".htm": "html",
    ".pdf": "pdf",
    ".docx": "docx",
}
_HINTS = {
    ".doc": "; open it in Word and save it as .docx",
    ".wps": "; open it in WPS and save it as .docx",
    ".rtf": "; open it in Word and save it as .docx",
    ".png": "; run OCR over it and load the text",
    ".jpg": "; run OCR over it and load the text",
    ".jpeg": "; run OCR over it and load the text",
}


def loader_for(name: str) -> Callable[[bytes], Content]:
    """The loader for a file of this name, by its suffix (in any case).

    Raises:
        UnsupportedFormat: no loader reads this suffix.
    """
    suffix = suffix_of(name)
    if suffix not in SUFFIXES:
        seen = f"{suffix} files" if suffix else "files without a suffix"
        hint = _HINTS.get(suffix, "; convert it to one of these")
        raise UnsupportedFormat(f"{name}: {seen} can't be read; supported are {' '.join(SUFFIXES)}{hint}")
    load: Callable[[bytes], Content] = import_module(f"rag.loaders.{SUFFIXES[suffix]}").load
    return load


def suffix_of(name: str) -> str:
    """The suffix of a file name in lower case, with its dot; "" without one."""
    stem, dot, suffix = name.rpartition(".")
    return f".{suffix.lower()}" if dot and stem and "/" not in suffix else ""
