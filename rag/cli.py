"""`wenju`: ask, chat, index, serve, doctor. Messages in Chinese and English, errors without tracebacks."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

from rag.errors import WenjuError
from rag.language import terminal_language
from rag.progress import Shown

if TYPE_CHECKING:
    from rag.indexing import IndexReport
    from rag.settings import Settings
    from rag.types import Answer
    from vectorstore.filters import Filter


def _told(error: WenjuError) -> str:
    """An error in the language of the terminal, in both where that is not known."""
    language = terminal_language()
    if language is not None:
        return error.told(language)
    return error.en if error.en == error.zh else f"{error.zh} / {error.en}"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit status: 0 done (a refusal is an answer), 1 something failed, 2 wrong usage."""
    options = _parser().parse_args(arguments)
    try:
        return int(options.run(options))
    except WenjuError as error:
        print(f"wenju: {_told(error)}", file=sys.stderr)
        return 1
    except BrokenPipeError:  # `wenju ask … | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except KeyboardInterrupt:
        print(file=sys.stderr)
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="wenju",
        description="文据：向自己的文档提问，每句话都有原文为证。 Ask your documents, with the quotes that prove it.",
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    common = argparse.ArgumentParser(add_help=False)
    common.add_argument(
        "--index", type=Path, metavar="DIR", help="索引目录 index folder (default: $RAG_INDEX or ./index)"
    )
    whole = argparse.ArgumentParser(add_help=False, parents=[common])
    whole.add_argument("--collection", metavar="NAME", help="集合 a collection beside that index")

    narrow = argparse.ArgumentParser(add_help=False)
    narrow.add_argument(
        "--source",
        action="append",
        metavar="GLOB",
        default=[],
        help="只查这些来源 only these sources, such as '年报/*.pdf'",
    )
    narrow.add_argument("--since", metavar="DATE", help="从这天起 documents dated from: 2023-06-30, 2023-06 or 2023")
    narrow.add_argument("--until", metavar="DATE", help="到这天止 documents dated up to")
    narrow.add_argument(
        "--where",
        action="append",
        metavar="KEY=VALUE",
        default=[],
        help="元数据相等 documents with this metadata value",
    )

    ask = commands.add_parser("ask", parents=[whole, narrow], help="问一个问题 ask one question")
    ask.add_argument("question", nargs="+")
    ask.add_argument("--json", action="store_true", help="输出 JSON print the whole answer as JSON")
    ask.add_argument(
        "--llm", metavar="NAME", help='语言模型 such as "openai:deepseek-chat" (default: $RAG_LLM or extractive)'
    )
    ask.set_defaults(run=_ask)

    chat = commands.add_parser("chat", parents=[whole, narrow], help="在终端里对话 talk in the terminal")
    chat.add_argument("--llm", metavar="NAME", help="语言模型 language model (default: $RAG_LLM or extractive)")
    chat.set_defaults(run=_chat)

    index = commands.add_parser("index", parents=[whole], help="建立或更新索引 index files, folders and globs")
    index.add_argument("paths", nargs="*", metavar="PATH")
    index.add_argument("--list", action="store_true", help="列出文档 list the indexed documents")
    index.add_argument(
        "--remove", nargs="+", metavar="NAME", default=[], help="删除文档 remove documents by name or path"
    )
    index.add_argument(
        "--rebuild", action="store_true", help="用当前模型重建索引 make the index anew with the current embedding model"
    )
    index.set_defaults(run=_index)

    collections = commands.add_parser("collections", parents=[common], help="列出和管理集合 list, make, rename, delete")
    change = collections.add_mutually_exclusive_group()
    change.add_argument("--create", metavar="NAME", help="新建 make an empty collection")
    change.add_argument("--rename", nargs=2, metavar=("OLD", "NEW"), help="改名 give it another name")
    change.add_argument("--delete", metavar="NAME", help="删除 delete it with its index (asks first)")
    collections.add_argument("--yes", action="store_true", help="不再询问 delete without asking")
    collections.set_defaults(run=_collections)

    serve = commands.add_parser("serve", parents=[whole], help="作为 MCP 服务 serve other programs over MCP")
    serve.add_argument("--llm", metavar="NAME", help="语言模型 language model (default: $RAG_LLM or extractive)")
    serve.add_argument("--http", type=int, metavar="PORT", help="用 HTTP，只在本机 on 127.0.0.1:PORT instead of stdio")
    serve.set_defaults(run=_serve)

    migrate = commands.add_parser(
        "migrate", parents=[common], help="搬到 Milvus 或搬回本机 copy the index to Milvus or back, resumable"
    )
    migrate.add_argument(
        "--to", nargs=2, required=True, metavar=("HOME", "PLACE"), help="milvus http://HOST:19530, 或 or: local DIR"
    )
    migrate.set_defaults(run=_migrate)

    doctor = commands.add_parser("doctor", parents=[whole], help="检查环境与索引 check the set-up and the index")
    doctor.add_argument(
        "--llm", nargs="?", const="", metavar="NAME", help="并调用一次语言模型 call the language model once, too"
    )
    doctor.set_defaults(run=_doctor)
    return parser


