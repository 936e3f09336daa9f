"""The SQL of a shape: each form, spelled out, and what cannot get into one."""

from __future__ import annotations

import string
from datetime import date

import pytest
import sqlglot
from hypothesis import given
from hypothesis import strategies as st
from sqlglot import exp

from sources.protocol import (
    All,
    Call,
    Compare,
    Condition,
    Count,
    Exists,
    Holds,
    Join,
    Json,
    Not,
    Nothing,
    Only,
    Order,
    Param,
    Shape,
    Some,
    Tables,
)
from sources.scope import CALLS, UnknownName
from sources.statements import build
from tests.sources.register import TABLES

RED: Condition = Compare("kind", "=", Param(0))
PERSON = Join("p", "person", "code", "person_code")
YEARS = 'extract(year FROM age($2::date::timestamp, t0."born"::timestamp))::bigint'

HELD = Exists("event", "person_code", "code", Compare("year", "=", Param(1)))

FORMS = {
    "keys": (
        Shape("person", ("name", "id"), "code"),
        'SELECT t0."code", t0."name", t0."id" FROM "person" AS t0 WHERE t0."code" = ANY($1::text[])',
    ),
    "keys and a condition": (
        Shape("person", ("name",), "id", where=All((RED, Some((Compare("score", ">", Param(1)),))))),
        'SELECT t0."id", t0."name" FROM "person" AS t0 '
        'WHERE t0."id" = ANY($1::bigint[]) AND (t0."kind" = $2::text AND (t0."score" > $3::bigint))',
    ),
    "keys and an order": (
        Shape("event", ("note",), "year", order=(Order("held", descending=True), Order("note"))),
        'SELECT t0."year", t0."note" FROM "event" AS t0 WHERE t0."year" = ANY($1::bigint[]) '
        'ORDER BY t0."held" DESC NULLS LAST, t0."note" COLLATE "C" NULLS LAST',
    ),
    "keys and a limit": (
        Shape("event", ("id", Nothing()), "person_code", order=(Order("id"),), limit=Param(0)),
        "SELECT k.key, r.c0, r.c1 FROM unnest($1::text[]) AS k(key) CROSS JOIN LATERAL "
        '(SELECT t0."id" AS c0, NULL AS c1 FROM "event" AS t0 WHERE t0."person_code" = k.key '
        'ORDER BY t0."id" NULLS LAST LIMIT $2::bigint) AS r',
    ),
    "a key of a join": (
        Shape("event", ("amount", "p.name"), "p.id", joins=(PERSON,)),
        'SELECT t1."id", t0."amount", t1."name" FROM "event" AS t0 '
        'LEFT JOIN "person" AS t1 ON t1."code" = t0."person_code" WHERE t1."id" = ANY($1::bigint[])',
    ),
    "masks and guards": (
        Shape("person", (Holds(RED), Only(RED, "name")), "id"),
        """SELECT t0."id", coalesce(t0."kind" = $2::text, false), CASE WHEN t0."kind" = $2::text THEN t0."name" END """
        """FROM "person" AS t0 WHERE t0."id" = ANY($1::bigint[])""",
    ),
    "years": (
        Shape("person", (Call("years_since", "born", (Param(0),)),), "id"),
        f'SELECT t0."id", {YEARS} FROM "person" AS t0 WHERE t0."id" = ANY($1::bigint[])',
    ),
    "an age": (
        Shape("person", (Call("reached_age", "born", (Param(1), Param(0))),), "id"),
        'SELECT t0."id", (extract(year FROM age($3::date::timestamp, t0."born"::timestamp))::bigint >= $2::bigint) '
        'FROM "person" AS t0 WHERE t0."id" = ANY($1::bigint[])',
    ),
    "a bound": (
        Shape("person", (Call("at_most", "score", (Param(0),)),), "id"),
        'SELECT t0."id", (t0."score" <= $2::bigint) FROM "person" AS t0 WHERE t0."id" = ANY($1::bigint[])',
    ),
    "what does not hold": (
        Shape("person", (Holds(Not(RED)),), "id", where=Not(All((RED, RED)))),
        'SELECT t0."id", coalesce(((t0."kind" = $2::text) IS NOT TRUE), false) FROM "person" AS t0 '
        'WHERE t0."id" = ANY($1::bigint[]) AND (((t0."kind" = $2::text AND t0."kind" = $2::text)) IS NOT TRUE)',
    ),
    "a row of another table": (
        Shape("person", (Only(All((RED, HELD)), "name"),), "id", where=Exists("event", "id", "score"), limit=Param(2)),
        "SELECT k.key, r.c0 FROM unnest($1::bigint[]) AS k(key) CROSS JOIN LATERAL (SELECT "
        'CASE WHEN (t0."kind" = $2::text AND (SELECT true FROM "event" AS e1 WHERE e1."person_code" = t0."code" '
        'AND e1."year" = $3::bigint LIMIT 1)) THEN t0."name" END AS c0 FROM "person" AS t0 WHERE t0."id" = k.key '
        'AND EXISTS (SELECT 1 FROM "event" AS e1 WHERE e1."id" = t0."score") LIMIT $4::bigint) AS r',
    ),
    "a row that asks for another": (
        Shape("event", (Count(),), joins=(PERSON,), where=Exists("person", "code", "p.code", HELD)),
        'SELECT count(*) FROM "event" AS t0 LEFT JOIN "person" AS t1 ON t1."code" = t0."person_code" '
        'WHERE EXISTS (SELECT 1 FROM "person" AS e1 WHERE e1."code" = t1."code" '
        'AND EXISTS (SELECT 1 FROM "event" AS e2 WHERE e2."person_code" = e1."code" AND e2."year" = $1::bigint))',
    ),
    "a band of a threshold": (
        Shape("person", (Call("band", Call("threshold", "score", (Param(0),)), (Param(1),)),)),
        'SELECT (CASE WHEN ((t0."score" >= $2::bigint)::int * $2::bigint) % $1::bigint < 0 THEN greatest('
        '((t0."score" >= $2::bigint)::int * $2::bigint) / $1::bigint * $1::bigint, '
        "'-9223372036854775808'::bigint + $1::bigint) - $1::bigint ELSE "
        '((t0."score" >= $2::bigint)::int * $2::bigint) / $1::bigint * $1::bigint END) FROM "person" AS t0',
    ),
    "a year": (
        Shape("person", (Only(RED, Call("year", "born", ())),)),
        """SELECT CASE WHEN t0."kind" = $1::text THEN date_trunc('year', t0."born"::timestamp)::date END """
        """FROM "person" AS t0""",
    ),
    "characters": (
        Shape("person", (Call("last", "name", (Param(0),)), Call("initial", "name", ()))),
        """SELECT (CASE WHEN t0."name" IS NOT NULL AND $1::bigint IS NOT NULL THEN """
        """lpad(right(t0."name", greatest(least($1::bigint, length(t0."name")), 0)::int), length(t0."name"), '*') END), """
        """rpad(left(t0."name", 1), length(t0."name"), '*') FROM "person" AS t0""",
    ),
    "a district in JSON": (
        Shape("person", (Json(("a",), (Only(HELD, Call("district", "name", ())),)),)),
        "SELECT convert_to(row_to_json(j)::text, 'UTF8') FROM (SELECT CASE WHEN (SELECT true FROM \"event\" AS e1 "
        'WHERE e1."person_code" = t0."code" AND e1."year" = $1::bigint LIMIT 1) '
        """THEN substring(t0."name" from '^[^ ]*(?: [^ ]*)?') END AS "a" FROM "person" AS t0) AS j""",
    ),
    "a pseudonym": (
        Shape("person", (Call("pseudonym", "name", (Param(0), Param(1))),), order=(Order("id"),)),
        "SELECT left(encode(sha256(decode($2::text, 'hex') || sha256(decode($1::text, 'hex') || "
        """convert_to(t0."name", 'UTF8'))), 'hex'), 32) FROM "person" AS t0 ORDER BY t0."id" NULLS LAST""",
    ),
    "a count": (
        Shape("person", (Count(),), where=Compare("kind", "in", Param(0))),
        'SELECT count(*) FROM "person" AS t0 WHERE t0."kind" = ANY($1::text[])',
    ),
    "a scan": (
        Shape("person", ("id",), where=Compare("name", ">", Param(1)), order=(Order("name"),), limit=Param(0)),
        'SELECT t0."id" FROM "person" AS t0 WHERE t0."name" COLLATE "C" > $1::text '
        'ORDER BY t0."name" COLLATE "C" NULLS LAST LIMIT $2::bigint',
    ),
    "JSON alone": (
        Shape("person", (Json(("a", "b"), ("id", Only(RED, "born"))),), order=(Order("id"),)),
        "SELECT convert_to(row_to_json(j)::text, 'UTF8') FROM "
        '(SELECT t0."id" AS "a", CASE WHEN t0."kind" = $1::text THEN t0."born" END AS "b" '
        'FROM "person" AS t0 ORDER BY t0."id" NULLS LAST) AS j',
    ),
    "JSON beside columns": (
        Shape("person", (Json(("a",), ("id",)),), "id"),
        'SELECT t0."id", convert_to(row_to_json(j0)::text, \'UTF8\') FROM "person" AS t0 '
        'CROSS JOIN LATERAL (SELECT t0."id" AS "a") AS j0 '
        'WHERE t0."id" = ANY($1::bigint[])',
    ),
}


