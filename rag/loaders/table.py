"""Rows of a table → lines that can be quoted alone: every value with the name of its column in front."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

_HEADING_MAX = 40  # characters; a longer cell in the first row is text
_KEY_MAX = 20  # characters of what a form asks for
_SPAN_MAX = 100  # columns or rows that one cell is believed to cover
_MOSTLY = 0.6  # share of a column's cells that are figures
# Names that say nothing of what stands below them.
_EMPTY_NAMES = frozenset("项目 内容 值 数值 指标 名称 item value".split())
_cjk = re.compile("[\u3400-\u9fff]")
_number = re.compile(r"[-+−]?[¥￥$€£]?\s*[\d,.，]+\s*[%％]?|\d{2,4}[-/年.]\d{1,2}(?:[-/月.]\d{1,2}日?)?")
_NAME_MAX = 24  # characters of a name of a column in a text that is not marked as a table
_no_name = re.compile(
    r"[。！？!?；;，：:=<>{}\[\]$\\`\"“”]|//|\(\)|[.,、]\Z"
)  # sentences, labels with their values, code
_period = re.compile(
    r"(?:19|20)\d\d\s*(?:年度?|[Hh][12]|[Qq][1-4]|年?第?[一二三四1-4]季度?|年?[上下]半年|年\d{1,2}月(?:末|底)?)(?:末|底)?"
)
# Words that names of columns end in, and values hardly ever are.
_column = re.compile(
    "(?:.*?(?:序号|编号|编码|代码|型号|规格|货号|姓名|名称|品名|类别|类型|种类|部门|岗位|职务|职位|职称|职级|职责|责任人?"
    "|负责人|联系人|经办人|审批人|电话|手机|邮箱|地址|地点|位置|时间|日期|期限|周期|频次|时限|数量|单位|单价|价格|金额|费用|价款"
    "|比例|占比|份额|备注|说明|内容|要求|标准|措施|方法|方式|步骤|状态|结果|结论|处理|判定|性别|年龄|学历|专业|籍贯|班级|课程"
    "|科目|范围|用途|功能|来源|项目|指标|产品|条件|事项|适用|等级|级别)|"
    "(?i:(?:no\\.?|id|code|model|name|item|type|category|department|position|role|owner|contact|phone|e-?mail|address|place"
    "|location|date|time|period|quantity|qty|unit|price|amount|cost|share|remarks?|notes?|description|requirements?|status|result"
    "|value)))(?:\\s*[（(][^（）()]*[）)])?\\Z"
)
_figure = re.compile(r"[-+−<>≤≥约±]?\s*[¥￥$€£]?\d[\d,.，:：/~～—–-]*\s*[^\d\s]{0,6}")


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell as the file has it; `across` columns wide and `down` rows high."""

    text: str
    across: int = 1
    down: int = 1


def table_lines(rows: Iterable[Sequence[str]], headings: int | None = None) -> list[str]:
    """A line for each row that holds anything.

    Where the first rows name the columns, every later one reads `姓名：张伟；电话：62550000`, empty cells left out. Two
    columns without telling names read `电话：62550000`, any other row `a | b`.

    Args:
        headings: how many of the first rows the file marks as names of the columns. Where it marks none, 0, the first
            row names them if that is sure (`names_columns`); None stands for a sheet, where it mostly does.

    >>> table_lines([["姓名", "电话"], ["张伟", "62550000"], ["王芳", ""]])
    ['姓名 | 电话', '姓名：张伟；电话：62550000', '姓名：王芳']
    >>> table_lines([["法定代表人", "张伟"], ["住所", "怀柔区"]])
    ['法定代表人：张伟', '住所：怀柔区']
    >>> table_lines([["项目", "2023年"], ["收入", "3.98"]], 1)
    ['项目 | 2023年', '收入；2023年：3.98']
    """
    tidied = [[" ".join(cell.split()) for cell in row] for row in rows]
    filled = [cells for cells in tidied if any(cells)]
    if not filled:
        return []
    if headings == 0:
        headings = int(names_columns(tidied))
    elif headings is None:
        wide = max(sum(map(bool, cells)) for cells in filled) > 2
        headings = int(_are_names(_trimmed(filled[0])) if wide else names_columns(filled))
    if not 0 < headings < len(filled):
        return [_pair(*cells) for cells in filled] if _is_form(filled) else [_joined(cells) for cells in filled]
    names = _names(filled[:headings])
    lines = [_joined(cells) for cells in filled[:headings]]
    if len(names) == 2 and not any(map(_says, names)):
        return lines + [_pair(*cells) if all(cells) else _joined(cells) for cells in filled[headings:]]
    colon, stop = ("：", "；") if any(_cjk.search(name) for name in names) else (": ", "; ")
    for cells in filled[headings:]:
        named = zip(cells, [*names, *[""] * len(cells)], strict=False)
        parts = (f"{name.rstrip(':： ')}{colon}{cell}" if _says(name) else cell for cell, name in named if cell)
        lines.append(stop.join(parts))
    return lines


