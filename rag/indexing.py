"""Files → the store: find, load, split, and say what became of each."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Literal

from rag.documents import document_id, file_digest, find_files, load_document
from rag.errors import LoadError
from rag.loaders import SUFFIXES
from rag.passages import passage_spans, split_passages
from rag.prepare import Unreadable, prepare_files
from rag.settings import Settings
from rag.stores import create_store, drop_store
from vectorstore.prepared import Prepared, prepare

if TYPE_CHECKING:
    from rag.stores import AnyStore

# (files done, files in all, name of the file just done, passages of all those done)
Progress = Callable[[int, int, str, int], None]
Paths = str | Path | Iterable[str | Path]
Stage = Literal["read", "split", "embed", "write"]
# (stage begun or gone on, passages embedded, passages in all); what it raises ends the work and undoes it
Watch = Callable[[Stage, int, int], None]


@dataclass(frozen=True, slots=True)
class IndexReport:
    """What indexing did.

    Attributes:
        added: sources that are new or changed.
        unchanged: sources whose bytes were in the index already.
        failed: (source, why) of the files that could not be read; the others are in.
        passages: how many passages were written.
        renamed: (old source, new source) of files that only have another name; nothing of them was embedded again.
    """

    added: tuple[str, ...] = ()
    unchanged: tuple[str, ...] = ()
    failed: tuple[tuple[str, str], ...] = ()
    passages: int = 0
    renamed: tuple[tuple[str, str], ...] = ()


def index_files(store: AnyStore, paths: Paths, settings: Settings, progress: Progress | None = None) -> IndexReport:
    """Add files, folders and globs to a store in one change; unchanged files are left as they are.

    Raises:
        LoadError: a named path does not exist, no loader reads a named file, or nothing readable is there.
    """
    named = [paths] if isinstance(paths, str | Path) else list(paths)
    files = find_files(named)
    if not files:
        kinds = " ".join(sorted(SUFFIXES))
        raise LoadError(
            f"{', '.join(map(str, named))} 里没有可读的文件。 No readable file there; these are read: {kinds}"
        )
    known = store.digests()
    by_digest = {digest: name for name, digest in known.items()}
    added: list[str] = []
    unchanged: list[str] = []
    renamed: list[tuple[str, str]] = []
    failed: list[tuple[str, str]] = []

    def changed_documents() -> Iterator[Prepared]:
        done = passages = 0

        def tell(source: str, more: int = 0) -> None:
            nonlocal done, passages
            done, passages = done + 1, passages + more
            if progress:
                progress(done, len(files), source, passages)

        changed = []
        for path, source in files:
            digest = file_digest(path) if known else None
            twin = by_digest.get(digest) if digest else None
            if digest is not None and known.get(document_id(path)) == digest:
                unchanged.append(source)
            elif digest and twin and (again := _again(store, twin, path, source, settings)):
                if again.instead_of:
                    renamed.append((store.document(twin).source, source))
                    del by_digest[digest]
                else:
                    added.append(source)
                yield again
            else:
                changed.append((path, source))
                continue
            tell(source)
        ready = prepare_files(changed, settings, store.embedder)
        for (_, source), item in zip(changed, ready, strict=True):
            if isinstance(item, Unreadable):
                failed.append((source, item.why))
            else:
                added.append(source)
                yield item
            tell(source, 0 if isinstance(item, Unreadable) else len(item.spans))

    written = store.add_prepared(changed_documents())
    return IndexReport(tuple(added), tuple(unchanged), tuple(failed), written, tuple(renamed))


def _again(store: AnyStore, twin: str, path: Path, source: str, settings: Settings) -> Prepared | None:
    """A file with the bytes of an indexed document, ready without embedding; None where it reads differently.

    When the document's own file is gone, this is it under a new name.
    """
    try:
        document = load_document(path, source=source)
    except LoadError:
        return None
    old = store.document(twin)
    spans = passage_spans(document, minimum=settings.passage_min, maximum=settings.passage_max)
    passages = store.document_passages(twin)
    if (document.title, spans) != (old.title, [(passage.start, passage.end, passage.page) for passage in passages]):
        return None
    (ready,) = prepare([(document, spans)], None)
    moved = bool(old.path) and not Path(old.path).exists()
    return replace(ready, vectors=store.vectors(twin), instead_of=twin if moved else None)


@dataclass(frozen=True, slots=True)
class FileReport:
    """What became of one file.

    Attributes:
        outcome: "unchanged" when the index held the same bytes for this path already, "duplicate" when another
            document has them and `unique` was asked for; then nothing was written.
        document_id: the document that holds the file's text now.
        source: its name.
        passages: how many passages were written.
    """

    outcome: Literal["added", "replaced", "unchanged", "duplicate"]
    document_id: str
    source: str
    passages: int = 0


def index_file(
    store: AnyStore,
    path: Path,
    settings: Settings,
    *,
    source: str | None = None,
    unique: bool = False,
    anew: bool = False,
    watch: Watch | None = None,
) -> FileReport:
    """Add one file in a change of its own, telling `watch` how far it is.

    Args:
        source: the name people know it by; the file's name by default.
        unique: leave it out when another document has the same bytes.
        anew: read and write it even when its bytes are unchanged.

    Raises:
        LoadError: the file can't be read.
    """
    tell = watch or (lambda stage, done, total: None)
    tell("read", 0, 0)
    document = load_document(path, source=source)
    known = store.digests()
    if known.get(document.id) == document.digest and not anew:
        return FileReport("unchanged", document.id, document.source)
    twins = sorted(id_ for id_, digest in known.items() if digest == document.digest and id_ != document.id)
    if unique and twins:
        return FileReport("duplicate", twins[0], store.document(twins[0]).source)
    tell("split", 0, 0)
    passages = split_passages(document, minimum=settings.passage_min, maximum=settings.passage_max)
    total = len(passages)
    tell("embed", 0, total)
    written = store.add([(document, passages)], lambda done: tell("embed" if done < total else "write", done, total))
    return FileReport("replaced" if document.id in known else "added", document.id, document.source, written)


def make_index(paths: Paths, settings: Settings, progress: Progress | None = None) -> IndexReport:
    """Make a new index at `settings.index`, wholly or not at all.

    It is made beside its place and moved there when it is whole, so that an interrupted first start leaves nothing
    behind that could pass for an index. On a server it holds what was written so far, and the next run adds the rest.

    Raises:
        LoadError: as `index_files`, and when no file could be read.
    """
    if settings.store != "local":
        return _make_on_server(paths, settings, progress)
    from vectorstore.embedding import load_embedder
    from vectorstore.local import CATALOG, LocalStore

    place = settings.index.absolute()
    place.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=place.parent, prefix=f".{place.name}-", ignore_cleanup_errors=True) as folder:
        made = Path(folder)
        with LocalStore.create(made, load_embedder(settings.embedder)) as store:
            report = index_files(store, paths, settings, progress)
        _refuse_nothing(report)
        place.mkdir(exist_ok=True)
        # The catalog first, in one step: from then on there is an index, and anything else can be made from it.
        for part in sorted(made.iterdir(), key=lambda part: part.name != CATALOG):
            part.replace(place / part.name)
    return report


def _make_on_server(paths: Paths, settings: Settings, progress: Progress | None) -> IndexReport:
    """A new index on a server, taken away again when nothing could be put into it."""
    from vectorstore.embedding import load_embedder

    with create_store(settings, load_embedder(settings.embedder)) as store:
        try:
            report = index_files(store, paths, settings, progress)
            _refuse_nothing(report)
        except LoadError:
            drop_store(settings)
            raise
    return report


def _refuse_nothing(report: IndexReport) -> None:
    """Raise LoadError where no file could be read."""
    if not report.added:
        raise LoadError("没有一个文件能读。 No file could be read: " + "; ".join(why for _, why in report.failed[:5]))
