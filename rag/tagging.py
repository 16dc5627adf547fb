"""Words with their parts of speech, each text tagged once: one question looks at the same sentences in many ways."""

from __future__ import annotations

from functools import lru_cache

from vectorstore.tokens import words


# A question looks at some fifty sentences and passages; this keeps those of the last dozen questions, a few megabytes.
@lru_cache(maxsize=1024)
def tagged(text: str) -> tuple[tuple[str, str], ...]:
    """jieba words of a text with their tags, blanks and punctuation included: joined they are the text.

    >>> tagged("量子院位于中关村")
    (('量子', 'n'), ('院', 'n'), ('位于', 'v'), ('中关村', 'ns'))
    """
    import rjieba

    return tuple(rjieba.tag(text))


@lru_cache(maxsize=256)
def long_words(text: str) -> tuple[str, ...]:
    """The different jieba words of folded text that have two characters and more, in order.

    >>> long_words("量子院位于中关村，量子")
    ('量子', '位于', '中关村')
    """
    return tuple(word for word in dict.fromkeys(words(text)) if len(word) > 1)
