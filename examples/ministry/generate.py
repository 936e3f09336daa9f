"""Makes the types of what each document in `operations/` takes and answers: python -m examples.ministry.generate

Strawberry's code generation reads the documents with the graph's schema. Answers are JSON, so a type here is a `TypedDict`, a
date is its text, and an enumeration its names: nothing has to be converted, and a type checker knows every field of an answer.
"""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from strawberry.codegen import CodegenFile, QueryCodegen
from strawberry.codegen.plugins.python import PythonPlugin, PythonType
from strawberry.codegen.types import GraphQLEnum, GraphQLObjectType, GraphQLOperation, GraphQLOptional, GraphQLType
from strawberry.utils.str_converters import to_camel_case

from madang.settings import load
from schema.build import build
from schema.catalogue import Catalogue

HERE = Path(__file__).parent
SETTINGS = HERE.parents[1] / "madang.toml"
OPERATIONS = sorted((HERE / "operations").glob("*.graphql"))


class AnswerTypes(PythonPlugin):
    """Strawberry's Python types, as JSON has them."""

    SCALARS_TO_PYTHON_TYPES: ClassVar[dict[str, PythonType]] = PythonPlugin.SCALARS_TO_PYTHON_TYPES | {
        "BigInt": PythonType("int"),
        "Date": PythonType("str"),
        "DateTime": PythonType("str"),
    }

    def generate_code(self, types: list[GraphQLType], operation: GraphQLOperation) -> list[CodegenFile]:
        enums = [self._print_type(each) for each in types if isinstance(each, GraphQLEnum)]
        answers = [self._print_type(each) for each in types if isinstance(each, GraphQLObjectType)]
        head = f'"""What `{self.query.name}` takes and answers. Made by `generate.py`: do not change it here."""'
        blocks = ["\n\n".join(filter(None, [head, self._print_imports(), "\n".join(enums)])), *answers]
        return [CodegenFile(self.outfile_name, "\n\n\n".join(blocks) + "\n")]

    def _get_type_name(self, type_: GraphQLType) -> str:
        if isinstance(type_, GraphQLOptional):
            return f"{self._get_type_name(type_.of_type)} | None"
        return type_.name if isinstance(type_, GraphQLEnum) else super()._get_type_name(type_)

    def _print_object_type(self, type_: GraphQLObjectType) -> str:
        self.imports["typing"].add("TypedDict")
        fields = [f"    {to_camel_case(each.alias or each.name)}: {self._get_type_name(each.type)}" for each in type_.fields]
        return "\n".join([f"class {type_.name}(TypedDict):", *fields])

    def _print_enum_type(self, type_: GraphQLEnum) -> str:
        self.imports["typing"].add("Literal")
        return f"{type_.name} = Literal[{', '.join(repr(value) for value in type_.values)}]".replace("'", '"')


def generated() -> dict[Path, str]:
    """The content of each generated file."""
    schema = build(Catalogue.load(register.schema for register in load(SETTINGS).registers.values()))
    made = {}
    for operation in OPERATIONS:
        for file in QueryCodegen(schema, plugins=[AnswerTypes(operation)]).run(operation.read_text("utf-8")).files:
            made[operation.with_name(file.path)] = file.content
    return made


if __name__ == "__main__":
    for path, content in generated().items():
        path.write_text(content, "utf-8")
