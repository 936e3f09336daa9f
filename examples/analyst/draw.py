"""Draws two pictures of what an analyst may see: python -m examples.analyst.draw

Each is written as SVG and PNG, and the numbers behind it as CSV.
"""

from __future__ import annotations

import argparse
import csv
import datetime as dt
import sys
from collections import Counter
from pathlib import Path

from gql.transport.exceptions import TransportError
from matplotlib import font_manager, rcParams
from matplotlib import style as styles
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from examples.analyst.counts import HERE, WIDTH, Graph, Group, demo_token, group_name

KOREAN = HERE.parents[1] / "resolvers" / "fonts" / "NanumGothic-Regular.ttf"
WOMEN, MEN, QUIET = "#b5472f", "#2f5d8a", "#6b6b6b"
FEWEST = 30
"""A share of fewer residents than this says nothing, and is not drawn."""


class TooFew(Exception):
    """Of so few residents nothing is said."""


def main() -> None:
    parser = argparse.ArgumentParser(description="Draw the population by age and sex, and who has been employed.")
    parser.add_argument("--district", help="five digits, 11110 for example; by default all districts")
    parser.add_argument("--address", default="http://127.0.0.1:8000", help="the gateway's address (%(default)s)")
    parser.add_argument("--out", type=Path, default=Path("out"), help="where the pictures go (%(default)s)")
    given = parser.parse_args()
    graph = Graph(given.address, demo_token(given.address), given.district)
    try:
        population = graph.population()
        everybody, employed = graph.employment()
    except TransportError as error:
        sys.exit(f"nothing is drawn: {error}")
    given.out.mkdir(parents=True, exist_ok=True)
    style()
    place = f"district {given.district}" if given.district else "all districts"
    where = f"{place} of the sample nation, {dt.date.today():%Y-%m-%d}"
    try:
        save(pyramid(population, where), given.out / "population", graph.law, "resident registration")
        table(given.out / "population.csv", ("age", "sex", "residents"), population)
        registers = "resident registration and employment insurance"
        save(shares(everybody, employed, where), given.out / "employment", graph.law, registers)
        table(given.out / "employment.csv", ("age", "sex", "residents", "employed"), everybody, employed)
    except TooFew as error:
        sys.exit(str(error))


def style() -> None:
    """Quiet axes, and letters that have Korean."""
    styles.use(HERE / "print.mplstyle")
    if KOREAN.exists():
        font_manager.fontManager.addfont(KOREAN)
        rcParams["font.family"] = ["NanumGothic", *rcParams["font.family"]]


def titled(korean: str, english: str, below: str) -> tuple[Figure, Axes]:
    """An empty picture with its heads, in Korean too where there is a font; age groups go up its axis."""
    figure = Figure()
    figure.text(0.05, 0.94, f"{korean}  {english}" if KOREAN.exists() else english, size=14)
    figure.text(0.05, 0.895, below, color=QUIET)
    axes = figure.add_axes((0.11, 0.16, 0.84, 0.65))
    axes.set_ylabel("age", rotation=0, ha="left")
    axes.yaxis.set_label_coords(-0.07, 1.02)
    return figure, axes


def pyramid(population: Counter[Group], where: str) -> Figure:
    """How many residents there are of each age group: men to the left, women to the right."""
    figure, axes = titled("성·연령별 인구", "Residents by age and sex", f"Number of registered residents, {where}")
    ages = sorted({age for _, age in population})
    for word, sign, color in (("men", -1, MEN), ("women", 1, WOMEN)):
        axes.barh(ages, [sign * population[word, age] for age in ages], height=WIDTH * 0.84, color=color)
        total = sum(population[word, age] for age in ages)
        axes.text(0.5 + sign * 0.25, 1.02, f"{word.capitalize()} {total:,}", color=color, ha="center", transform=axes.transAxes)
    most = max(population.values()) * 1.05
    axes.set_xlim(-most, most)
    axes.set_ylim(-WIDTH * 0.7, max(ages) + WIDTH * 0.7)
    axes.set_yticks(ages, [group_name(age) for age in ages])
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{abs(value):,.0f}"))
    axes.set_xlabel("residents")
    return figure


def shares(everybody: Counter[Group], employed: Counter[Group], where: str) -> Figure:
    """Which share of each age group has an employment on record; the widest gap between women and men is written out."""
    figure, axes = titled(
        "고용보험 가입 이력", "Residents with insured employment on record", f"Share of the residents of each age group, {where}"
    )
    share = {group: 100 * employed[group] / number for group, number in everybody.items() if number >= FEWEST}
    ages = sorted(age for word, age in share if word == "women" and ("men", age) in share)
    if not ages:
        raise TooFew(
            f"no age group has {FEWEST} women and {FEWEST} men, so no shares are drawn; take more districts or residents"
        )
    axes.hlines(ages, [share["women", age] for age in ages], [share["men", age] for age in ages], color="#c9c9c9", linewidth=3)
    for word, color, marker in (("men", MEN, "D"), ("women", WOMEN, "o")):
        axes.scatter([share[word, age] for age in ages], ages, color=color, s=36, marker=marker, zorder=3)
    widest = max(ages, key=lambda age: abs(share["men", age] - share["women", age]))
    left, right = sorted((("men", MEN), ("women", WOMEN)), key=lambda each: share[each[0], widest])
    for (word, color), side, by in ((left, "right", -1.8), (right, "left", 1.8)):
        value = share[word, widest]
        axes.text(value + by, widest, f"{word.capitalize()} {value:.0f}%", color=color, ha=side, va="center")
    axes.set_yticks(ages, [group_name(age) for age in ages])
    axes.set_xlim(-2, 102)
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:.0f}%"))
    axes.set_xlabel(f"share of each sex; groups of fewer than {FEWEST} women or men are left out")
    return figure


def save(figure: Figure, path: Path, law: str, registers: str) -> None:
    source = f"Source: {registers}, through Madang for the purpose of statistics.\nRegulations {law}. The people are made up."
    figure.text(0.05, 0.02, source, size=7.5, color=QUIET, linespacing=1.4)
    figure.savefig(path.with_suffix(".svg"), metadata={"Date": None})
    figure.savefig(path.with_suffix(".png"), dpi=150)
    print(f"{path}.svg, .png and .csv")


def table(path: Path, head: tuple[str, ...], *columns: Counter[Group]) -> None:
    """The numbers behind a picture, a row for each group."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(head)
        for word, age in sorted(columns[0], key=lambda group: (group[1], group[0])):
            writer.writerow((group_name(age), word, *(column[word, age] for column in columns)))


if __name__ == "__main__":
    main()
