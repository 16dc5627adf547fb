"""Tables, spreadsheets, slides and e-books: every row can be quoted alone, every slide is a page."""

from __future__ import annotations

import io
import zipfile
from datetime import datetime
from pathlib import Path

import docx
import pytest
from openpyxl import Workbook

from rag import Assistant
from rag.documents import load_document
from rag.errors import LoadError
from rag.loaders import SUFFIXES, book, delimited, html, loader_for, package, slides, spreadsheet
from rag.loaders import docx as word
from rag.loaders.table import Cell, names_columns, spread, table_lines


@pytest.mark.parametrize(
    ("rows", "lines"),
    [
        ([], []),
        ([["", " "]], []),
        ([["只有", "一行"]], ["只有 | 一行"]),
        ([["姓名", "电话"], ["张伟", "1"]], ["姓名 | 电话", "姓名：张伟；电话：1"]),
        ([["name", "phone"], ["Li", "1"], ["", "2"]], ["name | phone", "name: Li; phone: 1", "phone: 2"]),
        ([["2023", "12.5%"], ["a", "b"]], ["2023 | 12.5%", "a | b"]),  # no names: numbers
        ([["甲", "甲"], ["1", "2"]], ["甲 | 甲", "1 | 2"]),  # no names: twice the same
        ([["标题"], ["张伟", "1"]], ["标题", "张伟 | 1"]),
        ([["姓名", "电话", ""], ["张\n伟", "1", "备注"]], ["姓名 | 电话", "姓名：张 伟；电话：1；备注"]),
        ([["甲方：", "张伟"], ["name", "Li"]], ["甲方：张伟", "name: Li"]),  # a form: no figures below 张伟
        ([["", "2022", "2023年"], ["收入", "1", "2"]], ["2022 | 2023年", "收入 | 1 | 2"]),  # 2022 may be a figure
        ([["", "去年", "今年"], ["收入", "1", ""]], ["去年 | 今年", "收入；去年：1"]),
    ],
)
def test_rows_carry_the_names_of_their_columns(rows: list[list[str]], lines: list[str]) -> None:
    assert table_lines(rows) == lines


def test_names_that_say_nothing_are_left_out() -> None:
    assert table_lines([["项目", "内容"], ["课程代码", "HYD2307"], ["学分", ""]], 1) == [
        "项目 | 内容",
        "课程代码：HYD2307",
        "学分",
    ]
    assert table_lines([["指标", "合计"], ["人口", "7"]]) == ["指标 | 合计", "人口；合计：7"]


def test_two_rows_of_names_are_read_together() -> None:
    rows = [["产品", "2023年", "2023年"], ["", "收入", "成本"], ["镜头", "8.02亿元", "5.8亿元"]]
    assert table_lines(rows, 2)[-1] == "产品：镜头；2023年 收入：8.02亿元；2023年 成本：5.8亿元"


@pytest.mark.parametrize(
    ("rows", "named"),
    [
        ([["姓名", "张伟", "性别", "男"], ["籍贯", "河北", "民族", "汉"]], False),  # a form: values in its first row
        ([["姓名", "张伟", "工号", "1024"], ["籍贯", "河北", "电话", "2055"]], False),
        ([["请假天数", "审批人"], ["2天以内", "主管"]], True),
        ([["职级", "一类城市"], ["经理", "550元/天"], ["员工", "430元/天"]], True),
        ([["样品", "硬度"], ["A1", "≥ 85 HV"], ["A2", "另行商定"], ["A3", "<70 HV"]], True),
        ([["事项", "责任人"], ["压测", "邬子健"]], False),
        ([["名称", "值"]], False),
    ],
)
def test_names_stand_above_figures(rows: list[list[str]], named: bool) -> None:
    assert names_columns(rows) is named