def names_columns(rows: Sequence[Sequence[str]]) -> bool:
    """Whether the first row surely names the columns: below one of its names stand figures, as above none.

    A form has names in its first row too, but values beside them: 姓名 | 张伟 | 性别 | 男.
    """
    names, body = _trimmed(rows[0]), rows[1:]
    if not body or not _are_names(names) or any(_figure.fullmatch(name) for name in names):
        return False
    for column in range(len(names)):
        values = [row[column] for row in body if column < len(row) and row[column]]
        if values and sum(bool(_figure.fullmatch(value)) for value in values) >= _MOSTLY * len(values):
            return True
    return False


def first_row_names(rows: Sequence[Sequence[str]], marked: bool = False) -> bool:
    """Whether the first row names the columns, where only the arrangement of a text says that these are rows.

    Names are no sentences, labels or code, and none comes back below itself. Besides, figures stand below one of them,
    which may be a year, or words that name columns do the naming, and no values.

    Args:
        marked: whether a rule or its type sets the first row off, which is enough then.

    >>> first_row_names([["项目", "2023年"], ["收入", "3.98亿"], ["成本", "2.1亿"]])
    True
    >>> first_row_names([["姓名", "籍贯"], ["出生日期", "民族"], ["电话", "邮箱"]])
    False
    """
    names, body = _trimmed(rows[0]), rows[1:]
    if not body or any(len(name) > _NAME_MAX or _no_name.search(name) for name in names):
        return False
    told = [name.casefold() for name in names if name]
    if len(set(told)) < len(told) or not all(any(map(str.isalnum, name)) for name in told):
        return False
    if any(cell == name for row in body for name, cell in zip(names, row, strict=False) if name):
        return False
    if marked:
        return _are_names(names)
    periods = [bool(_period.fullmatch(name)) for name in names]
    masked = [
        [name if not period else f"期{place}" for place, (name, period) in enumerate(zip(names, periods, strict=True))]
    ]
    values = [["" if _period.fullmatch(cell) else cell for cell in row] for row in body]
    if names_columns(masked + values):
        return True
    known = sum(bool(_column.fullmatch(name)) for name in names)
    # A form asks for something in every row.
    asking = sum(2 * sum(bool(_column.fullmatch(cell)) for cell in row) >= len(names) for row in body)
    return _are_names(names) and known > 1 and 2 * known >= len(names) and 2 * asking < len(body)


def spread(rows: Sequence[Sequence[Cell]], headings: int) -> list[list[str]]:
    """Every cell in its columns. A cell that is several rows high stands in each of them; one that is several columns
    wide names each of them in the first `headings` rows, and stands in the first below.

    >>> spread([[Cell("组", down=2), Cell("甲")], [Cell("乙")]], 0)
    [['组', '甲'], ['组', '乙']]
    """
    above: dict[int, tuple[str, int]] = {}  # column → text that reaches down, rows left
    made = []
    for number, row in enumerate(rows):
        cells: dict[int, str] = {}
        reaching = {column: (text, left - 1) for column, (text, left) in above.items() if left > 1}
        cells |= {column: text for column, (text, _) in above.items()}
        column = 0
        for cell in row:
            while column in cells:
                column += 1
            for offset in range(min(max(cell.across, 1), _SPAN_MAX)):
                cells[column + offset] = cell.text if not offset or number < headings else ""
                if cell.down > 1:
                    reaching[column + offset] = (cells[column + offset], min(cell.down, _SPAN_MAX) - 1)
            column += min(max(cell.across, 1), _SPAN_MAX)
        above = reaching
        made.append([cells.get(place, "") for place in range(max(cells, default=-1) + 1)])
    return made


def _names(rows: Sequence[Sequence[str]]) -> list[str]:
    """The names of the columns; two rows of names read 2023年 收入."""
    width = max(map(len, rows))
    columns = [[row[place] for row in rows if place < len(row) and row[place]] for place in range(width)]
    return [" ".join(dict.fromkeys(names)) for names in columns]


def _says(name: str) -> bool:
    """Whether the name of a column says what stands below it."""
    return bool(name) and name.lower() not in _EMPTY_NAMES


def _is_form(rows: Sequence[Sequence[str]]) -> bool:
    """Whether every row is a short text, different from all others, and a value."""
    keys = [cells[0] for cells in rows]
    two = all(len(cells) == 2 and all(cells) for cells in rows)
    short = all(len(key) <= _KEY_MAX and not _number.fullmatch(key) for key in keys)
    return two and short and len(rows) > 1 and len(set(keys)) == len(keys)


def _pair(key: str, value: str) -> str:
    """`键：值`."""
    return f"{key.rstrip(':： ')}{'：' if _cjk.search(key) else ': '}{value}"


def _joined(cells: Sequence[str]) -> str:
    """`a | b`."""
    return " | ".join(cells).strip(" |")


def _trimmed(cells: Sequence[str]) -> list[str]:
    """The cells without empty ones at the end."""
    kept = list(cells)
    while kept and not kept[-1]:
        kept.pop()
    return kept


def _are_names(cells: Sequence[str]) -> bool:
    """Whether the first row names the columns: two or more short, different cells that are no numbers or dates.

    The corner above the names of the rows may be empty.
    """
    return (
        len(cells) > 1
        and len(set(cells)) == len(cells)
        and all(cells[1:])
        and all(len(cell) <= _HEADING_MAX and not _number.fullmatch(cell) for cell in cells)
    )
