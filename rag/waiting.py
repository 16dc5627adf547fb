"""Read an asynchronous stream from plain code, and never wait for ever."""

from __future__ import annotations

import asyncio
import queue
import socket
import threading
import time
from collections.abc import AsyncGenerator, AsyncIterator, Generator, Iterator
from functools import cache
from urllib.parse import urlsplit
from urllib.request import getproxies


def read_stream(
    pieces: AsyncIterator[str], *, silence: float, patience: float, most: int
) -> Generator[str, None, None]:
    """The same pieces, in order; closing the result closes the stream and its connection at once.

    An HTTP client's read timeout starts anew with every byte, blank keep-alives included; this one counts pieces.

    Args:
        silence: longest wait for one piece, in seconds.
        patience: longest time for the whole, in seconds.
        most: characters after which no more is read; the piece that crosses the line is the last.

    Raises:
        TimeoutError: a wait was too long.
        Exception: whatever the stream raises.
    """
    box: queue.SimpleQueue[str | Exception | None] = queue.SimpleQueue()

    async def read() -> None:
        length = 0
        try:
            async for piece in pieces:
                box.put(piece)
                length += len(piece)
                if length > most:
                    break
            box.put(None)
        except Exception as error:  # carried over to the thread that waits
            box.put(error)
        finally:
            if isinstance(pieces, AsyncGenerator):
                await pieces.aclose()

    reading = asyncio.run_coroutine_threadsafe(read(), _loop())
    deadline = time.monotonic() + patience
    try:
        while True:
            wait = max(0.0, min(silence, deadline - time.monotonic()))
            try:
                item = box.get(timeout=wait)
            except queue.Empty:
                raise TimeoutError(f"nothing for {wait:g} s") from None
            if item is None:
                return
            if isinstance(item, Exception):
                raise item
            yield item
    finally:
        reading.cancel()


async def as_async(pieces: Iterator[str]) -> AsyncGenerator[str, None]:
    """A stream of plain code as an asynchronous one; each piece is waited for in a thread."""
    while (piece := await asyncio.to_thread(next, pieces, None)) is not None:
        yield piece


def can_connect(url: str | None, patience: float = 2.0) -> bool:
    """Whether anything listens at an address; True where that can't be told: no address, or a proxy on the way.

    Args:
        patience: seconds to wait for the connection.
    """
    parts = urlsplit(url or "")
    if not parts.hostname or getproxies():
        return True
    try:
        port = parts.port or (443 if parts.scheme == "https" else 80)
        socket.create_connection((parts.hostname, port), patience).close()
    except (OSError, ValueError):
        return False
    return True


@cache
def _loop() -> asyncio.AbstractEventLoop:
    """One event loop for all calls, in a thread of its own: HTTP clients keep connections in the loop they know."""
    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, daemon=True, name="wenju-llm").start()
    return loop
