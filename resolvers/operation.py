"""A request's document as an operation that can be planned: parsed, validated, bounded, and cached.

Sections of the GraphQL specification: 5 Validation, 6.1 Executing requests (choosing the operation, coercing variables).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import sha256
from typing import Any, Literal

from graphql import (
    DocumentNode,
    FieldNode,
    FloatValueNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    GraphQLSchema,
    GraphQLSyntaxError,
    InlineFragmentNode,
    IntValueNode,
    NamedTypeNode,
    NonNullTypeNode,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    StringValueNode,
    TypeNode,
    VariableNode,
    Visitor,
    get_variable_values,
    parse,
    print_ast,
    specified_rules,
    validate,
    visit,
)

from resolvers.cache import Cache
from schema.build import REFUSALS


@dataclass(frozen=True)
class Limits:
    """Bounds on what one request may ask. Each is a setting."""

    depth: int = 15
    """Fields within fields, fragments spread."""
    fields: int = 500
    """Fields in all, fragments spread."""
    aliases: int = 50
    tokens: int = 4_000
    """Lexical tokens of a document."""
    page: int = 1_000
    """Residents or rows in one list: the most that `first` and `limit` may be."""
    default_page: int = 20
    """`first` when it is not given."""


RULES = tuple(rule for rule in specified_rules if "Stream" not in rule.__name__)
"""Section 5's rules but those for `@defer` and `@stream`: the graph lacks these directives, so KnownDirectives refuses them."""

TEXT = 250_000
"""Characters of documents that are remembered; what is kept for each character is some hundred bytes."""


class RequestError(Exception):
    """The request is answered with errors alone, and nothing was read. `code` is stable; messages are for people.

    `retry_after`: after how many seconds the same request may be answered, where time is all it takes.
    """

    def __init__(self, code: str, *errors: GraphQLError | str, retry_after: int | None = None) -> None:
        self.code, self.retry_after = code, retry_after
        self.errors = [GraphQLError(e) if isinstance(e, str) else e for e in errors]
        super().__init__("; ".join(e.message for e in self.errors))


Refusals = Literal["ERRORS", "NULL", "REJECT"]
"""How what is withheld is answered: null with errors, plain null, or not at all unless everything is granted."""


class _WithoutValues(Visitor):
    """Puts an empty text and zero in place of literal texts and numbers."""

    @staticmethod
    def enter_string_value(*_: Any) -> StringValueNode:
        return StringValueNode(value="")

    @staticmethod
    def enter_int_value(*_: Any) -> IntValueNode:
        return IntValueNode(value="0")

    @staticmethod
    def enter_float_value(*_: Any) -> FloatValueNode:
        return FloatValueNode(value="0")


@dataclass
class Operation:
    """One valid operation. Equal text gives the same object, so what is derived from it can be kept with it."""

    definition: OperationDefinitionNode
    fragments: Mapping[str, FragmentDefinitionNode]
    switches: tuple[str, ...]
    """Names of the variables that `@skip` and `@include` use."""
    collected: Cache[tuple[bool, ...], Any] = field(default_factory=lambda: Cache(16))
    """By the values of the switches."""

    def refusals(self, values: Mapping[str, Any]) -> Refusals | None:
        """How the document wants refusals answered, if it says so; `values` are its variables'."""
        for directive in self.definition.directives or ():
            if directive.name.value == REFUSALS:
                given = next(a.value for a in directive.arguments or ())
                how = values.get(given.name.value) if isinstance(given, VariableNode) else given.value  # type: ignore[attr-defined]
                if how is None:
                    raise RequestError(
                        "BAD_USER_INPUT", f"the variable of `@{REFUSALS}` is null; say `ERRORS`, `NULL` or `REJECT`"
                    )
                return how  # type: ignore[no-any-return]
        return None

    @cached_property
    def hash(self) -> str:
        """The SHA-256 of the document without its literal values, which may be somebody's: in hexadecimal digits."""
        document = DocumentNode(definitions=(self.definition, *self.fragments.values()))
        return sha256(print_ast(visit(document, _WithoutValues())).encode(errors="replace")).hexdigest()

    @property
    def kind(self) -> OperationType:
        return self.definition.operation

    def __post_init__(self) -> None:
        definitions = self.definition.variable_definitions or ()
        self._texts = [d.variable.name.value for d in definitions if _innermost(d.type) in ("ID", "String")]
        self._only_texts = len(self._texts) == len(definitions)

    def variables(self, schema: GraphQLSchema, given: Mapping[str, Any]) -> Mapping[str, Any]:
        """Coerce variable values (section 6.1.2); raises `RequestError` with every mistake."""
        if self._only_texts:
            # Text for `String` and `ID` is itself, so the usual look-up by one key needs no more.
            texts = {name: given.get(name) for name in self._texts}
            if all(type(value) is str for value in texts.values()):
                return texts
        result = get_variable_values(
            schema, self.definition.variable_definitions or (), dict(given), max_errors=20, hide_suggestions=True
        )
        if isinstance(result, list):
            raise RequestError("BAD_USER_INPUT", *result)
        return result.coerced


