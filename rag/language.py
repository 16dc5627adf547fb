"""Which language to speak to a reader: that of the question."""

from __future__ import annotations

import re
from typing import Literal

Language = Literal["zh", "en"]

# Characters, and the punctuation and full-width forms that only a Chinese keyboard types.
_chinese = re.compile("[\u3000-\u303f\u3400-\u9fff\uf900-\ufaff\uff01-\uff65\U00020000-\U0003ffff]")


def language_of(text: str) -> Language:
    """ "zh" for a text with any Chinese character or punctuation, "en" otherwise.

    >>> language_of("GPU是什么？"), language_of("What is a GPU?")
    ('zh', 'en')
    """
    return "zh" if _chinese.search(text) else "en"
