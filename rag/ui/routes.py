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

from rag.errors import CollectionError, DocumentUnknown, TwoTongued, WenjuError
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

    def add(self, path: str, answer: Answerer, method: str = "GET") -> None:
        """Let `answer` serve one path; what it raises becomes a plain sentence with a fitting status."""

        def serve(request: Request) -> Response:
            call = Call(request.query_params, language_of(request))
            return respond(call, answer)

        self.routes.append(Route(f"{self.base}/{path}", serve, methods=[method]))


def language_of(request: Request) -> Language:
    """The interface language of the browser that sent a request."""
    return choose_language(request.headers.get("accept-language"), request.headers.get("cookie"))


def respond(call: Call, answer: Answerer) -> Response:
    """The response to a call; an error is `{"error": sentence}` in the reader's language."""
    try:
        made = answer(call)
    except (DocumentUnknown, CollectionError, IndexError) as error:
        words = spoken(error, call.language) if isinstance(error, CollectionError) else say(call.language, "gone")
        return JSONResponse({"error": words}, 404)
    except ValueError:
        return JSONResponse({"error": say(call.language, "bad_call")}, 400)
    except (WenjuError, OSError) as error:
        return JSONResponse({"error": spoken(error, call.language)}, 409)
    except Exception:  # the page's last boundary: without it the reader would look at an endless wait
        log.exception("a request of the page failed")
        return JSONResponse({"error": say(call.language, "unexpected")}, 500)
    return made if isinstance(made, Response) else JSONResponse(made)


def spoken(error: Exception, language: Language) -> str:
    """What an error says, in the reader's language where it can."""
    if isinstance(error, TwoTongued):
        return error.zh if language == "zh" else error.en
    return str(error)
