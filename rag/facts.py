"""Where a claim and its evidence say different things: a number, a date, a name, a negation, an opposite. Pure.

Shared words can't tell 217 from 271 or 上升 from 下降, so each kind of fact has its own check. Each looks for a reason
to disbelieve; finding none proves nothing by itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from difflib import SequenceMatcher
from itertools import pairwise

from rag.difference import Difference, Kind
from rag.figures import number_missing, number_moved
from rag.language import language_of
from rag.numbers import quantities
from rag.rarity import rarity
from rag.wording import (
    NEGATORS,
    OPPOSITES,
    PLAIN_TAGS,
    PLAIN_WORDS,
    Words,
    alike,
    cut,
    head,
    is_alias,
    is_content,
    is_name,
    mentioned,
    nearest,
    related,
)
from vectorstore.tokens import fold

_title = re.compile(
    r"(?:长|主任|总监|经理|ceo|教授|院士|研究员|主席|书记|总裁|科学家|大臣|总统|总理|教练|队长|发言人|创始人|负责人|助理)\Z"
)
_code = re.compile(r"[a-z]+[a-z0-9]*[-_./]?\d[a-z0-9.\-]*")
_latin = re.compile(r"[a-z][a-z0-9+\-]*")
_boundary = re.compile(r"[，,；;。！？!?、：:\n（）()]")

_NOUNS = ("n", "j", "s", "vn")

# Chosen on the tuning half of CiteCheck (claims wrongly doubted) against changed news sentences (lies missed).
# Rarities are in nats, see `rag.rarity`.
_RARE_HEAD = 6.0  # a subject this rare is a name of its own; 公司 or 创新中心 may stand for anyone
_RARE_NOUN = 4.5  # from here on a noun in the place of another is another thing, not a synonym
_TELLING_NOUN = 4.0  # below, a noun only sums up or points: 作品, 过程, 方式
_COPIED = 0.8  # a claim with this share of a sentence's words is a copy; a noun changed in a copy is no paraphrase
_SHORT_CLAIM = 8  # content words; in a longer claim one strange word may well be a paraphrase
_RARE_CLOSING = 5.0
_LONGEST_REPLACED = 6  # words; longer stretches are rewritten, not replaced


def disagreement(claim: str, evidence: str, background: str = "") -> str:
    """The first fact on which claim and evidence differ, in words of the claim's language; "" when none is found.

    Takes what `differences` takes.

    >>> disagreement("建成房源1.6万套。", "建成房源1.8万套,已保障25个院所。")
    '数字“1.6万套”不在引文中'
    >>> disagreement("一万八千套房源已建成。", "建成房源1.8万套,已保障25个院所。")
    ''
    """
    found = next(differences(claim, evidence, background), None)
    return found.reason(language_of(claim)) if found else ""


def differences(claim: str, evidence: str, background: str = "") -> Iterator[Difference]:
    """What claim and evidence differ on, at most one of each kind.

    Args:
        claim: one sentence.
        evidence: the sentences that should support it.
        background: more text of the same source (title, date, sentences around): names and dates that the claim spells
            out may come from it, other numbers may not.
    """
    folded, source, around = fold(claim), fold(evidence), fold(background)
    ours, theirs = cut(folded), cut(source)
    everything = f"{source}\n{around}"
    found = (
        number_missing(claim, folded, source, around),
        number_moved(ours, theirs),
        _exchanged(ours, evidence),
        _name_missing(ours, everything),
        _title_moved(ours, theirs),
        _subject_differs(ours, evidence),
        *_aligned_differences(ours, theirs, evidence, everything),
        _opposite(ours, theirs),
        _closing_missing(ours, everything),
    )
    seen: set[Kind] = set()
    for one in found:
        if one and one.kind not in seen:
            seen.add(one.kind)
            yield one


def _exchanged(claim: Words, evidence: str) -> Difference | None:
    """Two words that changed places in a sentence that is copied otherwise: 乙收购甲 for 甲收购乙."""
    sentence = nearest(claim, evidence)
    replaced: dict[str, str] = {}
    for kind, i1, i2, j1, j2 in SequenceMatcher(None, claim.words, sentence.words, autojunk=False).get_opcodes():
        if kind != "replace":
            continue
        here, there = "".join(claim.words[i1:i2]), "".join(sentence.words[j1:j2])
        if replaced.get(there) == here and here[0].isalnum() and there[0].isalnum():
            return Difference(Kind.EXCHANGED, there, here)
        replaced[here] = there
    return None


def _name_missing(claim: Words, everything: str) -> Difference | None:
    """A name, code or Latin word of the claim that its source never mentions."""
    squeezed = everything.replace(" ", "")
    words = _code.findall(claim.text)
    if claim.is_chinese:
        words += [word for word in _latin.findall(claim.text) if len(word) > 1]
    for word in words:
        if word not in everything and word not in squeezed and not any(q.unit for q in quantities(word)):
            return Difference(Kind.NAME, word)
    for i, (word, tag) in enumerate(claim.tagged):
        if is_name(word, tag) and not mentioned(word, everything) and not is_alias(claim, i, everything):
            return Difference(Kind.NAME, word)
    return None


def _title_moved(claim: Words, source: Words) -> Difference | None:
    """A person who gets the title that the evidence gives to another: 处长张硕 where it says 处长杨薇薇."""
    people = [word for word, tag in claim.tagged if tag.startswith("nr") and is_name(word, tag)]
    titles = [word for word, tag in claim.tagged if tag.startswith("n") and _title.search(word)]
    if len(people) != 1:
        return None
    for title in titles:
        holders = {
            source.words[j]
            for i, word in enumerate(source.words)
            if word == title
            for j in (i - 1, i + 1)
            if 0 <= j < len(source.words) and source.tagged[j][1].startswith("nr") and len(source.words[j]) > 1
        }
        if holders and not any(related(people[0], holder) for holder in holders):
            return Difference(Kind.TITLE, people[0], min(holders))
    return None


def _subject_differs(claim: Words, evidence: str) -> Difference | None:
    """Another name at the head of the one sentence that says the rest."""
    ours = head(claim)
    sentence = nearest(claim, evidence)
    theirs = head(sentence)
    own = [word for word in ours if rarity(word) >= _RARE_HEAD]
    rare = [word for word in theirs if rarity(word) >= _RARE_HEAD and word not in claim.text]
    if own and rare and not any(mentioned(word, sentence.text) for word in own):
        return Difference(Kind.SUBJECT, "".join(ours), "".join(theirs))
    return None


def _aligned_differences(claim: Words, source: Words, evidence: str, everything: str) -> Iterator[Difference]:
    """Laid word by word along the evidence: one thing in the place of another, an added or a lost negation."""
    sentence = nearest(claim, evidence)
    for text in (sentence, source) if sentence.text != source.text else (source,):
        opcodes = SequenceMatcher(None, claim.words, text.words, autojunk=False).get_opcodes()
        aligned: dict[int, int] = {}
        for kind, i1, i2, j1, j2 in opcodes:
            if kind == "equal":
                aligned.update(zip(range(i1, i2), range(j1, j2), strict=True))
        content = [i for i, (_, tag) in enumerate(claim.tagged) if tag not in PLAIN_TAGS]
        copied = sum(i in aligned for i in content) / (len(content) or 1)
        for kind, i1, i2, j1, j2 in opcodes:
            if kind == "replace":
                found = _replaced(claim, text, (i1, i2), (j1, j2), everything, strict=copied >= _COPIED)
                if found:
                    yield found
        if found := _negation_differs(claim, text, aligned):
            yield found


def _replaced(
    claim: Words, source: Words, ours: tuple[int, int], theirs: tuple[int, int], everything: str, *, strict: bool
) -> Difference | None:
    """What a replaced stretch of words puts in the place of something else."""
    (i1, i2), (j1, j2) = ours, theirs
    closing = all(_boundary.match(word) for word in claim.words[i2:])
    if (
        closing and i1 and claim.tagged[i1 - 1][1].startswith("v")
    ):  # 位于火星: what the source's verb has up to the comma
        j2 = next((j for j in range(j1, j2) if _boundary.match(source.words[j])), j2)
    if i2 - i1 > _LONGEST_REPLACED or j2 - j1 > _LONGEST_REPLACED:
        return None
    left, right = claim.tagged[i1:i2], source.tagged[j1:j2]
    for word, _ in left:
        for other, _ in right:
            if other in OPPOSITES.get(word, ()):
                return Difference(Kind.OPPOSITE, word, other)
    old = [(w, t) for w, t in right if w not in claim.text and len(w) > 1]
    new = [(w, t) for w, t in left if t not in PLAIN_TAGS and len(w) > 1 and w not in PLAIN_WORDS]
    new = [(w, t) for w, t in new if not any(alike(w, other) for other, _ in right)]
    names = [w for w, t in old if is_name(w, t)]
    strangers = [w for w, t in new if w not in everything or is_name(w, t) or t in ("ns", "nt")]
    anchored = _holds(claim, i1 - 1) or _holds(claim, i2)
    if anchored and names and strangers and not any(related(a, b) for a in strangers for b in names):
        return Difference(Kind.THING, strangers[0], names[0])
    nouns = [w for w, t in old if t.startswith(_NOUNS)]
    if not nouns or not (strict or (len(left) <= 3 and len(right) <= 3 and _holds(claim, i2))):
        return None
    rarest = max(map(rarity, nouns))
    for word, tag in new:
        if not tag.startswith(_NOUNS) or word in source.text:
            continue
        # A name of the same source may well stand for 公司 or 该院.
        strange = word not in everything or rarest >= _RARE_NOUN
        if strange and rarity(word) >= (_TELLING_NOUN if strict else _RARE_NOUN):
            return Difference(Kind.THING, word, nouns[0])
    return None


def _holds(words: Words, index: int) -> bool:
    """Whether the word at an index anchors what stands beside it: a word with content, or the start of the text."""
    return index < 0 or (index < len(words.tagged) and words.tagged[index][1] not in PLAIN_TAGS)


def _negation_differs(claim: Words, source: Words, aligned: dict[int, int]) -> Difference | None:
    """A verb, adjective or number that is negated on one side only."""
    for i, j in aligned.items():
        word, tag = claim.tagged[i]
        here, there = claim.negated(i), source.negated(j)
        if word in NEGATORS or word in PLAIN_WORDS or tag in PLAIN_TAGS:
            continue
        if (here and not there) or (there and not here and tag.startswith(("v", "a"))):
            return Difference(Kind.NEGATION, word, "" if here else "not")
    return None


def _opposite(claim: Words, source: Words) -> Difference | None:
    """A word of the claim for which the evidence has the opposite instead."""
    for word in claim.words:
        if word in OPPOSITES and word not in source.text:
            for other in sorted(OPPOSITES[word]):
                if other in source.present and other not in claim.present:
                    return Difference(Kind.OPPOSITE, word, other)
    return None


def _closing_missing(claim: Words, everything: str) -> Difference | None:
    """The rare word that a short claim leads up to, when its source has nothing like it: 建设了动物园."""
    content = [i for i, (word, tag) in enumerate(claim.tagged) if is_content(word, tag) and tag not in ("m", "q")]
    if not 2 <= len(content) <= _SHORT_CLAIM:
        return None
    last = content[-1]
    word, tag = claim.tagged[last]
    telling = tag.startswith(("n", "j", "s")) or (tag.startswith("v") and claim.words[last - 1] in "被遭")
    if len(word) < 2 or not telling or rarity(word) < _RARE_CLOSING:
        return None
    there = sum(character in everything for character in word)
    known = 2 * there > len(word) or any(pair in everything for pair in map("".join, pairwise(word)))
    return None if known else Difference(Kind.CLOSING, word)
