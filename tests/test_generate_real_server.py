"""A real language model behind a real server: `transformers serve` on a tiny Qwen2 that is made here, in seconds.

It is trained on two of our own prompts until it knows them by heart, so that what it writes is known, while the
tokenizer, the chat template, the sampling, the HTTP and the streaming are those that anyone would run.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from rag.generate import check_llm, load_llm, stream_draft
from rag.ground import Outcome, ground
from rag.prompts import REFUSAL, answer_messages, fence_passages
from rag.settings import Settings
from rag.types import Hit, Passage

TEXTS = (
    "持续加强住房保障,建成房源1.8万套,已保障25个院所的人才住房需求。",
    "量子院位于中关村软件园，于2017年12月成立。",
)
HITS = [
    Hit(Passage(f"d:{i}", "d", i, "科创.txt", "科创", text, 100 * i, 100 * i + len(text)), 1.0)
    for i, text in enumerate(TEXTS)
]
SAID = {"怀柔建成了多少套房源？": "建成房源1.8万套。[1]", "红烧肉怎么做？": REFUSAL["zh"]}
TEMPLATE = (
    "{% for m in messages %}<|im_start|>{{ m['role'] }}\n{{ m['content'] }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


def conversation(question: str) -> list[dict[str, str]]:
    """The very messages that our chain sends."""
    values = {"passages": fence_passages(HITS, "zh"), "question": question, "refusal": REFUSAL["zh"]}
    roles = {"system": "system", "human": "user"}
    return [{"role": roles[role], "content": text.format(**values)} for role, text in answer_messages("zh")]


def make_model(folder: Path) -> None:
    """Train a two-layer Qwen2 until it repeats the two answers."""
    import torch
    from tokenizers import ByteLevelBPETokenizer
    from transformers import AutoTokenizer, PreTrainedTokenizerFast, Qwen2Config, Qwen2ForCausalLM

    torch.manual_seed(0)
    torch.set_num_threads(1)
    letters = ByteLevelBPETokenizer()
    texts = [m["content"] for question in SAID for m in conversation(question)] + list(SAID.values())
    special = ["<|pad|>", "<|im_start|>", "<|im_end|>"]
    letters.train_from_iterator(texts, vocab_size=1200, min_frequency=1, special_tokens=special, show_progress=False)
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=letters._tokenizer,
        pad_token="<|pad|>",
        eos_token="<|im_end|>",
        additional_special_tokens=["<|im_start|>"],
        clean_up_tokenization_spaces=False,
    )
    tokenizer.chat_template = TEMPLATE
    config = Qwen2Config(
        vocab_size=letters.get_vocab_size(),
        hidden_size=64,
        intermediate_size=128,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=2048,
        eos_token_id=2,
        pad_token_id=0,
        bos_token_id=None,
        tie_word_embeddings=True,
    )
    config.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    # What the server loads: for a Qwen2 it cuts digits apart, which ours does not.
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = Qwen2ForCausalLM(config)
    rows = []
    for question, answer in SAID.items():
        prompt = tokenizer.apply_chat_template(conversation(question), add_generation_prompt=True, tokenize=False)
        before = tokenizer(prompt, add_special_tokens=False)["input_ids"]
        after = tokenizer(answer + "<|im_end|>", add_special_tokens=False)["input_ids"]
        rows.append((before + after, [-100] * len(before) + after))
    length = max(len(ids) for ids, _ in rows)
    inputs = torch.tensor([ids + [0] * (length - len(ids)) for ids, _ in rows])
    labels = torch.tensor([wanted + [-100] * (length - len(wanted)) for _, wanted in rows])
    optimizer = torch.optim.AdamW(model.parameters(), lr=5e-3)
    model.train()
    for _ in range(400):
        loss = model(input_ids=inputs, labels=labels).loss
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if loss.item() < 0.01:
            break
    else:
        raise AssertionError(f"the tiny model did not learn its lines: loss {loss.item():.3f}")
    model.eval()
    model.generation_config.eos_token_id = 2
    model.generation_config.do_sample = False
    model.save_pretrained(folder)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    program = Path(sys.executable).parent / "transformers"
    if not program.exists() and not (found := shutil.which("transformers")):
        pytest.skip("the transformers command is not installed")
    elif not program.exists():
        program = Path(found)
    folder = tmp_path_factory.mktemp("tiny")
    make_model(folder / "qwen2")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    hub = folder / "hub"
    hub.mkdir()
    log = (folder / "serve.log").open("wb")
    command = [program, "serve", folder / "qwen2", "--device", "cpu", "--host", "127.0.0.1", "--port", str(port)]
    environment = {**os.environ, "HF_HUB_OFFLINE": "1", "HF_HUB_CACHE": str(hub), "OMP_NUM_THREADS": "1"}
    process = subprocess.Popen([str(part) for part in command], stdout=log, stderr=log, env=environment)
    try:
        wait_until_up(process, f"http://127.0.0.1:{port}/health", folder / "serve.log")
        yield Settings(llm=f"openai:{folder / 'qwen2'}", llm_base_url=f"http://127.0.0.1:{port}/v1", llm_api_key=None)
    finally:
        process.terminate()
        process.wait(20)
        log.close()


def wait_until_up(process: subprocess.Popen[bytes], url: str, log: Path, seconds: float = 90) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        assert process.poll() is None, log.read_text(errors="replace")[-3000:]
        try:
            with urllib.request.urlopen(url, timeout=5) as response:
                if response.status == 200:
                    return
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    raise AssertionError(f"not up after {seconds} s: {log.read_text(errors='replace')[-3000:]}")


def test_a_real_model_streams_an_answer_that_is_proven(served: Settings) -> None:
    question = "怀柔建成了多少套房源？"
    pieces = list(stream_draft(question, HITS, load_llm(served), served))
    assert "".join(pieces) == SAID[question]
    assert len(pieces) > 3
    answer = ground("".join(pieces), HITS, "zh")
    assert (answer.outcome, answer.text) == (Outcome.ANSWERED, "建成房源1.8万套。[1]")
    [citation] = answer.citations
    assert citation.quote == TEXTS[0]
    assert (citation.start, citation.end) == (0, len(TEXTS[0]))


def test_a_real_model_declines(served: Settings) -> None:
    draft = "".join(stream_draft("红烧肉怎么做？", HITS, load_llm(served), served))
    assert ground(draft, HITS, "zh").outcome is Outcome.DECLINED


def test_a_real_server_is_seen_by_the_doctor(served: Settings) -> None:
    assert check_llm(served).startswith(f"{served.llm}: ")
