"""A plan in words: what would be read, by which statements, under which rules, and what is withheld and why.

It prints the very plan that serves, so it cannot tell anything else than what happens.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, cast

from auth.access import Decision
from auth.words import in_words
from resolvers.circumstances import Circumstances, Question
from resolvers.errors import pattern
from resolvers.plan import Fact, Guard, Mark, Plan, Refusal, Step
from resolvers.response import owed
from sources.coalescer import Coalescer
from sources.protocol import All, Call, Column, Compare, Condition, Exists, Holds, Not, Only, Operand, Param, Shape, Some


def describe(
    plan: Plan, sources: Mapping[str, Coalescer], circumstances: Circumstances, hidden: frozenset[str] = frozenset()
) -> dict[str, Any]:
    """The plan as plain data: what is found out first, steps, decisions, what is withheld always, and what for some rows.

    `hidden`: names of coordinates and columns of which whoever reads this is told nothing; a word stands in their place.
    """
    described = {
        "before": [_before(need, q, sources) for need in sorted(plan.needs) for q in circumstances.questions(need)],
        "steps": [_step(plan, step, sources) for level in plan.levels for step in level],
        "searches": [_decision(d) for d in plan.searches if not d.hidden],
        "decisions": [_decision(d) for d in plan.decisions if not d.hidden],
        "withheld": [_refusal(r) for r in plan.withheld],
        "guarded": [_refusal(r) for r in plan.guarded],
        "masked": [_masked(mark) for mark in plan.marks if mark.mask is not None],
        "duties": owed((d.coordinate, grant) for d in plan.decisions for grant in d.grants),
    }
    if not hidden:
        return described
    named = re.compile(rf"\b({'|'.join(map(re.escape, sorted(hidden)))})\b")
    return cast(dict[str, Any], _without(named, described))


def _without(named: re.Pattern[str], value: Any) -> Any:
    """The same without these names in any of its texts."""
    if isinstance(value, dict):
        return {key: _without(named, each) for key, each in value.items()}
    if isinstance(value, list):
        return [_without(named, each) for each in value]
    return named.sub("hidden", value) if isinstance(value, str) else value


def _masked(mark: Mark) -> dict[str, Any]:
    return {"pattern": pattern(mark.path), "coordinate": mark.decision.coordinate, "mask": str(mark.mask)}


def _before(need: str, question: Question, sources: Mapping[str, Coalescer]) -> dict[str, Any]:
    shape, source = question.shape, question.source
    return {
        "need": need, "source": source, "table": shape.table, "key": shape.key,
        "statement": _statement(shape, sources[source]),
    }  # fmt: skip


_NEEDS = {
    "household": "the caller's household", "children": "the caller's minor children",
    "case": "the resident whom the case is about", "case_household": "that resident's household",
}  # fmt: skip


def render(description: Mapping[str, Any]) -> str:
    """The same as text, for a terminal."""
    lines = []
    for look_up in description["before"]:
        lines.append(f"before   {look_up['source']}.{look_up['table']}  by {look_up['key']}, for {_NEEDS[look_up['need']]}")
        lines.append(f"         {look_up['statement'] or 'one request to the register'}")
    for step in description["steps"]:
        lines.append(f"level {step['level']}  {step['source']}.{step['table']}  by {step['key'] or 'filter'}{_from(step)}")
        lines += [f"         {line}" for line in (step["statement"] or "one request to the register").splitlines()]
        lines += [f"         {name} = {value}" for name, value in step["values"].items()]
        lines += [f"         guard: {guard}" for guard in step["guards"]]
    lines.append("")
    for use in ("searches", "decisions"):
        for decision in description[use]:
            what = f"{decision['verdict']} to {'search by' if use == 'searches' else 'read'}"
            lines.append(f"{what:<20} {decision['coordinate']:<36} {_grounds(decision)}")
    lines.append("")
    for title in ("withheld", "guarded"):
        lines += [f"{title:<20} {r['pattern']}: {r['coordinate']} ({r['reason']})" for r in description[title]]
    lines += [f"{'masked':<20} {m['pattern']}: {m['coordinate']} ({m['mask']})" for m in description["masked"]]
    return "\n".join(lines)


def _from(step: Mapping[str, Any]) -> str:
    return "" if step["keysFrom"] is None else f", {step['keysFrom']}"


def _grounds(decision: Mapping[str, Any]) -> str:
    where = f" (only {' or '.join(decision['where'])})" if decision["where"] else ""
    return f"{', '.join([*filter(None, [decision['reason']]), *decision['rules']])}{where}"


def _step(plan: Plan, step: Step, sources: Mapping[str, Coalescer]) -> dict[str, Any]:
    parent = step.hops[-1] if step.hops else step.parent
    teller = plan.steps[step.hops[0]].parent if step.hops else step.parent
    return {
        "step": step.index,
        "level": step.level,
        "source": step.source,
        "table": step.table,
        "key": step.key,
        "keysFrom": _whence(step, parent),
        "statement": _statement(step.shape, sources[step.source]),
        "values": _parameters(step, sources[step.source]),
        "guards": [
            *(_guard(column, step) for column in step.columns if isinstance(column, Holds | Only)),
            *(
                f"{_conditional(step, p)} only for rows of step {teller} where {_of_guard(g)}"
                for p, g in step.conditional.items()
            ),
            *([] if step.admits is None else [f"keys only of rows of step {teller} where {_of_guard(step.admits)}"]),
        ],
    }


def _whence(step: Step, parent: int | None) -> str | None:
    if parent is None:
        return None
    return f"keys from step {parent}" if step.lookup is None else f"the key of step {step.lookup}"


def _statement(shape: Shape, source: Coalescer) -> str | None:
    statement = getattr(source.source, "statement", None)
    return None if statement is None else str(statement(shape))


def _parameters(step: Step, source: Coalescer) -> dict[str, str]:
    """What the statement's parameters stand for."""
    parameters = getattr(source.source, "parameters", None)
    if parameters is None:
        return {}
    return {
        f"${number}": "the keys" if index is None else str(step.values[index])
        for number, index in enumerate(parameters(step.shape), start=1)
    }


