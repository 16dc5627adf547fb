"""Real Chromium for the tests of the chat page: fixtures to import, and a page that notes what it fetched and said."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import pytest

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed: pip install 'wenju[test]'")
expect = playwright.expect

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync --disable-dev-shm-usage"
).split()
WIDE = {"width": 1280, "height": 800}
PHONE = {"width": 390, "height": 844}


@dataclass
class Watched:
    """A page and everything it asked for or complained about."""

    page: playwright.Page
    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def ask(self, question: str) -> playwright.Locator:
        """Type a question, send it with Enter, wait for the checked answer, and return its turn."""
        expect(self.page.locator("#wj-ask .submit-button")).to_be_visible()
        number = self.page.locator(".wj-turn").count()
        self.page.locator("#wj-ask textarea").fill(question)
        self.page.locator("#wj-ask textarea").press("Enter")
        turn = self.page.locator(f'.wj-turn[data-turn="{number}"][aria-busy="false"]')
        expect(turn).to_be_visible()
        return turn

    def assert_quiet(self) -> None:
        """No console error, no exception, no request to another host."""
        assert self.complaints == []
        assert {urlsplit(url).hostname for url in self.requests if not url.startswith(("data:", "blob:"))} == {
            "127.0.0.1"
        }


@pytest.fixture(scope="module")
def browser() -> Iterator[playwright.Browser]:
    if not CHROMIUM.exists():
        missing = f"{CHROMIUM} is missing: apt-get install chromium fonts-noto-cjk"
        if os.environ.get("WENJU_REQUIRE_BROWSER") == "1":
            pytest.fail(missing)
        pytest.skip(missing)
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def visit(browser: playwright.Browser) -> Iterator:
    """A function that opens an address in a fresh session."""
    contexts = []

    def open_page(url: str, **options: object) -> Watched:
        context = browser.new_context(**{"locale": "zh-CN", "viewport": WIDE, **options})
        context.set_default_timeout(20_000)
        contexts.append(context)
        page = context.new_page()
        watched = Watched(page)
        page.on("request", lambda request: watched.requests.append(request.url))
        page.on("pageerror", lambda error: watched.complaints.append(str(error)))
        page.on("console", lambda said: watched.complaints.append(said.text) if said.type == "error" else None)
        page.on("dialog", lambda dialog: (watched.complaints.append("a dialog opened"), dialog.dismiss()))
        page.goto(url)
        expect(page.locator(".wj-welcome")).to_be_visible()
        return watched

    expect.set_options(timeout=20_000)
    yield open_page
    for context in contexts:
        context.close()


@contextmanager
def serving(assistant: object, first_port: int) -> Iterator[str]:
    """The chat page over an assistant, served from this process: its address."""
    from app import build_page, launch_options
    from rag.ui.desk import Desk
    from rag.ui.routes import Routes
    from rag.ui.serving import free_port

    desk, routes = Desk(assistant), Routes()
    page = build_page(desk, routes)
    port = free_port("127.0.0.1", first_port)
    page.launch(server_name="127.0.0.1", server_port=port, prevent_thread_lock=True, **launch_options(routes))
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        page.close(verbose=False)
