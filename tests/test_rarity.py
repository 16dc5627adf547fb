"""How rare a term is, and how the table of it is made."""

from __future__ import annotations

import gzip
import lzma
import math
from pathlib import Path

import pytest

from rag.rarity import is_known, rarity
from rag.train import words as train
from rag.train.__main__ import main


def test_rarity_orders_terms_by_how_many_texts_use_them() -> None:
    assert 0 <= rarity("的") < rarity("北京") < rarity("量子") < rarity("孵化器") < rarity("荷塘生华")


def test_unseen_terms_are_the_rarest() -> None:
    assert rarity("荷塘生华") == rarity("龘靐齉爩") == rarity("") >= rarity("科学城")
    assert not is_known("荷塘生华")
    assert is_known("北京")


@pytest.fixture
def news(tmp_path: Path) -> Path:
    """Forty articles of one passage: all say 北京, half say 量子, one says 孵化."""
    articles = ["北京今天很好"] * 20 + ["北京的量子"] * 19 + ["北京的量子与孵化"]
    with lzma.open(tmp_path / "news.txt.xz", "wt", encoding="utf-8") as file:
        file.write("\n".join(articles) + "\n")
    return tmp_path


def test_counting_terms_by_hand(news: Path) -> None:
    unseen, *lines = train.count_terms(news).splitlines()
    buckets = {term: int(bucket) for bucket, *terms in map(str.split, lines) for term in terms}
    assert int(unseen) == round(math.log(40 / train.MINIMUM_PASSAGES) * 8) == 10
    assert buckets["北京"] == 0
    assert buckets["量子"] == round(math.log(2) * 8) == 6
    assert "孵化" not in buckets  # too rare to tell from a name
    assert train.count_terms(news) == train.count_terms(news)


def test_long_articles_count_by_passage(tmp_path: Path) -> None:
    with lzma.open(tmp_path / "news.txt.xz", "wt", encoding="utf-8") as file:
        file.write("甲" * 900 + "\n乙\n")
    assert [len(passage) for passage in train.news_passages(tmp_path)] == [400, 400, 100, 1]


def test_the_same_news_give_the_same_file(
    news: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    written = []
    for name in ("first.gz", "second.gz"):
        monkeypatch.setattr(train, "TABLE", tmp_path / name)
        assert main(["words", str(news)]) == 0
        written.append((tmp_path / name).read_bytes())
    assert written[0] == written[1]
    assert gzip.decompress(written[0]).decode() == train.count_terms(news)
    assert "terms" in capsys.readouterr().out


def test_a_folder_without_news_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"news\.txt\.xz"):
        train.count_terms(tmp_path)