def _settings(options: argparse.Namespace) -> Settings:
    """Settings from the environment, changed by the command line."""
    from pydantic import ValidationError

    from rag.settings import Settings

    try:
        settings = Settings()
    except ValidationError as error:
        raise WenjuError(f"设置有误 a RAG_… setting is wrong: {error}") from None
    changes = {name: getattr(options, name, None) for name in ("index", "llm")}
    settings = settings.model_copy(update={name: value for name, value in changes.items() if value is not None})
    if not getattr(options, "collection", None):
        return settings
    return settings.model_copy(update={"index": _collection(options, settings)})


def _collection(options: argparse.Namespace, settings: Settings) -> Path:
    """The index of the collection that was named; indexing into a new one makes it."""
    from rag.assistant import Assistant
    from rag.collections import Collections
    from rag.errors import CollectionError

    collections = Collections(settings.index)
    try:
        folder = collections.find(options.collection).folder
    except CollectionError:
        if not getattr(options, "paths", None):
            raise
        folder = collections.create(options.collection).folder
    if folder != settings.index and not (folder / "catalog.sqlite").exists():
        Assistant.open_or_create(folder, settings=settings).close()  # empty, not with the seed documents
    return folder


def _filter(options: argparse.Namespace) -> Filter | None:
    """The documents the command line asks for, None for all."""
    from vectorstore.filters import Filter

    metadata: dict[str, list[str]] = {}
    for condition in options.where:
        key, equals, value = condition.partition("=")
        if not equals:
            raise WenjuError(f"--where {condition}: 要写成 KEY=VALUE / it must be KEY=VALUE")
        metadata.setdefault(key, []).append(value)
    try:
        return Filter(options.source, options.since, options.until, metadata) or None
    except ValueError as error:
        raise WenjuError(f"筛选条件有误 a filter is wrong: {error}") from None


def _ask(options: argparse.Namespace) -> int:
    from rag.assistant import Assistant

    question, filter = " ".join(options.question), _filter(options)
    with Shown() as shown:
        assistant = Assistant.default(_settings(options), progress=shown)
    with assistant:
        answer = assistant.answer(question, filter=filter)
    if options.json:
        from rag.plain import as_plain

        print(json.dumps(as_plain(answer), ensure_ascii=False, indent=2))
    else:
        _show(answer)
    return 0


def _chat(options: argparse.Namespace) -> int:
    from rag.assistant import Assistant

    filter = _filter(options)
    history: list[tuple[str, str]] = []
    with Shown() as shown:
        assistant = Assistant.default(_settings(options), progress=shown)
    with assistant:
        print("输入问题，空行结束。 Type a question; an empty line ends the chat.")
        while question := _read_line():
            try:
                answer = assistant.answer(question, history, filter=filter)
            except WenjuError as error:
                print(f"wenju: {_told(error)}", file=sys.stderr)
                continue
            _show(answer)
            history.append((question, answer.text))
    return 0


def _read_line() -> str:
    """One line from the person, "" at the end of input."""
    try:
        return input("\n> ").strip()
    except EOFError:
        return ""


def _index(options: argparse.Namespace) -> int:
    from rag.assistant import Assistant
    from rag.stores import place_name

    settings = _settings(options)
    if not (options.paths or options.list or options.remove or options.rebuild):
        raise WenjuError(
            "没有给出文件。要索引文件：wenju index PATH… / nothing to do: name files or folders, or --list"
        )
    if options.rebuild:
        with Assistant.rebuild(settings=settings) as assistant:
            print(f"已重建 rebuilt {place_name(settings)}: {len(assistant.store)} 个段落 passages")
    failed = False
    if options.paths:
        with Shown() as shown:
            assistant, report = Assistant.build_reported(options.paths, settings=settings, progress=shown)
        assistant.close()
        failed = _report(report)
    with Assistant.open(settings=settings) as assistant:
        for name in options.remove:
            print(f"已删除 removed {name}: {assistant.remove(name)}")
        if options.list:
            for info in assistant.documents():
                print(f"{info.source}\t{info.title}\t{info.date or '-'}\t{info.passages} 段 passages")
        counts = f"{len(assistant.store.digests())} 个文档 documents, {len(assistant.store)} 个段落 passages"
        print(f"{place_name(settings)}: {counts}")
    return 1 if failed else 0


