"""Contrastive training: a text must find its partner among those of the whole batch.

A sentence is to find the article it was taken from, a word its synonym, a question how a document states the answer.

Source: in-batch negatives with a temperature, van den Oord, Li & Vinyals 2018 (arXiv:1807.03748); the inverse cloze
task, Lee, Chang & Toutanova, ACL 2019; word vectors fitted to a lexicon, Faruqui et al., NAACL 2015.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from vectorstore.train.corpus import Corpus
from vectorstore.train.draws import Batch
from vectorstore.train.recipe import Recipe

if TYPE_CHECKING:
    import torch

_OUT = -1e4  # the logit of what is neither right nor wrong


@dataclass(frozen=True, slots=True)
class Lesson:
    """What to learn: pairs for a step, the divisor of their cosines, and what their loss counts."""

    draw: Callable[[int], Batch]
    temperature: float
    weight: float = 1.0


def initial(corpus: Corpus, recipe: Recipe, vocabulary: int) -> np.ndarray:
    """Vectors from which words stand near when they occur between the same neighbours (联手 near 携手, 协同).

    The directions are the leading singular vectors of the positive pointwise mutual information of tokens two to
    `neighbours` apart; next-door tokens share a character and say nothing. The length of a token is its inverse
    document frequency, so that rare words count more in a text.

    Source: Levy & Goldberg, NIPS 2014; context counts smoothed by the power 0.75 (Levy, Goldberg & Dagan, TACL 2015).
    """
    from scipy.sparse import csr_matrix
    from sklearn.utils.extmath import randomized_svd

    ids = corpus.ids.astype(np.int64)
    sentence = np.repeat(np.arange(len(corpus.articles)), np.diff(corpus.starts))
    shape = (vocabulary, vocabulary)
    together = csr_matrix(shape, dtype=np.float32)
    for apart in range(2, recipe.neighbours + 1):
        same = sentence[apart:] == sentence[:-apart]
        keys, counts = np.unique(ids[:-apart][same] * vocabulary + ids[apart:][same], return_counts=True)
        keys, counts = keys[counts > 1], counts[counts > 1].astype(np.float32)
        together = together + csr_matrix((counts, np.divmod(keys, vocabulary)), shape=shape)
    together = (together + together.T).tocsr()
    totals = np.maximum(np.asarray(together.sum(axis=1)).ravel(), 1e-9)
    share = totals**0.75 / (totals**0.75).sum()
    owner = np.repeat(np.arange(vocabulary), np.diff(together.indptr))
    together.data = np.maximum(np.log(together.data / (totals[owner] * share[together.indices])), 0)
    together.eliminate_zeros()
    left, values, _ = randomized_svd(together, recipe.dimension, n_iter=1, random_state=recipe.seed)
    rows = left * np.sqrt(values)
    # A little noise gives the tokens that were never counted a direction of their own.
    rows /= np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9)
    rows += 0.02 * np.random.default_rng(recipe.seed).normal(size=rows.shape)

    frequency = np.bincount(corpus.ids, minlength=vocabulary)
    weight = np.maximum(np.log(len(corpus.articles) / (frequency + 5)), 0.5)
    rows *= (weight / weight.mean())[:, None]
    rows[0] = 0
    return rows.astype(np.float32)


def train(
    lessons: Sequence[Lesson],
    recipe: Recipe,
    rows: np.ndarray,
    checkpoint: Path,
    report: Callable[[int, float], None],
    every: int = 500,
) -> np.ndarray:
    """Train the rows, going on from the checkpoint where there is one.

    Args:
        lessons: what is learned in every step, side by side.
        rows: Shape (vocabulary, dimension), float32; row 0 stays zero.
        checkpoint: `.npz` file written every `every` steps and at the end.
        report: Called then with the step and the running loss.

    Returns:
        The trained rows, same shape.
    """
    import torch
    from torch.nn.functional import embedding_bag, normalize

    table = torch.from_numpy(rows.copy())
    mean, square = torch.zeros_like(table), torch.zeros_like(table)
    begin, running = 0, 0.0
    if checkpoint.is_file():
        with np.load(checkpoint) as saved:
            table, mean, square = (torch.from_numpy(saved[name]) for name in ("rows", "mean", "square"))
            begin, running = int(saved["step"]), float(saved["loss"])
    for step in range(begin + 1, recipe.steps + 1):
        batches = [lesson.draw(step) for lesson in lessons]
        bags = [bag for batch in batches for bag in (batch.asked, batch.told)]
        # Only the rows of these batches take part: gradients and moments of the rest stay as they are.
        used, local = np.unique(np.concatenate([ids for ids, _ in bags]), return_inverse=True)
        index = torch.from_numpy(used)
        part = table[index].requires_grad_()
        parts = np.split(local, np.cumsum([len(ids) for ids, _ in bags])[:-1])
        vectors = [
            normalize(embedding_bag(torch.from_numpy(ids), part, torch.from_numpy(starts), mode="sum"), eps=1e-6)
            for ids, (_, starts) in zip(parts, bags, strict=True)
        ]
        losses = [
            lesson.weight * _loss(asked @ told.T / lesson.temperature, batch)
            for lesson, batch, asked, told in zip(lessons, batches, vectors[::2], vectors[1::2], strict=True)
        ]
        loss = torch.stack(losses).sum()
        (gradient,) = torch.autograd.grad(loss, part)
        mean[index] = mean[index].lerp_(gradient, 0.1)
        square[index] = square[index].lerp_(gradient * gradient, 0.001)
        rate = recipe.rate * min(1, step / recipe.warmup) * (1 - 0.95 * step / recipe.steps)
        change = (mean[index] / (1 - 0.9**step)) / ((square[index] / (1 - 0.999**step)).sqrt_() + 1e-8)
        table[index] = part.detach() - rate * change
        table[0] = 0
        running = loss.item() if step == 1 else 0.98 * running + 0.02 * loss.item()
        if step % every == 0 or step == recipe.steps:
            moments = {"mean": mean.numpy(), "square": square.numpy()}
            np.savez(checkpoint, allow_pickle=False, step=step, loss=running, rows=table.numpy(), **moments)
            report(step, running)
    return table.numpy()


def _loss(cosines: torch.Tensor, batch: Batch) -> torch.Tensor:
    """Cross entropy of finding the told text for the asked one and the other way about; shape (N, M), M >= N."""
    import torch
    from torch.nn.functional import cross_entropy

    cosines = cosines.clone()
    cosines[tuple(torch.from_numpy(batch.either.T))] = _OUT
    labels = torch.arange(len(cosines))
    return (cross_entropy(cosines, labels) + cross_entropy(cosines[:, : len(cosines)].T, labels)) / 2
