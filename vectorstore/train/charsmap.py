"""The character map inside `tokenizer.json`: SentencePiece's precompiled normaliser, written by hand.

Layout: size of the trie in bytes, the trie as a double array of 32-bit units, then the replacements, each ending in a
zero byte. A unit holds its label in bits 0–7, "a key ends here" in bit 8, and the distance to its children from bit
10; the unit that ends a key holds the position of the replacement and bit 31. The child of unit p by byte c is at
p ^ distance ^ c.

Source: the Darts-clone double array (S. Yata), as SentencePiece's `Normalizer` reads it.
"""

from __future__ import annotations

import base64
import struct
from collections.abc import Mapping
from typing import TypeAlias

_Node: TypeAlias = "dict[int, _Node | int]"

_BLOCK = 64  # continuation bytes of UTF-8 span 64 values, so one aligned block holds the children of any inner node
_ROOT_BLOCKS = 4


def character_map(replacements: Mapping[str, str]) -> str:
    """The base64 text for a `Precompiled` normaliser that replaces each key, one character, by its value.

    Raises:
        ValueError: a key is an ASCII character, whose byte may fall outside a block.
    """
    blob = bytearray()
    position: dict[str, int] = {}
    root: _Node = {}
    for key, value in sorted(replacements.items()):
        if key.isascii():
            raise ValueError(f"can't map {key!r}: only characters beyond ASCII have a place in the trie")
        if value not in position:
            position[value] = len(blob)
            blob += value.encode() + b"\0"
        node = root
        for byte in key.encode():
            node = node.setdefault(byte, {})  # type: ignore[assignment]
        node[0] = position[value]
    trie = _double_array(root)
    return base64.b64encode(struct.pack("<I", len(trie)) + trie + bytes(blob)).decode("ascii")


def _double_array(root: _Node) -> bytes:
    """The trie as units; inner nodes take whole blocks, ends of keys fill the holes between."""
    units = {0: 0}
    bases = set()
    blocks = _ROOT_BLOCKS  # the first blocks are the root's, whose children are leading bytes of any value
    ends: list[tuple[int, int]] = []
    queue: list[tuple[int, _Node, int]] = [(0, root, 0)]
    for place, node, base in queue:
        bases.add(base)
        units[place] |= (place ^ base) << 10
        for byte, child in sorted((item for item in node.items()), key=lambda item: item[0]):
            if isinstance(child, int):
                raise ValueError("a key can't be the beginning of another")
            slot = base ^ byte
            units[slot] = byte
            if 0 in child:
                ends.append((slot, int(child[0])))  # type: ignore[arg-type]
            else:
                queue.append((slot, child, blocks * _BLOCK))
                blocks += 1
    # A child's slot is its block's base with bit 7 flipped: pad so that the flip stays inside the array.
    size = (blocks * _BLOCK + 255) // 256 * 256 + 256
    holes = (slot for slot in range(1, size + len(ends)) if slot not in units and slot not in bases)
    for (place, position), base in zip(ends, holes, strict=False):
        units[place] |= (place ^ base) << 10 | 1 << 8
        units[base] = position | 1 << 31
    length = (max(units) // 256 + 1) * 256
    return struct.pack(f"<{length}I", *(units.get(slot, 0) for slot in range(length)))
