"""`.epub`: the chapters in reading order, each read as the page of HTML it is."""

from __future__ import annotations

import zipfile
import zlib
from urllib.parse import unquote

from rag.loaders.base import Content, decode, tidy
from rag.loaders.facts import iso_date
from rag.loaders.markup import parse_html, prune, readable_lines
from rag.loaders.package import beside, damaged, open_package, parse

_CONTAINER = "META-INF/container.xml"
_C = "{urn:oasis:names:tc:opendocument:xmlns:container}"
_OPF = "{http://www.idpf.org/2007/opf}"
_DC = "{http://purl.org/dc/elements/1.1/}"


def load(data: bytes) -> Content:
    """Read an e-book; what stands outside the reading order, such as a table of contents, is left out.

    Raises:
        LoadError: it is damaged or no e-book.
    """
    from lxml.etree import XMLSyntaxError

    with open_package(data, ".epub") as package:
        try:
            main = parse(package, _CONTAINER).find(f".//{_C}rootfile").get("full-path")
            root = parse(package, main)
            items = {item.get("id"): item for item in root.iter(f"{_OPF}item")}
            lines: list[str] = []
            for reference in root.iter(f"{_OPF}itemref"):
                item = items[reference.get("idref")]
                if reference.get("linear") == "no" or "nav" in (item.get("properties") or "").split():
                    continue
                page = parse_html(decode(package.read(beside(main, unquote(item.get("href"))))))
                prune(page, surroundings=False)
                body = page.find(".//body")
                lines += readable_lines(page if body is None else body)
            title, author = root.findtext(f".//{_DC}title"), root.findtext(f".//{_DC}creator")
            date = iso_date(root.findtext(f".//{_DC}date") or "")
        except (KeyError, zipfile.BadZipFile, zlib.error, XMLSyntaxError, AttributeError, TypeError) as error:
            raise damaged(".epub", error) from error
    metadata = {"author": author.strip()[:300]} if author and author.strip() else {}
    return Content(tidy("\n".join(lines)), title=" ".join((title or "").split()), created=date, metadata=metadata)
