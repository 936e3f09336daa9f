"""The Strawberry type `Mutation` of a catalogue: a field for each report, with its input and what it is answered with."""

from __future__ import annotations

import inspect
import types
import typing
from collections.abc import Callable, Mapping
from typing import Annotated, Any, Protocol

import strawberry

from schema.reporting import Input, InputField, NotReported, Reported, ReportRoot, upper

KEY = (
    "Names this report among yours: with the same key it is made once, and each time answered as the first time. Take a new one"
    " (a UUID) for each new report."
)


class Builder(Protocol):
    """What makes Strawberry's types, of declared annotations and of fields by attribute."""

    def translate(self, annotation: Any) -> Any: ...

    def define(self, cls: type, description: str, fields: Mapping[str, tuple[Any, Any]]) -> type: ...


def mutation_type(builder: Builder, reports: Mapping[str, ReportRoot]) -> type:
    """Answered by `resolvers/reports.py`."""
    inputs: dict[type, type] = {}
    fields = {}
    for report in reports.values():
        arguments = {
            "key": Annotated[strawberry.ID, strawberry.argument(description=KEY)],
            "input": Annotated[_input(builder, report.input, inputs), strawberry.argument(description="What is reported.")],
        }
        annotation = _result(builder, report) | None
        value = strawberry.field(resolver=stub(annotation, arguments), name=report.name, description=report.declared.description)
        fields[report.name] = (annotation, value)
    return builder.define(types.new_class("Mutation"), "What can be reported, each report to the registers that take it.", fields)


def _input(builder: Builder, given: Input, known: dict[type, type]) -> type:
    if given.cls not in known:
        cls = types.new_class(given.cls.__name__)
        fields = {item.attribute: _input_field(builder, item, known) for item in given.fields}
        cls.__annotations__ = {name: annotation for name, (annotation, _) in fields.items()}
        for name, (_, value) in fields.items():
            setattr(cls, name, value)
        known[given.cls] = strawberry.input(cls, description=given.description, one_of=given.names is not None or None)
    return known[given.cls]


def _input_field(builder: Builder, item: InputField, known: dict[type, type]) -> tuple[Any, Any]:
    kind = item.kind
    inner = (
        _input(builder, kind, known)
        if isinstance(kind, Input)
        else strawberry.ID
        if item.name == "id"
        else builder.translate(kind)
    )
    annotation = list[inner] if item.many else inner  # type: ignore[valid-type]
    describe: dict[str, Any] = {"name": item.name, "description": item.description}
    if item.optional:
        return annotation | None, strawberry.field(default=strawberry.UNSET, **describe)
    return annotation, strawberry.field(**describe)


def _result(builder: Builder, report: ReportRoot) -> Any:
    fields = {
        told.attribute: (builder.translate(told.annotation), strawberry.field(name=told.name, description=told.description))
        for told in report.tells.values()
    }
    accepted = builder.define(types.new_class(report.reported, (Reported,)), f"`{report.name}` was accepted.", fields)
    name = f"{upper(report.name)}Result"
    return Annotated[accepted | NotReported, strawberry.union(name, description=f"What became of `{report.name}`.")]


def stub(annotation: Any, arguments: Mapping[str, Any]) -> Callable[..., Any]:
    """A function that only carries a field's arguments and type to Strawberry."""

    def unanswered(**_: Any) -> Any:
        raise AssertionError("a declared field is answered by `resolvers`")

    def parameter(name: str, kind: Any) -> inspect.Parameter:
        default = strawberry.UNSET if _optional(kind) else inspect.Parameter.empty
        return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=kind)

    parameters = [parameter(name, kind) for name, kind in arguments.items()]
    unanswered.__signature__ = inspect.Signature(parameters, return_annotation=annotation)  # type: ignore[attr-defined]
    unanswered.__annotations__ = {**arguments, "return": annotation}
    return unanswered


def _optional(annotation: Any) -> bool:
    return types.NoneType in typing.get_args(typing.get_args(annotation)[0])
