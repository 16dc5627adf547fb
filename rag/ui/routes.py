"""Private routes of the page: what its scripts fetch. Their address holds a secret that only the page is told.

A document is named by the id of its collection and its own id; both are looked up, never joined to a path.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from rag.errors import DocumentUnknown, WenjuError
from rag.language import Language
from rag.ui.labels import choose_language, say

log = logging.getLogger(__name__)

Answerer = Callable[["Call"], Response | dict[str, Any]]


@dataclass(frozen=True)
class Call:
    """One request of the page's scripts: its parameters and the reader's language."""

    values: Mapping[str, str]
    language: Language
    body: bytes = b""

    def text(self, name: str) -> str:
        """A parameter; "" when it is missing."""
        return self.values.get(name, "")

    def number(self, name: str, otherwise: int = 0) -> int:
        """A parameter as a whole number. Raises ValueError."""
        return int(self.values.get(name, otherwise))


@dataclass(frozen=True)
class Routes:
    """The routes of one page under one secret address."""

    base: str = field(default_factory=lambda: f"/wenju/{secrets.token_urlsafe(24)}")
    routes: list[Route] = field(default_factory=list)

    def add(self, path: str, answer: Answerer, method: str = "GET", *, bare: bool = False) -> None:
        """Let `answer` serve one path; what it raises becomes a plain sentence.

        Args:
            bare: the browser itself takes the answer (a picture, a file), so an error needs its status.
        """

        def serve(request: Request) -> Response:
            return respond(Call(request.query_params, language_of(request)), answer, bare=bare)

        self.routes.append(Route(f"{self.base}/{path}", serve, methods=[method]))


def language_of(request: Request) -> Language:
    """The interface language of the browser that sent a request."""
    return choose_language(request.headers.get("accept-language"), request.headers.get("cookie"))


def respond(call: Call, answer: Answerer, *, bare: bool = False) -> Response:
    """The response to a call; an error is `{"error": sentence}` in the reader's language.

    What a reader may well run into (a removed document, a name that is taken) is an answer like any other: a status of
    4xx would fill the browser's console.
    """
    try:
        made = answer(call)
    except (DocumentUnknown, IndexError):
        return JSONResponse({"error": say(call.language, "gone")}, 404 if bare else 200)
    except ValueError:
        return JSONResponse({"error": say(call.language, "bad_call")}, 400)
    except (WenjuError, OSError) as error:
        return JSONResponse({"error": spoken(error, call.language)}, 404 if bare else 200)
    except Exception:  # the page's last boundary: without it the reader would look at an endless wait
        log.exception("a request of the page failed")
        return JSONResponse({"error": say(call.language, "unexpected")}, 500)
    return made if isinstance(made, Response) else JSONResponse(made)


def spoken(error: Exception, language: Language) -> str:
    """What an error says, in the reader's language where it can."""
    if isinstance(error, WenjuError):
        return error.told(language)
    if isinstance(error, OSError) and error.strerror:
        return error.strerror  # without the path
    return str(error)
