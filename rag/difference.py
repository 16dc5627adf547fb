"""On what a claim and its evidence differ, and how to say so in Chinese or English. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from rag.language import Language


class Kind(StrEnum):
    """What claim and evidence differ on, the surest first."""

    NUMBER = "number"
    DATE = "date"
    EXCHANGED = "exchanged"
    NUMBER_MOVED = "number_moved"
    NAME = "name"
    TITLE = "title"
    SUBJECT = "subject"
    OPPOSITE = "opposite"
    NEGATION = "negation"
    THING = "thing"
    CLOSING = "closing"


_REASONS: dict[Kind, tuple[str, str]] = {
    Kind.NUMBER: ("数字“{ours}”不在引文中", "the number “{ours}” is not in the quotes"),
    Kind.DATE: ("日期与引文不符", "the date is not that of the quotes"),
    Kind.EXCHANGED: (
        "引文里“{ours}”和“{theirs}”的位置是反过来的",
        "the quotes have “{ours}” and “{theirs}” the other way round",
    ),
    Kind.NUMBER_MOVED: ("引文中{ours}的数字是“{theirs}”", "the quotes give “{theirs}” as the number {ours}"),
    Kind.NAME: ("“{ours}”不在引文中", "“{ours}” is not in the quotes"),
    Kind.TITLE: (
        "引文中的职务或身份属于“{theirs}”，不是“{ours}”",
        "in the quotes that post is held by “{theirs}”, not “{ours}”",
    ),
    Kind.SUBJECT: ("引文说的是“{theirs}”，不是“{ours}”", "the quotes speak of “{theirs}”, not “{ours}”"),
    Kind.OPPOSITE: ("引文说的是“{theirs}”，不是“{ours}”", "the quotes say “{theirs}”, not “{ours}”"),
    Kind.NEGATION: ("引文{theirs}否定“{ours}”", "the quotes {theirs} “{ours}”"),
    Kind.THING: ("引文说的是“{theirs}”，不是“{ours}”", "the quotes say “{theirs}”, not “{ours}”"),
    Kind.CLOSING: ("引文没有说到“{ours}”", "the quotes do not mention “{ours}”"),
}


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing on which claim and evidence differ: what the claim has, and what the evidence has instead, if known."""

    kind: Kind
    ours: str = ""
    theirs: str = ""

    def reason(self, language: Language) -> str:
        """It in words, as a short phrase."""
        ours, theirs = self.ours, self.theirs
        if self.kind is Kind.NEGATION:
            theirs = {"zh": {"": "没有", "not": "却是"}, "en": {"": "do not negate", "not": "negate"}}[language][theirs]
        if self.kind is Kind.NUMBER_MOVED:
            here = {"zh": "此处", "en": "here"}
            ours = ({"zh": f"“{ours}”", "en": f"of “{ours}”"} if ours else here)[language]
        return _REASONS[self.kind][language == "en"].format(ours=ours, theirs=theirs)
