"""`.xlsx`: the visible sheets one after another, a line for each row, numbers as a reader sees them."""

from __future__ import annotations

import io
import warnings
import zipfile
import zlib
from collections.abc import Iterator
from datetime import date, datetime, time
from typing import Any

from rag.loaders.base import Content, tidy
from rag.loaders.package import damaged, open_package
from rag.loaders.table import table_lines


def load(data: bytes) -> Content:
    """Read a workbook; formulas count as the values they had when it was saved.

    Raises:
        LoadError: it is damaged, behind a password, or no workbook.
    """
    from lxml.etree import XMLSyntaxError
    from openpyxl import load_workbook
    from openpyxl.utils.exceptions import InvalidFileException

    open_package(data, ".xlsx").close()
    faults = (InvalidFileException, zipfile.BadZipFile, zlib.error, XMLSyntaxError, LookupError, ValueError, TypeError)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of styles and extensions that don't matter to the text
            book = load_workbook(io.BytesIO(data), read_only=True, data_only=True, keep_links=False)
            sheets = [sheet for sheet in book.worksheets if sheet.sheet_state == "visible"]
            parts = [(sheet.title, table_lines(_rows(sheet))) for sheet in sheets]
            title, created = book.properties.title or "", book.properties.created
            author = book.properties.creator or ""
            book.close()
    except faults as error:
        raise damaged(".xlsx", error) from error
    filled = [(name, lines) for name, lines in parts if lines]
    several = len(filled) > 1
    text = "\n".join(line for name, lines in filled for line in ([name, *lines] if several else lines))
    return Content(
        tidy(text),
        title=title.strip(),
        created=created.date().isoformat() if isinstance(created, datetime) else None,
        metadata={"author": author[:300]} if author and author != "openpyxl" else {},
        prose=False,
    )


def _rows(sheet: Any) -> Iterator[list[str]]:
    """The cells of each row as text."""
    for row in sheet.iter_rows():
        yield [shown(cell.value, getattr(cell, "number_format", "") or "") for cell in row]


def shown(value: object, number_format: str = "") -> str:
    """A cell's value as a reader sees it, but for colours, currencies and rounding.

    >>> shown(0.125, "0.0%"), shown(12.0), shown(datetime(2024, 3, 5)), shown(True), shown(None)
    ('12.5%', '12', '2024-03-05', 'TRUE', '')
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, int | float):
        if "%" in number_format:
            return f"{format(value * 100, '.12g')}%"
        return str(value) if isinstance(value, int) else format(value, ".15g")
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() else value.isoformat(" ", "minutes")
    if isinstance(value, date | time):
        return value.isoformat()
    return str(value)
