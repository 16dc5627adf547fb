"""Which language to speak to a reader: that of the question."""

from __future__ import annotations

import os
import re
from collections.abc import Collection
from typing import Literal

Language = Literal["zh", "en"]

# English takes so many characters for what Chinese says in one.
LATIN_STRETCH = 2.5

# Characters, and the punctuation and full-width forms that only a Chinese keyboard types.
_chinese = re.compile("[\u3000-\u303f\u3400-\u9fff\uf900-\ufaff\uff01-\uff65\U00020000-\U0003ffff]")


def language_of(text: str) -> Language:
    """ "zh" for a text with any Chinese character or punctuation, "en" otherwise.

    >>> language_of("GPU是什么？"), language_of("What is a GPU?")
    ('zh', 'en')
    """
    return "zh" if _chinese.search(text) else "en"


def mostly_chinese(texts: Collection[str]) -> bool:
    """Whether more than half of some texts are Chinese."""
    return 2 * sum(language_of(text) == "zh" for text in texts) > len(texts)


def terminal_language() -> Language | None:
    """The language that the locale of the terminal asks for; None when it says nothing (unset, "C", "POSIX").

    `LC_ALL` beats `LC_MESSAGES`, which beats `LANG`.
    """
    wish = next((os.environ[name] for name in ("LC_ALL", "LC_MESSAGES", "LANG") if os.environ.get(name)), "")
    tag = wish.partition(".")[0].partition("_")[0].lower()
    if tag in ("", "c", "posix"):
        return None
    return "zh" if tag == "zh" else "en"
