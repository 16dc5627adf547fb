"""Text → sentences and clauses, as offsets; Chinese first. Pure, and linear in the length of the text.

A sentence is the unit this project quotes, so the choices here aim at what a reader accepts as one statement:
a short quotation or a title is never cut inside (《你好，李焕英！》), and “……。”张硕说。 stays in one piece.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

# No one writes a sentence this long: it is a table, a log line or lost punctuation, and is cut at the best place.
LONGEST = 2000

_QUOTED = 60  # a quotation or title up to this many characters is kept whole
_BREAKS = "\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029"
_HARD = "。！？!?…‥｡"
_FULL = frozenset("。｡！？")
_CLOSERS = "”’」』》〉）)】〗］\\]｝}»›"
_PROSE_ENDS = "。！？”’」』】）)"
_HAN = "\u3005\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"

# A class of characters in front, so that the search runs over all others in one loop: a third of the time.
_token = re.compile(
    rf"[{_BREAKS}{_HARD}.．《〈“‘「『（(【\"](?:"
    rf"(?<=[{_BREAKS}])"
    rf"|(?P<title>(?<=《)[^《》{_BREAKS}]{{0,{_QUOTED}}}》|(?<=〈)[^〈〉{_BREAKS}]{{0,{_QUOTED}}}〉)"
    rf"|(?P<quoted>(?<=“)[^“”{_BREAKS}]{{0,{_QUOTED}}}”|(?<=‘)[^‘’{_BREAKS}]{{0,{_QUOTED}}}’"
    rf"|(?<=「)[^「」{_BREAKS}]{{0,{_QUOTED}}}」|(?<=『)[^『』{_BREAKS}]{{0,{_QUOTED}}}』"
    rf"|(?<=[（(])[^（()）{_BREAKS}]{{0,{_QUOTED}}}[。｡][)）])"
    rf"|(?P<aside>(?<=[（(])[^（()）{_BREAKS}]{{0,{_QUOTED}}}[)）]|(?<=【)[^【】{_BREAKS}]{{0,{_QUOTED}}}】)"
    rf"|(?P<stop>(?<=[{_HARD}.．])[{_HARD}.．]*)"
    r'|(?P<straight>(?<=")))'
)
# Closing marks, and footnote numbers such as [3], stay with the sentence they follow.
_tail = re.compile(rf"(?:[{_CLOSERS}]|\[\d{{1,3}}\]|［\d{{1,3}}］|【\d{{1,3}}】|'(?![A-Za-z0-9]))*")
_stops_inside = re.compile(rf"[{_HARD}][{_CLOSERS}]+\Z")
# What may follow a closed quotation when the sentence simply goes on: “加油！”的口号, “好吗？”，他问
_goes_on = re.compile(r"[ \t]*[的等和与及或之为是令、，；：,;:]")
# Who said it, right after what was said: ”张硕说。 or ”他说，“
_attribution = re.compile(
    rf"[^{_HARD}{_BREAKS}“”「」『』\"：:；;]{{0,40}}?"
    r"(?:[说說道称稱问問答喊叫写寫]|表示|指出|强调|強調|介绍|介紹|透露|认为|認為|坦言|解释|解釋|补充|補充|感慨|回忆|回憶|告[诉訴][^，。！？“”]{1,10}?)"
    r"[着著了]?(?:[。！!.]|[，,][“「『\"])"
)
_latin_before = re.compile(r"[A-Za-z][A-Za-z.]*\Z")
_digits_before = re.compile(r"[0-9０-９][0-9０-９.．]*\Z")
_initials = re.compile(r"(?:[A-Za-z]\.)+[A-Za-z]")
_list_digits = re.compile(r"[0-9]{1,2}\Z")
_blank = re.compile(r"\s*")
# What a web page puts before its text: 2023-08-18 10:25:00，正文： or [2023/08/18  10:25] 来自北京市，正文：
_stamp = re.compile(
    rf"(?:\[?\d{{1,4}}[-/.年][^{_BREAKS}。！？，,]{{0,40}})?[，,]?[ \t\u3000]*"
    rf"(?:(?:正文|原标题|原標題)[：:][ \t\u3000]*)+(?![{_BREAKS}]|\Z)"
    r"|20\d\d[-/.]\d\d?[-/.]\d\d?[ \t]+\d\d?:\d\d(?::\d\d)?[ \t\u3000，,]+(?=.{20})"
)
# So many blanks stand for a lost line break, in prose; between the cells of a table they stay.
_GAP = 8
_gap = re.compile(rf"[ \t\u3000\xa0]{{{_GAP},}}")
_han = re.compile(f"[{_HAN}]")
_abbreviation = re.compile(
    r"mrs?|ms|dr|prof|[sj]r|st|vs|e\.?g|i\.?e|cf|al|figs?|nos?|vol|pp?|eds?|inc|ltd|co|corp|llc|dept|est|approx|sec|ch"
    r"|eq|refs?|jan|feb|mar|apr|jun|jul|aug|sept?|oct|nov|dec|[ap]\.m|u\.[skn]|ph\.d",
    re.IGNORECASE,
)
# A number after one of these measures something (排第4.); after anything else it numbers what follows (步骤1.)
_MEASURES = "第达達为為约約是占共至到了超近增减減升降仅僅有"

# Lines of English prose that someone wrapped: what the next line starts with, and how a line ends that goes on there.
_next_line = re.compile(r"(?:\r\n?|\n)[ \t]*(?![ \t\r\n])")
_goes_over = re.compile(r"(?:[^\W\dA-Z_]+|,)\Z")
_hangs = re.compile(
    r"(?:\b(?:of|in|on|to|by|at|from|for|and|or|than|the|a|an|is|was|were|with|about|some|over|nearly)|,)\Z"
)
# Characters from which on a line may be a wrapped one: where a small letter follows, and where a capital does.
_WRAPPED, _WRAPPED_BEFORE_A_CAPITAL = 30, 60

_clause = re.compile(
    r"[《“‘「『（(\"，；：,;:](?:"
    rf"(?P<span>(?<=《)[^《》]{{0,{_QUOTED}}}》|(?<=“)[^“”]{{0,{_QUOTED}}}”|(?<=‘)[^‘’]{{0,{_QUOTED}}}’"
    rf"|(?<=「)[^「」]{{0,{_QUOTED}}}」|(?<=『)[^『』]{{0,{_QUOTED}}}』|(?<=[（(])[^（()）]{{0,{_QUOTED}}}[)）]"
    rf"|(?<=\")[^\"]{{0,{_QUOTED}}}\")"
    r"|(?P<mark>(?<=[，；：])|(?<=[,;:])(?![0-9A-Za-z/])|(?<![0-9A-Za-z][,;:])(?<=[,;:])"
    rf"|(?<![0-9][,;])(?<=[,;])(?=[0-9A-Za-z]))[{_CLOSERS}]*)"
)


def split_sentences(text: str) -> list[tuple[int, int]]:
    """Cut text into sentences.

    。！？!?… end a sentence, as does a line break but for one inside an English sentence that was wrapped; closing
    quotes and brackets stay with it. So do eight blanks in a row within prose, and the time stamp that a web page has
    before its text. A full stop `.` ends one too, but not in 3.14, U.S., e.g., No. 5, ID.家族 or www.example.com. A
    number glued to what it numbers (步骤1.准备2.清洗) starts a sentence; one that measures (排第4.世界…) ends it. ；
    never ends a sentence.

    Returns:
        (start, end) offsets in order, trimmed of outer white space, never empty, never overlapping; every character
        that is not white space lies in exactly one of them. Blank text gives [].

    >>> text = "量子院有多少人？217名。“走吧！”他说。"
    >>> [text[start:end] for start, end in split_sentences(text)]
    ['量子院有多少人？', '217名。', '“走吧！”他说。']
    """
    return list(iter_sentences(text))


def iter_sentences(text: str) -> Iterator[tuple[int, int]]:
    """The sentences of `split_sentences` one by one; the text after the last one taken is not looked at."""
    start = 0
    position = 0
    looked_at = -1
    in_straight = False
    while token := _token.search(text, position):
        if start != looked_at:
            looked_at = start
            if stamp := _stamp_end(text, start):
                yield from _trimmed(text, start, stamp)
                start = stamp
                position = max(stamp, token.start())
                continue
        position = token.end()
        kind = token.lastgroup
        end = None  # of the sentence, where the token ends one
        if kind is None:
            end = None if _is_wrapped(text, token.start()) else token.start()
            in_straight = in_straight and end is None
        elif kind == "straight":
            in_straight = not in_straight
        elif kind == "quoted":
            if _stops_inside.search(text, max(token.start(), position - 8), position):
                position = _tail_end(text, position)
                if not _continues(text, position):
                    end = position
        elif kind == "stop":
            number = _list_number(text, start, token.start(), position) if token.group() in ".．" else None
            if number is not None:
                end = number
            elif _is_end(text, start, token):
                position = stop = _tail_end(text, position)
                if in_straight and text.startswith('"', stop):
                    in_straight = False
                    position = stop = stop + 1
                if not (stop > token.end() and _continues(text, stop)):
                    end = stop
        if end is not None:
            yield from _trimmed(text, start, end)
            start = end
    yield from _trimmed(text, start, len(text))


def _trimmed(text: str, start: int, end: int) -> list[tuple[int, int]]:
    """The span without outer white space, cut where a line break was lost or it is too long; [] for a blank one."""
    left, right = _trim(text, start, end)
    cuts = []
    if right - left > _GAP and text[right - 1] in _PROSE_ENDS:
        for gap in _gap.finditer(text, left, right):
            cuts.append((left, gap.start()))
            left = gap.end()
    while right - left > LONGEST:
        cut = _forced_cut(text, left)
        cuts.append(_trim(text, left, cut))
        left, _ = _trim(text, cut, right)
    return [*cuts, (left, right)] if left < right else cuts


def split_clauses(text: str, start: int, end: int) -> list[tuple[int, int]]:
    """Cut `text[start:end]`, a sentence, into its clauses: after ，；： and , ; : between words.

    Commas inside numbers (1,200), times (10:30), short quotations and short brackets do not cut, nor does 、.

    Returns:
        (start, end) offsets into `text`, in order, trimmed, never empty; each clause keeps its closing mark.

    >>> text = "建成房源1.8万套,已保障25个院所、31家企业。"
    >>> [text[a:b] for a, b in split_clauses(text, 0, len(text))]
    ['建成房源1.8万套,', '已保障25个院所、31家企业。']
    """
    clauses: list[tuple[int, int]] = []
    left = start
    for token in _clause.finditer(text, start, end):
        if token.lastgroup == "mark":
            clauses.append(_trim(text, left, token.end()))
            left = token.end()
    clauses.append(_trim(text, left, end))
    return [(a, b) for a, b in clauses if a < b]


def _trim(text: str, start: int, end: int) -> tuple[int, int]:
    """The span without white space at either end."""
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return start, end


def _stamp_end(text: str, start: int) -> int:
    """Where the time stamp and label that open a line end; 0 where there is none."""
    if start and text[start - 1] not in _BREAKS:
        return 0
    stamp = _stamp.match(text, start)
    return stamp.end() if stamp and stamp.end() > start else 0


def _is_wrapped(text: str, at: int) -> bool:
    """Whether a sentence goes on behind the line break at a place: wrapped English prose."""
    following = _next_line.match(text, at)
    if not following or following.end() == len(text):
        return False
    first = text[following.end()]
    if not first.isascii():
        return False
    line = text[max(0, at - LONGEST) : at].rstrip(" \t\r")
    line = line[max(line.rfind("\n"), line.rfind("\r")) + 1 :]
    if len(line) < _WRAPPED or _han.search(line):
        return False
    if first.islower():
        return line[-1] not in ".!?:;|"
    if first.isupper() or first in "\"'($£€":
        return len(line) >= _WRAPPED_BEFORE_A_CAPITAL and _goes_over.search(line) is not None
    return first.isdigit() and len(line) >= _WRAPPED_BEFORE_A_CAPITAL and _hangs.search(line) is not None


def _is_blank(text: str, start: int, end: int) -> bool:
    """Whether `text[start:end]` holds nothing but white space; copies nothing."""
    if start < end and not text[end - 1].isspace():
        return False
    match = _blank.match(text, start, end)
    return match is not None and match.end() == end


def _tail_end(text: str, position: int) -> int:
    """Where the closing marks after a stop end."""
    match = _tail.match(text, position)
    return match.end() if match else position


def _continues(text: str, position: int) -> bool:
    """Whether the sentence goes on after a closed quotation: a particle, a comma, or who said it."""
    return bool(_goes_on.match(text, position) or _attribution.match(text, position))


def _is_end(text: str, start: int, stop: re.Match[str]) -> bool:
    """Whether a run of stop marks ends the sentence that began at `start`."""
    marks = stop.group()
    after = text[stop.end() : stop.end() + 1]
    if _is_blank(text, start, stop.start()):
        return False  # a stray mark in front goes with what follows
    if not _FULL.isdisjoint(marks):
        return after not in ("，", "、", "；")
    if any(mark in "…‥" for mark in marks) or (len(marks) > 1 and set(marks) <= {".", "．"}):
        return not _goes_on.match(text, stop.end()) and not _lower_follows(text, stop.end())
    if any(mark in "!?" for mark in marks):
        return not (after.isascii() and (after.isalnum() or after in tuple("=&/_-%#,;:")))
    return _full_stop_ends(text, start, stop.start(), stop.end())


def _full_stop_ends(text: str, start: int, dot: int, end: int) -> bool:
    """Whether a single `.` ends a sentence."""
    after = text[end : end + 1]
    if after and after.isascii() and not after.isspace() and after not in "\"')]":
        return False  # 3.14, www.example.com
    if after in tuple("，、；：》") or _lower_follows(text, end):
        return False
    window = max(start, dot - 20)
    if latin := _latin_before.search(text, window, dot):
        word = latin.group()
        if _abbreviation.fullmatch(word) or len(word) == 1 or _initials.fullmatch(word):
            return not after
        return not (_han.match(after) and (word.isupper() or len(word) <= 4))  # ID.家族, Inc.首席执行官
    if digits := _digits_before.search(text, window, dot):
        return not _is_blank(text, start, digits.start())  # "4. 概述" numbers what follows
    return True


def _lower_follows(text: str, position: int) -> bool:
    """Whether the next character after blanks is a small letter, so that an English sentence goes on."""
    following = text[position : position + 3].lstrip(" ")
    return bool(following) and following[0].isascii() and following[0].islower()


def _list_number(text: str, start: int, dot: int, end: int) -> int | None:
    """Where a list number glued to the text before it starts (注意事项1.先洗手), else None."""
    digits = _list_digits.search(text, max(start, dot - 2), dot)
    if not digits or not _han.match(text, end) or _is_blank(text, start, digits.start()):
        return None
    before = text[digits.start() - 1]
    if before in _MEASURES or before.isdigit() or before in ".．-/~—":
        return None
    return digits.start()


def _forced_cut(text: str, start: int) -> int:
    """Where to cut a run without any sentence end: after the last clause mark or blank, else at the limit."""
    limit = start + LONGEST
    for marks in ("；;", "，,、：:", " \t\u3000"):
        cut = max(text.rfind(mark, start + LONGEST // 2, limit) for mark in marks)
        if cut > 0:
            return cut + 1
    return limit
