"""`python -m vectorstore.train DATA_FOLDER`: news, our thesaurus and our phrases in, model folder out.

The data folder holds `news.txt.xz` (one article a line) for training and, for the figures, `drcd_dev.json` and
`cmrc2018_trial.json` in SQuAD layout. Steps that were saved are not done again.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
from dataclasses import asdict
from pathlib import Path

from vectorstore.embedding import StaticEmbedder
from vectorstore.pieces import Pieces
from vectorstore.static import MODEL_FOLDER
from vectorstore.tokens import fold
from vectorstore.train import contrast, corpus, evaluate, folder, thesaurus
from vectorstore.train.contrast import Lesson
from vectorstore.train.draws import ArticleDraw, PhraseDraw, WordDraw
from vectorstore.train.recipe import Recipe

# Of the weights in `evaluate.WEIGHTS`, the one with the highest mean MRR@10 over the four sets; see the model card.
DENSE_WEIGHT = 0.5


def main(arguments: list[str] | None = None) -> int:
    """Train, save and measure; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m vectorstore.train", description=__doc__)
    parser.add_argument("data", type=Path, help="folder with news.txt.xz, drcd_dev.json and cmrc2018_trial.json")
    parser.add_argument("--out", type=Path, default=MODEL_FOLDER, help="model folder to write (%(default)s)")
    parser.add_argument("--checkpoint", type=Path, default=Path("embedding.npz"), help="saved steps (%(default)s)")
    parser.add_argument("--steps", type=int, default=Recipe.steps)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--only-measure", action="store_true", help="print the figures of the model in --out")
    options = parser.parse_args(arguments)
    if not (options.data / corpus.NEWS).is_file():
        parser.error(f"{options.data} has no {corpus.NEWS}; give a folder with one Chinese news article a line in it")
    articles = corpus.read_news(options.data)
    if not options.only_measure:
        make(articles, Recipe(steps=options.steps), options.out, options.checkpoint, options.threads)
    figures = evaluate.evaluate(StaticEmbedder(options.out), options.data, articles)
    sys.stdout.write(json.dumps(figures, ensure_ascii=False, indent=1) + "\n")
    return 0


def make(articles: list[str], recipe: Recipe, out: Path, checkpoint: Path, threads: int) -> None:
    """Train a model on the articles and what we wrote down, and write its folder."""
    import torch

    torch.set_num_threads(threads)
    words, phrases = thesaurus.read_words(), thesaurus.read_phrases()
    written = [text for word in words for text in (word.text, *word.near, *word.english)]
    tokens = corpus.vocabulary(articles, recipe.pairs, recipe.words, written)
    folded = corpus.folded_characters(tokens)
    pieces = Pieces(tokens, folded)
    news = corpus.encode(corpus.sentences(articles), pieces)
    rng, known = random.Random(recipe.seed), {word.text: word for word in words}  # noqa: S311 - a draw, no secret
    others = (
        (number, corpus.reword(fold(sentence), known, recipe.replaced, rng))
        for number, sentence in corpus.sentences(articles)
    )
    lessons = (
        Lesson(ArticleDraw(news, corpus.encode(others, pieces), recipe, len(tokens)), recipe.temperature),
        Lesson(WordDraw(words, pieces, recipe), recipe.written, recipe.words_weight),
        Lesson(PhraseDraw(phrases, pieces, recipe), recipe.written, recipe.phrases_weight),
    )
    rows = contrast.train(lessons, recipe, contrast.initial(news, recipe, len(tokens)), checkpoint, _report)
    data = f"{len(articles)} articles of {corpus.NEWS}, {len(words)} words, {len(phrases)} phrases"
    folder.save(out, tokens, folded, rows, {"dense_weight": DENSE_WEIGHT, "data": data, **asdict(recipe)})


def _report(step: int, loss: float) -> None:
    sys.stderr.write(f"step {step}: loss {loss:.3f}\n")


if __name__ == "__main__":
    sys.exit(main())
