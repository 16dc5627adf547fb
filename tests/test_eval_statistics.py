import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eval.statistics import auroc, bootstrap_mean, paired_difference, quantile, reliability

SCORES = st.lists(st.floats(0, 1), min_size=1, max_size=30)


@given(SCORES)
def test_the_interval_holds_the_mean_and_stays_within_the_values(values):
    figure = bootstrap_mean(values, resamples=200)
    assert figure.low <= figure.mean + 1e-9 and figure.mean <= figure.high + 1e-9
    assert min(values) - 1e-9 <= figure.low and figure.high <= max(values) + 1e-9


def test_the_interval_is_that_of_the_binomial_and_the_same_every_time():
    values = [1.0] * 80 + [0.0] * 20
    figure = bootstrap_mean(values)
    assert figure == bootstrap_mean(values)
    # 0.8 ± 1.96·√(0.8·0.2/100) = 0.8 ± 0.078
    assert figure.low == pytest.approx(0.722, abs=0.015) and figure.high == pytest.approx(0.878, abs=0.015)


def test_values_that_do_not_apply_are_left_out():
    assert bootstrap_mean([None, 1.0, None]).count == 1
    assert bootstrap_mean([None]).mean is None


def test_pairing_sees_a_small_steady_loss_that_means_alone_would_hide():
    before = list(np.linspace(0, 1, 60))
    figure = paired_difference(before, [value - 0.05 for value in before])
    assert figure.high < 0
    assert bootstrap_mean([value - 0.05 for value in before]).high > bootstrap_mean(before).low


def test_pairs_must_match():
    with pytest.raises(ValueError):
        paired_difference([1.0], [1.0, 0.0])


@given(st.lists(st.tuples(st.integers(0, 5), st.booleans()), max_size=40))
def test_auroc_is_the_share_of_pairs_in_order(pairs):
    true = [score for score, label in pairs if label]
    false = [score for score, label in pairs if not label]
    found = auroc([score for score, _ in pairs], [label for _, label in pairs])
    if not true or not false:
        assert found is None
    else:
        wins = sum((a > b) + 0.5 * (a == b) for a in true for b in false)
        assert found == pytest.approx(wins / len(true) / len(false))


def test_reliability_of_few_and_no_cases():
    assert reliability([], [], bins=5) == []
    assert reliability([0.5], [True], bins=5) == [(0.5, 1.0, 1)]


def test_quantiles_interpolate():
    assert quantile([1.0, 2.0, 3.0, 4.0], 0.5) == 2.5
