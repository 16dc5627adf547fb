"""What the page's scripts fetch, over HTTP: a real index, real files, and nothing else in reach."""

from __future__ import annotations

import io
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image
from starlette.applications import Starlette
from starlette.testclient import TestClient

from rag import Assistant
from rag.pdf_pages import find_boxes
from rag.ui import intake, routes
from rag.ui.desk import Desk
from rag.ui.intake import Intake
from rag.ui.jobs import Jobs
from rag.ui.reader import add_reader
from rag.ui.routes import Routes
from tests.test_pdf_pages import lines, make

CHARTER = "协会章程\n协会设理事九人，任期三年。\n会长由理事会选出。\n"


class Site:
    """The routes of one page, and shorthands to call them."""

    def __init__(self, assistant: Assistant) -> None:
        self.assistant = assistant
        self.desk, self.routes = Desk(assistant), Routes()
        add_reader(self.routes, self.desk)
        Intake(self.desk, Jobs(), self.routes.base).add_to(self.routes)
        self.client = TestClient(Starlette(routes=self.routes.routes))

    def get(self, path: str, language: str = "zh", **values: object) -> dict:
        answer = self.client.get(f"{self.routes.base}/{path}", params=values, headers={"accept-language": language})
        return {"status": answer.status_code, **answer.json()}

    def post(self, path: str, content: bytes = b"", **values: object) -> dict:
        values = {"visitor": "我", **values}
        answer = self.client.post(f"{self.routes.base}/{path}", params=values, content=content)
        return {"status": answer.status_code, **answer.json()}

    def settled(self, collection: str = "") -> str:
        """The rows once nothing is at work any more."""
        deadline = time.monotonic() + 20
        while (answer := self.get("rows", collection=collection, visitor="我"))["active"]:
            assert time.monotonic() < deadline
            time.sleep(0.02)
        return answer["html"]

    def ids(self, collection: str = "") -> dict[str, str]:
        return {info.source: info.id for info in self.desk.open(collection).documents()}


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    docs = tmp_path / "docs"
    docs.mkdir()
    (docs / "章程.txt").write_text(CHARTER, "utf-8")
    make(docs / "报告.pdf", lines((60, 700, "第一页的内容。")), lines((60, 700, "量子院有职工二百人。")))
    with Assistant.build(docs, index=tmp_path / "index") as assistant:
        yield Site(assistant)


def test_only_who_knows_the_address_is_answered(site: Site) -> None:
    other = Routes()
    assert len(site.routes.base) > 30
    assert other.base != site.routes.base
    for path in (other.base + "/list", "/wenju/list", "/wenju//list"):
        assert site.client.get(path).status_code == 404
    assert site.client.get(site.routes.base + "/remove").status_code == 405


def test_a_document_is_read_at_its_quote(site: Site) -> None:
    identity = site.ids()["章程.txt"]
    at = CHARTER.index("理事九人")
    spans = f"{CHARTER.index('协会设')}-{CHARTER.index('会长')}"
    read = site.get("read", document=identity, spans=spans, facts=f"{at}-{at + 4}", said="协会设理事九人")
    assert "<mark>协会设<strong>理事九人</strong>，任期三年。</mark>" in read["html"]
    assert (read["start"], read["total"], read["pdf"]) == (0, len(CHARTER) - 1, False)
    assert "协会章程" in read["head"] and "章程.txt" in read["head"] and "下载原文件" in read["head"]
    peek = site.get("peek", document=identity, spans=spans, said="协会设理事九人")
    assert "<mark>协会设理事九人，任期三年。" in peek["html"]
    gone = site.get("read", "en", document=identity, spans="3-9", said="没有这句话")
    assert "no longer in it" in gone["head"] and "<mark>" not in gone["html"]
    assert site.get("find", document=identity, words="理事") == {
        "status": 200,
        "found": [CHARTER.index("理事"), CHARTER.rindex("理事")],
        "length": 2,
        "more": False,
    }