@pytest.mark.parametrize(("shape", "text"), FORMS.values(), ids=FORMS.keys())
def test_forms(shape: Shape, text: str) -> None:
    statement = build(shape, TABLES)
    assert statement.text == text
    assert len(sqlglot.parse(text, read="postgres")) == 1
    assert statement.keyed is (shape.key is not None)


def test_only_the_values_that_a_statement_uses_are_sent() -> None:
    shape = Shape("person", (Call("at_most", "score", (Param(3),)),), "id", where=Compare("name", "=", Param(1)))
    statement = build(shape, TABLES)
    assert "$4" not in statement.text
    assert statement.arguments([7], ("unused", "a name", "unused", 10)) == [[7], 10, "a name"]


def test_an_empty_condition_is_true_of_all_and_false_of_some() -> None:
    assert build(Shape("person", ("id",), where=All(())), TABLES).text.endswith(" WHERE true")
    assert build(Shape("person", ("id",), where=Some(())), TABLES).text.endswith(" WHERE false")


REFUSED = [
    Shape("person", (Count(), "id")),
    Shape("person", (Count(),), "id"),
    Shape("person", (Count(),), limit=Param(0)),
    Shape("person", (Json(("a", "a"), ("id", "name")),)),
    Shape("person", (Json(("a",), ("id", "name")),)),
    Shape("person", (Json(("n" * 64,), ("id",)),)),
    Shape("person", (Json(("a\0b",), ("id",)),)),
    Shape("event", ("id",), "id", joins=(PERSON, PERSON)),
    Shape("event", ("id",), "id", joins=(Join("a.b", "person", "code", "person_code"),)),
    Shape("event", ("id",), "id", joins=(Join("", "person", "code", "person_code"),)),
]


