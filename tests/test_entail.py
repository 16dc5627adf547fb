"""A real cross-encoder, tiny and made here, as second opinion on weak proofs."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from rag import Assistant, Settings
from rag.entail import load_verifier
from rag.errors import ModelError
from rag.ground import WEAK, Outcome, ground
from rag.types import Hit, Passage
from rag.verify import verify_claim
from tests.llm_server import ScriptedServer

TEXT = "量子院位于中关村软件园，是2017年12月北京市政府和中国科学院等单位签署合作框架协议，共同成立的。"
HITS = [Hit(Passage("d:0", "d", 0, "文.txt", "题", TEXT, 0, len(TEXT)), 1.0)]
SURE = "量子院位于中关村软件园。"
WEAKLY = "中国科学院等单位在2017年共同成立了量子院。"


def make_verifier(folder: Path, labels: list[str], favoured: int) -> str:
    """A BERT that always gives label `favoured`: its classifier has a bias and nothing else."""
    import torch
    from transformers import BertConfig, BertForSequenceClassification, BertTokenizer

    folder.mkdir()
    letters = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *sorted(set(TEXT + SURE + WEAKLY))]
    (folder / "vocab.txt").write_text("\n".join(letters), "utf-8")
    BertTokenizer(str(folder / "vocab.txt")).save_pretrained(folder)
    config = BertConfig(
        vocab_size=len(letters),
        hidden_size=8,
        num_hidden_layers=1,
        num_attention_heads=1,
        intermediate_size=8,
        id2label=dict(enumerate(labels)),
        label2id={label: number for number, label in enumerate(labels)},
    )
    model = BertForSequenceClassification(config)
    with torch.no_grad():
        model.classifier.weight.zero_()
        model.classifier.bias.fill_(-5.0)
        if favoured >= 0:
            model.classifier.bias[favoured] = 5.0
    model.save_pretrained(folder)
    return str(folder)


NLI = ["contradiction", "entailment", "neutral"]


@pytest.fixture(scope="module")
def agrees(tmp_path_factory: pytest.TempPathFactory) -> str:
    return make_verifier(tmp_path_factory.mktemp("nli") / "agrees", NLI, 1)


@pytest.fixture(scope="module")
def doubts(tmp_path_factory: pytest.TempPathFactory) -> str:
    return make_verifier(tmp_path_factory.mktemp("nli") / "doubts", NLI, 2)


def test_a_weak_proof_needs_its_consent(agrees: str, doubts: str) -> None:
    assert 0.5 <= verify_claim(WEAKLY, [TEXT]).score < WEAK <= verify_claim(SURE, [TEXT]).score
    draft = f"{SURE}[1]{WEAKLY}[1]"
    assert [claim.supported for claim in ground(draft, HITS, "zh", load_verifier(agrees)).claims] == [True, True]
    doubted = ground(draft, HITS, "zh", load_verifier(doubts))
    assert [claim.supported for claim in doubted.claims] == [True, False]
    assert doubted.claims[1].reason == "核对模型认为引文没有这样说"
    assert doubted.text == f"{SURE}[1]"


def test_it_saves_no_lie(agrees: str) -> None:
    assert ground("量子院位于火星。[1]", HITS, "zh", load_verifier(agrees)).outcome is Outcome.UNSUPPORTED


@pytest.mark.parametrize(("favoured", "least", "most"), [(0, 0.99, 1.0), (-1, 0.0, 0.01)])
def test_one_output_is_the_probability(tmp_path: Path, favoured: int, least: float, most: float) -> None:
    probability = load_verifier(make_verifier(tmp_path / "one", ["score"], favoured))(TEXT, SURE)
    assert least <= probability <= most


def test_what_can_not_serve_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="check RAG_VERIFIER"):
        load_verifier(str(tmp_path / "none"))
    with pytest.raises(ModelError, match="name an NLI cross-encoder"):
        load_verifier(make_verifier(tmp_path / "topics", ["sports", "news"], 0))


def test_the_setting_reaches_the_answer(seeds_assistant: Assistant, doubts: str, tmp_path: Path) -> None:
    with ScriptedServer() as server:
        for verifier, model in ((doubts, "openai:honest"), (str(tmp_path / "none"), "extractive")):
            settings = Settings(
                index=seeds_assistant.settings.index, llm="openai:honest", llm_base_url=server.url, verifier=verifier
            )
            with Assistant.open(settings=settings) as assistant:
                answer = assistant.answer("量子院位于哪里？")
            assert answer.model == model
            assert ("RAG_VERIFIER" in answer.notice) == (model == "extractive")
            assert "中关村软件园" in answer.text


def test_without_the_setting_nothing_heavy_is_imported() -> None:
    code = (
        "import sys, rag.chain, rag.entail; sys.exit('sentence_transformers' in sys.modules or 'torch' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
