"""Figures as tables for people and as values for programs."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import median_low
from typing import Any


@dataclass
class Table:
    """Rows of a few columns below a title."""

    title: str
    rows: list[tuple[str, ...]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def head(self, *cells: str) -> None:
        """Say what the columns are; the first row."""
        self.rows.insert(0, cells)

    def row(self, *cells: object) -> None:
        """Add a row; numbers are written as people read them, None as a dash."""
        self.rows.append(tuple(map(_cell, cells)))

    def note(self, text: str) -> None:
        """Say something below the table."""
        self.notes.append(text)

    def __str__(self) -> str:
        widths = [max(map(len, column)) for column in zip(*self.rows, strict=True)]
        lines = [self.title, "-" * len(self.title)]
        for name, *cells in self.rows:
            aligned = (cell.rjust(width) for cell, width in zip(cells, widths[1:], strict=True))
            lines.append("  ".join((name.ljust(widths[0]), *aligned)))
        return "\n".join([*lines, *(f"  {note}" for note in self.notes), ""])

    def markdown(self) -> str:
        """The same as a section of a page in Markdown."""
        head, *rows = (f"| {' | '.join(row)} |" for row in self.rows)
        line = "|".join(["---", *["---:"] * (len(self.rows[0]) - 1)])
        table = "\n".join([head, f"|{line}|", *rows])
        return "\n\n".join([f"### {self.title}", table, *self.notes]) + "\n"


@dataclass(frozen=True, slots=True)
class Part:
    """What a part of the benchmark found."""

    tables: list[Table]
    figures: dict[str, Any]


def _cell(value: object) -> str:
    if value is None:
        return "–"
    if isinstance(value, float):
        return f"{value:,.3f}" if abs(value) < 10 else f"{value:,.1f}"
    return f"{value:,}" if isinstance(value, int) else str(value)


def spread(values: Sequence[float]) -> dict[str, float]:
    """The median, the value that 95 % do not pass, and the worst."""
    ordered = sorted(values)
    most = ordered[math.ceil(0.95 * len(ordered)) - 1]
    return {"median": median_low(ordered), "most": most, "worst": ordered[-1]}