def test_pages_boxes_and_the_file_itself(site: Site) -> None:
    identity = site.ids()["报告.pdf"]
    document = site.assistant.document(identity)
    at = document.text.index("二百人")
    read = site.get("read", document=identity, spans=f"{at}-{at + 3}", said="二百人")
    assert (read["pdf"], read["page"]) == (True, 2)
    leaves = site.get("leaves", document=identity, spans=f"{at}-{at + 3}")
    assert leaves["sizes"] == [[595, 842], [595, 842]]
    (boxes,) = find_boxes(Path(document.path), document, at, at + 3).values()
    assert leaves["spans"] == {"2": [list(box) for box in boxes]}
    assert site.get("boxes", document=identity, spans="0-2")["spans"].keys() == {"1"}
    leaf = site.client.get(f"{site.routes.base}/leaf", params={"document": identity, "page": 2, "width": 800})
    assert leaf.headers["content-type"] == "image/png"
    assert Image.open(io.BytesIO(leaf.content)).width in (800, 801)  # PDFium rounds up
    file = site.client.get(f"{site.routes.base}/file", params={"document": identity})
    assert file.content == Path(document.path).read_bytes()
    assert file.headers["content-disposition"].startswith("attachment")


def test_a_changed_file_is_not_shown_as_the_original(site: Site) -> None:
    identity = site.ids()["报告.pdf"]
    path = Path(site.assistant.document(identity).path)
    path.write_bytes(b"%PDF-1.7 something else")
    read = site.get("read", document=identity)
    assert not read["pdf"]
    assert "这里显示收录时的文字" in read["head"]
    assert "量子院有职工二百人" in read["html"]
    for call, status in (("file", 404), ("leaf", 404), ("leaves", 200)):
        answer = site.get(call, document=identity, page=1)
        assert (answer["status"], answer["error"]) == (status, "这份文档已不在这里。")


def test_no_name_leads_out_of_the_index(site: Site) -> None:
    for call in ("read", "text", "find", "peek", "leaves", "leaf", "file"):
        for document in ("", "../../etc/passwd", "/etc/passwd", "0" * 16, "..%2f", "\x00"):
            answer = site.get(call, document=document, page=1, words="x")
            status = 404 if call in ("leaf", "file") else 200
            assert answer == {"status": status, "error": "这份文档已不在这里。"}


def test_nonsense_is_refused_in_words(site: Site) -> None:
    identity = site.ids()["报告.pdf"]
    for values in ({"spans": "x"}, {"spans": "9-1"}, {"facts": "1"}):
        assert site.get("read", document=identity, **values)["status"] == 400
    assert site.get("leaf", document=identity, page="zwei")["status"] == 400
    assert site.get("leaf", document=identity, page=9)["status"] == 404
    assert "没有名为“../index”的集合" in site.get("read", document=identity, collection="../index")["error"]
    assert site.get("read", document=site.ids()["章程.txt"], spans="0-999999999")["status"] == 200


