"""How the page looks and is served: fonts, the accent, the style sheets and scripts of all areas, headers."""

from __future__ import annotations

import json
from collections.abc import Collection
from pathlib import Path
from typing import Any

from rag.ui.page import interface_words
from rag.ui.routes import Routes
from rag.ui.serving import SecurityHeaders
from rag.ui.uploads import MAX_MEGABYTES

STATIC = Path(__file__).resolve().parent / "static"

# Each area has its own style sheet and, where it needs one, its script; the frame comes first, for all build on it.
AREAS = (
    "page",
    "fetch",
    "chat",
    "sources",
    "library",
    "keep",
    "models",
    "evaluation",
    "places",
    "reader",
    "peek",
    "outside",
)
# Gradio binds its `css` to its own container; what lies beside that brings its sheets in the head.
OUTSIDE = ("reader", "outside")

# Latin letters from the system's face, Chinese from the best face each system ships; nothing is downloaded.
FONTS = (
    "system-ui",
    "-apple-system",
    "Segoe UI",
    "PingFang SC",
    "Hiragino Sans GB",
    "Microsoft YaHei UI",
    "Noto Sans CJK SC",
    "Source Han Sans SC",
    "sans-serif",
)


def launch_options(routes: Routes, names: Collection[str] = frozenset()) -> dict[str, Any]:
    """What the page's `launch` needs besides host and port: our styles, scripts, words, headers and routes.

    Args:
        names: hosts that requests may be addressed to; empty for any.
    """
    import gradio as gr
    from starlette.middleware import Middleware

    # 600 is the accent on light ground (5.5:1 on white), 400 on dark.
    shades = "f0f9f7 d5efea abded6 7ccabf 5ec9bd 17877c 0f766e 0d5f59 0c4c47 0a3f3b 062825"
    accent = gr.themes.Color(*(f"#{shade}" for shade in shades.split()))
    return {
        "theme": gr.themes.Base(primary_hue=accent, secondary_hue=accent, neutral_hue="zinc", font=FONTS),
        "css": static("css", tuple(area for area in AREAS if area not in OUTSIDE)),
        "head": f"<style>{static('css', OUTSIDE)}</style>"
        f"<script>{static('js')}\nwenju.base = {json.dumps(routes.base)};</script>",
        "i18n": interface_words(),
        "app_kwargs": {"middleware": [Middleware(SecurityHeaders, names=names)], "routes": routes.routes},
        "max_file_size": MAX_MEGABYTES * 2**20,
        "state_session_capacity": 1000,
        "footer_links": [],
        "run_history": False,
        "enable_monitoring": False,
        "share": False,
        "ssr_mode": False,
        "quiet": True,
    }


def static(suffix: str, areas: tuple[str, ...] = AREAS) -> str:
    """The style sheets ("css") or scripts ("js") of areas, one after another."""
    files = [STATIC / f"{area}.{suffix}" for area in areas]
    return "\n".join(file.read_text("utf-8") for file in files if file.exists())
