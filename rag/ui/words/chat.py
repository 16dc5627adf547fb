"""Words of the conversation: key → (Chinese, English)."""

WORDS: dict[str, tuple[str, str]] = {
    "placeholder": ("问文档一个问题", "Ask your documents a question"),
    "nearest_listed": (
        "“最接近的段落”里有 {passages} 段，可以自行核对。",
        "The {passages} nearest passages are listed for you to check.",
    ),
    "ask_about": ("可以这样问", "Try asking"),
    "welcome": ("问您的文档", "Ask your documents"),
    "welcome_note": (
        "回答只取自下列文档，每句话都附上可以核对的原文；文档里没有的，会直说没有。",
        "Answers come only from the documents below. Every sentence shows the quote that proves it; "
        "what the documents don't hold is said so.",
    ),
    "no_documents": ("还没有文档。请先在“文档”里添加。", "No documents yet. Add some under “Documents”."),
    "loaded": ("{documents} 份文档，{passages} 段", "{documents} documents, {passages} passages"),
    "searching": ("正在查找", "Searching"),
    "checking": ("正在核对出处", "Checking the sources"),
    "understood": ("理解为：{question}", "Understood as: {question}"),
    "refused": ("文档里没有这个问题的答案。", "The documents don't answer this question."),
    "grounded": ("{supported}/{claims} 句有据", "{supported} of {claims} sentences supported"),
    "unsupported": ("虚线标出的句子没有找到依据", "no support was found for the dotted sentences"),
    "stopped": ("已停止，以上内容未经核对。", "Stopped; the text above is unchecked."),
    "failed": ("这次没有答成", "No answer this time"),
    "source_of": ("来源 {number}：{title}", "Source {number}: {title}"),
}