@pytest.mark.parametrize("shape", REFUSED, ids=repr)
def test_shapes_that_have_no_meaning_are_refused(shape: Shape) -> None:
    with pytest.raises(UnknownName):
        build(shape, TABLES)


def test_every_function_has_its_sql_and_only_its_arguments_in_it() -> None:
    for function, (kind, arguments, _) in CALLS.items():
        column = {str: "name", int: "score", date: "born"}[kind]
        params = tuple(Param(number) for number in range(len(arguments)))
        statement = build(Shape("person", (Call(function, column, params),)), TABLES)
        assert sorted(statement.values) == list(range(len(arguments)))
        (tree,) = sqlglot.parse(statement.text, read="postgres")
        assert tree is not None
        assert {found.name for found in tree.find_all(exp.Column)} == {column}
        assert {found.name for found in tree.find_all(exp.Parameter)} == {str(number + 1) for number in range(len(arguments))}


names = st.text(st.sampled_from(string.ascii_letters + "\"'; $-/*\\한{}"), min_size=1, max_size=8)


@given(table=names, column=names, name=names)
def test_a_name_is_quoted_whatever_it_holds(table: str, column: str, name: str) -> None:
    tables: Tables = {table: {column: str}}
    where = All(
        (Compare(column, "=", Param(0)), Exists(table, column, column, Compare(Call("initial", column, ()), "=", Param(0))))
    )
    shape = Shape(table, (Json((name,), (column,)), Call("first", column, (Param(1),)), column), column, where=where)
    (tree,) = sqlglot.parse(build(shape, tables).text, read="postgres")
    assert tree is not None
    assert {found.name for found in tree.find_all(exp.Table)} == {table}
    assert {found.name for found in tree.find_all(exp.Column)} == {column, "j0"}
