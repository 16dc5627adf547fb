"""Claims with labels for the verifier: labelled pairs, answered questions turned into statements, changed news.

- CiteCheck (even `idx` only): statements of language models with quotes that do or don't support them; lies made of
  the supported ones.
- DRCD and CMRC 2018: a question with its answer put in is a true statement in other words than the passage's; with an
  answer to another question of that passage, or another name in it, a false one.
- News (line numbers divisible by four): sentences, shortened and reworded; and lies made of either (`rag.train.lies`).
"""

from __future__ import annotations

import json
import lzma
import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from rag.sentences import split_clauses
from rag.train.lies import KINDS, Scene, names_of, scene_of, tell_lies, true_sentences
from rag.verify import supporting_spans

CITECHECK = "citecheck_dev.jsonl"
DRCD, CMRC = "drcd_dev.json", "cmrc2018_trial.json"
NEWS = "news.txt.xz"
SEED = 29
_ARTICLES = 2500
_LIES_OF_A_KIND = 160
_SENTENCES = 1500
_LONGEST_ANSWER = 24


@dataclass(frozen=True, slots=True)
class Sample:
    """One claim with its quotes and whether they support it.

    Attributes:
        origin: which of the sources it came from.
        group: samples of one group are about one text; they stay together when the data are split.
    """

    claim: str
    quotes: tuple[str, ...]
    background: str
    supported: bool
    origin: str
    group: str


def all_samples(folder: Path) -> list[Sample]:
    """Every sample that the verifier is trained on.

    Args:
        folder: holds citecheck_dev.jsonl, drcd_dev.json, cmrc2018_trial.json and news.txt.xz.
    """
    rng = random.Random(SEED)  # noqa: S311 - a reproducible choice
    return [
        *_labelled(folder / CITECHECK, rng),
        *(sample for name in (DRCD, CMRC) for sample in _statements(folder / name, rng)),
        *_news(folder / NEWS, rng),
    ]


def _labelled(path: Path, rng: random.Random) -> Iterator[Sample]:
    """CiteCheck, even half."""
    for line in path.read_text(encoding="utf-8").split("\n"):
        if line and (row := json.loads(line))["idx"] % 2 == 0:
            quotes = tuple(part for part in re.split(r"\[\d+\] ?", row["quote"]) if part.strip())
            group = f"c{row['idx']}"
            yield Sample(row["statement"], quotes, "", bool(row["label"]), "citecheck", group)
            for changed in _changed(row["statement"], row["quote"], 3 * row["label"], rng):
                yield Sample(changed, quotes, "", False, "changed citecheck", group)


def _changed(said: str, text: str, most: int, rng: random.Random) -> list[str]:
    """Up to so many lies made of one true sentence about a text, each of another kind."""
    scene = Scene(said, scene_of(said), text, {})
    lies: list[str] = []
    for kind in rng.sample(list(KINDS), len(KINDS)):
        if len(lies) < most and (changed := KINDS[kind](scene, rng)) and changed != said:
            lies.append(changed)
    return lies


_ASKED = (
    (r"谁", "who"),
    (r"(?:在)?(?:什么时候|何时|什么时间|哪一?年|哪一?天|哪个?月|几月几[日号]|哪个时候)", "when"),
    (r"(?:在)?(?:什么地方|哪里|哪儿|何处|何地)", "where"),
    (r"(?:多少|几)[个名人座家艘所种次部集位只米公里千克吨元美元平方岁年天%％]{0,4}", "many"),
    (r"哪[一二两三几]?[个位座条种家所支次项名类届首片座些国]\w{0,4}?(?=的|是|在|于|为|了|，|[？?]|$)", "which"),
    (r"什么\w{0,3}?(?=的|了|，|[？?]|$)", "what"),
)
_not_asked = re.compile(r"为什么|为何|如何|怎么|怎样|吗|区别|原因|是否|什么意思|有什么")


