"""
Draw docs/lookup.svg, docs/hashing.svg and docs/blind.svg from benchmarks/results: `python -m benchmarks.plots`.

The same results give the same bytes. Colours are of middling lightness on no ground, so that a page may be light or
dark; each line is named where it ends.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from benchmarks.forensics.tables import found_and_clean
from benchmarks.pages import MATCH, result_of

FOLDER = Path(__file__).resolve().parents[1] / "docs"
GREY = "#7d8590"
COLOURS = {
    "Takeback": "#1f8fd6",
    "FAISS flat": "#d9822b",
    "FAISS MultiHash (HMA)": "#c4528f",
    "usearch": "#3fa267",
    "pdqhash": "#d9822b",
}
RIGHT = (7.0, -3.0)
SHIFTS = {"FAISS MultiHash (HMA)": (7.0, -10.0), "usearch": (0.0, -24.0)}
"""Points by which a name is moved from the end of its line: aside where another line passes."""
STYLE = {
    "svg.hashsalt": "takeback",
    "svg.fonttype": "none",
    "font.family": "sans-serif",
    "font.size": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": GREY,
    "axes.labelcolor": GREY,
    "axes.titlecolor": GREY,
    "axes.titlesize": 10,
    "xtick.color": GREY,
    "ytick.color": GREY,
    "grid.color": GREY,
    "grid.alpha": 0.25,
    "grid.linewidth": 0.6,
    "xtick.minor.size": 0,
    "ytick.minor.size": 0,
}

Row = dict[str, Any]


def lookup(result: Row) -> Figure | None:
    """Return time per query against the number of entries, a panel for each kind of codes."""
    rows = [row for row in result.get("rows", ()) if row["radius"] == MATCH]
    kinds = list(dict.fromkeys(row["codes"] for row in rows))
    if not kinds:
        return None
    figure, panels = plt.subplots(1, len(kinds), figsize=(1 + 4.3 * len(kinds), 3.6), sharey=True, squeeze=False)
    for axes, kind in zip(panels[0], kinds, strict=True):
        _scales(axes, "entries")
        axes.set_title(f"{kind.capitalize()}: codes within {MATCH} bits of a query", loc="left")
        for index in dict.fromkeys(row["index"] for row in rows):
            own = sorted(
                (row["entries"], row["median_us"]) for row in rows if (row["codes"], row["index"]) == (kind, index)
            )
            _line(axes, index, own)
        axes.set_xlim(right=8 * max(row["entries"] for row in rows))
    panels[0][0].set_ylabel("microseconds a query, one thread")
    return figure


def hashing(result: Row) -> Figure | None:
    """Return milliseconds a picture against its size."""
    columns = {"ours_ms": "Takeback", "pdqhash_ms": "pdqhash"}
    table = result.get("pixels_rows", {"columns": "", "rows": ()})
    rows = [dict(zip(table["columns"].split(), map(float, row.split()), strict=True)) for row in table["rows"]]
    figure, axes = plt.subplots(figsize=(5.6, 3.6))
    _scales(axes, "megapixels")
    axes.set_title("PDQ of decoded photographs", loc="left")
    axes.set_ylabel("milliseconds a picture, one thread")
    drawn = 0
    for column, name in columns.items():
        points = sorted((row["megapixels"], row[column]) for row in rows if column in row)
        if points:
            drawn += 1
            axes.plot(*zip(*points, strict=True), "o", markersize=4, alpha=0.75, color=COLOURS[name])
            _name(axes, name, points[-1], RIGHT)
    if drawn:
        axes.set_xlim(right=4 * max(row["megapixels"] for row in rows))
    return figure if drawn else None


BLIND = {
    "jpeg_grid": "JPEG blocks, in PNG",
    "double_jpeg": "saved twice, +5 and more",
    "copy_move": "copied within",
    "noise_level": "noise",
    "demosaicing": "sensor's mosaic",
    "resampling": "scaled or turned",
}
"""The blind tests by the names of their results, and what they are called beside their points."""


def blind(results: Mapping[str, Row]) -> Figure | None:
    """Return altered files found against clean files with a finding, of each blind test and of its rival."""
    figure, axes = plt.subplots(figsize=(8.6, 4.6))
    axes.set_xscale("log")
    axes.grid(visible=True, which="major")
    axes.set_xlabel("clean files with a finding (none: half a file)")
    axes.set_ylabel("altered files in which the part is found")
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:,.10g}")
    axes.axvline(0.01, color=GREY, linewidth=0.8, linestyle=":")
    for (name, text), colour in zip(BLIND.items(), plt.colormaps["tab10"].colors, strict=False):
        if name not in results:
            continue
        ours, rivals = found_and_clean(name, results[name])
        axes.plot(*zip(*sorted(rivals), strict=True), "-x", color=colour, linewidth=1, markersize=5, alpha=0.8)
        axes.plot(*ours, "o", color=colour, markersize=8)
        axes.annotate(text, ours, xytext=(8, 4), textcoords="offset points", color=colour)
    axes.set_title("A dot is Takeback's test; crosses are what tools without a bound show, by thresholds", loc="left")
    axes.set_ylim(-0.03, 1.05)
    return figure if results else None


def _scales(axes: Axes, label: str) -> None:
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.grid(visible=True, which="major")
    axes.set_xlabel(label)
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:,.10g}")
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:,.10g}")


def _line(axes: Axes, name: str, points: list[tuple[float, float]]) -> None:
    if points:
        width = 2.6 if name == "Takeback" else 1.6
        axes.plot(*zip(*points, strict=True), "-o", color=COLOURS.get(name, GREY), linewidth=width, markersize=4)
        _name(axes, name, points[-1], SHIFTS.get(name, RIGHT))


def _name(axes: Axes, name: str, point: tuple[float, float], shift: tuple[float, float]) -> None:
    axes.annotate(name, point, xytext=shift, textcoords="offset points", color=COLOURS.get(name, GREY))


def main() -> None:
    """Draw what has been measured."""
    mpl.use("svg")
    for draw in (lookup, hashing):
        whole = result_of(draw.__name__)
        with mpl.rc_context(STYLE):
            _kept(draw.__name__, draw(whole["result"]) if whole else None)
    with mpl.rc_context(STYLE):
        _kept("blind", blind({name: whole["result"] for name in BLIND if (whole := result_of(name))}))


def _kept(name: str, figure: Figure | None) -> None:
    if figure is None:
        return
    figure.tight_layout()
    path = FOLDER / f"{name}.svg"
    figure.savefig(path, transparent=True, metadata={"Date": None, "Creator": None})
    # A text file ends its lines cleanly.
    path.write_text("\n".join(line.rstrip() for line in path.read_text("utf-8").splitlines()) + "\n", "utf-8")


if __name__ == "__main__":
    main()
