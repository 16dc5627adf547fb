"""Small charts as inline SVG. Pure; every text is escaped."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from math import ceil, floor, log10

from eval.statistics import Figure

_COLOURS = ("#1b6ca8", "#c0392b", "#2e7d32", "#8e44ad", "#b9770e", "#455a64")
_LABEL, _WIDTH, _VALUE, _ROW = 190, 380, 150, 26


def bar_chart(rows: Sequence[tuple[str, Figure]], title: str) -> str:
    """Horizontal bars of shares in [0, 1] with their intervals as whiskers, one row per label."""
    height = len(rows) * _ROW + 24
    parts = [
        f'<svg class="chart" role="img" aria-label="{escape(title)}" viewBox="0 0 {_LABEL + _WIDTH + _VALUE} {height}">'
    ]
    for share in (0, 0.25, 0.5, 0.75, 1):
        x = _LABEL + share * _WIDTH
        parts.append(f'<line class="grid" x1="{x}" y1="4" x2="{x}" y2="{height - 18}"/>')
        parts.append(f'<text class="tick" x="{x}" y="{height - 4}" text-anchor="middle">{share * 100:.0f}</text>')
    for index, (label, figure) in enumerate(rows):
        middle = index * _ROW + _ROW / 2 + 2
        parts.append(f'<text x="{_LABEL - 10}" y="{middle + 4}" text-anchor="end">{escape(label)}</text>')
        if figure.mean is None or figure.low is None or figure.high is None:
            continue
        width = max(figure.mean * _WIDTH, 1.5)
        parts.append(f'<rect class="bar" x="{_LABEL}" y="{middle - 7}" width="{width:.1f}" height="14" rx="2"/>')
        low, high = _LABEL + figure.low * _WIDTH, _LABEL + figure.high * _WIDTH
        parts.append(
            f'<path class="whisker" d="M{low:.1f} {middle}H{high:.1f}'
            f'M{low:.1f} {middle - 4}v8M{high:.1f} {middle - 4}v8"/>'
        )
        value = f"{figure.mean * 100:.1f}  n={figure.count}"
        parts.append(f'<text class="value" x="{_LABEL + _WIDTH + 12}" y="{middle + 4}">{value}</text>')
    return "".join([*parts, "</svg>"])


def reliability_chart(bins: Sequence[tuple[float, float, int]], title: str) -> str:
    """Stated confidence against what came true, a dot per bin sized by its count, with the diagonal."""
    side, left, top = 300, 46, 12
    parts = [
        f'<svg class="chart square" role="img" aria-label="{escape(title)}" viewBox="0 0 {side + 70} {side + 56}">'
    ]
    for share in (0, 0.25, 0.5, 0.75, 1):
        x, y = left + share * side, top + (1 - share) * side
        parts.append(f'<path class="grid" d="M{left} {y}h{side}M{x} {top}v{side}"/>')
        parts.append(f'<text class="tick" x="{left - 8}" y="{y + 4}" text-anchor="end">{share * 100:.0f}</text>')
        parts.append(f'<text class="tick" x="{x}" y="{top + side + 16}" text-anchor="middle">{share * 100:.0f}</text>')
    parts.append(f'<path class="diagonal" d="M{left} {top + side}L{left + side} {top}"/>')
    most = max((count for _, _, count in bins), default=1)
    points = [(left + x * side, top + (1 - y) * side, count) for x, y, count in bins]
    parts.append(f'<polyline class="line" points="{" ".join(f"{x:.1f},{y:.1f}" for x, y, _ in points)}"/>')
    parts += [f'<circle class="dot" cx="{x:.1f}" cy="{y:.1f}" r="{3 + 5 * n / most:.1f}"/>' for x, y, n in points]
    parts.append(
        f'<text class="tick" x="{left + side / 2}" y="{top + side + 36}" text-anchor="middle">'
        "stated confidence that the documents answer, %</text>"
    )
    parts.append(
        f'<text class="tick" transform="translate(12 {top + side / 2}) rotate(-90)" text-anchor="middle">'
        "questions that they do answer, %</text>"
    )
    return "".join([*parts, "</svg>"])


def growth_chart(lines: Sequence[tuple[str, Sequence[tuple[float, float]]]], title: str, across: str) -> str:
    """Lines of (x, y > 0) over logarithmic axes, each with its name and its last value at its end; a whole SVG file."""
    points = [point for _, line in lines for point in line]
    side, left, top = 420, 70, 34
    low_x, high_x = (_decade(pick(x for x, _ in points), up) for pick, up in ((min, False), (max, True)))
    low_y, high_y = (_decade(pick(y for _, y in points), up) for pick, up in ((min, False), (max, True)))
    high_x, high_y = max(high_x, low_x + 1), max(high_y, low_y + 1)

    def place(x: float, y: float) -> tuple[float, float]:
        across_share = (log10(x) - low_x) / (high_x - low_x)
        up_share = (log10(y) - low_y) / (high_y - low_y)
        return left + across_share * side, top + (1 - up_share) * side

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-label="{escape(title)}" '
        f'viewBox="0 0 {left + side + 170} {top + side + 50}" font-family="sans-serif" font-size="12">',
        '<rect width="100%" height="100%" fill="white"/>',
        f'<text x="{left}" y="18" font-size="14">{escape(title)}</text>',
        f'<text x="{left + side / 2}" y="{top + side + 40}" text-anchor="middle">{escape(across)}</text>',
    ]
    for decade in range(low_x, high_x + 1):
        x, _ = place(10**decade, 10**low_y)
        parts.append(f'<path d="M{x:.1f} {top}v{side}" stroke="#ddd"/>')
        parts.append(f'<text x="{x:.1f}" y="{top + side + 18}" text-anchor="middle">{10**decade:,g}</text>')
    for decade in range(low_y, high_y + 1):
        _, y = place(10**low_x, 10**decade)
        parts.append(f'<path d="M{left} {y:.1f}h{side}" stroke="#ddd"/>')
        parts.append(f'<text x="{left - 8}" y="{y + 4:.1f}" text-anchor="end">{10**decade:,g}</text>')
    for number, (name, line) in enumerate(lines):
        colour = _COLOURS[number % len(_COLOURS)]
        places = [place(x, y) for x, y in line]
        drawn = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
        parts.append(f'<polyline points="{drawn}" fill="none" stroke="{colour}" stroke-width="2"/>')
        parts += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5" fill="{colour}"/>' for x, y in places]
        x, y = places[-1]
        parts.append(f'<text x="{x + 8:.1f}" y="{y + 4:.1f}" fill="{colour}">{escape(name)} {line[-1][1]:,.3g}</text>')
    return "".join([*parts, "</svg>"])


def _decade(value: float, up: bool) -> int:
    """The power of ten at or above a value, or at or below it."""
    exact = log10(value)
    return ceil(exact - 1e-9) if up else floor(exact + 1e-9)
