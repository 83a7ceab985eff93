"""Measures fakekube beside a bare uvicorn application that answers as many bytes: `make bench`.

`--only NAME` (repeatable) picks measurements, `--output json` prints rows for programs. docs/performance.md says what
the figures mean.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
from collections.abc import Iterable

import measures
from rows import Row

WIDTHS = (58, 14, 14, 8)


def main() -> None:
    """Print one table."""
    known = (*measures.ALL, *measures.MORE)
    names = [measure.__name__ for measure in known]
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", action="append", choices=names, help="measure this alone")
    parser.add_argument("--output", choices=["text", "json"], default="text")
    options = parser.parse_args()
    chosen = [measure for measure in known if measure.__name__ in options.only] if options.only else measures.ALL
    rows = (row for measure in chosen for row in measure())
    if options.output == "json":
        print(json.dumps([row._asdict() for row in rows], indent=2))
    else:
        _print_table(rows)


def _print_table(rows: Iterable[Row]) -> None:
    print(f"Python {platform.python_version()} on {os.cpu_count()} cores, load generator included\n")
    _print_line("", "fakekube", "bare", "ratio", "goal")
    for row in rows:
        other = "" if row.bare is None else _figure(row.bare, row.unit)
        ratio = "" if row.ratio is None else f"{row.ratio:.2f}"
        _print_line(row.name, _figure(row.value, row.unit), other, ratio, row.goal)


def _print_line(name: str, *cells: str) -> None:
    first, *others = WIDTHS
    shown = [name.ljust(first), *(cell.rjust(width) for cell, width in zip(cells, others, strict=False))]
    print(" ".join([*shown, f"  {cells[-1]}"]).rstrip(), flush=True)


def _figure(value: float, unit: str) -> str:
    return f"{value:,.0f} {unit}" if value >= 100 else f"{value:.2f} {unit}"


if __name__ == "__main__":
    main()
