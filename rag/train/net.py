"""The reader in torch, layer for layer what `rag.reader` computes in numpy.

The sentences of a question lie behind one another, GAP empty words between them, so that no convolution reaches from
one into the next and nothing is padded but the shorter questions of a batch. Under autocast products are taken in
bfloat16: with both, three times as many questions a second as padded sentences in single precision.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from rag.reader import DILATIONS, LOOKS_BEFORE, SHARPNESS
from rag.reading import FORM_COUNT, QUESTION_COLUMNS, TAG_COUNT

if TYPE_CHECKING:
    import torch
    from torch import nn

HIDDEN, WORD, TAG, FORM = 128, 64, 10, 16
DROPOUT = 0.2
# Share of the words that are read as if the reader did not know them of themselves.
UNKNOWN = 0.1
# Words that a convolution looks at, and those of them on either side.
REACH, SIDE = 5, 2
GAP = SIDE * max(DILATIONS)


def layers(dimension: int, columns: int, known: int) -> nn.ModuleDict:
    """The layers with fresh weights, drawn in this order from torch's seed.

    Args:
        dimension: of the static embedder's vectors.
        columns: numbers that describe a word beside its vector and tag.
        known: words that are learned of themselves.
    """
    from torch import nn

    net = nn.ModuleDict(
        {
            "emb": nn.Linear(dimension, WORD),
            "table": nn.Embedding(known + 1, WORD),
            "tag": nn.Embedding(TAG_COUNT, TAG),
            "form": nn.Embedding(FORM_COUNT, FORM),
            "qin": nn.Linear(WORD + TAG + QUESTION_COLUMNS, HIDDEN),
            "qconv": nn.Conv1d(HIDDEN, HIDDEN, 3, padding=1),
            "qatt": nn.Linear(HIDDEN + FORM, 1),
            "qout": nn.Linear(HIDDEN + FORM, HIDDEN),
            "inp": nn.Linear(WORD + TAG + columns + WORD + HIDDEN, HIDDEN),
            "convs": nn.ModuleList(nn.Conv1d(HIDDEN, HIDDEN, REACH, dilation=d) for d in DILATIONS),
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
    nn.init.zeros_(_embedding(net, "table").weight)
    return net


def logits(net: nn.ModuleDict, batch: Mapping[str, torch.Tensor]) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Of start and end, each (questions, words), -1e4 where no word is; of no answer at all, (questions,).

    Args:
        net: of `layers`.
        batch: Q questions of at most A words and their sentences, at most S, together at most T words and gaps:
            asked_vectors (Q, A, dimension), asked_tags (Q, A), asked_columns (Q, A, columns), asked_mask (Q, A), form
            (Q,), vectors (Q, T, dimension), tags (Q, T), columns (Q, T, columns), sentence (Q, T): which of the
            question's a word stands in, S in a gap; is_sentence (Q, S); asked_rows (Q, A) and rows (Q, T): of the words
            in the table.
    """
    import torch
    from torch.nn import functional

    asked_mask, sentence, is_sentence = batch["asked_mask"], batch["sentence"], batch["is_sentence"]
    count = is_sentence.shape[1]
    is_word = (sentence < count)[..., None]
    own = _known(net, batch["asked_vectors"], batch["asked_rows"])
    question, whole = _ask(net, batch, own)
    width = whole.shape[1]
    with torch.no_grad():
        cosines = batch["vectors"] @ batch["asked_vectors"].transpose(1, 2)
        looks = _share(SHARPNESS * cosines, asked_mask)
    words = [_drop(net, _known(net, batch["vectors"], batch["rows"])), net["tag"](batch["tags"]), batch["columns"]]
    described = torch.cat([*(one.to(own.dtype) for one in words), _drop(net, looks.to(own.dtype) @ own)], -1)
    kernel, bias = _linear(net, "inp").weight, _linear(net, "inp").bias
    hidden = functional.linear(described, kernel[:, :-width])
    hidden = torch.relu(hidden + functional.linear(whole, kernel[:, -width:], bias)[:, None]) * is_word
    convs: Any = net["convs"]
    norms: Any = net["norm"]
    for number, (convolve, normalise, dilation) in enumerate(zip(convs, norms, DILATIONS, strict=True)):
        if number == LOOKS_BEFORE:
            taken = _look(net, hidden, question, asked_mask)
            hidden = (hidden + _drop(net, torch.relu(taken))) * is_word
        flat = convolution()(hidden.flatten(0, 1), convolve.weight, convolve.bias, dilation)
        seen = _drop(net, torch.relu(flat).view(hidden.shape))
        hidden = (normalise(hidden + seen) * is_word).to(own.dtype)
    hidden = _drop(net, hidden)
    start, end = (_side(net, *names, hidden, whole) for names in (("start", "ws"), ("end", "we")))
    low = hidden.new_full((len(whole), count + 1, width), -1e4)
    most = low.scatter_reduce(1, sentence[..., None].expand(hidden.shape), hidden, "amax")[:, :count]
    seen = most.masked_fill(~is_sentence[..., None], -1e4).amax(1)
    none = net["none"](torch.cat([whole, seen], -1))[:, 0].float()
    beside = torch.cat([seen, whole], -1)[:, None].expand(-1, count, -1)
    compared = _drop(net, torch.relu(net["sentence"](torch.cat([most, beside], -1))))
    worth = functional.pad(net["worth"](compared).float(), (0, 0, 0, 1))
    here = worth.gather(1, sentence[..., None].expand(-1, -1, 2))
    outside = ~is_word[..., 0]
    return (start + here[..., 0]).masked_fill(outside, -1e4), (end + here[..., 1]).masked_fill(outside, -1e4), none


