"""Where and how the page is served: a free port, the names it answers to, and headers that keep the browser here."""

from __future__ import annotations

import errno
import socket
from collections.abc import Awaitable, Callable, Collection, MutableMapping
from typing import Any
from urllib.parse import urlsplit

PORTS_TRIED = 20
# Trying the next port does not cure these: not an address of this machine, not a port we may open.
_HOPELESS = (errno.EADDRNOTAVAIL, errno.EACCES)

# Gradio's page needs inline scripts and evaluates its templates, so those stay allowed. Inline handlers (onerror=…) do
# not, nothing loads from another host, and no other site may frame the page.
POLICY = "; ".join(
    (
        "default-src 'self'",
        "script-src 'self' 'unsafe-inline' 'unsafe-eval'",
        "script-src-attr 'none'",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data: blob:",
        "font-src 'self' data:",
        "connect-src 'self'",
        "worker-src 'self' blob:",
        "object-src 'none'",
        "base-uri 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)
HEADERS = (
    (b"content-security-policy", POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
)

# Gradio takes files of any kind and number here; ours come in by `rag.ui.intake`, which counts and checks them.
CLOSED = ("/gradio_api/upload",)

# Names of this machine itself. A page served there answers to no other: a site elsewhere may let its own name point
# here and would then read the page, and the documents, as its own.
OWN = frozenset({"127.0.0.1", "localhost", "::1"})
STRANGE = (
    "这个页面不以“{host}”的名义提供服务；若经过代理访问，请用 --allow-host {host} 启动。\n"
    "This page is not served as {host}; behind a proxy, start it with --allow-host {host}.\n"
)

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]


class SecurityHeaders:
    """ASGI middleware that puts `HEADERS` on every response, answers 404 for what is `CLOSED`, and 403 to other names.

    Attributes:
        names: hosts that a request may be addressed to; empty for any.
    """

    def __init__(
        self, app: Callable[[Message, Receive, Send], Awaitable[None]], names: Collection[str] = frozenset()
    ) -> None:
        self.app = app
        self.names = names

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer one request."""

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), *HEADERS]
            await send(message)

        async def refuse(status: int, said: str = "") -> None:
            plain = [(b"content-type", b"text/plain; charset=utf-8")]
            await send_with_headers({"type": "http.response.start", "status": status, "headers": plain})
            await send({"type": "http.response.body", "body": said.encode()})

        if scope["type"] != "http":
            await self.app(scope, receive, send)
        elif self.names and (host := _host(scope)) not in self.names:
            await refuse(403, STRANGE.format(host=host or "?"))
        elif scope["path"].startswith(CLOSED):
            await refuse(404)
        else:
            await self.app(scope, receive, send_with_headers)


def names_of(host: str, allowed: Collection[str] = ()) -> frozenset[str]:
    """The names that a page listening on `host` answers to, `allowed` among them; none, for any, beyond this machine.

    >>> sorted(names_of("127.0.0.1", ["docs.example.org"]))
    ['127.0.0.1', '::1', 'docs.example.org', 'localhost']
    """
    return OWN.union(name.lower() for name in allowed) if host in OWN else frozenset()


def _host(scope: Message) -> str:
    """The name that a request is addressed to, without its port; "" where it has none that can be read."""
    given = next((value for name, value in scope["headers"] if name == b"host"), b"").decode("latin-1")
    try:
        return urlsplit(f"//{given}").hostname or ""
    except ValueError:
        return ""


def free_port(host: str, port: int) -> int:
    """The first free port from `port` upward.

    Raises:
        OSError: none of the next `PORTS_TRIED` ports is free, or `host` is not an address of this machine.
    """
    family = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)[0][0]
    for candidate in range(port, min(port + PORTS_TRIED, 65536)):
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            # As servers do: a port in TIME_WAIT from the last run is free.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, candidate))
            except OSError as error:
                if error.errno in _HOPELESS:
                    raise
                continue
            return candidate
    raise OSError(f"no free port from {port} to {port + PORTS_TRIED - 1} on {host}: pass another with --port")
