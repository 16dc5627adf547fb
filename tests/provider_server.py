"""A scripted server that speaks the wire formats of Anthropic, Google and Ollama; the model's name is its part.

`honest` answers as `tests.llm_server` does, `half` breaks off in the middle, the names in `FAULTS` answer with the
errors that the real services send.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import urlsplit

from tests.llm_server import honest

# Part → (status, message, Anthropic's kind of error, Google's).
FAULTS: dict[str, tuple[int, str, str, str]] = {
    "unauthorized": (401, "invalid x-api-key {key}", "authentication_error", "UNAUTHENTICATED"),
    "bad-key": (
        400,
        "API key not valid. Please pass a valid API key. {key}",
        "invalid_request_error",
        "INVALID_ARGUMENT",
    ),
    "not-found": (404, "model: not-found", "not_found_error", "NOT_FOUND"),
    "rate-limited": (429, "rate limit", "rate_limit_error", "RESOURCE_EXHAUSTED"),
    "broken": (500, "internal", "api_error", "INTERNAL"),
    "overflow": (400, "prompt is too long: 9000 tokens > 4096 maximum", "invalid_request_error", "INVALID_ARGUMENT"),
}


class ProviderServer:
    """Serves on 127.0.0.1 from `with` to its end."""

    def __init__(self) -> None:
        self.requests: list[tuple[str, dict[str, str], dict[str, Any]]] = []
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
        self._http.daemon_threads = True
        self._http.script = self  # type: ignore[attr-defined]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._http.server_address[1]}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._http.shutdown()
        self._http.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        """Quiet."""

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        path = urlsplit(self.path).path
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.server.script.requests.append((path, headers, body))  # type: ignore[attr-defined]
        if path == "/v1/messages":
            self._anthropic(body)
        elif path == "/api/chat":
            self._ollama(body)
        elif match := re.fullmatch(r"/v1beta/models/([\w.\-]+):(streamGenerateContent|generateContent)", path):
            self._google(match[1], body, streamed=match[2].startswith("stream"))
        else:
            self._json(404, {"error": {"message": f"no such path {path}"}})

    def _anthropic(self, body: dict[str, Any]) -> None:
        part = body["model"]
        if part in FAULTS:
            status, message, kind, _ = FAULTS[part]
            error = {"type": kind, "message": message.format(key=self.headers.get("x-api-key"))}
            self._json(status, {"type": "error", "error": error})
            return
        words = honest(_text(body["messages"][0]["content"]))
        message = {"id": "m", "type": "message", "role": "assistant", "model": part, "content": [], "stop_reason": None,
                   "stop_sequence": None, "usage": {"input_tokens": 1, "output_tokens": 1}}  # fmt: skip
        block = {"type": "text", "text": ""}
        events: list[dict[str, Any]] = [
            {"type": "message_start", "message": message},
            {"type": "content_block_start", "index": 0, "content_block": block},
        ]
        for piece in _pieces(words, part):
            delta = {"type": "text_delta", "text": piece}
            events.append({"type": "content_block_delta", "index": 0, "delta": delta})
        if part != "half":
            ending = {"stop_reason": "end_turn", "stop_sequence": None}
            events += [
                {"type": "content_block_stop", "index": 0},
                {"type": "message_delta", "delta": ending, "usage": {"output_tokens": 9}},
                {"type": "message_stop"},
            ]
        self._stream("text/event-stream", (f"event: {event['type']}\ndata: {_dump(event)}\n\n" for event in events))

    def _ollama(self, body: dict[str, Any]) -> None:
        part = body["model"].split(":")[0]
        if part in FAULTS:
            self._json(FAULTS[part][0], {"error": FAULTS[part][1]})
            return
        words = honest(body["messages"][-1]["content"])
        lines = [{"model": part, "created_at": "2026-01-01T00:00:00Z", "done": False,
                  "message": {"role": "assistant", "content": piece}} for piece in _pieces(words, part)]  # fmt: skip
        if part != "half":
            last = {"role": "assistant", "content": ""}
            lines.append({"model": part, "created_at": "2026-01-01T00:00:00Z", "done": True, "done_reason": "stop",
                          "message": last, "eval_count": 1, "prompt_eval_count": 1})  # fmt: skip
        self._stream("application/x-ndjson", (_dump(line) + "\n" for line in lines))

    def _google(self, part: str, body: dict[str, Any], *, streamed: bool) -> None:
        if part in FAULTS:
            status, message, _, kind = FAULTS[part]
            error = {"code": status, "message": message.format(key="AIza-secret"), "status": kind}
            self._json(status, [{"error": error}] if streamed else {"error": error})
            return
        words = honest(body["contents"][-1]["parts"][0]["text"])
        pieces = list(_pieces(words, part))
        replies = []
        for number, piece in enumerate(pieces):
            candidate: dict[str, Any] = {"index": 0, "content": {"role": "model", "parts": [{"text": piece}]}}
            if number == len(pieces) - 1 and part != "half":
                candidate["finishReason"] = "STOP"
            replies.append({"candidates": [candidate], "usageMetadata": {"promptTokenCount": 1, "totalTokenCount": 2}})
        if "alt=sse" in self.path:
            self._stream("text/event-stream", (f"data: {_dump(reply)}\r\n\r\n" for reply in replies))
        else:
            self._stream("application/json", iter([_dump(replies)]))

    def _stream(self, kind: str, chunks: Iterator[str]) -> None:
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for chunk in chunks:
            data = chunk.encode()
            self.wfile.write(b"%x\r\n%b\r\n" % (len(data), data))
        self.wfile.write(b"0\r\n\r\n")

    def _json(self, status: int, body: object) -> None:
        data = _dump(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


def _text(content: object) -> str:
    """The text of a message, plain or in blocks."""
    return content if isinstance(content, str) else "".join(block["text"] for block in content)  # type: ignore[attr-defined]


def _pieces(words: str, part: str) -> list[str]:
    pieces = re.findall(r".{1,5}", words, re.DOTALL)
    return pieces[: len(pieces) // 2] if part == "half" else pieces


def _dump(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
