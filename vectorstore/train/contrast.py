"""Contrastive training: a sentence must find the text it was taken from among those of the whole batch.

Query and passage are cut from one article: a thinned-out sentence, and the sentences around it without it. Half the
tokens that both share are dropped from the query, so that related words have to do the work.

Source: in-batch negatives with a temperature, van den Oord, Li & Vinyals 2018 (arXiv:1807.03748); the inverse cloze
task, Lee, Chang & Toutanova, ACL 2019.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from vectorstore.train.corpus import Corpus


@dataclass(frozen=True)
class Recipe:
    """Every number that makes the model; the model card says how they were chosen.

    Attributes:
        pairs, words: vocabulary sizes beside the characters.
        dimension: length of the vectors.
        steps, batch: optimiser steps, and pairs in each.
        rate: Adam's step size at its highest; it rises over the first `warmup` steps and falls linearly.
        temperature: divisor of the cosines in the loss.
        neighbours: farthest distance of two tokens that count as neighbours for the first vectors.
        thin: share of tokens dropped on both sides.
        overlap: share of tokens common to both sides that the query loses on top.
        query: fewest and most tokens in a query.
        passage: most tokens in a passage.
        span: sentences in the window that a query and its passage are cut from.
    """

    pairs: int = 22_000
    words: int = 1_500
    dimension: int = 128
    steps: int = 1_000
    batch: int = 1_024
    rate: float = 0.01
    warmup: int = 100
    temperature: float = 0.03
    thin: float = 0.3
    overlap: float = 0.5
    query: tuple[int, int] = (4, 24)
    passage: int = 128
    neighbours: int = 5
    span: int = 6
    seed: int = 0


Bags = tuple[np.ndarray, np.ndarray]  # token rows one after another, and where each text begins


class Sampler:
    """Draws training pairs; a step's batch depends on the seed and the step alone."""

    def __init__(self, corpus: Corpus, recipe: Recipe, vocabulary: int) -> None:
        self._corpus, self._recipe = corpus, recipe
        self._begins = np.flatnonzero(np.diff(corpus.articles, prepend=-1))
        self._sizes = np.diff(np.append(self._begins, len(corpus.articles)))
        self._usable = np.flatnonzero(self._sizes >= recipe.span)
        self._shared = np.zeros((recipe.batch, vocabulary), bool)

    def draw(self, step: int) -> tuple[Bags, Bags]:
        """Queries and their passages for one step."""
        recipe, starts = self._recipe, self._corpus.starts
        rng = np.random.default_rng((recipe.seed, step))
        article = rng.choice(self._usable, recipe.batch, replace=False)
        first = self._begins[article] + rng.integers(self._sizes[article] - recipe.span + 1)
        last = first + recipe.span
        chosen = rng.integers(first, last)
        query, owner = self._tokens(starts[chosen], starts[chosen + 1])
        before, before_owner = self._tokens(starts[first], starts[chosen])
        after, after_owner = self._tokens(starts[chosen + 1], starts[last])
        passage, passage_owner = np.concatenate((before, after)), np.concatenate((before_owner, after_owner))

        kept = self._thinned(rng, passage_owner, np.full(recipe.batch, recipe.passage))
        passage, passage_owner = passage[kept], passage_owner[kept]
        self._shared[passage_owner, passage] = True
        common = self._shared[owner, query]
        self._shared[passage_owner, passage] = False
        kept = self._thinned(rng, owner, rng.integers(recipe.query[0], recipe.query[1] + 1, recipe.batch))
        kept &= ~(common & (rng.random(len(query)) < recipe.overlap))
        return self._bags(query[kept], owner[kept]), self._bags(passage, passage_owner)

    def _tokens(self, begin: np.ndarray, end: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Tokens of the ranges one after another, and the number of the range each came from."""
        sizes = end - begin
        shift = np.repeat(begin - (np.cumsum(sizes) - sizes), sizes)
        return self._corpus.ids[np.arange(sizes.sum()) + shift], np.repeat(np.arange(len(sizes)), sizes)

    def _thinned(self, rng: np.random.Generator, owner: np.ndarray, most: np.ndarray) -> np.ndarray:
        """Which tokens stay, so that about `most` of each text do."""
        sizes = np.maximum(np.bincount(owner, minlength=len(most)), 1)
        return rng.random(len(owner)) < np.minimum(1 - self._recipe.thin, most / sizes)[owner]

    def _bags(self, ids: np.ndarray, owner: np.ndarray) -> Bags:
        order = np.argsort(owner, kind="stable")
        return ids[order].astype(np.int64), np.searchsorted(owner[order], np.arange(self._recipe.batch))


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
    corpus: Corpus,
    recipe: Recipe,
    rows: np.ndarray,
    checkpoint: Path,
    report: Callable[[int, float], None],
    every: int = 500,
) -> np.ndarray:
    """Train the rows, going on from the checkpoint where there is one.

    Args:
        rows: Shape (vocabulary, dimension), float32; row 0 stays zero.
        checkpoint: `.npz` file written every `every` steps and at the end.
        report: Called then with the step and the running loss.

    Returns:
        The trained rows, same shape.
    """
    import torch
    from torch.nn.functional import cross_entropy, embedding_bag, normalize

    table = torch.from_numpy(rows.copy())
    mean, square = torch.zeros_like(table), torch.zeros_like(table)
    begin, running = 0, 0.0
    if checkpoint.is_file():
        with np.load(checkpoint) as saved:
            table, mean, square = (torch.from_numpy(saved[name]) for name in ("rows", "mean", "square"))
            begin, running = int(saved["step"]), float(saved["loss"])
    sampler = Sampler(corpus, recipe, len(rows))
    labels = torch.arange(recipe.batch)
    for step in range(begin + 1, recipe.steps + 1):
        (query, query_starts), (passage, passage_starts) = sampler.draw(step)
        # Only the rows of this batch take part: gradients and moments of the rest stay as they are.
        used, local = np.unique(np.concatenate((query, passage)), return_inverse=True)
        index = torch.from_numpy(used)
        part = table[index].requires_grad_()
        queries, passages = (
            normalize(embedding_bag(torch.from_numpy(ids), part, torch.from_numpy(starts), mode="sum"), eps=1e-6)
            for ids, starts in ((local[: len(query)], query_starts), (local[len(query) :], passage_starts))
        )
        cosines = queries @ passages.T / recipe.temperature
        loss = (cross_entropy(cosines, labels) + cross_entropy(cosines.T, labels)) / 2
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
