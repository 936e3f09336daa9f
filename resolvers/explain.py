"""A plan in words: what would be read, by which statements, under which rules, and what is withheld and why.

It prints the very plan that serves, so it cannot tell anything else than what happens.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from auth.access import Decision
from resolvers.errors import pattern
from resolvers.plan import Plan, Refusal, Step
from sources.coalescer import Coalescer
from sources.protocol import Column, Holds, Only, Shape


def describe(plan: Plan, sources: Mapping[str, Coalescer]) -> dict[str, Any]:
    """The plan as plain data: steps, decisions, what is withheld always, and what depends on each row's subject."""
    return {
        "steps": [_step(step, sources) for level in plan.levels for step in level],
        "decisions": [_decision(d) for d in sorted(set(plan.decisions), key=lambda d: (d.coordinate, d.verdict.value))],
        "withheld": [_refusal(r) for r in plan.withheld],
        "guarded": [_refusal(r) for r in plan.guarded],
    }


def render(description: Mapping[str, Any]) -> str:
    """The same as text, for a terminal."""
    lines = []
    for step in description["steps"]:
        lines.append(f"level {step['level']}  {step['source']}.{step['table']}  by {step['key'] or 'filter'}{_from(step)}")
        lines += [f"         {line}" for line in (step["statement"] or "one request to the register").splitlines()]
        lines += [f"         ${i} = {value}" for i, value in enumerate(step["values"], 1)]
        lines += [f"         guard: {guard}" for guard in step["guards"]]
    lines.append("")
    for decision in description["decisions"]:
        rules = ", ".join(decision["rules"]) or decision["reason"]
        lines.append(f"{decision['verdict']:<8} {decision['coordinate']:<36} {rules}{_subject(decision)}")
    for title in ("withheld", "guarded"):
        lines += [f"{title}  {r['pattern']}: {r['coordinate']} ({r['reason']})" for r in description[title]]
    return "\n".join(lines)


def _from(step: Mapping[str, Any]) -> str:
    return "" if step["keysFrom"] is None else f", keys from {step['keysFrom']}"


def _subject(decision: Mapping[str, Any]) -> str:
    return f"  (own {' or '.join(decision['subject'])} only)" if decision["subject"] else ""


def _step(step: Step, sources: Mapping[str, Coalescer]) -> dict[str, Any]:
    parent = step.hops[-1] if step.hops else step.parent
    return {
        "step": step.index,
        "level": step.level,
        "source": step.source,
        "table": step.table,
        "key": step.key,
        "keysFrom": None if parent is None else f"step {parent}",
        "statement": _statement(step.shape, sources[step.source]),
        "values": [str(value) for value in step.values],
        "guards": [_guard(column) for column in step.columns if isinstance(column, Holds | Only)],
    }


def _statement(shape: Shape, source: Coalescer) -> str | None:
    statement = getattr(source.source, "statement", None)
    return None if statement is None else str(statement(shape))


def _guard(column: Column) -> str:
    if isinstance(column, Only):
        return f"{column.operand} only where it holds"
    assert isinstance(column, Holds)
    return f"read to decide: {column.condition}"


def _decision(decision: Decision) -> dict[str, Any]:
    return {
        "coordinate": decision.coordinate,
        "verdict": decision.verdict.value,
        "reason": decision.reason.value if decision.reason else None,
        "rules": [str(rule) for rule in decision.rules],
        "subject": sorted(decision.residual),
    }


def _refusal(refusal: Refusal) -> dict[str, Any]:
    reason = refusal.decision.reason.value if refusal.decision.reason else "depends on the row's subject"
    return {"pattern": pattern(refusal.path), "coordinate": refusal.decision.coordinate, "reason": reason}
