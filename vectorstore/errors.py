"""What can go wrong in a store.

WenjuError
├── EmbedderError          the embedding model can't be loaded
└── StoreError
    ├── StoreMissing       no index where one was named
    ├── StoreDamaged       the catalog can't be read
    ├── StoreLocked        another process is writing
    ├── StoreUnreachable   the server can't be reached, or refuses us
    └── EmbedderMismatch   the index was made with another embedding model
"""


class WenjuError(Exception):
    """Any error of this project; its text says what was seen, what is needed, and the next command.

    Attributes:
        en, zh: the message in English and in Chinese, the same where there is only one; `str()` gives the English one.
    """

    def __init__(self, en: str = "", zh: str = "") -> None:
        super().__init__(en, zh)
        self.en = en
        self.zh = zh or en

    def __str__(self) -> str:
        return self.en

    def told(self, language: str) -> str:
        """The message for a reader of "zh" or "en"."""
        return self.zh if language == "zh" else self.en


class EmbedderError(WenjuError):
    """The embedding model can't be loaded."""


class StoreError(WenjuError):
    """Something is wrong with an index."""


class StoreMissing(StoreError):
    """There is no index at the named place."""


class StoreDamaged(StoreError):
    """The catalog, which holds the truth, can't be read."""


class StoreLocked(StoreError):
    """Another process holds the index for writing."""


class StoreUnreachable(StoreError):
    """The server that holds the index can't be reached, or refuses the name or token it was given."""


class EmbedderMismatch(StoreError):
    """The index was made with another embedding model than the one asked for.

    Attributes:
        made_with: the name of the model that made it.
    """

    def __init__(self, en: str, zh: str = "", made_with: str = "") -> None:
        super().__init__(en, zh)
        self.made_with = made_with
