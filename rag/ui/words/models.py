"""Words of the models area: key → (Chinese, English)."""

WORDS: dict[str, tuple[str, str]] = {
    "models": ("模型", "Models"),
    "models_note": (
        "内置回答不用密钥，也不联网。接上语言模型，文字更流畅，依据照样逐句核对；段落会发给您选的服务。",
        "The built-in answerer needs no key and no network. A language model writes freer prose under the same proof; "
        "the passages found are sent to the service you choose.",
    ),
    "provider": ("由谁回答", "Answered by"),
    "other_provider": (
        "其他（OpenAI 兼容的服务，或 LangChain 的模型名）",
        "Other (OpenAI-compatible, or a LangChain name)",
    ),
    "model": ("模型名", "Model"),
    "address": ("服务地址", "Base URL"),
    "address_note": ("OpenAI 兼容接口的地址，通常以 /v1 结尾", "Of the OpenAI-compatible API; it mostly ends in /v1"),
    "key": ("密钥", "Key"),
    "key_note": (
        "只在这次打开的页面里有效，不保存，也不写进日志；刷新页面即清除",
        "For this visit only: never stored or logged, gone on reload",
    ),
    "repair": ("没有依据的句子，让模型重写一次", "Let the model rewrite sentences without proof, once"),
    "repair_note": ("更可靠，但慢一些", "More reliable, a little slower"),
    "top_k": ("回答前看几段原文", "Passages read for an answer"),
    "top_k_note": ("多看不易遗漏，少看更快", "More misses less, fewer is faster"),
    "use": ("使用", "Use"),
    "test_model": ("测试", "Test"),
    "testing": ("正在测试", "Testing"),
    "answers_now": ("现在由 {model} 回答。", "Questions are answered by {model} now."),
    "test_embedded": ("内置回答一直可用，不用测试。", "The built-in answerer is always there."),
    "test_well": ("{model} 可用，{seconds} 秒答复。", "{model} works; it answered in {seconds} s."),
}
