"""What the documents area sends and fetches: uploads, progress, the list, changes to documents and collections."""

from __future__ import annotations

import shutil
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from rag.archives import unpack
from rag.errors import LoadError
from rag.loaders import SUFFIXES
from rag.originals import FILES
from rag.ui.desk import Desk
from rag.ui.jobs import WAITING_MAX, Jobs
from rag.ui.routes import Call, Routes, language_of, respond
from rag.ui.shelf import render_list, render_rows
from rag.ui.uploads import (
    MAX_MEGABYTES,
    check_upload,
    keep_file,
    read_again,
    refuse,
    remove_documents,
    safe_name,
)

INCOMING = ".incoming"  # folder beside the kept files in which uploads lie until they are read
DRAINED = 4  # times the limit that is read of a file too large, to tell its size
DAY = 24 * 3600.0
DEPTH = 8  # folders of a dropped folder that are kept


@dataclass(frozen=True)
class Intake:
    """The documents area's side of the routes."""

    desk: Desk
    jobs: Jobs
    base: str

    def add_to(self, routes: Routes) -> None:
        """Serve what the documents area asks for."""
        routes.add("list", self.list)
        routes.add("rows", self.rows)
        for path, answer in {
            "stop": self.stop,
            "clear": self.clear,
            "remove": self.remove,
            "again": self.again,
            "create": self.create,
            "rename": self.rename,
            "delete": self.delete,
        }.items():
            routes.add(path, answer, "POST")
        routes.routes.append(Route(f"{routes.base}/upload", self.upload, methods=["POST"]))

    def list(self, call: Call) -> dict[str, Any]:
        """One page of the list."""
        documents = self.desk.open(call.text("collection")).documents()
        address = file_address(self.base, call.text("collection"))
        sort, page = call.text("sort") or "name", call.number("page", 1)
        return {"html": render_list(documents, call.text("words")[:200], sort, page, address, call.language)}

    def rows(self, call: Call) -> dict[str, Any]:
        """The visitor's files on their way, and whether the list is out of date."""
        rows = self.jobs.rows(call.text("visitor"), call.text("collection"))
        return {
            "html": render_rows(rows, call.language),
            "active": sum(not row.is_over for row in rows),
            "changed": self.jobs.changed(call.text("collection")),
        }

    def stop(self, call: Call) -> dict[str, Any]:
        """Stop one file, or all of the visitor's."""
        self.jobs.stop(call.text("visitor"), call.text("collection"), call.number("row") or None)
        return self.rows(call)

    def clear(self, call: Call) -> dict[str, Any]:
        """Forget the visitor's files that are over."""
        self.jobs.clear(call.text("visitor"), call.text("collection"))
        return self.rows(call)

    def remove(self, call: Call) -> dict[str, Any]:
        """Take documents out of the collection."""
        assistant = self.desk.open(call.text("collection"))
        return {"removed": remove_documents(assistant, call.text("documents").split(","))}

    def again(self, call: Call) -> dict[str, Any]:
        """Read documents' files once more; all of the collection when none is named."""
        collection, named = call.text("collection"), set(filter(None, call.text("documents").split(",")))
        for info in self.desk.open(collection).documents():
            if not named or info.id in named:
                work = self._reading(collection, info.id)
                self.jobs.submit(call.text("visitor"), collection, info.source, work)
        return self.rows(call)

    def create(self, call: Call) -> dict[str, Any]:
        """Make a collection."""
        return {"collection": self.desk.collections.create(call.text("name")).id}

    def rename(self, call: Call) -> dict[str, Any]:
        """Give a collection another name."""
        collections = self.desk.collections
        found = collections.find(call.text("collection"))
        return {"collection": collections.rename(found, call.text("name")).id}

    def delete(self, call: Call) -> dict[str, Any]:
        """Delete a collection with everything in it."""
        self.desk.delete(self.desk.collections.find(call.text("collection")))
        return {"collection": ""}

    async def upload(self, request: Request) -> Response:
        """Take one file in and queue it; the body of the request is the file."""
        call = Call(request.query_params, language_of(request))
        try:
            place = await run_in_threadpool(self._place, call)
        except Exception as error:  # answered by the one place that knows how
            return await run_in_threadpool(respond, call, partial(_raise, error))
        size, limit = 0, MAX_MEGABYTES * 2**20
        try:
            with place.open("xb") as file:
                async for chunk in request.stream():
                    size += len(chunk)
                    if size <= limit:
                        file.write(chunk)
                    elif size > DRAINED * limit:
                        break
        except BaseException:  # the visitor left in mid-upload
            place.unlink(missing_ok=True)
            raise
        return await run_in_threadpool(respond, call, lambda call: self._take(call, place, size))

    def _place(self, call: Call) -> Path:
        """A free place for an upload. Raises CollectionError, UploadRefused."""
        self._check_room()
        folder = Path(self.desk.open(call.text("collection")).settings.index) / FILES / INCOMING
        folder.mkdir(parents=True, exist_ok=True)
        _sweep(folder)
        return folder / uuid.uuid4().hex

    def _check_room(self) -> None:
        """Refuse more than can sensibly wait."""
        if self.jobs.waiting() >= WAITING_MAX:
            raise refuse("too_busy")

    def _take(self, call: Call, place: Path, size: int) -> dict[str, Any]:
        """Queue an uploaded file, or the files of an archive; what is refused gets a row that says why."""
        visitor, collection = call.text("visitor"), call.text("collection")
        given = call.text("name")
        parts = [safe_name(part) for part in given.replace("\\", "/").split("/")][-DEPTH:]
        name = "/".join(filter(None, parts))
        shown = name or "?"
        try:
            check_upload(given, size, (*SUFFIXES, ".zip"))
            if name.lower().endswith(".zip"):
                self._take_archive(visitor, collection, name, place)
                place.unlink()
            else:
                self._queue(visitor, collection, name, place)
        except (LoadError, OSError) as error:
            place.unlink(missing_ok=True)
            self.jobs.refuse(visitor, collection, shown, error)
        return self.rows(call)

    def _take_archive(self, visitor: str, collection: str, name: str, place: Path) -> None:
        """Queue the files of an archive under its name."""
        folder = place.with_name(f"{place.name}-unpacked")
        folder.mkdir()
        count = 0
        for entry in unpack(place, folder, safe_name, MAX_MEGABYTES * 2**20):
            count += 1
            inner = f"{name[:-4]}/{entry.name}"
            error: Exception | None = entry.error
            if entry.file is not None:
                try:
                    if entry.name.lower().endswith(".zip"):
                        raise refuse("nested")
                    check_upload(entry.name, entry.file.stat().st_size, SUFFIXES)
                except LoadError as refused:
                    error = refused
            if error is not None or entry.file is None:
                if entry.file is not None:
                    entry.file.unlink()
                self.jobs.refuse(visitor, collection, inner, error or refuse("bad_name"))
            else:
                self._queue(visitor, collection, inner, entry.file)
        if not count:
            raise refuse("empty_archive")
        _tidy(folder)

    def _queue(self, visitor: str, collection: str, name: str, file: Path) -> None:
        """Queue one file that lies in the folder of uploads."""

        def drop() -> None:
            file.unlink(missing_ok=True)
            _tidy(file.parent)

        self.jobs.submit(
            visitor, collection, name, lambda watch: keep_file(self.desk.open(collection), file, name, watch), drop
        )

    def _reading(self, collection: str, identity: str) -> Callable[..., Any]:
        """The work of reading a document again."""
        return lambda watch: read_again(self.desk.open(collection), identity, watch)


def file_address(base: str, collection: str) -> str:
    """The address of a collection's original files, to which a document's id is added."""
    return f"{base}/file?{urlencode({'collection': collection})}&document="


def _raise(error: Exception, call: Call) -> dict[str, Any]:
    """Raise an error where it is turned into an answer."""
    raise error


def _sweep(folder: Path) -> None:
    """Delete what a crash left among the uploads: whatever has lain there for a day."""
    for left in folder.iterdir():
        if time.time() - left.stat().st_mtime > DAY:
            shutil.rmtree(left) if left.is_dir() else left.unlink()


def _tidy(folder: Path) -> None:
    """Delete a folder of unpacked files once it is empty."""
    if folder.name != INCOMING:
        try:
            folder.rmdir()
        except OSError:
            return
