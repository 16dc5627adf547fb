"""What one visitor chose to be answered by: a provider, a model, an address and a key, and how much is looked up."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from pydantic import SecretStr

from rag.errors import ModelError
from rag.settings import EXTRACTIVE, Settings

# As the program was started; the embedded answerer; any other server or LangChain provider.
DEFAULT, EMBEDDED, OTHER = "default", "embedded", "other"


@dataclass(frozen=True, slots=True)
class Provider:
    """A service that speaks OpenAI's protocol: where it is and which of its models to start with."""

    key: str
    name: str
    base_url: str
    model: str


PROVIDERS = (
    Provider("deepseek", "DeepSeek", "https://api.deepseek.com", "deepseek-chat"),
    Provider("qwen", "通义千问 Qwen", "https://dashscope.aliyuncs.com/compatible-mode/v1", "qwen-plus"),
    Provider("moonshot", "Kimi Moonshot", "https://api.moonshot.cn/v1", "kimi-latest"),
    Provider("glm", "智谱 GLM", "https://open.bigmodel.cn/api/paas/v4", "glm-4-flash"),
    Provider("openai", "OpenAI", "https://api.openai.com/v1", "gpt-4o-mini"),
    Provider("ollama", "Ollama", "http://127.0.0.1:11434/v1", "qwen3"),
)


@dataclass(frozen=True)
class Choice:
    """A visitor's choice; None takes the program's own setting. The key is never shown, stored or logged."""

    provider: str = DEFAULT
    model: str = ""
    base_url: str = ""
    key: SecretStr | None = None
    top_k: int | None = None
    repair: bool | None = None

    def settings(self, base: Settings) -> Settings:
        """The settings with this choice in place.

        The program's own key goes nowhere but where the program was told to send it: a chosen model gets the
        visitor's key or none.

        Raises:
            ModelError: no model is named, or the address is no http(s) URL.
        """
        changes: dict[str, object] = {}
        if self.top_k is not None:
            changes["top_k"] = max(1, min(self.top_k, 50))
        if self.repair is not None:
            changes["llm_repair"] = self.repair
        if self.provider == EMBEDDED:
            changes |= {"llm": EXTRACTIVE, "llm_base_url": None, "llm_api_key": None}
        elif self.provider != DEFAULT:
            changes |= {"llm": self._llm(), "llm_base_url": self._address() or None, "llm_api_key": self.key}
        return base.model_copy(update=changes)

    def _llm(self) -> str:
        """The provider string. Raises ModelError."""
        model = self.model.strip()
        if not model:
            raise ModelError("请填写模型名，例如 deepseek-chat", "Name a model, for example deepseek-chat")
        return f"openai:{model}" if self.base_url.strip() and not model.startswith("openai:") else model

    def _address(self) -> str:
        """The base URL, "" for none. Raises ModelError."""
        address = self.base_url.strip()
        parts = urlsplit(address)
        if address and (parts.scheme not in ("http", "https") or not parts.hostname):
            raise ModelError(
                f"地址 {address} 不是网址：应以 http:// 或 https:// 开头",
                f"{address} is no address: it has to start with http:// or https://",
            )
        return address
