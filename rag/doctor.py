"""`wenju doctor`: is the set-up sound, is the index sound, and what to do if not."""

from __future__ import annotations

import platform
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version

from rag.errors import ModelError, StoreMissing, WenjuError
from rag.settings import EXTRACTIVE, Settings
from rag.stores import open_store, place_name

PACKAGES = ("langchain", "sentence-transformers", "faiss-cpu", "gradio", "jieba", "tantivy", "torch")
LEAST_FREE_BYTES = 500_000_000


@dataclass(frozen=True, slots=True)
class Check:
    """One finding; `text` says what was seen and, when it is not well, the next command."""

    name: str
    ok: bool
    text: str


def examine(settings: Settings, *, call_llm: bool = False) -> Iterator[Check]:
    """Check Python, packages, free disk, the embedder, the index and the answerer.

    Args:
        settings: what to check.
        call_llm: also make one small call to the language model.
    """
    yield Check("python", True, f"{platform.python_version()} on {platform.system()} {platform.machine()}")
    yield _packages()
    yield _disk(settings)
    yield from _index(settings)
    yield _llm(settings, call=call_llm)


def _packages() -> Check:
    """The versions of the packages this project stands on."""
    found, lacking = [], []
    for package in PACKAGES:
        try:
            found.append(f"{package} {version(package)}")
        except PackageNotFoundError:
            lacking.append(package)
    if lacking:
        return Check("packages", False, f"缺少 missing: {', '.join(lacking)}; run: pip install -c constraints.txt -e .")
    return Check("packages", True, ", ".join(found))


def _disk(settings: Settings) -> Check:
    """Free space where the index lives or will live."""
    folder = settings.index.absolute()
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free
    return Check("disk", free >= LEAST_FREE_BYTES, f"{free / 1e9:.1f} GB 可用 free at {folder}")


def _index(settings: Settings) -> Iterator[Check]:
    """The embedder loads, the index opens, and a full read of it finds nothing wrong."""
    from vectorstore.embedding import load_embedder
    from vectorstore.local import LocalStore

    try:
        place = place_name(settings)
        embedder = load_embedder(settings.embedder)
        yield Check("embedder", True, f"{embedder.name}, {embedder.dimension} dimensions, {embedder.fingerprint}")
        with open_store(settings, embedder) as store:
            documents = store.documents()
            problems = store.problems()
            counts = f"{place}: {len(documents)} 个文档 documents, {len(store)} 个段落 passages"
            generation = store.meta().get("generation")
            since = f", generation {generation}" if generation else ""
            if isinstance(store, LocalStore):
                yield Check("store", not problems, "; ".join(store.condition()))
            if problems:
                yield Check("index", False, f"{counts}; {'; '.join(problems)}; run: wenju index --rebuild")
            else:
                yield Check("index", True, f"{counts}{since}, 校验无误 every check passed")
    except StoreMissing:
        yield Check("index", True, f"{place}: 还没有索引 none yet; run: wenju index PATH…")
    except WenjuError as error:
        yield Check("index", False, str(error))


def _llm(settings: Settings, *, call: bool) -> Check:
    """Which answerer is set and, if asked, whether it answers; the key is only said to be there or not."""
    if settings.llm == EXTRACTIVE:
        embedded = "extractive: 内置抽取式回答，不用模型 the embedded one, no model needed"
        return Check("answerer", not call, embedded + ("; 要试模型请设置 to try a model set RAG_LLM" if call else ""))
    if call:
        from rag.generate import check_llm

        try:
            return Check("answerer", True, check_llm(settings))
        except ModelError as error:
            return Check("answerer", False, str(error))
    key = "有密钥 with a key" if settings.llm_api_key else "无密钥 without a key"
    return Check(
        "answerer",
        True,
        f"{settings.llm} at {settings.llm_base_url or 'its usual address'}, {key}; 试 try: wenju doctor --llm",
    )
