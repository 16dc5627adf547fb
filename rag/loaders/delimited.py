"""`.csv` and `.tsv`: a line for each row, every value with the name of its column."""

from __future__ import annotations

import csv
import io

from rag.errors import LoadError
from rag.loaders.base import Content, decode, tidy
from rag.loaders.table import table_lines

_SAMPLE = 65_536  # characters in which the delimiter is looked for
_DELIMITERS = ",;\t|，；"


def load(data: bytes) -> Content:
    """Read a table of delimited text, in any encoding a text file may have.

    Raises:
        LoadError: the bytes are no text, or a quotation mark is never closed.
    """
    text = decode(data)
    try:
        dialect: type[csv.Dialect] = csv.Sniffer().sniff(text[:_SAMPLE], _DELIMITERS)
    except csv.Error:
        dialect = csv.excel_tab if text[:_SAMPLE].count("\t") > text[:_SAMPLE].count(",") else csv.excel
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), dialect))
    except csv.Error as error:
        raise LoadError(
            f"this table can't be read ({error}); save it again as CSV in UTF-8",
            f"这张表读不了（{error}），请重新保存为 UTF-8 的 CSV",
        ) from error
    return Content(tidy("\n".join(table_lines(rows))), prose=False)
