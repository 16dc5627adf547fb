"""The speed report as a table and as a plot. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from eval.charts import growth_chart
from eval.speed import Measured, Report


def table(report: Report) -> str:
    """One column a size, one row a figure."""
    rows = [_rows(measured) for measured in report.sizes]
    head = [f"{measured.passages:,}" for measured in report.sizes]
    names = list(rows[0])
    lines = [["passages", *head]] + [[name, *(row.get(name, "-") for row in rows)] for name in names]
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    body = [
        "  ".join(cell.ljust(width) if not column else cell.rjust(width) for column, (cell, width) in enumerate(pairs))
        for pairs in (list(zip(line, widths, strict=True)) for line in lines)
    ]
    before, after = report.load
    about = (
        f"{report.corpus} on {report.machine}, {report.cores} cores; {report.started}, load {before:.1f} to {after:.1f}"
    )
    return "\n".join([about, *body])


def plot(report: Report) -> str:
    """Throughput, latency, opening and memory against size, as SVG."""
    lines: list[tuple[str, list[tuple[float, float]]]] = [
        ("indexed a second", [(size.passages, size.passages_a_second) for size in report.sizes]),
        ("retrieve p50 ms", [(size.passages, _wall(size)["retrieve"][0]) for size in report.sizes]),
        ("retrieve p95 ms", [(size.passages, _wall(size)["retrieve"][1]) for size in report.sizes]),
        ("open ms", [(size.passages, 1000 * _number(size, "open_seconds")) for size in report.sizes]),
        ("grown MB", [(size.passages, max(_number(size, "grown_megabytes"), 1.0)) for size in report.sizes]),
        ("on disk MB", [(size.passages, sum(size.disk_bytes.values()) / 1e6) for size in report.sizes]),
    ]
    return growth_chart(lines, f"Wenju store, {report.cores} cores", "passages")


def _rows(size: Measured) -> dict[str, str]:
    """Figure by name."""
    cpu: Mapping[str, Any] = size.serving["cpu_milliseconds"]  # type: ignore[assignment]
    rows = {
        "documents": f"{size.documents:,}",
        "of them repeated": f"{size.repeated:,}",
        "text MB": f"{size.text_bytes / 1e6:.1f}",
        "indexed a second": f"{size.passages_a_second:,.0f}",
        **{f"  {stage} µs a passage": f"{value:.0f}" for stage, value in size.stage_microseconds.items()},
        "open ms": f"{1000 * _number(size, 'open_seconds'):.0f}",
        "first question ms": f"{1000 * _number(size, 'first_question_seconds'):.0f}",
    }
    for stage, (half, most) in _wall(size).items():
        own_half, own_most = cpu[stage]
        rows[f"{stage} p50/p95 ms (cpu)"] = f"{half:.1f}/{most:.1f} ({own_half:.1f}/{own_most:.1f})"
    return rows | {
        "add 100 documents ms (cpu)": f"{1000 * size.add_seconds:.0f} ({1000 * size.add_cpu_seconds:.0f})",
        "remove a document ms": f"{1000 * size.remove_seconds:.0f}",
        "grown by searching MB": f"{_number(size, 'grown_megabytes'):.0f}",
        "grown with answers MB": f"{_number(size, 'grown_with_answers_megabytes'):.0f}",
        "resident MB": f"{_number(size, 'resident_megabytes'):.0f}",
        **{f"  {part} MB": f"{weight / 1e6:.1f}" for part, weight in size.disk_bytes.items() if weight > 1e5},
        "disk, times the text": f"{size.disk_ratio:.2f}",
    }


def _wall(size: Measured) -> dict[str, list[float]]:
    """Milliseconds at the 50th and 95th by stage."""
    times: Any = size.serving["wall_milliseconds"]
    return dict(times)


def _number(size: Measured, name: str) -> float:
    """One of the figures of the new process."""
    value: Any = size.serving[name]
    return float(value)