def _guard(column: Column, step: Step) -> str:
    if isinstance(column, Only):
        return f"{_operand(column.operand)} only where {_words(column.condition, step)}"
    assert isinstance(column, Holds)
    return f"whether {_words(column.condition, step)}, read to decide"


def _conditional(step: Step, place: int) -> str:
    column = step.columns[place - (step.key is not None)]
    return _operand(column) if isinstance(column, str | Call) else _guard(column, step)


def _of_guard(guard: Guard) -> str:
    clauses = [" and ".join(map(_atom, clause)) or "anything holds" for clause in guard.any]
    return " and ".join([" or ".join(clauses) or "nothing holds", *(f"not {_atom(fact)}" for fact in guard.none)])


def _atom(atom: int | Fact) -> str:
    return f"column {atom.column} of step {atom.step} says so" if isinstance(atom, Fact) else f"column {atom} is true"


def _words(condition: Condition, step: Step) -> str:
    match condition:
        case Compare(operand, operator, Param(index)):
            return f"{_operand(operand)} {operator} {step.values[index]}"
        case All(conditions):
            return " and ".join(_words(c, step) for c in conditions) or "true"
        case Some(conditions):
            text = " or ".join(_words(c, step) for c in conditions) or "false"
            return f"({text})" if len(conditions) > 1 else text
        case Not(inner):
            return f"not ({_words(inner, step)})"
        case Exists(table, column, on, inner):
            held = "" if inner is None else f" and {_words(inner, step)}"
            return f"{table} has a row whose {column} is this {on}{held}"


def _operand(operand: Operand) -> str:
    return operand if isinstance(operand, str) else f"{operand.function}({_operand(operand.column)})"


def _decision(decision: Decision) -> dict[str, Any]:
    return {
        "coordinate": decision.coordinate,
        "verdict": decision.verdict.value,
        "reason": decision.reason.value if decision.reason else None,
        "rules": [str(rule) for rule in decision.rules],
        "where": [in_words(grant) for grant in decision.grants if grant.constraints],
        "unless": [str(ban.rule) for ban in decision.bans if ban.told],
    }


def _refusal(refusal: Refusal) -> dict[str, Any]:
    reason = refusal.decision.reason.value if refusal.decision.reason else "depends on the row"
    return {"pattern": pattern(refusal.path), "coordinate": refusal.decision.coordinate, "reason": reason}
