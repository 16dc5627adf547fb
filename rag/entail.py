"""A second opinion on claims that the rules support weakly: a cross-encoder for natural language inference, by name.

Nothing is imported or loaded unless `settings.verifier` names one.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

from rag.errors import ModelError

# (evidence, claim) → how probably the evidence says what the claim says, in [0, 1]
Entails = Callable[[str, str], float]


@lru_cache(maxsize=1)
def load_verifier(name: str) -> Entails:
    """The cross-encoder of this name or in this folder; it stays loaded.

    A model with labels must call one of them “entailment” (or end with it, as NLI models do); one with a single output
    gives the probability itself.

    Raises:
        ModelError: it can't be loaded, or none of its labels means entailment.
    """
    from sentence_transformers import CrossEncoder

    try:
        model = CrossEncoder(name, device="cpu")
    except Exception as error:  # hub, disk and configuration each have their own errors
        first = str(error).strip().splitlines()
        raise ModelError(
            f"核对模型 {name} 加载不了（{first[0] if first else type(error).__name__}）：检查 RAG_VERIFIER",
            f"The verifier {name} can't be loaded ({first[0] if first else type(error).__name__}): check RAG_VERIFIER",
        ) from None
    labels = {int(number): str(label).lower() for number, label in model.config.id2label.items()}
    yes = [number for number, label in labels.items() if label.startswith("entail") or label in ("supported", "yes")]
    if model.num_labels > 1 and not yes:
        raise ModelError(
            f"核对模型 {name} 的标签 {sorted(labels.values())} 里没有 entailment："
            "换一个 NLI 交叉编码器，或清空 RAG_VERIFIER",
            f"The verifier {name} has no label “entailment” among {sorted(labels.values())}: "
            "name an NLI cross-encoder, or unset RAG_VERIFIER",
        )

    def entails(evidence: str, claim: str) -> float:
        many = model.num_labels > 1
        scores = model.predict([(evidence, claim)], apply_softmax=many, show_progress_bar=False)
        return float(scores[0][yes[0]] if many else scores[0])

    return entails
