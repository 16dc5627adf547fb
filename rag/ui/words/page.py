"""Words of the frame of the page: key → (Chinese, English)."""

WORDS: dict[str, tuple[str, str]] = {
    "name": ("文据", "Wenju"),
    "tagline": ("只说文档里有的话，每句都附原文", "Your documents, quoted sentence by sentence"),
    "ask": ("提问", "Ask"),
    "other_language": ("English", "中文"),
    "switch": ("界面改用英文", "Switch the interface to Chinese"),
    "new": ("新对话", "New chat"),
    "unexpected": (
        "程序出错了，详情在运行它的终端里。",
        "Something broke; the details are in the terminal that runs the page.",
    ),
}
