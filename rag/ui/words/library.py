"""Words of the documents: key → (Chinese, English)."""

WORDS: dict[str, tuple[str, str]] = {
    "documents": ("文档", "Documents"),
    "drop": ("拖入文件，或点击选择", "Drop files here, or click to choose"),
    "limits": (
        "{suffixes}；每个不超过 {megabytes} MB，一次最多 {files} 个",
        "{suffixes}; up to {megabytes} MB each, {files} at a time",
    ),
    "passages": ("{passages} 段", "{passages} passages"),
    "remove": ("移除", "Remove"),
    "confirm": ("确认移除", "Really remove"),
    "removed": ("已移除 {name}", "Removed {name}"),
    "reading": ("正在读入 {name}", "Reading {name}"),
    "added": ("{name}：已读入，{passages} 段", "{name}: added, {passages} passages"),
    "replaced": ("{name}：已更新，{passages} 段", "{name}: replaced, {passages} passages"),
    "rejected": ("{name}：没有读入。{reason}", "{name}: not added. {reason}"),
    "too_large": ("文件有 {seen} MB，上限是 {limit} MB。", "The file has {seen} MB, the limit is {limit} MB."),
    "too_many": (
        "一次最多 {limit} 个文件，这次有 {seen} 个；其余请再拖一次。",
        "At most {limit} files at a time, this was {seen}; drop the rest again.",
    ),
    "bad_type": ("不支持 {seen} 文件，可用的是 {suffixes}。", "{seen} files are not supported; use {suffixes}."),
    "no_type": ("文件名没有扩展名，可用的是 {suffixes}。", "The file name has no extension; use {suffixes}."),
    "bad_name": ("文件名不能用。", "The file name can't be used."),
}
