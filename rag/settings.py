"""All settings, read once and passed in: arguments first, then the environment (`RAG_…`), then the defaults here."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

EMBEDDED = "embedded"
EXTRACTIVE = "extractive"


class Settings(BaseSettings):
    """Settings of one assistant; unknown names are refused.

    Attributes:
        index: folder of the index.
        embedder: "embedded", or a sentence-transformers model by name or folder.
        llm: "extractive" (no model), or a LangChain provider string such as "openai:deepseek-chat".
        llm_base_url: base URL of an OpenAI-compatible server.
        llm_api_key: its key; never stored or logged.
        llm_timeout: seconds to wait for the model's next piece of text.
        llm_context: characters of evidence that go into one prompt.
        llm_repair: whether a draft with unproven sentences goes back to the model once.
        verifier: an NLI cross-encoder of sentence-transformers by name or folder, asked about weak proofs; "" for none.
        store: where passages live: "local" in the folder `index`, or "milvus" on a server.
        milvus_uri: the server, such as "http://127.0.0.1:19530"; no password in it.
        milvus_token: "user:password" or an API key; never stored or logged.
        milvus_database, milvus_collection: database of the server, and what the names of our collections begin with.
        milvus_consistency: how fresh a read must be; see `vectorstore.milvus_server.Place`.
        milvus_timeout: seconds a call is tried for while the server can't be reached.
        passage_min, passage_max: characters in a passage; in English text 2.5 times as many.
        top_k: passages that reach the answerer; of a question in parts, as many for the whole and for each part.
        dense_weight: weight of the dense leg in the fused score; None takes the embedder's measured weight.
        question_max: longest question in characters.
        keep: where the chat page keeps conversations: each in its reader's browser, or on this machine's disk beside
            the index, where everybody who can open the page sees them.
    """

    model_config = SettingsConfigDict(env_prefix="RAG_", extra="forbid", frozen=True)

    index: Path = Path("index")
    embedder: str = EMBEDDED
    llm: str = EXTRACTIVE
    llm_base_url: str | None = None
    llm_api_key: SecretStr | None = None
    llm_timeout: float = Field(default=60.0, gt=0)
    llm_context: int = Field(default=6000, ge=500)
    llm_repair: bool = True
    verifier: str = ""
    store: Literal["local", "milvus"] = "local"
    milvus_uri: str | None = None
    milvus_token: SecretStr | None = None
    milvus_database: str = "default"
    milvus_collection: str = "wenju"
    milvus_consistency: Literal["Strong", "Session", "Bounded", "Eventually"] = "Strong"
    milvus_timeout: float = Field(default=10.0, gt=0)
    passage_min: int = Field(default=200, ge=20)
    passage_max: int = Field(default=400, ge=40)
    top_k: int = Field(default=6, ge=1, le=50)
    dense_weight: float | None = Field(default=None, ge=0, le=1)
    question_max: int = Field(default=2000, ge=10)
    keep: Literal["browser", "disk"] = "browser"
