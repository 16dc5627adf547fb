"""Where and how the page is served: a free port, and headers that keep the browser from leaving this machine."""

from __future__ import annotations

import errno
import socket
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

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

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]


class SecurityHeaders:
    """ASGI middleware that puts `HEADERS` on every response, and answers 404 for what is `CLOSED`."""

    def __init__(self, app: Callable[[Message, Receive, Send], Awaitable[None]]) -> None:
        self.app = app

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer one request."""

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), *HEADERS]
            await send(message)

        if scope["type"] == "http" and scope["path"].startswith(CLOSED):
            await send_with_headers({"type": "http.response.start", "status": 404, "headers": []})
            await send({"type": "http.response.body", "body": b""})
            return
        await self.app(scope, receive, send_with_headers if scope["type"] == "http" else send)


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