def statement(question: str, answer: str) -> tuple[str, str] | None:
    """A question with its answer put in, and which kind of thing was asked for; None where that makes no sentence.

    >>> statement("量子院位於哪裡？", "中關村軟體園")
    ('量子院位于中关村软体园。', 'where')
    >>> statement("量子院有多少人？", "217人")
    ('量子院有217人。', 'many')
    """
    from vectorstore.tokens import fold

    asked, answer = fold(question).strip(" ？?。"), fold(answer).strip("。，, ")
    if not 0 < len(answer) <= _LONGEST_ANSWER or _not_asked.search(asked) or re.search(r"[，。；]", answer):
        return None
    for pattern, kind in _ASKED:
        match = re.search(pattern, asked)
        if not match or (
            kind == "many" and not any(char.isdigit() or char in "一二三四五六七八九十百千万" for char in answer)
        ):
            continue
        put = match.group()[: len("多少")] if kind == "many" and answer[-1].isdigit() else match.group()
        lead = "在" if match.group().startswith("在") and not answer.startswith("在") else ""
        said = asked[: match.start()] + lead + answer + asked[match.start() + len(put) :]
        return f"{said}。", kind
    return None


def _statements(path: Path, rng: random.Random) -> Iterator[Sample]:
    """True and false statements of one set of questions."""
    from vectorstore.tokens import fold

    for article in json.loads(path.read_text(encoding="utf-8"))["data"]:
        for paragraph in article["paragraphs"]:
            context = paragraph["context"]
            asked = [(one["question"], one["answers"][0]["text"]) for one in paragraph["qas"] if one["answers"]]
            made = [(q, a, statement(q, a)) for q, a in asked]
            group = f"{path.name} {paragraph.get('id') or context[:20]}"
            title = article.get("title") or ""
            for question, answer, true in made:
                if true is None or fold(answer) in fold(question):
                    continue
                said, kind = true
                yield _sample(said, context, title, True, "question", group, rng)
                others = [fold(a) for _, a, t in made if t and t[1] == kind and not _overlaps(fold(a), fold(answer))]
                if not others:
                    others = _rivals(fold(context), fold(answer), said)
                for other in rng.sample(sorted(set(others)), min(2, len(set(others)))):
                    if (false := statement(question, other)) and false[0] != said:
                        yield _sample(false[0], context, title, False, "wrong answer", group, rng)
                for changed in _changed(said, fold(context), 2, rng):
                    yield _sample(changed, context, title, False, "changed statement", group, rng)


def _overlaps(one: str, other: str) -> bool:
    """Whether two answers may be one."""
    return one in other or other in one or 2 * len(set(one) & set(other)) >= min(len(set(one)), len(set(other)))


def _rivals(context: str, answer: str, said: str) -> list[str]:
    """Other things of a passage that could stand where the answer does."""
    numbers = re.fullmatch(r"(\D*)(\d[\d,.]*)(\D*)", answer)
    if numbers:
        found = re.findall(rf"\d[\d,.]*(?={re.escape(numbers[3][:1])})", context)
        return [numbers[1] + one + numbers[3] for one in found if one != numbers[2] and one not in said]
    return [name for name in names_of(context) if name not in said and not _overlaps(name, answer)]


_SAME: dict[str, list[str]] = {}
for _old, _new in (
    pair.split("/")
    for pair in (
        "表示/说 表示/指出 称/表示 介绍/说 目前/现在 目前/如今 现有/目前有 共有/一共有 购买/采购 开展/进行 "
        "举行/举办 举办/开办 约/大约 约/大概 达/达到 达到/为 位于/坐落于 位于/地处 位于/在 成立于/创立于 超过/多于 "
        "不足/不到 增长/增加 下降/减少 提高/提升 提升/提高 帮助/协助 获得/得到 获得/取得 建设/修建 建成/修好 "
        "近日/最近 日前/最近 此次/这次 该/这个 其中/里面 以及/和 并/而且 但/不过 由于/因为 因此/所以 将/会 已/已经 "
        "已经/已 发生/出现 使用/采用 采用/使用 开始/启动 公布/发布 发布/公布 推出/发布 死亡/遇难 遇难/死亡 "
        "失联/失去联系 民警/警察 警方/警察 抓获/抓住 同比增长/比上年同期增长 环比增长/比上月增长 售价/价格 设有/有 "
        "拥有/有 工作人员/员工 儿童/孩子 母亲/妈妈 父亲/爸爸 医生/大夫 公司/企业 上市/发售 仅/只 均/都 共/一共 "
        "与/和 对/对于 当日/当天 今年/2023年 截至/到 预计/估计 需要/要 导致/造成"
    ).split()
):
    _SAME.setdefault(_old, []).append(_new)