def _report(report: IndexReport) -> bool:
    """Print what indexing did; returns whether a file failed."""
    for source, why in report.failed:
        print(f"未收录 left out {source}: {why}", file=sys.stderr)
    for old, new in report.renamed:
        print(f"改名 renamed {old} → {new}")
    print(
        f"新增或更新 added {len(report.added)}, 未变 unchanged {len(report.unchanged)}, "
        f"失败 failed {len(report.failed)}, 段落 passages {report.passages}"
    )
    return bool(report.failed)


def _collections(options: argparse.Namespace) -> int:
    from rag.assistant import Assistant
    from rag.collections import Collections

    settings = _settings(options)
    collections = Collections(settings.index)
    if options.create:
        collections.create(options.create)
    if options.rename:
        collections.rename(collections.find(options.rename[0]), options.rename[1])
    if options.delete:
        found = collections.find(options.delete)
        if not options.yes and found.id:
            print(f"要删除集合“{found.name}”和它的索引吗？输入名字确认。 Type its name to delete it with its index.")
            if _read_line() != found.name:
                print("没有删除。 Nothing was deleted.")
                return 1
        collections.delete(found)
    for one in collections.all():
        with Assistant.open_or_create(one.folder, settings=settings) if one.id else nullcontext() as opened:
            size = f"\t{len(opened.documents())} 个文档 documents" if opened else ""
        print(f"{one.name or '默认 default'}{size}\t{one.folder}")
    return 0


def _serve(options: argparse.Namespace) -> int:
    from rag.assistant import Assistant
    from rag.serve import make_server

    with Assistant.default(_settings(options)) as assistant:
        if options.http is None:
            make_server(assistant).run("stdio")
        else:
            print(f"http://127.0.0.1:{options.http}/mcp", file=sys.stderr)
            make_server(assistant, port=options.http).run("streamable-http")
    return 0


def _migrate(options: argparse.Namespace) -> int:
    from rag.stores import open_or_create_store, open_store, place_name
    from vectorstore.embedding import load_embedder
    from vectorstore.migrate import migrate

    settings = _settings(options)
    home, place = options.to
    local, server = {"store": "local"}, {"store": "milvus"}
    if home == "milvus":
        changes = local, {**server, "milvus_uri": place}
    elif home == "local":
        changes = server, {**local, "index": Path(place)}
    else:
        raise WenjuError(f"--to {home}: milvus URI 或 or local DIR")
    source, target = (settings.model_copy(update=each) for each in changes)
    embedder = load_embedder(settings.embedder)

    def show(stage: str, done: int, total: int) -> None:
        if sys.stderr.isatty():
            what = "复制 copying" if stage == "copy" else "核对 checking"
            end = "\n" if done == total else ""
            print(f"\r\x1b[K{what} {done}/{total}", end=end, file=sys.stderr, flush=True)

    with open_store(source, embedder) as old, open_or_create_store(target, embedder) as new:
        done = migrate(old, new, show)
    others = f"；另有 and {done.others} 个原有文档 documents of its own" if done.others else ""
    print(
        f"{place_name(source)} → {place_name(target)}: 复制 copied {done.copied}, 已有 there before {done.kept}, "
        f"段落 passages {done.passages}, 逐字核对无误 all compared and the same{others}"
    )
    return 0


def _doctor(options: argparse.Namespace) -> int:
    from rag.doctor import examine

    call_llm = options.llm is not None
    options.llm = options.llm or None  # without a name: the one that the settings name
    settings = _settings(options)
    healthy = True
    for check in examine(settings, call_llm=call_llm):
        healthy &= check.ok
        print(f"{'✓' if check.ok else '✗'} {check.name}: {check.text}")
    return 0 if healthy else 1


def _show(answer: Answer) -> None:
    """Print an answer for a person: the fact, the sentences, the quotes they rest on."""
    if answer.standalone_question != answer.question:
        print(f"（理解为 understood as: {answer.standalone_question}）")
    if answer.short:
        print(f"【{answer.short}】")
    print(answer.text)
    if answer.notice:
        print(f"注意 note: {answer.notice}")
    for citation in answer.citations:
        where = " · ".join(str(part) for part in (citation.title, citation.date, _page(citation.page)) if part)
        print(f"\n[{citation.number}] {citation.source} · {where}\n    “{citation.quote}”")
        _warn(citation.passage.text)
    if answer.refused and answer.hits:
        print("\n最接近的段落 nearest passages:")
        for hit in answer.hits[:3]:
            print(f"  - {hit.passage.title}: {hit.passage.text[:60]}…".replace("\n", " "))
            _warn(hit.passage.text)


def _warn(text: str) -> None:
    """Say when a passage tries to steer the answer."""
    from rag.injection import suspicious

    if warning := suspicious(text):
        print(f"    ⚠ {warning} {suspicious(text, 'en')}")


def _page(page: int | None) -> str:
    return f"第{page}页 p. {page}" if page else ""


if __name__ == "__main__":
    sys.exit(main())
