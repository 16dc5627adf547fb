"""The embedded model, any other by folder, and what happens when there is none."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from langchain_core.embeddings import Embeddings

from vectorstore.embedding import UNMEASURED_DENSE_WEIGHT, StaticEmbedder, load_embedder
from vectorstore.errors import EmbedderError
from vectorstore.pieces import Pieces
from vectorstore.static import MODEL_FOLDER
from vectorstore.tokens import fold
from vectorstore.train.charsmap import character_map
from vectorstore.train.folder import save, tokenizer

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer
    from tokenizers import Tokenizer

TEXTS = (
    "量子院位于中关村软件园,2017年成立。",
    "臺灣的電腦軟體與資訊科技產業，規模達１．８萬億元。",
    "ＧＰＵ和CPU都涨价了，iPhone 15 Pro Max也不例外【1】",
    "红烧肉怎么做？",
    "龘靐齉爩鱻麤",
    "café naïve Ünïcödé",
    "搬",
    "\U00020bb7野家の牛丼",
)
TOKENS = ("[UNK]", "位", "子", "于", "台", "院", "量", "量子", "子院", "位于", "gpu", "2017", "a1")
FOLDED = {"臺": "台", "於": "于", "Ｇ": "g", "ｇ": "g", "１": "1", "Ａ": "a"}

# Characters at which two tokenizers are likeliest to part ways: marks, widths, other scripts, what lower-cases oddly.
awkward = st.text(
    st.one_of(
        st.sampled_from("量子院位于臺台於ＧgpuPU2017aA１Ａ \u0301\u0308İK\u200d\ufe0f\u0600ß▁\n\r\0#"),
        st.characters(exclude_categories=["Cs"]),
        st.characters(min_codepoint=0x4E00, max_codepoint=0x9FFF),
    ),
    max_size=20,
)


@pytest.fixture(scope="module")
def embedder() -> StaticEmbedder:
    return StaticEmbedder()


@pytest.fixture(scope="module")
def pieces() -> Pieces:
    return Pieces(TOKENS, FOLDED)


@pytest.fixture(scope="module")
def reference() -> Tokenizer:
    from tokenizers import Tokenizer

    return Tokenizer.from_str(json.dumps(tokenizer(TOKENS, FOLDED)))


@pytest.fixture(scope="module")
def shipped() -> Tokenizer:
    from tokenizers import Tokenizer

    return Tokenizer.from_file(str(MODEL_FOLDER / "tokenizer.json"))


@pytest.fixture(scope="module")
def sentence_transformer() -> SentenceTransformer:
    from sentence_transformers import SentenceTransformer

    return SentenceTransformer(str(MODEL_FOLDER), device="cpu")


def tokens_of(pieces: Pieces, text: str) -> list[str]:
    ids, lengths = pieces.encode([text])
    assert lengths.tolist() == [len(ids)]
    assert pieces.encode_one(text) == ids.tolist()
    return [TOKENS[row] for row in ids]


# Cutting


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("量子院", ["量", "量子", "子院", "院"], id="pairs and the two ends"),
        pytest.param("院量子", ["院", "院", "量", "量子", "子"], id="an unknown pair falls back to its characters"),
        pytest.param("量", ["量", "量"], id="one character is both ends"),
        pytest.param("位於臺", ["位", "位于", "于", "台", "台"], id="traditional"),
        pytest.param("量龘子", ["量", "量", "子", "子"], id="an unknown character ends the run"),
        pytest.param("ＧＰＵ，gPu", ["gpu"], id="full width is folded where the table says so"),
        pytest.param("2017年A１", ["2017", "a1"], id="letters and digits together"),
        pytest.param("gpu2017", [], id="an unknown word is nothing, not its parts"),
        pytest.param("量\u0301子", ["量", "量子", "子"], id="combining marks are dropped"),
        pytest.param("", [], id="empty"),
        pytest.param("，。【】\n", [], id="punctuation"),
    ],
)
def test_cut(pieces: Pieces, text: str, expected: list[str]) -> None:
    assert tokens_of(pieces, text) == expected


@given(text=awkward)
def test_cut_is_the_tokenizer_files_cut(pieces: Pieces, reference: Tokenizer, text: str) -> None:
    expected = [token for token in reference.encode(text, add_special_tokens=False).tokens if token != TOKENS[0]]
    assert tokens_of(pieces, text) == expected


@given(texts=st.lists(awkward, max_size=5))
def test_shipped_vocabulary_is_cut_alike(embedder: StaticEmbedder, shipped: Tokenizer, texts: list[str]) -> None:
    ids, lengths = embedder._pieces.encode(texts)
    expected = [
        [row for row in encoded.ids if row] for encoded in shipped.encode_batch(texts, add_special_tokens=False)
    ]
    assert ids.tolist() == [row for rows in expected for row in rows]
    assert lengths.tolist() == [len(rows) for rows in expected]


def test_every_code_point_is_cut_alike(embedder: StaticEmbedder, shipped: Tokenizer) -> None:
    texts = [f"量{chr(code)}子a{chr(code)}B" for code in range(0x20000) if not 0xD800 <= code < 0xE000]
    ids, _ = embedder._pieces.encode(texts)
    encoded = shipped.encode_batch_fast(texts, add_special_tokens=False)
    assert ids.tolist() == [row for one in encoded for row in one.ids if row]


def test_character_map_refuses_ascii() -> None:
    with pytest.raises(ValueError, match="'A'"):
        character_map({"A": "a"})


# The embedded model


def test_unit_rows_and_zero_rows(embedder: StaticEmbedder) -> None:
    vectors = embedder.embed([*TEXTS, "", "，。！\n", "☃"])
    assert vectors.shape == (len(TEXTS) + 3, embedder.dimension)
    assert vectors.dtype == np.float32
    norms = np.linalg.norm(vectors, axis=1)
    np.testing.assert_allclose(norms[[0, 1, 2, 3, 6]], 1, atol=1e-6)
    assert not norms[-3:].any()
    assert np.isfinite(vectors).all()
    assert embedder.embed([]).shape == (0, embedder.dimension)


def test_long_lists_and_long_texts(embedder: StaticEmbedder) -> None:
    vectors = embedder.embed([TEXTS[0]] * 1500 + [TEXTS[0] * 3000])
    np.testing.assert_array_equal(vectors[:1500], np.tile(vectors[0], (1500, 1)))
    assert vectors[-1] @ vectors[0] > 0.99


@pytest.mark.parametrize("text", TEXTS)
def test_script_width_and_case_do_not_matter(embedder: StaticEmbedder, text: str) -> None:
    np.testing.assert_array_equal(embedder.embed_question(text), embedder.embed_question(fold(text)))


def test_traditional_and_full_width(embedder: StaticEmbedder) -> None:
    plain = embedder.embed_question("台湾的电脑软体gpu 2017")
    np.testing.assert_array_equal(embedder.embed_question("臺灣的電腦軟體ＧＰＵ ２０１７"), plain)
    assert plain.any()


@pytest.mark.parametrize(
    ("word", "synonym", "others"),
    [
        ("搬家", "搬迁", ("火箭", "歌剧", "利率")),
        ("房子盖好了", "房屋建成", ("红烧肉真好吃", "歌剧开演了", "利率下调")),
        ("联手", "合作", ("红烧肉", "搬家", "地震")),
        ("薪水", "工资", ("火箭", "歌剧", "地震")),
        ("创办", "成立", ("红烧肉", "地震", "利率")),
        ("位于", "坐落", ("红烧肉", "歌剧", "利率")),
        ("医生", "大夫", ("火箭", "利率", "足球")),
        ("上涨", "涨价", ("歌剧", "搬家", "足球")),
        ("上涨", "上升", ("下跌", "下降")),
        ("能放多久", "保质期24个月", ("生产日期", "储存条件")),
        ("坏了多久能来人", "接到报修后48小时内到场", ("质保期三年", "联系人", "出厂日期")),
        ("how long is the warranty", "整机保修三年", ("滤网清洗方法", "交货地点", "付款方式")),
    ],
)
def test_synonyms_are_nearer(embedder: StaticEmbedder, word: str, synonym: str, others: tuple[str, ...]) -> None:
    near = embedder.embed_question(word) @ embedder.embed_question(synonym)
    assert near > (embedder.embed(others) @ embedder.embed_question(word)).max() + 0.05


def test_a_reworded_question_finds_its_sentence(embedder: StaticEmbedder) -> None:
    passages = [
        "新校区去年建成,学生已经入住。",
        "这家餐厅的红烧肉很有名。",
        "央行宣布下调利率。",
        "球队主场输给了对手。",
    ]
    question = embedder.embed_question("大学的新宿舍什么时候盖好的？")
    assert (embedder.embed(passages) @ question).argmax() == 0


def test_langchain_contract(embedder: StaticEmbedder) -> None:
    assert isinstance(embedder, Embeddings)
    assert embedder.embed_documents(list(TEXTS)) == embedder.embed(TEXTS).tolist()
    assert embedder.embed_query(TEXTS[0]) == embedder.embed_question(TEXTS[0]).tolist()


def test_same_folder_same_fingerprint(embedder: StaticEmbedder, tmp_path: Path) -> None:
    again = load_embedder()
    assert (again.name, again.fingerprint) == ("embedded", embedder.fingerprint)
    assert 0 < again.dense_weight < 1
    np.testing.assert_array_equal(again.embed(TEXTS), embedder.embed(TEXTS))
    rows = np.eye(len(TOKENS), dtype=np.float32)
    save(tmp_path, TOKENS, FOLDED, rows, {"dense_weight": 0.5})
    other = StaticEmbedder(tmp_path)
    assert other.fingerprint != embedder.fingerprint
    assert other.dense_weight == 0.5
    np.testing.assert_allclose(other.embed_question("量子"), (rows[6] + rows[7] + rows[2]) / np.sqrt(3), atol=1e-6)


def test_size_in_the_repository() -> None:
    assert sum(path.stat().st_size for path in MODEL_FOLDER.rglob("*") if path.is_file()) <= 29 * 2**20


def test_loads_without_torch_in_well_under_a_second() -> None:
    code = (
        "import sys, time; from vectorstore.embedding import load_embedder; start = time.perf_counter();"
        "load_embedder().embed(['量子院']); print(time.perf_counter() - start);"
        "print([name for name in ('torch', 'transformers', 'sentence_transformers', 'faiss') if name in sys.modules])"
    )
    output = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=os.environ)
    seconds, heavy = output.stdout.splitlines()
    assert heavy == "[]"
    assert float(seconds) < 1


# sentence-transformers


def test_sentence_transformers_gives_the_same_vectors(
    embedder: StaticEmbedder, sentence_transformer: SentenceTransformer
) -> None:
    texts = [*TEXTS, "", "，。", "量\u0301子A\u0301bC İstanbul", TEXTS[0] * 200]
    np.testing.assert_allclose(sentence_transformer.encode(texts), embedder.embed(texts), atol=1e-5)


@given(text=awkward)
def test_sentence_transformers_agrees_on_any_text(
    embedder: StaticEmbedder, sentence_transformer: SentenceTransformer, text: str
) -> None:
    ours, theirs = embedder.embed_question(text), sentence_transformer.encode([text], show_progress_bar=False)[0]
    np.testing.assert_allclose(theirs, ours, atol=1e-5)


def build_tiny_model(folder: Path, seed: int) -> None:
    """A real sentence-transformers model of 13 tokens and 8 dimensions that puts a prompt before questions."""
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.models import StaticEmbedding
    from tokenizers import Tokenizer

    rows = np.random.default_rng(seed).normal(size=(len(TOKENS), 8)).astype(np.float32)
    static = StaticEmbedding(Tokenizer.from_str(json.dumps(tokenizer(TOKENS, FOLDED))), embedding_weights=rows)
    SentenceTransformer(modules=[static], prompts={"query": "位于", "document": ""}, device="cpu").save(str(folder))


def test_a_model_by_folder(tmp_path: Path) -> None:
    build_tiny_model(tmp_path / "一", seed=1)
    build_tiny_model(tmp_path / "二", seed=2)
    first, second = load_embedder(str(tmp_path / "一")), load_embedder(str(tmp_path / "二"))
    assert first.fingerprint != second.fingerprint
    assert first.fingerprint == load_embedder(str(tmp_path / "一")).fingerprint
    assert first.dense_weight == UNMEASURED_DENSE_WEIGHT
    assert (first.name, first.dimension) == (str(tmp_path / "一"), 8)
    vectors = first.embed(["量子院", "", "  \n"])
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), [1, 0, 0], atol=1e-6)
    # The prompt is part of a question and not of a passage.
    np.testing.assert_allclose(first.embed_question("量子院"), first.embed(["位于量子院"])[0], atol=1e-6)
    assert not np.allclose(first.embed_question("量子院"), vectors[0], atol=1e-2)


def test_a_model_in_the_hub_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    repository = tmp_path / "models--nobody--tiny"
    build_tiny_model(repository / "snapshots" / "0123abc", seed=1)
    (repository / "refs").mkdir()
    (repository / "refs" / "main").write_text("0123abc", encoding="utf-8")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    cached = load_embedder("nobody/tiny")
    assert (cached.name, cached.fingerprint, cached.dimension) == ("nobody/tiny", "nobody/tiny@0123abc", 8)
    assert cached.embed(["量子"]).any()


# What goes wrong


@pytest.mark.parametrize("name", ["没有这个文件夹", "nobody/no-such-model", "/nowhere/at/all", "a/b/c"])
def test_an_unknown_name_says_what_to_do(name: str) -> None:
    with pytest.raises(EmbedderError) as caught:
        load_embedder(name)
    message = str(caught.value)
    assert repr(name) in message
    assert "RAG_EMBEDDER=embedded" in message


def test_an_unreachable_hub_says_so_at_once() -> None:
    code = (
        "from vectorstore.embedding import load_embedder\nfrom vectorstore.errors import EmbedderError\n"
        "try: load_embedder('nobody/no-such-model')\nexcept EmbedderError as error: print(error)"
    )
    online = {**os.environ, "HF_HUB_OFFLINE": "0", "HF_ENDPOINT": "http://127.0.0.1:9"}
    output = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=online)
    assert "'nobody/no-such-model': can't reach the model hub (ConnectError" in output.stdout
    assert "RAG_EMBEDDER=embedded" in output.stdout


def test_a_folder_that_is_no_model(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("量子", encoding="utf-8")
    with pytest.raises(EmbedderError, match=r"neither modules\.json nor config\.json"):
        load_embedder(str(tmp_path))


def test_a_folder_that_does_not_load(tmp_path: Path) -> None:
    (tmp_path / "modules.json").write_text('[{"idx": 0, "name": "0", "path": "", "type": "os.path"}]', encoding="utf-8")
    with pytest.raises(EmbedderError, match="can't load"):
        load_embedder(str(tmp_path)).embed(["量子"])


def test_a_damaged_installation_names_the_file(tmp_path: Path) -> None:
    with pytest.raises(EmbedderError, match=r"has no tokenizer\.json"):
        StaticEmbedder(tmp_path)


@given(text=awkward)
def test_a_question_is_embedded_as_any_text(embedder: StaticEmbedder, text: str) -> None:
    assert np.array_equal(embedder.embed_question(text), embedder.embed(["前", text])[1])