def test_a_failure_says_nothing_of_the_inside(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(site.desk, "open", lambda name="": 1 / 0)
    assert site.get("list") == {"status": 500, "error": "程序出错了，详情在运行它的终端里。"}


def test_files_and_archives_go_in_and_say_what_became_of_them(site: Site) -> None:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as packed:
        packed.writestr("通知/食堂.txt", "望京食堂由赵师傅负责。")
        packed.writestr("副本.txt", CHARTER)
        packed.writestr("<img src=x onerror=alert(1)>.md", "恶意的名字。")
        packed.writestr("图.png", b"png")
        packed.writestr("里面.zip", b"PK")
        packed.writestr("../外面.txt", b"evil")
    assert site.post("upload", archive.getvalue(), name="资料.zip")["status"] == 200
    site.post("upload", "会议定于三月五日。".encode(), name="会议/纪要.txt")
    site.post("upload", b"", name="空.txt")
    site.post("upload", b"x", name="../../程序.exe")
    html = site.settled()
    for words in (
        '资料/通知/食堂.txt</span><span class="wj-row-said">已收录，1 段',
        '资料/副本.txt</span><span class="wj-row-said">内容和“章程.txt”完全相同',
        '资料/_img src=x onerror=alert(1)_.md</span><span class="wj-row-said">已收录',
        '资料/图.png</span><span class="wj-row-said">不支持 .png 文件',
        '资料/里面.zip</span><span class="wj-row-said">压缩包里的压缩包不解开',
        "它的路径指向压缩包之外",
        '会议/纪要.txt</span><span class="wj-row-said">已收录',
        '空.txt</span><span class="wj-row-said">这是个空文件',
        '程序.exe</span><span class="wj-row-said">不支持 .exe 文件',
    ):
        assert words in html
    assert set(site.ids()) == {
        "章程.txt", "报告.pdf", "资料/通知/食堂.txt", "资料/_img src=x onerror=alert(1)_.md", "会议/纪要.txt"
    }  # fmt: skip
    files = Path(site.assistant.settings.index) / "files"
    assert list((files / ".incoming").iterdir()) == []
    assert not list(files.rglob("外面.txt"))
    assert site.post("clear")["html"] == ""
    assert site.get("rows", visitor="她", collection="")["html"] == ""


def test_an_upload_is_cut_off_at_the_limit(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intake, "MAX_MEGABYTES", 0)
    monkeypatch.setattr("rag.ui.uploads.MAX_MEGABYTES", 0)
    site.post("upload", b"x" * 2**20, name="大.txt")
    assert "文件有 1.0 MB，上限是 0 MB" in site.settled()
    monkeypatch.setattr(intake, "WAITING_MAX", 0)
    refused = site.post("upload", b"x", name="甲.txt")
    assert refused["error"] == "等待的文件太多了，请等一会儿再添加。"


def test_the_list_is_searched_sorted_and_paged(site: Site) -> None:
    for number in range(60):
        (Path(site.assistant.settings.index).parent / "docs" / f"卷{number:02}.txt").write_text(
            f"第{number}卷。", "utf-8"
        )
    site.assistant.add(Path(site.assistant.settings.index).parent / "docs")

    def shown(**values: object) -> list[str]:
        html = site.get("list", **values)["html"]
        return [part.split(" · ")[0].split(">")[-1] for part in html.split('class="wj-meta"')[1:]]

    assert len(shown()) == 50
    assert len(shown(page=2)) == len(shown(page=99)) == 12
    assert shown(words="報告") == ["报告.pdf"]
    assert shown(words="卷 07") == ["卷07.txt"]
    assert shown(sort="size")[:2] == ["章程.txt", "报告.pdf"]
    assert "没有找到" in site.get("list", words="不存在")["html"]
    assert "第 1 / 2 页" in site.get("list")["html"]
    assert "page 2 of 2" in site.get("list", "en", page=2)["html"]


def test_reading_again_and_removing_several(site: Site) -> None:
    (Path(site.assistant.settings.index).parent / "docs" / "章程.txt").write_text(CHARTER + "附则。", "utf-8")
    site.post("again")
    html = site.settled()
    assert html.count("已更新") == 2
    assert site.post("remove", documents=",".join([*site.ids().values(), "../x"]))["removed"] == 2
    assert "还没有文档" in site.get("list")["html"]


def test_collections_over_http(site: Site) -> None:
    made = site.post("create", name="合同")
    assert made["collection"] == "合同"
    assert site.post("create", name="<b>") == {"status": 200, "error": "名字里不能有 < >"}
    assert "已经有名为" in site.post("create", name="合同")["error"]
    site.post("upload", "合同金额为860万元。".encode(), name="甲.txt", collection="合同")
    site.settled("合同")
    assert set(site.ids("合同")) == {"甲.txt"}
    assert "甲.txt" not in site.ids()
    assert site.post("rename", collection="合同", name="旧合同")["collection"] == "合同"
    assert "默认集合不能改名" in site.post("delete", collection="")["error"]
    folder = site.desk.collections.find("合同").folder
    assert site.post("delete", collection="合同") == {"status": 200, "collection": ""}
    assert not folder.exists()
    assert "没有名为“合同”的集合" in site.get("list", collection="合同")["error"]
    assert routes.spoken(ValueError("x"), "zh") == "x"
