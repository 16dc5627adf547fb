"""Every word of the interface, in Chinese and English, and which of the two a reader gets."""

from __future__ import annotations

from http.cookies import CookieError, SimpleCookie

from rag.language import Language
from rag.ui.words import chat, evaluation, keep, library, models, page, sources

# Set by the page when a reader switches the language; it outlives the visit and beats the browser's own wish.
COOKIE = "wenju_language"

_PAIRS = {
    **page.WORDS,
    **chat.WORDS,
    **sources.WORDS,
    **library.WORDS,
    **keep.WORDS,
    **models.WORDS,
    **evaluation.WORDS,
}
CHINESE = {key: zh for key, (zh, _) in _PAIRS.items()}
ENGLISH = {key: en for key, (_, en) in _PAIRS.items()}
_WORDS: dict[Language, dict[str, str]] = {"zh": CHINESE, "en": ENGLISH}


def say(language: Language, key: str, **values: object) -> str:
    """The words for `key`, with `values` filled in.

    >>> say("zh", "grounded", supported=3, claims=3)
    '3/3 句有据'
    """
    return _WORDS[language][key].format(**values)


def choose_language(accepted: str | None, cookies: str | None = None) -> Language:
    """The interface language of a request: as the reader chose it, else as the browser wishes, else Chinese.

    Args:
        accepted: the `Accept-Language` header, whose first tag decides.
        cookies: the `Cookie` header.

    >>> choose_language("zh-TW,zh;q=0.9,en;q=0.8"), choose_language("en-GB"), choose_language(None)
    ('zh', 'en', 'zh')
    >>> choose_language("en-GB", "other=1; wenju_language=zh")
    'zh'
    """
    try:
        chosen = SimpleCookie(cookies or "").get(COOKIE)
    except CookieError:
        chosen = None
    if chosen is not None and chosen.value in ("zh", "en"):
        return "zh" if chosen.value == "zh" else "en"
    first = (accepted or "zh").split(",")[0].strip().lower()
    return "zh" if first.split("-")[0] in ("zh", "*", "") else "en"
