"""Every number that makes the embedded model."""

from __future__ import annotations

from dataclasses import dataclass


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
        reworded: share of queries that are put in other words.
        replaced: share of the words with synonyms that get one there.
        english: how often a word is to find its English name instead of a synonym, where it has one.
        written: temperature for words and phrases.
        words_weight, phrases_weight: what their losses count beside that of the articles.
    """

    pairs: int = 22_000
    words: int = 1_500
    dimension: int = 128
    steps: int = 1_500
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
    reworded: float = 0.5
    replaced: float = 0.6
    english: float = 0.25
    written: float = 0.07
    words_weight: float = 1.0
    phrases_weight: float = 0.5
    seed: int = 0