class Operations:
    """Parses and validates, and remembers: by text and by the schema that the caller's documents are validated against."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self._cache: Cache[tuple[int, str, str | None], tuple[GraphQLSchema, Operation]] = Cache(TEXT, lambda key: len(key[1]))

    def get(self, schema: GraphQLSchema, text: str, name: str | None) -> Operation:
        """The operation of this name in the document; raises `RequestError`."""
        key = (id(schema), text, name)
        found = self._cache.get(key)
        if found is None:
            # The schema is kept beside the operation so that its id cannot come to mean another schema.
            found = self._cache.put(key, (schema, self._read(schema, text, name)))
        return found[1]

    def _read(self, schema: GraphQLSchema, text: str, name: str | None) -> Operation:
        document = self._parse(text)
        fragments = {d.name.value: d for d in document.definitions if isinstance(d, FragmentDefinitionNode)}
        for definition in document.definitions:
            if isinstance(definition, OperationDefinitionNode):
                _check_limits(definition, fragments, self.limits)
        if errors := validate(schema, document, RULES, max_errors=20):
            raise RequestError("GRAPHQL_VALIDATION_FAILED", *errors)
        definition = _choose(document, name)
        switches = {n for s in (definition, *fragments.values()) for n in _switches(s.selection_set)}
        return Operation(definition, fragments, tuple(sorted(switches)))

    def _parse(self, text: str) -> DocumentNode:
        try:
            return parse(text, max_tokens=self.limits.tokens)
        except GraphQLSyntaxError as error:
            if "Document contains more" in error.message:
                raise RequestError(
                    "LIMIT_EXCEEDED", f"the document has more than {self.limits.tokens} tokens; ask for less at a time"
                ) from None
            if "nested too deeply" in error.message:  # graphql-core's own guard, far beyond ours
                raise _too_deep(self.limits) from None
            raise RequestError("GRAPHQL_PARSE_FAILED", error) from None


def hash_of(text: str) -> str:
    """The hash of the only operation of a document that was valid once; raises `ValueError` if it has none."""
    try:
        document = parse(text)
    except GraphQLError as error:
        raise ValueError(error.message) from error
    fragments = {d.name.value: d for d in document.definitions if isinstance(d, FragmentDefinitionNode)}
    (definition,) = (d for d in document.definitions if isinstance(d, OperationDefinitionNode))
    return Operation(definition, fragments, ()).hash


def _too_deep(limits: Limits) -> RequestError:
    return RequestError("LIMIT_EXCEEDED", f"the operation is nested deeper than {limits.depth} fields; ask for less at a time")


def _innermost(node: TypeNode) -> str | None:
    """The name of a type that is no list, null allowed or not."""
    inner = node.type if isinstance(node, NonNullTypeNode) else node
    return inner.name.value if isinstance(inner, NamedTypeNode) else None


def _choose(document: DocumentNode, name: str | None) -> OperationDefinitionNode:
    """GetOperation (section 6.1)."""
    operations = [d for d in document.definitions if isinstance(d, OperationDefinitionNode)]
    if not operations:
        raise RequestError("OPERATION_RESOLUTION_FAILURE", "the document holds no operation; add a query")
    if name is None:
        if len(operations) > 1:
            raise RequestError(
                "OPERATION_RESOLUTION_FAILURE", "the document holds several operations; say which by `operationName`"
            )
        return operations[0]
    for operation in operations:
        if operation.name and operation.name.value == name:
            return operation
    raise RequestError("OPERATION_RESOLUTION_FAILURE", f"the document has no operation `{name}`")


def _check_limits(definition: OperationDefinitionNode, fragments: Mapping[str, FragmentDefinitionNode], limits: Limits) -> None:
    """Walk the operation with its fragments spread, giving up at the first bound that is passed."""
    count = aliases = 0
    stack: list[tuple[SelectionSetNode, int, frozenset[str]]] = [(definition.selection_set, 1, frozenset())]
    while stack:
        selections, depth, inside = stack.pop()
        if depth > limits.depth:
            raise _too_deep(limits)
        for node in selections.selections:
            if isinstance(node, FieldNode):
                count += 1
                aliases += node.alias is not None
                if node.selection_set:
                    stack.append((node.selection_set, depth + 1, inside))
            elif isinstance(node, InlineFragmentNode):
                stack.append((node.selection_set, depth, inside))
            elif isinstance(node, FragmentSpreadNode) and node.name.value in fragments and node.name.value not in inside:
                stack.append((fragments[node.name.value].selection_set, depth, inside | {node.name.value}))
                count += 1
        if count > limits.fields:
            raise RequestError("LIMIT_EXCEEDED", f"the operation has more than {limits.fields} fields; ask for less at a time")
        if aliases > limits.aliases:
            raise RequestError("LIMIT_EXCEEDED", f"the operation has more than {limits.aliases} aliases; ask for less at a time")


def _switches(selection_set: SelectionSetNode) -> Iterator[str]:
    for node in selection_set.selections:
        for directive in node.directives or ():
            if directive.name.value in ("skip", "include"):
                yield from (a.value.name.value for a in directive.arguments or () if isinstance(a.value, VariableNode))
        inner = getattr(node, "selection_set", None)
        if inner is not None:
            yield from _switches(inner)
