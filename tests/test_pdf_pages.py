"""Pages as pictures, and boxes that lie exactly over the quoted words: files made here, places worked out by hand."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image
from pypdfium2 import PdfDocument
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfgen.canvas import Canvas

from rag.documents import load_document
from rag.errors import LoadError
from rag.pdf_pages import MAX_WIDTH, Box, find_boxes, page_sizes, render_page, trace
from rag.types import Document

WIDTH, HEIGHT = 595, 842  # points
SONG = "STSong-Light"


def make(path: Path, *draw: Callable[[Canvas], None], size: tuple[int, int] = (WIDTH, HEIGHT)) -> Document:
    """A PDF with one page for each drawing, loaded."""
    pdfmetrics.registerFont(UnicodeCIDFont(SONG))
    canvas = Canvas(str(path), pagesize=size)
    for page in draw:
        canvas.setFont(SONG, 12)
        page(canvas)
        canvas.showPage()
    canvas.save()
    return load_document(path)


def lines(*placed: tuple[float, float, str]) -> Callable[[Canvas], None]:
    """A page with lines at their places in points, y from below."""

    def draw(canvas: Canvas) -> None:
        for x, y, text in placed:
            canvas.drawString(x, y, text)

    return draw


def boxes_of(path: Path, document: Document, quote: str) -> dict[int, list[Box]]:
    start = document.text.index(quote)
    return find_boxes(path, document, start, start + len(quote))


def points(box: Box) -> tuple[int, int, int, int]:
    """Left, right, and the lines above and below, in points from the lower left."""
    return (
        round(box.left * WIDTH),
        round(box.right * WIDTH),
        round((1 - box.bottom) * HEIGHT),
        round((1 - box.top) * HEIGHT),
    )


def assert_over(box: Box, left: float, right: float, baseline: float) -> None:
    """The box spans left to right and holds the line of a 12-point font on this baseline, and no other line."""
    x0, x1, y0, y1 = points(box)
    assert (x0, x1) == (left, right)
    assert baseline - 5 <= y0 < baseline < baseline + 8 < y1 <= baseline + 14


def test_a_sentence_over_joined_lines(tmp_path: Path) -> None:
    path = tmp_path / "joined.pdf"
    first = "量子院位于中关村软件园，是由北京市政府与中国科学院"
    document = make(
        path, lines((60, 780, "概况"), (60, 740, first), (60, 720, "共同成立的。全院有217人，𠮷田任顾问。"))
    )
    assert first + "共同成立的。" in document.text
    boxes = boxes_of(path, document, "中国科学院共同成立的。")[1]
    assert len(boxes) == 2
    assert_over(boxes[0], 60 + 20 * 12, 60 + 25 * 12, 740)
    assert_over(boxes[1], 60, 60 + 6 * 12, 720)
    # 𠮷 is two units in PDFium's own counting and drawn from another font; what follows it is still in place.
    (box,) = boxes_of(path, document, "全院有")[1]
    assert_over(box, 60 + 6 * 12, 60 + 9 * 12, 720)
    (box,) = boxes_of(path, document, "任顾问")[1]
    assert "".join(document.text).index("任顾问") > 0
    assert points(box)[1] - points(box)[0] == 36


def test_a_word_cut_by_a_hyphen(tmp_path: Path) -> None:
    path = tmp_path / "hyphen.pdf"

    def draw(canvas: Canvas) -> None:
        canvas.setFont("Courier", 10)  # 6 points a character
        canvas.drawString(60, 700, "The institute has a quan-")
        canvas.drawString(60, 686, "tum computer of its own.")

    document = make(path, draw)
    assert document.text == "The institute has a quantum computer of its own."
    boxes = boxes_of(path, document, "quantum")[1]
    assert [points(box)[:2] for box in boxes] == [(180, 204), (60, 78)]


def test_two_columns_are_boxed_apart(tmp_path: Path) -> None:
    path = tmp_path / "columns.pdf"
    left = [(50, 700 - 20 * i, f"左栏第{'一二三四五'[i]}行的文字写在这里为止，") for i in range(5)]
    right = [(320, 700 - 20 * i, f"右栏第{'一二三四五'[i]}行的文字写在这里为止，") for i in range(5)]
    document = make(path, lines(*left, *right))
    quote = "左栏第五行的文字写在这里为止，右栏第一行的文字"
    boxes = boxes_of(path, document, quote)[1]
    assert len(boxes) == 2
    assert_over(boxes[0], 50, 50 + 15 * 12, 620)
    assert_over(boxes[1], 320, 320 + 8 * 12, 700)
    # The same columns drawn row by row, as some programs do: whatever order the text is in, the boxes follow it.
    path = tmp_path / "rows.pdf"
    document = make(path, lines(*(cell for row in zip(left, right, strict=True) for cell in row)))
    (box,) = boxes_of(path, document, "右栏第三行的文字")[1]
    assert_over(box, 320, 320 + 8 * 12, 660)


def test_running_lines_and_a_sentence_over_two_pages(tmp_path: Path) -> None:
    path = tmp_path / "running.pdf"

    def page(number: int, *body: str) -> Callable[[Canvas], None]:
        placed = [(60, 700 - 20 * i, text) for i, text in enumerate(body)]
        return lines((60, 800, "年度报告"), *placed, (280, 40, f"第{number}页"))

    full = "这一段文字写满了整整一行，因此它会和下一行连在一起，直到句子"
    document = make(
        path,
        page(1, "年度报告的开头", full + "的末尾，"),
        page(2, "在第二页才结束。", "年度报告另有附录。"),
        page(3, "第三页。"),
    )
    assert document.text.count("年度报告") == 3  # the header once, the heading, the sentence
    found = boxes_of(path, document, "直到句子的末尾，在第二页才结束。")
    assert sorted(found) == [1, 2]
    assert_over(found[1][0], 60 + 26 * 12, 60 + 34 * 12, 680)
    assert_over(found[2][0], 60, 60 + 8 * 12, 700)
    (box,) = boxes_of(path, document, "年度报告的开头")[1]
    assert_over(box, 60, 60 + 7 * 12, 700)
    (box,) = boxes_of(path, document, "年度报告另有附录")[2]
    assert_over(box, 60, 60 + 8 * 12, 680)


def test_the_ink_lies_inside_the_boxes_also_on_a_turned_page(tmp_path: Path) -> None:
    for turn in (0, 90, 180, 270):
        upright, path = tmp_path / "upright.pdf", tmp_path / f"turned{turn}.pdf"
        make(upright, lines((100, 600, "只有这一句话。")))
        with closing(PdfDocument(upright)) as pdf:
            pdf[0].set_rotation(turn)
            pdf.save(path)
        document = load_document(path)
        (found,) = find_boxes(path, document, 0, len(document.text)).values()
        picture = Image.open(BytesIO(render_page(path, 1, 1000))).convert("L")
        wide, high = picture.size
        assert (wide > high) == (turn in (90, 270))
        ink = picture.point(lambda level: 255 if level < 128 else 0)
        assert ink.getbbox() is not None
        for box in found:
            left, top, right, bottom = (
                round(share * size) for share, size in zip(box, (wide, high, wide, high), strict=True)
            )
            ink.paste(0, (left - 1, top - 1, right + 1, bottom + 1))
        assert ink.getbbox() is None


def test_text_that_is_not_of_this_page_has_no_boxes(tmp_path: Path) -> None:
    path = tmp_path / "one.pdf"
    document = make(path, lines((60, 700, "甲方案。")))
    other = Document(document.id, "x", "", "x", "另一份文件的文字。", pages=(0, 4))
    assert find_boxes(path, other, 0, 9) == {}
    assert find_boxes(path, Document(document.id, "x", "", "x", "没有页码"), 0, 2) == {}


@pytest.mark.parametrize(
    ("raw", "text", "places"),
    [
        ("", "", []),
        ("⻓江\r\n ⽤⼾", "长江用户", [0, 1, 5, 6]),
        ("A-\r\nB", "A-\nB", [0, 1, None, 4]),
        ("目录.......3\r\n正文", "目录\t3\n正文", [0, 1, 2, 9, None, 12, 13]),
        ("页眉\r\n页眉一节\r\n正文", "页眉一节\n正文\n", [4, 5, 6, 7, None, 10, 11, None]),
        ("甲\u200b乙\x00丙", "甲乙丙", [0, 2, 4]),
        ("甲乙", "丙丁", []),
    ],
)
def test_trace(raw: str, text: str, places: list[int | None]) -> None:
    assert trace(raw, text) == places


def test_pictures_are_bounded_and_pages_counted_from_one(tmp_path: Path) -> None:
    path = tmp_path / "long.pdf"
    make(path, lines((10, 100, "很长的一页")), size=(200, 14000))
    assert page_sizes(path) == [(200, 14000)]
    wide, high = Image.open(BytesIO(render_page(path, 1, 10 * MAX_WIDTH))).size
    assert wide * high <= 12_100_000
    for page in (0, 2, -1):
        with pytest.raises(IndexError):
            render_page(path, page, 100)


def test_a_file_that_is_no_pdf(tmp_path: Path) -> None:
    path = tmp_path / "no.pdf"
    path.write_bytes(b"%PDF-1.7 broken")
    with pytest.raises(LoadError, match="damaged") as caught:
        page_sizes(path)
    assert "已损坏" in caught.value.zh
