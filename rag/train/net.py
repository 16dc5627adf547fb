"""The reader in torch, layer for layer what `rag.reader` computes in numpy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from rag.reader import DILATIONS, LOOKS_BEFORE, SHARPNESS
from rag.reading import FORM_COUNT, QUESTION_COLUMNS, TAG_COUNT

if TYPE_CHECKING:
    import torch
    from torch import nn

HIDDEN, WORD, TAG, FORM = 64, 40, 10, 16
DROPOUT = 0.2


def layers(dimension: int, columns: int) -> nn.ModuleDict:
    """The layers with fresh weights, drawn in this order from torch's seed.

    Args:
        dimension: of the static embedder's vectors.
        columns: numbers that describe a word beside its vector and tag.
    """
    from torch import nn

    return nn.ModuleDict(
        {
            "emb": nn.Linear(dimension, WORD),
            "tag": nn.Embedding(TAG_COUNT, TAG),
            "form": nn.Embedding(FORM_COUNT, FORM),
            "qin": nn.Linear(WORD + TAG + QUESTION_COLUMNS, HIDDEN),
            "qconv": nn.Conv1d(HIDDEN, HIDDEN, 3, padding=1),
            "qatt": nn.Linear(HIDDEN + FORM, 1),
            "qout": nn.Linear(HIDDEN + FORM, HIDDEN),
            "inp": nn.Linear(WORD + TAG + columns + WORD + HIDDEN, HIDDEN),
            "convs": nn.ModuleList(nn.Conv1d(HIDDEN, HIDDEN, 5, padding=2 * d, dilation=d) for d in DILATIONS),
            "norm": nn.ModuleList(nn.LayerNorm(HIDDEN) for _ in DILATIONS),
            "seek": nn.Linear(HIDDEN, HIDDEN),
            "offer": nn.Linear(HIDDEN, HIDDEN),
            "take": nn.Linear(HIDDEN, HIDDEN),
            "start": nn.Linear(HIDDEN, 1),
            "end": nn.Linear(HIDDEN, 1),
            "ws": nn.Linear(HIDDEN, HIDDEN),
            "we": nn.Linear(HIDDEN, HIDDEN),
            "sentence": nn.Linear(3 * HIDDEN, HIDDEN),
            "worth": nn.Linear(HIDDEN, 2),
            "none": nn.Linear(2 * HIDDEN, 1),
        }
    )


def logits(net: nn.ModuleDict, batch: Mapping[str, torch.Tensor]) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Of start and end, each (sentences, words), -1e4 beyond a sentence's last word; of no answer at all, (questions,).

    All for a batch of questions.
    """
    import torch
    from torch.nn import functional

    def drop(x: torch.Tensor) -> torch.Tensor:
        return functional.dropout(x, DROPOUT, net.training)

    asked, here, owner = batch["asked_vectors"], batch["vectors"], batch["owner"]
    asked_mask, mask = batch["asked_mask"], batch["mask"]
    own = torch.relu(net["emb"](asked))
    count = len(asked)
    form = net["form"](batch["form"])
    question = torch.cat([drop(own), net["tag"](batch["asked_tags"]), batch["asked_columns"]], -1)
    question = torch.relu(net["qin"](question)) * asked_mask[..., None]
    question = question + torch.relu(net["qconv"](question.transpose(1, 2)).transpose(1, 2))
    formed = torch.cat([question, form[:, None].expand(-1, question.shape[1], -1)], -1)
    attention = net["qatt"](formed)[..., 0].masked_fill(~asked_mask, -1e9).softmax(-1)
    whole = torch.relu(net["qout"]((attention[..., None] * formed).sum(1)))
    pooled = whole[owner]
    cosines = here @ asked[owner].transpose(1, 2)
    looks = (SHARPNESS * cosines).masked_fill(~asked_mask[owner][:, None], -1e9).softmax(-1)
    words = torch.cat(
        [
            drop(torch.relu(net["emb"](here))),
            net["tag"](batch["tags"]),
            batch["columns"],
            drop(looks @ own[owner]),
            pooled[:, None].expand(-1, here.shape[1], -1),
        ],
        -1,
    )
    hidden = torch.relu(net["inp"](words)) * mask[..., None]
    convs: Any = net["convs"]
    norms: Any = net["norm"]
    for number, (convolve, normalise) in enumerate(zip(convs, norms, strict=True)):
        if number == LOOKS_BEFORE:
            match = net["seek"](hidden) @ net["offer"](question)[owner].transpose(1, 2) / HIDDEN**0.5
            match = match.masked_fill(~asked_mask[owner][:, None], -1e9).softmax(-1)
            hidden = (hidden + drop(torch.relu(net["take"](match @ question[owner])))) * mask[..., None]
        seen = torch.relu(convolve(hidden.transpose(1, 2)).transpose(1, 2))
        hidden = normalise(hidden + drop(seen)) * mask[..., None]
    hidden = drop(hidden)
    start, end = (
        net[direct](hidden)[..., 0] + (net[by_question](hidden) * pooled[:, None]).sum(-1) / 10
        for direct, by_question in (("start", "ws"), ("end", "we"))
    )
    most = hidden.masked_fill(~mask[..., None], -1e4).amax(1)
    seen = torch.full((count, HIDDEN), -1e4).scatter_reduce(0, owner[:, None].expand(-1, HIDDEN), most, "amax")
    none = net["none"](torch.cat([whole, seen], -1))[:, 0]
    compared = drop(torch.relu(net["sentence"](torch.cat([most, seen[owner], pooled], -1))))
    worth = net["worth"](compared)
    start, end = start + worth[:, :1], end + worth[:, 1:]
    return start.masked_fill(~mask, -1e4), end.masked_fill(~mask, -1e4), none


def arrays(net: nn.ModuleDict) -> dict[str, np.ndarray]:
    """The weights as `rag.reader` reads them, in half precision."""
    return {name: value.detach().numpy().astype(np.float16) for name, value in net.state_dict().items()}


def loss(logits: torch.Tensor, none: torch.Tensor, target: torch.Tensor, owner: torch.Tensor) -> torch.Tensor:
    """Mean of -log(share of the answer's words, or of no answer where there is none) over the questions.

    The softmax runs over all sentences of a question and no answer, so that the logits of different sentences compare.
    """
    import torch

    count = len(none)
    most = torch.maximum(logits.detach().max(), none.detach().max())
    raised, nothing = (logits - most).exp(), (none - most).exp()
    total = torch.zeros(count).index_add(0, owner, raised.sum(1)) + nothing
    right = torch.zeros(count).index_add(0, owner, (raised * target).sum(1))
    known = torch.zeros(count).index_add(0, owner, target.sum(1)) > 0
    right = torch.where(known, right, nothing)
    return ((total + 1e-12).log() - (right + 1e-12).log()).mean()


def padded(rows: Sequence[np.ndarray], dtype: torch.dtype) -> torch.Tensor:
    """Arrays of different lengths as one tensor, zeros behind each."""
    import torch

    longest = max(len(row) for row in rows)
    out = np.zeros((len(rows), longest, *rows[0].shape[1:]), rows[0].dtype)
    for place, row in zip(out, rows, strict=True):
        place[: len(row)] = row
    return torch.tensor(out, dtype=dtype)
