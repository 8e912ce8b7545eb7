#!/usr/bin/env python3
"""The figures of the house as one table: how a checkout is built, against the bars set for it.

    .ci/house.py                          this checkout
    .ci/house.py --beside ../before       another checkout beside it
    .ci/house.py --check                  exit code 1 where a bar is missed
    .ci/house.py --places kinds-asked     what a figure counts, a place a line
    .ci/house.py --time 5 --beside DIR    processor time too: five runs each, in turns

Needs Python 3.11 and nothing else; what is measured by running it runs in the ``.venv`` of the
checkout it measures.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from figures import citations, kinds, mirror, names, passage, processor, rooms, style
from figures.checkout import Checkout, read_checkout
from figures.figure import Figure

HERE = Path(__file__).resolve().parents[1]
Row = tuple[str, ...]


def main(arguments: Sequence[str]) -> int:
    """Print what is asked for. Exit code 0; 1 where ``--check`` finds a bar missed; 2 for wrong
    use."""
    options = _parser().parse_args(arguments)
    roots = [root.resolve() for root in (options.root, options.beside) if root is not None]
    answering = tuple(options.answering.split(","))
    columns = [measured(read_checkout(root), answering, run=not options.static) for root in roots]
    if options.time:
        for column, figure in zip(columns, processor.figures(roots, options.time), strict=True):
            column.append(figure)
    if options.places:
        return _print_places(columns[0], options.places)
    _print_table(table(columns, [root.name for root in roots]))
    missed = [figure for figure in columns[0] if not figure.holds]
    if options.check:
        for figure in missed:
            sys.stdout.write(
                f"missed: {figure.name}: {figure.title}: {figure.shown}, bar {figure.bar}\n"
            )
    return int(options.check and bool(missed))


def measured(checkout: Checkout, answering: tuple[str, ...], *, run: bool) -> list[Figure]:
    """Every figure of ``checkout``, but for processor time; with ``run`` those too that take
    running a case."""
    figures = [*rooms.figures(checkout), *kinds.figures(checkout, answering)]
    if run:
        figures += passage.figures(checkout)
    return [
        *figures,
        *names.figures(checkout),
        *citations.figures(checkout),
        *style.figures(checkout),
        *mirror.figures(checkout),
    ]


def table(columns: Sequence[Sequence[Figure]], titles: Sequence[str]) -> list[Row]:
    """A head and a row for each figure of the first column: name, a value for each column, bar,
    whether it holds."""
    rows: list[Row] = [("figure", *titles, "bar", "", "")]
    others = [{figure.name: figure.shown for figure in column} for column in columns[1:]]
    for figure in columns[0]:
        beside = (other.get(figure.name, "") for other in others)
        bar = str(figure.bar or "")
        rows.append((figure.name, figure.shown, *beside, bar, _judged(figure), figure.title))
    return rows


def _judged(figure: Figure) -> str:
    """What the table says of the bar of ``figure``."""
    if figure.bar is None:
        return ""
    return "holds" if figure.holds else "MISSED"


def _print_table(rows: Sequence[Row]) -> None:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    last = len(widths) - 1
    for row in rows:
        cells = [
            cell.rjust(width) if 0 < index < last - 1 else cell.ljust(width)
            for index, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        sys.stdout.write("  ".join(cells).rstrip() + "\n")


def _print_places(figures: Sequence[Figure], name: str) -> int:
    figure = next((figure for figure in figures if figure.name == name), None)
    if figure is None:
        sys.stderr.write(
            f"there is no figure {name!r}: {', '.join(figure.name for figure in figures)}\n"
        )
        return 2
    for place in figure.places:
        sys.stdout.write(f"{place}\n")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description="The figures of the house, and the bars set for them."
    )
    parser.add_argument(
        "root", nargs="?", type=Path, default=HERE, help="root of the checkout (default: this one)"
    )
    parser.add_argument(
        "--beside", type=Path, metavar="ROOT", help="another checkout, in a column beside"
    )
    parser.add_argument("--check", action="store_true", help="exit code 1 where a bar is missed")
    parser.add_argument(
        "--places", metavar="FIGURE", help="print the places a figure counts, and no table"
    )
    parser.add_argument(
        "--static", action="store_true", help="leave out what is measured by running a case"
    )
    parser.add_argument(
        "--time", type=int, default=0, metavar="N", help="processor time too, the lowest of N runs"
    )
    parser.add_argument(
        "--answering",
        default=",".join(kinds.ANSWERING),
        metavar="ROOMS",
        help="rooms that may ask for the kind of a lane or target (default: %(default)s)",
    )
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
