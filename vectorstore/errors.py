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
    """Any error of this project; its text says what was seen, what is needed, and the next command."""


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

    def __init__(self, message: str, made_with: str = "") -> None:
        super().__init__(message)
        self.made_with = made_with
