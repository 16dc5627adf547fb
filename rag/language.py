"""Which language to speak to a reader: that of the question."""

from __future__ import annotations

import re
from typing import Literal

Language = Literal["zh", "en"]

_han = re.compile("[\u3400-\u9fff\uf900-\ufaff]")


def language_of(text: str) -> Language:
    """ "zh" for a text with any Chinese character, "en" otherwise.

    >>> language_of("GPU是什么？"), language_of("What is a GPU?")
    ('zh', 'en')
    """
    return "zh" if _han.search(text) else "en"
