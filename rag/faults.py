"""What went wrong with a language model, in plain words. Knows HTTP, not providers; never repeats a key."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urlsplit, urlunsplit

from rag.errors import ModelError
from rag.settings import Settings

_context = re.compile(
    r"context.{0,20}(?:length|window|size)|maximum context|too (?:long|many tokens)|exceed\w* .{0,40}(?:token|context)"
    r"|上下文",
    re.IGNORECASE | re.DOTALL,
)
_wrong_key = re.compile(
    r"(?:api[_ -]?key|token|密钥)[^.]{0,24}(?:not valid|invalid|incorrect|expired|无效|不正确)"
    r"|invalid.{0,8}(?:api[_ -]?key|token)",
    re.IGNORECASE,
)
_missing_key = re.compile(r"api[_ ]?key|credentials", re.IGNORECASE)
_secret = re.compile(r"\b(?:sk|key|pk|gsk|tok)[-_][\w-]{6,}|(?<=Bearer )\S+", re.IGNORECASE)
_DETAIL = 160


def explain(error: BaseException, settings: Settings) -> ModelError:
    """One line that says what was seen and what to do, in Chinese and English.

    >>> error = explain(TimeoutError(), Settings(llm="openai:x", llm_base_url="http://127.0.0.1:9/v1"))
    >>> print(error.en)
    The model server at http://127.0.0.1:9/v1 sent nothing for 60 s: try again, or raise RAG_LLM_TIMEOUT
    """
    chain = list(_causes(error))
    at, address = _place(settings)
    names = {cls.__name__ for cause in chain for cls in type(cause).__mro__}
    status = next((code for code in map(_status, chain) if code), None)
    detail = _detail(chain, settings)
    if status is not None:
        return _refused(status, detail, settings, at, address)
    if any("Timeout" in name for name in names):
        return ModelError(
            f"模型服务 {at} {settings.llm_timeout:g} 秒没有回应：请重试，或调大 RAG_LLM_TIMEOUT",
            f"The model server {address} sent nothing for {settings.llm_timeout:g} s: "
            "try again, or raise RAG_LLM_TIMEOUT",
        )
    if names & {"UnicodeDecodeError", "JSONDecodeError"} or "No generation chunks" in detail:
        return ModelError(
            f"模型服务 {at} 返回的内容读不懂：确认 RAG_LLM_BASE_URL 指向 OpenAI 兼容接口（通常以 /v1 结尾）",
            f"The model server {address} sent what can't be read: check that RAG_LLM_BASE_URL is an "
            "OpenAI-compatible address (it mostly ends in /v1)",
        )
    if "SSLCertVerificationError" in names or "CERTIFICATE_VERIFY_FAILED" in detail:
        return ModelError(
            f"模型服务 {at} 的证书验证不过：检查地址、系统时间和代理",
            f"The certificate of the model server {address} can't be verified: "
            "check the address, the clock and the proxy",
        )
    if names & {"RemoteProtocolError", "ReadError", "ChunkedEncodingError", "IncompleteRead"}:
        return ModelError(
            f"模型服务 {at} 在回答中途断开了连接：请重试",
            f"The model server {address} broke off in mid-answer: try again",
        )
    if names & {"APIConnectionError", "ConnectError", "ConnectionError", "ConnectionRefusedError", "gaierror"}:
        return ModelError(
            f"连不上模型服务 {at}：确认它已启动，检查 RAG_LLM_BASE_URL 和网络",
            f"Can't reach the model server {address}: see that it runs, check RAG_LLM_BASE_URL and the network",
        )
    if _missing_key.search(detail) and settings.llm_api_key is None:
        return ModelError(
            f"{settings.llm} 需要密钥：请设置 RAG_LLM_API_KEY", f"{settings.llm} needs a key: set RAG_LLM_API_KEY"
        )
    return ModelError(f"模型服务 {at} 出错：{detail}", f"The model server {address} failed: {detail}")


def _refused(status: int, detail: str, settings: Settings, at: str, address: str) -> ModelError:
    """An HTTP status in words."""
    if status in (401, 403) or (status in (400, 422) and _wrong_key.search(detail)):
        return ModelError(
            f"模型服务 {at} 拒绝了密钥 ({status})：检查 RAG_LLM_API_KEY",
            f"The model server {address} refused the key ({status}): check RAG_LLM_API_KEY",
        )
    if status == 402:
        return ModelError(
            f"模型服务 {at} 说余额不足 (402)：请充值", f"The account at the model server {address} is empty (402)"
        )
    if status == 404 and settings.llm.startswith("ollama:"):
        name = settings.llm.removeprefix("ollama:")
        return ModelError(
            f"Ollama（{at}）里没有模型 {name} (404)：先运行 ollama pull {name}，或检查 RAG_LLM 和 RAG_LLM_BASE_URL",
            f"Ollama ({address}) has no model {name} (404): run ollama pull {name}, "
            "or check RAG_LLM and RAG_LLM_BASE_URL",
        )
    if status == 404:
        return ModelError(
            f"模型服务 {at} 没有模型 {settings.llm}，或地址不对 (404)：检查 RAG_LLM 和 RAG_LLM_BASE_URL",
            f"The model server {address} has no model {settings.llm}, or the address is wrong (404): "
            "check RAG_LLM and RAG_LLM_BASE_URL",
        )
    if status == 429:
        return ModelError(
            f"模型服务 {at} 说请求太多或额度用完 (429)：稍后再试",
            f"The model server {address} says too many requests or quota used up (429): try again later",
        )
    if status in (400, 413, 422) and _context.search(detail):
        return ModelError(
            f"资料超过模型的上下文长度 ({status})：调小 RAG_LLM_CONTEXT（现为 {settings.llm_context} 字）或 RAG_TOP_K",
            f"The passages are longer than the model's context ({status}): lower RAG_LLM_CONTEXT "
            f"(now {settings.llm_context} characters) or RAG_TOP_K",
        )
    if status >= 500:
        return ModelError(
            f"模型服务 {at} 出了故障 ({status})：稍后再试",
            f"The model server {address} failed ({status}): try again later",
        )
    return ModelError(
        f"模型服务 {at} 不接受请求 ({status})：{detail}",
        f"The model server {address} did not take the call ({status}): {detail}",
    )


def _causes(error: BaseException) -> Iterator[BaseException]:
    """An error and what it came from, outermost first."""
    seen: set[int] = set()
    current: BaseException | None = error
    while current is not None and id(current) not in seen:
        seen.add(id(current))
        yield current
        current = current.__cause__ or current.__context__


def _status(error: BaseException) -> int | None:
    """The HTTP status an error carries."""
    for holder in (error, getattr(error, "response", None)):
        for name in ("status_code", "code", "status"):
            code = getattr(holder, name, None)
            if isinstance(code, int) and 400 <= code < 600:
                return code
    return None


def _place(settings: Settings) -> tuple[str, str]:
    """Where the model lives, in Chinese and English: the base URL without user, password and query, or the model."""
    if not settings.llm_base_url:
        return settings.llm, f"of {settings.llm}"
    parts = urlsplit(settings.llm_base_url)
    host = parts.netloc.rpartition("@")[2]
    url = urlunsplit((parts.scheme, host, parts.path, "", ""))
    return url, f"at {url}"


def _detail(chain: list[BaseException], settings: Settings) -> str:
    """What the innermost telling error says, on one short line, secrets blanked out."""
    text = next((str(error) for error in chain if str(error).strip()), type(chain[0]).__name__)
    if settings.llm_api_key:
        text = text.replace(settings.llm_api_key.get_secret_value(), "***")
    text = " ".join(_secret.sub("***", text).split())
    return text if len(text) <= _DETAIL else text[:_DETAIL] + "…"