def test_a_cell_that_spans_stands_where_it_reaches() -> None:
    head = [Cell("地区", down=2), Cell("2023年", across=2)]
    rows = [head, [Cell("人口"), Cell("产值")], [Cell("江北", across=2, down=3), Cell("7")], [Cell("8")], [Cell("9")]]
    assert spread(rows, 2) == [
        ["地区", "2023年", "2023年"],
        ["地区", "人口", "产值"],
        ["江北", "", "7"],
        ["江北", "", "8"],
        ["江北", "", "9"],
    ]
    assert spread([[Cell("甲", across=10**9)]], 0) == [["甲", *[""] * 99]]
    assert spread([], 0) == []


HTML_TABLE = """<table><caption>表1 差旅标准</caption>{head}
<tr><td>总监</td><td>750元</td><td rowspan="2">全程</td></tr><tr><td>经理</td><td>550元</td></tr></table>"""


@pytest.mark.parametrize(
    "head",
    [
        "<thead><tr><th>职级</th><th>住宿</th><th>接送</th></tr></thead>",
        "<tr><th>职级</th><th>住宿</th><th>接送</th></tr>",
        "<tr><td>职级</td><td>住宿</td><td>接送</td></tr>",
    ],
)
def test_a_table_of_a_page(head: str) -> None:
    assert html.load(HTML_TABLE.format(head=head).encode()).text.split("\n") == [
        "表1 差旅标准",
        "职级 | 住宿 | 接送",
        "职级：总监；住宿：750元；接送：全程",
        "职级：经理；住宿：550元；接送：全程",
    ]


def test_a_table_inside_a_long_page() -> None:
    text = "".join(f"<p>第{number}段：量子院位于中关村软件园，承担着国家的研究任务。</p>" for number in range(30))
    head = "<tr><th>职级</th><th>住宿</th></tr>"
    page = f"<body><article><h1>办法</h1>{text}<table>{head}<tr><td>总监</td><td>七百五十元</td></tr></table></article>"
    lines = html.load(page.encode()).text.split("\n")
    assert lines[-2:] == ["职级 | 住宿", "职级：总监；住宿：七百五十元"]


def test_the_table_of_a_word_file_with_bold_names_and_a_merged_cell() -> None:
    document = docx.Document()
    table = document.add_table(rows=3, cols=3)
    for row, values in zip(
        table.rows, [["岗位", "要求", "联系人"], ["讲解员", "本科", ""], ["保管员", "大专", ""]], strict=True
    ):
        for cell, value in zip(row.cells, values, strict=True):
            cell.text = value
    for cell in table.rows[0].cells:
        cell.paragraphs[0].runs[0].bold = True
    table.cell(1, 2).merge(table.cell(2, 2)).text = "张伟"
    file = io.BytesIO()
    document.save(file)
    assert word.load(file.getvalue()).text.split("\n") == [
        "岗位 | 要求 | 联系人",
        "岗位：讲解员；要求：本科；联系人：张伟",
        "岗位：保管员；要求：大专；联系人：张伟",
    ]


def test_a_cell_that_goes_on_from_nothing_is_empty() -> None:
    document = docx.Document()
    table = document.add_table(rows=2, cols=2)
    table.cell(0, 0).merge(table.cell(1, 0)).text = "张伟"
    table.cell(0, 1).text, table.cell(1, 1).text = "甲", "乙"
    table._tbl.remove(table._tbl.tr_lst[0])  # the row where the merged cell began
    file = io.BytesIO()
    document.save(file)
    assert word.load(file.getvalue()).text == "乙"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_delimited_text_in_any_encoding(encoding: str, delimiter: str) -> None:
    rows = [["姓名", "部门", "备注"], ["张伟", "研发部", '"他说：好"'], ["𠮷田", "财务部", ""]]
    text = "\r\n".join(delimiter.join(row) for row in rows)
    content = delimited.load(text.encode(encoding))
    assert content.text.split("\n")[1:] == ["姓名：张伟；部门：研发部；备注：他说：好", "姓名：𠮷田；部门：财务部"]


