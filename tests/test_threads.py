"""One BLAS thread inside, the former number afterwards."""

from __future__ import annotations

import numpy  # noqa: F401 - its BLAS is what is looked at
import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from rag.threads import one_blas_thread


def blas_threads() -> set[int]:
    """Threads of numpy's BLAS; other packages may have loaded one of their own since."""
    return {
        library["num_threads"]
        for library in threadpool_info()
        if library["user_api"] == "blas" and "numpy" in library["filepath"]
    }


@pytest.fixture(autouse=True)
def two_threads():
    """A number to come back to that is not 1, also on a machine with one core."""
    with threadpool_limits(2, user_api="blas"):
        yield


def test_inside_there_is_one_and_afterwards_what_was():
    with one_blas_thread():
        assert blas_threads() == {1}
    assert blas_threads() == {2}


def test_the_former_number_comes_back_after_an_error():
    with pytest.raises(ZeroDivisionError), one_blas_thread():
        _ = 1 / 0
    assert blas_threads() == {2}
