"""Shared by all tests: no hub, no telemetry, no settings or proxy of this machine, one thread per model."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

if TYPE_CHECKING:
    from rag import Assistant
    from tests.milvus_server import MilvusProcess

os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
for name in [name for name in os.environ if name.startswith("RAG_") or name.lower().endswith("_proxy")]:
    del os.environ[name]

# A slow machine is no failure: no property test has a deadline.
settings.register_profile("wenju", deadline=None)
settings.load_profile("wenju")


@pytest.fixture(scope="session")
def seeds_assistant(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Assistant]:
    """An assistant over the seed documents with the embedded answerer; shared, so leave its index as it is."""
    from rag import Assistant, Settings
    from rag.assistant import SEEDS

    with Assistant.build(SEEDS, settings=Settings(index=tmp_path_factory.mktemp("seeds") / "index")) as assistant:
        yield assistant


@pytest.fixture(scope="session")
def milvus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MilvusProcess]:
    """A real Milvus Lite server, shared by all tests, each of which uses collections of its own."""
    pytest.importorskip("milvus_lite", reason="Milvus Lite is not installed: pip install -e '.[test]'")
    from tests.milvus_server import MilvusProcess

    folder = tmp_path_factory.mktemp("milvus") / "data"
    folder.mkdir()
    server = MilvusProcess(folder)
    server.start()
    yield server
    server.kill()
