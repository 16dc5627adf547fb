"""Text → index terms: one function for indexing and for asking.

Everything here keeps length: `len(fold(text)) == len(text)`, so an offset found in folded text is an offset in the
original, and quotes can be cut from what the author wrote.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import cache, lru_cache
from itertools import accumulate, pairwise

import numpy as np

# Han (with extensions), kana, hangul: scripts written without spaces, indexed by character pairs as well as words.
UNSPACED = "\u3005\u3007\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff"
_unspaced_run = re.compile(f"[{UNSPACED}]{{2,}}")
# Raised whenever `fold`, `words` or `bigrams` changes what they give: indexes made before are then made anew.
TERMS = 1
_word = re.compile(r"\w")
_SHORT = 64  # characters up to which a dictionary folds faster than an array
_BEYOND = 0x40000  # no script without spaces from here on

# Words that ask or join and say nothing of the subject. Dropping them from questions (never from passages) helped
# every retrieval trial. Kept short on purpose: a longer list starts to eat content words.
QUESTION_WORDS = frozenset(
    "什么 什麼 甚么 哪 哪个 哪些 哪里 哪儿 哪位 哪家 哪年 哪几 谁 何 何时 何地 何处 几 多少 多大 多长 多高 "
    "多久 怎么 怎样 怎么样 如何 为什么 为何 为啥 啥 是否 吗 呢 吧 呀 啊 请问 请 告诉 我 你 您 一下 介绍 说说 "
    "说 讲 讲讲 知道 想 想问 的 地 得 了 着 过 是 在 有 和 与 及 或 之 于 把 被 给 对 就 都 也 还 又 而 但 这 "
    "那 这个 那个 它 它们 他 她 他们 其 个 里 中 上 下 到 从 由 会 能 可以 要 吧 the a an of is are was were "
    "in on at to do does did what who whom which when where why how many much and or for by with it its this "
    "that there please tell me".split()
)


@cache
def _fold_table() -> dict[int, int]:
    """Code point → code point: full width to ASCII, traditional to simplified, upper case to lower."""
    from opencc import OpenCC

    han = [chr(code) for code in (*range(0x3400, 0x4DC0), *range(0x4E00, 0xA000))]
    simplified = OpenCC("t2s").convert("\n".join(han)).split("\n")
    table = {ord(old): ord(new) for old, new in zip(han, simplified, strict=True) if old != new and len(new) == 1}
    table |= {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}
    table[0x3000] = 0x20
    for code in (*range(0x41, 0x5B), *range(0xC0, 0x530)):
        lower = chr(code).lower()
        if len(lower) == 1 and ord(lower) != code:
            table[code] = ord(lower)
    table |= {code: code - 0xFEE0 + 0x20 for code in range(0xFF21, 0xFF3B)}
    return table


def fold(text: str) -> str:
    """Fold width, script and case, character by character: `len(fold(text)) == len(text)`.

    >>> fold("臺灣ＡＢＣ１２，Model")
    '台湾abc12,model'
    """
    return text.translate(_fold_table()) if len(text) < _SHORT else _text(folded_codes(text))


def folded_codes(text: str) -> np.ndarray:
    """Folded characters as code points, shape (len(text),), uint32: what `fold` does, at a tenth of its time."""
    codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)
    return np.where(codes < 0x10000, _fold_codes()[np.minimum(codes, 0xFFFF)], codes)


@cache
def _fold_codes() -> np.ndarray:
    """Code point → folded code point, shape (65536,), uint32; nothing beyond is folded."""
    table = np.arange(0x10000, dtype=np.uint32)
    table[[*_fold_table()]] = [*_fold_table().values()]
    return table


def _text(codes: np.ndarray) -> str:
    """Code points as text."""
    return codes.tobytes().decode("utf-32-le", "surrogatepass")


def cutter() -> str:
    """What made the index terms, kept with the index: another segmenter, or other rules here, would cut differently."""
    from importlib.metadata import version

    return f"rjieba-{version('rjieba')}/terms-{TERMS}"


def words(folded: str) -> list[str]:
    """jieba words of folded text, in order, without punctuation and blanks.

    >>> words("量子院位于中关村软件园,2017年成立。")
    ['量子', '院', '位于', '中关村', '软件园', '2017', '年', '成立']
    """
    import rjieba

    return _without_marks(rjieba.cut(folded))


def _without_marks(cut: Iterable[str]) -> list[str]:
    """What of a cut text is no punctuation and no blank."""
    # isalnum() settles nearly every word faster than the pattern does
    return [word for word in cut if word.isalnum() or _word.search(word)]


def bigrams(folded: str) -> list[str]:
    """Overlapping character pairs of every unspaced run.

    >>> bigrams("量子院, GPU 所长")
    ['量子', '子院', '所长']
    """
    return ["".join(pair) for run in _unspaced_run.findall(folded) for pair in pairwise(run)]


def terms(text: str) -> list[str]:
    """Index terms of a text: jieba words, then character pairs; a two-character word counts in both.

    >>> terms("量子院GPU")
    ['量子', '院', 'gpu', '量子', '子院']
    """
    folded = fold(text)
    return words(folded) + bigrams(folded)


def term_lines(texts: Sequence[str]) -> list[str]:
    """Index terms of each text joined by blanks: `terms` for many texts at once, in a third of its time.

    >>> term_lines(["量子院GPU", "", "院"])
    ['量子 院 gpu 量子 子院', '', '院']
    """
    codes = folded_codes("".join(texts) + "\0\0")  # so that a pair in front of the first text has a place
    folded = _text(codes)
    bounds = [0, *accumulate(map(len, texts))]
    unspaced = _is_unspaced()[np.minimum(codes, _BEYOND)]
    joined = unspaced[:-1] & unspaced[1:]
    joined[np.array(bounds, np.intp) - 1] = False
    firsts = np.flatnonzero(joined)
    triples = np.full((len(firsts), 3), ord(" "), np.uint32)
    triples[:, 0], triples[:, 1] = codes[firsts], codes[firsts + 1]
    pairs = _text(triples)
    cuts = (3 * np.searchsorted(firsts, bounds)).tolist()
    return [
        " ".join([*words(folded[start:end]), *([pairs[first : last - 1]] if last > first else [])])
        for (start, end), (first, last) in zip(pairwise(bounds), pairwise(cuts), strict=True)
    ]


@cache
def _is_unspaced() -> np.ndarray:
    """Whether a code point belongs to a script without spaces, shape (_BEYOND + 1,), bool."""
    table = np.zeros(_BEYOND + 1, bool)
    for first, last in re.findall("(.)(?:-(.))?", UNSPACED):
        table[ord(first) : ord(last or first) + 1] = True
    return table


def content_words(question: str) -> list[str]:
    """The words of a question that name its subject; question and function words are dropped.

    >>> content_words("量子院位于哪里？")
    ['量子', '院', '位于']
    """
    return [word for word in _without_marks(_cut(fold(question))) if word not in QUESTION_WORDS]


def question_terms(question: str) -> list[str]:
    """Search terms of a question, each once, in order: content words, then the pairs of characters that survive.

    A pair is kept when it does not lie wholly inside dropped words. A question of dropped words alone keeps them all,
    so that it still finds something.
    """
    folded = fold(question)
    kept = content_words(question)
    if not kept:
        return unique(words(folded) + bigrams(folded))
    # question words are blanked out, so that no pair spans them
    masked = "".join(" " * len(word) if word in QUESTION_WORDS else word for word in _cut(folded))
    return unique(kept + bigrams(masked))


@lru_cache(maxsize=64)  # one retrieval asks for its question's words and terms several times
def _cut(folded: str) -> tuple[str, ...]:
    """jieba words of a folded question, punctuation and blanks included."""
    import rjieba

    return tuple(rjieba.cut(folded))


def unique(items: Iterable[str]) -> list[str]:
    """The items without repeats, in first-seen order."""
    return list(dict.fromkeys(items))