def test_a_quoted_cell_keeps_its_comma_and_its_line_in_one_line() -> None:
    content = delimited.load('条款,内容\n一,"甲方、乙方，\n各执一份"\n'.encode())
    assert content.text == "条款：内容\n一：甲方、乙方， 各执一份"


def test_a_table_takes_its_title_from_its_name_and_its_date_from_nowhere(tmp_path: Path) -> None:
    path = tmp_path / "员工名册.csv"
    path.write_text("姓名,入职日期\n张伟,2012-03-03\n", "utf-8")
    document = load_document(path)
    assert (document.title, document.date) == ("员工名册", None)


def workbook(path: Path) -> None:
    made = Workbook()
    first = made.active
    first.title = "名册"
    for row in (
        ["姓名", "电话", "占比", "入职"],
        ["李娜", 62550002, 0.125, datetime(2012, 3, 3)],
        ["黄强", 5.0, None, True],
    ):
        first.append(row)
    first["C2"].number_format = "0.0%"
    hidden = made.create_sheet("隐藏")
    hidden.append(["秘密"])
    hidden.sheet_state = "hidden"
    second = made.create_sheet("说明")
    second.append(["此表每季度更新一次。"])
    made.save(path)


def test_a_workbook_reads_as_it_looks(tmp_path: Path) -> None:
    workbook(tmp_path / "名册.xlsx")
    document = load_document(tmp_path / "名册.xlsx")
    assert document.text.split("\n") == [
        "名册",
        "姓名 | 电话 | 占比 | 入职",
        "姓名：李娜；电话：62550002；占比：12.5%；入职：2012-03-03",
        "姓名：黄强；电话：5；入职：TRUE",
        "说明",
        "此表每季度更新一次。",
    ]
    assert document.title == "名册"


def test_a_row_is_quoted_exactly(tmp_path: Path) -> None:
    workbook(tmp_path / "名册.xlsx")
    with Assistant.build(tmp_path / "名册.xlsx", index=tmp_path / "index") as assistant:
        answer = assistant.answer("李娜的电话是多少？")
        (citation,) = answer.citations
        assert answer.short == "62550002"
        assert citation.quote == assistant.document(citation.document_id).text[citation.start : citation.end]
        assert "姓名：李娜；电话：62550002" in citation.quote


A = 'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"'
P = 'xmlns:p="http://schemas.openxmlformats.org/presentationml/2006/main"'
R = 'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"'


def shape(*paragraphs: str, kind: str = "body") -> str:
    inner = "".join(f"<a:p><a:r><a:t>{text}</a:t></a:r></a:p>" for text in paragraphs)
    return f'<p:sp><p:nvSpPr><p:nvPr><p:ph type="{kind}"/></p:nvPr></p:nvSpPr><p:txBody>{inner}</p:txBody></p:sp>'


