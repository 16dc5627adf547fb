"""Where the page is served: its port, and the names it answers to."""

from __future__ import annotations

import socket

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from rag.ui.serving import SecurityHeaders, free_port, names_of


def test_free_port_skips_taken_ones() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        assert port < free_port("127.0.0.1", port) < port + 20


def test_free_port_refuses_a_foreign_address() -> None:
    with pytest.raises(OSError, match="assign"):
        free_port("192.0.2.7", 7860)


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1:7860", 200),
        ("localhost", 200),
        ("LOCALHOST:7860", 200),
        ("[::1]:7860", 200),
        ("docs.example.org", 200),
        ("evil.example:7860", 403),
        ("127.0.0.1.evil.example", 403),
        ("localhost@evil.example", 403),
        ("[", 403),
        ("", 403),
    ],
)
def test_a_page_of_this_machine_answers_to_its_own_names_alone(host: str, status: int) -> None:
    routes = [Route("/", lambda _: PlainTextResponse("甲"))]
    names = names_of("127.0.0.1", ["Docs.example.org"])
    client = TestClient(Starlette(routes=routes, middleware=[Middleware(SecurityHeaders, names=names)]))
    answer = client.get("/", headers={"host": host})
    assert answer.status_code == status
    assert (answer.text == "甲") == (status == 200)
    if status == 403:
        assert "--allow-host" in answer.text
        assert answer.headers["x-content-type-options"] == "nosniff"


def test_a_page_for_others_answers_to_any_name() -> None:
    assert names_of("0.0.0.0") == frozenset()
    assert names_of("::1") == {"127.0.0.1", "localhost", "::1"}


def test_uploads_go_through_our_own_checks_alone() -> None:
    def hello(request: Request) -> PlainTextResponse:
        return PlainTextResponse("甲")

    routes = [Route("/{path:path}", hello, methods=["GET", "POST"])]
    client = TestClient(Starlette(routes=routes, middleware=[Middleware(SecurityHeaders)]))
    for path in ("/gradio_api/upload", "/gradio_api/upload?upload_id=x", "/gradio_api/upload_progress"):
        refused = client.post(path, files={"files": b"x"})
        assert (refused.status_code, refused.text) == (404, "")
        assert "frame-ancestors 'none'" in refused.headers["content-security-policy"]
    assert client.get("/gradio_api/info").text == "甲"
