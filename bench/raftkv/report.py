# SPDX-License-Identifier: Apache-2.0
"""Prints figures, and each goal with whether it was met."""
import json
import pathlib
import statistics


class Report:
    def __init__(self) -> None:
        self.goals: list[dict] = []

    @staticmethod
    def title(text: str) -> None:
        print(f"\n== {text}", flush=True)

    @staticmethod
    def note(text: str) -> None:
        print(f"   {text}", flush=True)

    @staticmethod
    def row(case: str, system: str, *figures: str) -> None:
        print(f"   {case:>9}  {system:8}" + "".join(f"{figure:>12}" for figure in figures), flush=True)

    def ratio_goal(self, what: str, ratios: list[float], goal: float, sign: str) -> None:
        """The median of what several rounds gave, with the least and the most of them."""
        spread = f"  ({_short(ratios[0])} to {_short(ratios[-1])})" if len(ratios) > 1 else ""
        self.goal(what, statistics.median(ratios) if ratios else None, goal, sign, spread)

    def goal(self, what: str, value: float | None, goal: float, sign: str, more: str = "") -> None:
        """`sign`: ">=" or "<="; a value that is not there was not measured."""
        if value is None:
            print(f"   {what:62} not measured", flush=True)
            return
        met = value >= goal if sign == ">=" else value <= goal
        self.goals.append({"what": what, "value": value, "goal": goal, "sign": sign, "met": met})
        print(f"   {what:62} {_short(value):>9}  goal {sign} {_short(goal):<9} {'met' if met else 'MISSED'}{more}",
              flush=True)

    def summary(self) -> None:
        missed = [one["what"] for one in self.goals if not one["met"]]
        self.title(f"{len(self.goals) - len(missed)} of {len(self.goals)} goals met")
        for what in missed:
            self.note(f"missed: {what}")

    def save(self, path: pathlib.Path, figures: dict) -> None:
        path.write_text(json.dumps({"goals": self.goals, **figures}, indent=1) + "\n")


def _short(value: float) -> str:
    if value >= 10_000:
        return f"{value:,.0f}"
    return f"{value:.2f}" if value < 100 else f"{value:.0f}"