def presentation(*bodies: str, hidden: int = 0) -> bytes:
    """A .pptx whose parts are numbered against their order, as after moving slides."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as made:
        count = len(bodies)
        ids = "".join(f'<p:sldId id="{i}" r:id="rId{i}"/>' for i in range(1, count + 1))
        made.writestr(
            "ppt/presentation.xml", f"<p:presentation {P} {R}><p:sldIdLst>{ids}</p:sldIdLst></p:presentation>"
        )
        links = "".join(
            f'<Relationship Id="rId{i}" Target="slides/slide{count - i}.xml"/>' for i in range(1, count + 1)
        )
        made.writestr("ppt/_rels/presentation.xml.rels", f"<Relationships>{links}</Relationships>")
        for i, body in enumerate(bodies, start=1):
            show = ' show="0"' if i == hidden else ""
            made.writestr(
                f"ppt/slides/slide{count - i}.xml",
                f"<p:sld {P} {A} {R}{show}><p:cSld><p:spTree>{body}</p:spTree></p:cSld></p:sld>",
            )
    return file.getvalue()


def test_slides_are_pages_in_their_order() -> None:
    table = (
        "<a:tbl><a:tr><a:tc><a:p><a:r><a:t>部门</a:t></a:r></a:p></a:tc><a:tc><a:p><a:r><a:t>人数</a:t></a:r></a:p></a:tc></a:tr>"
        "<a:tr><a:tc><a:p><a:r><a:t>研发</a:t></a:r></a:p></a:tc><a:tc><a:p><a:r><a:t>45</a:t></a:r></a:p></a:tc></a:tr></a:tbl>"
    )
    content = slides.load(
        presentation(
            shape("年度总结", kind="title") + shape("3", kind="sldNum"),
            shape("不给人看"),
            shape("营业收入4.6亿元", "比上年增长12.5%") + f"<p:graphicFrame>{table}</p:graphicFrame>",
            "",
            hidden=2,
        )
    )
    assert content.text == "年度总结\n营业收入4.6亿元\n比上年增长12.5%\n部门 | 人数\n部门：研发；人数：45"
    assert content.pages == (0, 5, len(content.text))


def test_a_book_reads_in_its_order() -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as made:
        made.writestr(
            "META-INF/container.xml",
            '<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>'
            '<rootfile full-path="OEBPS/content.opf"/></rootfiles></container>',
        )
        made.writestr(
            "OEBPS/content.opf",
            '<package xmlns="http://www.idpf.org/2007/opf" xmlns:dc="http://purl.org/dc/elements/1.1/"><metadata>'
            "<dc:title>园中记</dc:title><dc:creator>林志明</dc:creator><dc:date>2019-05-04T00:00:00Z</dc:date></metadata>"
            '<manifest><item id="b" href="text/%E7%AC%AC%E4%BA%8C.xhtml"/><item id="a" href="text/1.xhtml"/>'
            '<item id="n" href="nav.xhtml" properties="nav"/></manifest>'
            '<spine><itemref idref="n"/><itemref idref="a"/><itemref idref="b"/></spine></package>',
        )
        made.writestr("OEBPS/nav.xhtml", "<html><body>目录</body></html>")
        made.writestr(
            "OEBPS/text/1.xhtml", "<html><head><title>x</title></head><body><h1>第一章</h1><p>春天。</p></body></html>"
        )
        made.writestr("OEBPS/text/第二.xhtml", "<html><body><p>夏天<script>alert(1)</script>。</p></body></html>")
    content = book.load(file.getvalue())
    assert (content.text, content.title, content.created) == ("第一章\n春天。\n夏天。", "园中记", "2019-05-04")
    assert content.metadata == {"author": "林志明"}


@pytest.mark.parametrize("suffix", [".xlsx", ".pptx", ".epub"])
def test_damaged_packages_say_so(suffix: str, monkeypatch: pytest.MonkeyPatch) -> None:
    load = loader_for(f"坏{suffix}")
    empty = io.BytesIO()
    with zipfile.ZipFile(empty, "w") as made:
        made.writestr("x", "")
    for data, words in (
        (b"nothing", "no .* file"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 old", "old Office file"),
        (empty.getvalue(), "is damaged"),
    ):
        with pytest.raises(LoadError, match=words) as caught:
            load(data)
        assert caught.value.zh != caught.value.en
    monkeypatch.setattr(package, "PARTS_MAX", 0)
    with pytest.raises(LoadError, match="unpacks to 0 MB in 1 parts"):
        load(empty.getvalue())


def test_entities_are_not_expanded() -> None:
    bomb = presentation(shape("&b;"))
    file = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(bomb)) as old, zipfile.ZipFile(file, "w") as made:
        for name in old.namelist():
            data = old.read(name)
            if name.startswith("ppt/slides"):
                data = b'<!DOCTYPE x [<!ENTITY b SYSTEM "file:///etc/passwd">]>' + data
            made.writestr(name, data)
    assert slides.load(file.getvalue()).text == ""


def test_every_suffix_has_its_loader() -> None:
    assert {loader_for(f"a{suffix}") for suffix in SUFFIXES} >= {
        delimited.load,
        spreadsheet.load,
        slides.load,
        book.load,
    }
