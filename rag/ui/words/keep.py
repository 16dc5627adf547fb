"""Words of the kept conversations: key → (Chinese, English)."""

WORDS: dict[str, tuple[str, str]] = {
    "kept": ("历史", "History"),
    "search_kept": ("搜索历史对话", "Search conversations"),
    "kept_none": ("还没有对话。", "No conversations yet."),
    "kept_no_match": ("没有找到。", "Nothing found."),
    "untitled": ("未命名", "Untitled"),
    "rename": ("改名", "Rename"),
    "delete": ("删除", "Delete"),
    "confirm_delete": ("确认删除", "Really delete"),
    "save": ("保存", "Save"),
    "close": ("关闭", "Close"),
    "export_md": ("导出当前对话为 Markdown", "Export this one as Markdown"),
    "export_json": ("导出 JSON", "Export JSON"),
    "import": ("导入 JSON", "Import JSON"),
    "imported": ("已导入。", "Imported."),
}