_lead = re.compile(
    r"^(?:据[^，。]{2,20}(?:报道|消息|介绍|了解|悉)，|据(?:了解|悉|介绍|报道)，|此外，|同时，|目前，|近日，|日前，|其中，)"
)
_aside = re.compile(r"[（(][^（()）]{1,30}[)）]")


def reworded(sentence: str, rng: random.Random) -> str:
    """A sentence that says less, or the same in other words: never more."""
    said = _lead.sub("", _aside.sub("", sentence))
    clauses = [said[start:end].strip("，,；;。 ") for start, end in split_clauses(said, 0, len(said))]
    clauses = [clause for clause in clauses if len(clause) > 3]
    if len(clauses) > 2 and rng.random() < 0.6:
        first = rng.randrange(len(clauses) - 1)
        keep = sorted({0, first, first + 1} if rng.random() < 0.5 else {first, first + 1})
        said = "，".join(clauses[i] for i in keep) + "。"
    said = "".join(rng.choice(_SAME.get(word, (word,))) if rng.random() < 0.6 else word for word, _ in scene_of(said))
    if rng.random() < 0.4:
        said = re.sub(r"(\d+(?:\.\d+)?)[%％]", r"百分之\1", said)
        said = re.sub(r"(?<![\d.])(\d+\.\d)万(?=[人元个辆台户])", lambda m: f"{round(float(m[1]) * 10000)}", said)
    return said


def _news(path: Path, rng: random.Random) -> Iterator[Sample]:
    """Sentences of the news as they stand and reworded, and lies of both."""
    with lzma.open(path, "rt", encoding="utf-8") as lines:
        texts = [line.strip() for number, line in enumerate(lines) if number % 4 == 0]
    texts = rng.sample(texts, _ARTICLES)
    for number, lie in tell_lies(texts, _LIES_OF_A_KIND, SEED):
        yield _sample(lie.text, texts[number], "", False, "changed news", f"n{number}", rng)
    places = [(number, a, b) for number, text in enumerate(texts) for a, b in true_sentences(text)]
    for number, a, b in rng.sample(places, _SENTENCES):
        sentence = texts[number][a:b].strip()
        if rng.random() < 0.3:
            yield _sample(sentence, texts[number], "", True, "news", f"n{number}", rng)
        said = reworded(sentence, rng)
        if len(said) < 8:
            continue
        if said != sentence:
            yield _sample(said, texts[number], "", True, "reworded news", f"n{number}", rng)
        for changed in _changed(said, texts[number], 1, rng):
            yield _sample(changed, texts[number], "", False, "changed rewording", f"n{number}", rng)


def _sample(
    claim: str, context: str, title: str, supported: bool, origin: str, group: str, rng: random.Random
) -> Sample:
    """A claim with the quotes that grounding would choose from its text."""
    window = _around(claim, context)
    spans = supporting_spans(claim, window, wide=rng.random() < 0.7)
    quotes = tuple(window[start:end] for start, end in spans) or (window,)
    return Sample(claim, quotes, f"{title}\n{window}", supported, origin, group)


def _around(claim: str, context: str, size: int = 450) -> str:
    """The stretch of a long text that a passage would be."""
    if len(context) <= size:
        return context
    spans: Sequence[tuple[int, int]] = supporting_spans(claim, context)
    middle = (spans[0][0] + spans[0][1]) // 2 if spans else 0
    start = max(0, min(middle - size // 2, len(context) - size))
    return context[start : start + size]
