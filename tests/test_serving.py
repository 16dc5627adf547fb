"""The port that the page is served on."""

from __future__ import annotations

import socket

import pytest

from rag.ui.serving import free_port


def test_free_port_skips_taken_ones() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        assert port < free_port("127.0.0.1", port) < port + 20


def test_free_port_refuses_a_foreign_address() -> None:
    with pytest.raises(OSError, match="assign"):
        free_port("192.0.2.7", 7860)
