"""Words of the source panel: key → (Chinese, English)."""

WORDS: dict[str, tuple[str, str]] = {
    "sources": ("来源", "Sources"),
    "sources_empty": ("每句话的原文依据会出现在这里。", "The exact quote behind every sentence will appear here."),
    "sources_none": ("这个回答没有引用原文。", "This answer quotes no passage."),
    "nearest": ("最接近的段落", "Nearest passages"),
    "nearest_note": ("它们没有回答这个问题，供您自行判断。", "They do not answer the question; judge for yourself."),
    "nearest_none": ("文档里也没有接近的段落。", "No passage comes near either."),
    "back": ("回到回答", "Back to the answer"),
    "page": ("第 {page} 页", "page {page}"),
}
