"""What every loader returns, and the two steps they share: bytes → characters, and tidy lines."""

from __future__ import annotations

import codecs
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from rag.errors import LoadError


@dataclass(frozen=True, slots=True)
class Content:
    """What a file says.

    Attributes:
        text: readable text, paragraphs and headings on lines of their own.
        title: "" where the file states none.
        date: ISO date the content states, or None.
        created: ISO date on which the file was made, by its own properties; weaker than `date`.
        metadata: small extra facts, strings only.
        pages: offset in `text` at which each page starts; () where the format has no pages.
        prose: whether the first lines may state title and date; those of a table don't.
    """

    text: str
    title: str = ""
    date: str | None = None
    created: str | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)
    pages: tuple[int, ...] = ()
    prose: bool = True


_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# The most frequent characters of Chinese, both scripts, with its punctuation: a third and more of any real text,
# next to none of a text read in the wrong encoding.
_COMMON = frozenset(
    "的一是了不在有人中大上到和地也子得就那要下以可出生成能多他她它之于自作用道行所然家事如方去法起本面部同前而都小工分其"
    "市日月年全新公京北第今天心高者三二主各关位合信区海水理长电部重万元进加外文物机入定明正通建度现社司量"
    "这来国个说们为时对过学后发里经动开业记报会关万电长样种这"
    "這來國個說們為時對過學後發裡經動開業記報會關萬電長樣種與於區進機現"
    "，。、：；？！“”‘’（）《》「」·—…"
)
_SAMPLE = 200_000  # characters looked at to tell encodings apart
_CHINESE = 0.05  # share of common characters above which a decoding is taken as right
_DAMAGED = 0.1  # broken characters to whole ones up to which a text is still taken as UTF-8
_FEW = 20  # characters
_GUESSES = ("cp932", "euc_jp", "cp949", "cp1251", "cp1252")  # Japanese, Korean, Cyrillic, Western
_cjk = re.compile("[\u2010-\u2027\u3000-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uff00-\uffef]*")
_invisible = re.compile(
    "[\x00-\x08\x0e-\x1b\x1f\x7f-\x84\x86-\x9f\u00ad\u200b\u2060\ufeff\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]"
)


def decode(data: bytes) -> str:
    """Characters of a text file: by its mark, as UTF-8, as GB18030 or Big5, else by charset-normalizer's guess.

    A few damaged bytes become U+FFFD instead of turning the whole text into another encoding's nonsense.

    Raises:
        LoadError: the bytes are no text.
    """
    for bom, encoding in _BOMS:
        if data.startswith(bom):
            return data.decode(encoding, errors="replace").removeprefix("\ufeff")
    if b"\x00" in data:
        raise LoadError(
            "this is no text file: it holds NUL bytes, as pictures and programs do; save it as UTF-8 text",
            "这不是文本文件：里面有图片和程序才有的零字节，请另存为 UTF-8 文本",
        )
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        pass
    as_utf8, *as_chinese = (data.decode(encoding, errors="replace") for encoding in ("utf-8", "gb18030", "cp950"))
    broken = as_utf8.count("\ufffd")
    if broken <= _DAMAGED * (sum(ord(char) > 127 for char in as_utf8) - broken):
        return as_utf8  # no other encoding makes that many whole UTF-8 characters by accident
    best = max(as_chinese, key=_likeness)
    if _likeness(best) >= _CHINESE:
        return best
    beyond_ascii = "".join(char for char in as_chinese[0][:_SAMPLE] if ord(char) > 127)
    if len(beyond_ascii) <= _FEW and _cjk.fullmatch(beyond_ascii):
        return as_chinese[0]  # too short to count, but Chinese through and through
    return _guess(data)


def tidy(text: str) -> str:
    """Text with one line break between lines, no blank lines, no trailing blanks and no invisible characters.

    Control characters, zero-width spaces, soft hyphens and marks that turn the writing direction are dropped: they
    break searching and can make a quote look like another text. Everything visible stays as it is.
    """
    lines = (line.rstrip().lstrip("\u3000\xa0") for line in visible(text).splitlines())
    return "\n".join(line for line in lines if line)


def visible(text: str) -> str:
    """Text without control characters (but line breaks and tabs) and the like; see `tidy`."""
    return _invisible.sub("", text)


def _likeness(text: str) -> float:
    """How much a decoding looks like Chinese: share of common characters, less ten times that of broken ones."""
    beyond_ascii = [char for char in text[:_SAMPLE] if ord(char) > 127]
    if not beyond_ascii:
        return 0.0
    common = sum(char in _COMMON for char in beyond_ascii)
    return (common - 10 * beyond_ascii.count("\ufffd")) / len(beyond_ascii)


def _guess(data: bytes) -> str:
    """charset-normalizer's reading of bytes that are neither UTF-8 nor Chinese."""
    from charset_normalizer import from_bytes

    match = from_bytes(data[:_SAMPLE], cp_isolation=list(_GUESSES)).best()
    if match is None:
        raise LoadError(
            "the encoding of this text file can't be told; save it as UTF-8", "认不出这个文本文件的编码，请另存为 UTF-8"
        )
    return data.decode(match.encoding, errors="replace")