def loss(logits: torch.Tensor, none: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """Mean of -log(share of the answer's words, or of no answer where there is none) over the questions.

    The softmax runs over all sentences of a question and no answer, so that the logits of different sentences compare.

    Args:
        logits: (questions, words).
        none: (questions,).
        target: 1.0 at the answer's words, (questions, words).
    """
    import torch

    nothing = target.sum(1, keepdim=True) == 0
    right = torch.cat([target > 0, nothing], 1)
    every = torch.cat([logits, none[:, None]], 1)
    return (every.logsumexp(1) - every.masked_fill(~right, -torch.inf).logsumexp(1)).mean()


def arrays(net: nn.ModuleDict) -> dict[str, np.ndarray]:
    """The weights by the names that `rag.reader` reads."""
    return {name: value.detach().numpy() for name, value in net.state_dict().items()}


@cache
def convolution() -> Callable[[torch.Tensor, torch.Tensor, torch.Tensor, int], torch.Tensor]:
    """Convolution along a row of words, as one product for each word looked at: nothing is copied or turned about.

    It takes the words (words, channels), a kernel (out, channels, REACH), a bias (out,) and the dilation.
    """
    import torch
    from torch.nn import functional

    class Convolution(torch.autograd.Function):
        @staticmethod
        def forward(
            context: Any, words: torch.Tensor, kernel: torch.Tensor, bias: torch.Tensor, dilation: int
        ) -> torch.Tensor:
            kernel, count = kernel.to(words.dtype), len(words)
            padded = functional.pad(words, (0, 0, SIDE * dilation, SIDE * dilation))
            context.save_for_backward(padded, kernel)
            context.dilation = dilation
            out = bias.to(words.dtype).repeat(count, 1)
            for k in range(REACH):
                out.addmm_(padded[k * dilation : k * dilation + count], kernel[:, :, k].t())
            return out

        @staticmethod
        def backward(context: Any, *gradients: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
            padded, kernel = context.saved_tensors
            dilation, count = context.dilation, len(gradients[0])
            gradient = gradients[0].to(kernel.dtype).contiguous()
            spread = functional.pad(gradient, (0, 0, SIDE * dilation, SIDE * dilation))
            words = gradient.new_zeros(count, kernel.shape[1])
            for k in range(REACH):
                place = (REACH - 1 - k) * dilation
                words.addmm_(spread[place : place + count], kernel[:, :, k])
            slices = [gradient.t() @ padded[k * dilation : k * dilation + count] for k in range(REACH)]
            return words, torch.stack(slices, -1).float(), gradient.float().sum(0), None

    return Convolution.apply


def _ask(net: nn.ModuleDict, batch: Mapping[str, torch.Tensor], own: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """The questions' words (Q, A, hidden), and each question as one vector (Q, hidden)."""
    import torch

    mask = batch["asked_mask"]
    words = torch.cat([_drop(net, own), net["tag"](batch["asked_tags"]), batch["asked_columns"]], -1)
    hidden = torch.relu(net["qin"](words)) * mask[..., None]
    hidden = hidden + torch.relu(net["qconv"](hidden.transpose(1, 2)).transpose(1, 2))
    form = net["form"](batch["form"])
    formed = torch.cat([hidden, form[:, None].expand(-1, hidden.shape[1], -1)], -1)
    attention = net["qatt"](formed)[..., 0].float().masked_fill(~mask, -1e9).softmax(-1)
    return hidden, torch.relu(net["qout"]((attention[..., None] * formed).sum(1)))


def _look(net: nn.ModuleDict, hidden: torch.Tensor, question: torch.Tensor, asked_mask: torch.Tensor) -> torch.Tensor:
    """What each word takes from the question's; the products on the question's side, as in `rag.reader`."""
    from torch.nn import functional

    seek, take, offered = _linear(net, "seek"), _linear(net, "take"), net["offer"](question)
    match = hidden @ (offered @ seek.weight).transpose(1, 2) + (offered @ seek.bias)[:, None]
    taken = functional.linear(question, take.weight)
    return _share(match / hidden.shape[-1] ** 0.5, asked_mask).to(taken.dtype) @ taken + take.bias


def _side(net: nn.ModuleDict, direct: str, by_question: str, hidden: torch.Tensor, whole: torch.Tensor) -> torch.Tensor:
    """How each word does as a start or an end, (Q, T)."""
    own, asked = _linear(net, direct), _linear(net, by_question)
    direction = own.weight + whole @ asked.weight / 10
    common = own.bias + (whole * asked.bias).sum(-1, keepdim=True) / 10
    return (hidden @ direction[..., None])[..., 0].float() + common.float()


def _known(net: nn.ModuleDict, vectors: torch.Tensor, rows: torch.Tensor) -> torch.Tensor:
    """What words are by their vectors and of themselves; in training some are not known."""
    import torch

    if net.training:
        rows = rows.masked_fill(torch.rand(rows.shape) < UNKNOWN, 0)
    by_vector = net["emb"](vectors)
    return torch.relu(by_vector + net["table"](rows).to(by_vector.dtype))


def _embedding(net: nn.ModuleDict, name: str) -> nn.Embedding:
    return cast("nn.Embedding", net[name])


def _linear(net: nn.ModuleDict, name: str) -> nn.Linear:
    return cast("nn.Linear", net[name])


def _share(match: torch.Tensor, asked_mask: torch.Tensor) -> torch.Tensor:
    """Of each word (Q, T) for each of the question's words (Q, A): softmax in single precision."""
    return match.float().masked_fill(~asked_mask[:, None], -1e9).softmax(-1)


def _drop(net: nn.ModuleDict, x: torch.Tensor) -> torch.Tensor:
    """In training, drop the same channels for all the words of a question (Tompson et al. 2015, arXiv:1411.4280)."""
    from torch.nn import functional

    return functional.dropout1d(x.transpose(1, 2), DROPOUT, net.training).transpose(1, 2)
