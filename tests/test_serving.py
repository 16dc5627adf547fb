"""The port that the page is served on."""

from __future__ import annotations

import socket

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from rag.ui.serving import SecurityHeaders, free_port


def test_free_port_skips_taken_ones() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        assert port < free_port("127.0.0.1", port) < port + 20


def test_free_port_refuses_a_foreign_address() -> None:
    with pytest.raises(OSError, match="assign"):
        free_port("192.0.2.7", 7860)


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
