"""An English question in the words that Chinese documents use for its own, one after the other. Pure.

Nobody would say 德国芯片补贴资金英特尔多少？ for "How much of the German chip subsidies is Intel getting?", yet it is
what keyword search and the embedded answerer go by.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from rag import refuse
from rag.coverage import latin_words
from rag.extract import Extract
from rag.language import language_of, mostly_chinese
from rag.question import analyse
from rag.synonyms import synonyms
from rag.types import Hit
from vectorstore.tokens import QUESTION_WORDS, fold

# Passages whose words are taken.
SEEN = 5
# An answer less likely than this is not shown. Of 45 English questions about Chinese news with an answer 0.5, 0.6 and
# 0.7 answer 18, 14 and 10 right and 2 wrongly, of 15 without one 2, 1 and 1.
LEAST_LIKELY = 0.5
NOTICE = "The question was matched word by word with documents in Chinese: please check the quote."

# What asks, and what asks so in Chinese; the first that stands in the question.
_ASKING = (
    (r"how (?:many|much)|(?:what|which) (?:percentage|share|proportion|number|amount)(?: of)?", "多少"),
    (r"how (?:long|far|tall|deep)", "多长"),
    (r"how (?:old|big|large)", "多大"),
    (r"how often", "多久"),
    (r"(?:what|which) year", "哪年"),
    (r"when|(?:what|which) (?:date|day|time)", "什么时候"),
    (r"who|whom|whose", "谁"),
    (r"where", "哪里"),
    (r"why", "为什么"),
    (r"which", "是哪个"),
    (r"what", "什么"),
    (r"how", "怎么"),
    (r"^(?:is|are|was|were|does|do|did|has|have|had|can|could|will|would)", "吗"),
)
_ASKED = tuple((re.compile(rf"\b(?:{english})\b"), chinese) for english, chinese in _ASKING)
_MONTHS = "january february march april may june july august september october november december".split()
_day = re.compile(rf"\b({'|'.join(_MONTHS)}) (\d{{1,2}})(?:st|nd|rd|th)?\b")
_month = re.compile(rf"\b({'|'.join(month for month in _MONTHS if month != 'may')})\b")
_year = re.compile(r"\b((?:19|20)\d\d)\b")
_token = re.compile(r"\d+(?:月(?:\d+日)?|年)|[a-z0-9]+(?:[.+-][a-z0-9]+)*")
# Words that only join; those that ask are `QUESTION_WORDS`.
_JOINING = frozenset(
    "be been being has have had having will would can could should may might must shall not no so as than then if into "
    "about over under after before during between from their his her our your they he she we i you them him us "
    "according each other such any some both up out off per s".split()
)


def gloss(question: str, hits: Sequence[Hit]) -> str:
    """The question in words of the passages found; "" unless it is English and most of those are Chinese.

    A word that the passages have as it is stays; of its Chinese words the longest that they have is taken, or else the
    commonest.

    Args:
        hits: what a search for the question as it is found, best first.
    """
    if language_of(question) == "zh":
        return ""
    passages = [hit.passage for hit in hits[:SEEN]]
    if not mostly_chinese([passage.text for passage in passages]):
        return ""
    return _in_words_of(fold("\n".join(f"{passage.title}\n{passage.text}" for passage in passages)), fold(question))


def _in_words_of(text: str, question: str) -> str:
    """The folded question in words of the folded text.

    >>> _in_words_of("德国政府将给英特尔99亿欧元。", "how much will intel get from the german government?")
    '英特尔德国政府多少？'
    """
    asking = "吗"
    for pattern, chinese in _ASKED:
        if pattern.search(question):
            question, asking = pattern.sub(" ", question, count=1), chinese
            break
    question = _day.sub(lambda found: f"{_MONTHS.index(found[1]) + 1}月{found[2]}日", question)
    question = _year.sub(r"\1年", _month.sub(lambda found: f"{_MONTHS.index(found[1]) + 1}月", question))
    latin = latin_words(text)
    said = []
    is_translated = False
    for word in _token.findall(question):
        others = synonyms(word)
        if word in latin or not word.isascii() or word.isdigit():
            said.append(word)
        elif others and word not in QUESTION_WORDS and word not in _JOINING:
            there = [other for other in others if other in text]
            said.append(max(there, key=len) if there else others[0])
            is_translated = True
    return f"{''.join(said)}{asking}？" if is_translated else ""


def in_english(found: Extract, question: str) -> Extract:
    """What was extracted for the gloss, as it is told to who asked in English.

    Args:
        question: the English question.
    """
    if found.refused or found.score < LEAST_LIKELY:
        return replace(found, quotes=(), short="", reason=refuse.foreign(analyse(question)), notice="")
    return replace(found, reason="", notice=NOTICE)
