"""The results as tables for people and as JSON for programs."""

import os
import platform
import sqlite3
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from attrs import frozen
from rich.console import Console
from rich.table import Table

from bench.points import Point
from bench.rows import Row

WIDTH = 150


@frozen
class Results:
    """Everything that was measured: the *rows*, the *growth* tables by title, the *machine*."""

    machine: dict[str, Any]
    rows: Sequence[Row]
    growth: Mapping[str, Sequence[Point]]


def machine() -> dict[str, Any]:
    """Return what the figures were measured on."""
    return {
        "processor": _processor(),
        "cores": os.cpu_count(),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
        "msgspec": version("msgspec"),
        "refold": version("refold"),
        "load": round(os.getloadavg()[0], 2),
    }


def _processor() -> str:
    file = Path("/proc/cpuinfo")
    lines = file.read_text().splitlines() if file.exists() else []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()


def print_results(results: Results) -> None:
    """Print *results* as tables on stdout."""
    console = Console(width=WIDTH, highlight=False)
    console.print(", ".join(f"{name} {value}" for name, value in results.machine.items()))
    console.print(_rows_table(results.rows))
    for title, points in results.growth.items():
        console.print(_growth_table(title, points))


def _rows_table(rows: Sequence[Row]) -> Table:
    table = Table("work", box=None, pad_edge=False)
    for name in ("measured", "", "±", "ratio"):
        table.add_column(name, justify="left" if not name else "right")
    for name in ("to", "bar", ""):
        table.add_column(name)
    for row in rows:
        table.add_row(
            row.work,
            number(row.value),
            row.unit,
            f"{row.spread:.0%}",
            f"{row.ratio:.2f}",
            row.control,
            str(row.bar or ""),
            {None: "", True: "met", False: "MISSED"}[row.met],
        )
    return table


def _growth_table(title: str, points: Sequence[Point]) -> Table:
    table = Table(title=title, title_justify="left", box=None, pad_edge=False)
    for name in points[0]:
        table.add_column(name, justify="right")
    for point in points:
        table.add_row(*map(number, point.values()))
    return table


def number(value: float) -> str:
    """Return *value* with three digits that count, or as a whole number with separators."""
    return f"{value:,.0f}" if value >= 100 or value == int(value) else f"{value:.3g}"


def as_json(results: Results) -> dict[str, Any]:
    """Return *results* as plain data."""
    rows = [
        {
            "work": row.work,
            "value": row.value,
            "unit": row.unit,
            "spread": row.spread,
            "control": row.control,
            "ratio": row.ratio,
            "bar": str(row.bar) if row.bar else None,
            "met": row.met,
        }
        for row in results.rows
    ]
    return {"machine": results.machine, "rows": rows, "growth": results.growth}
