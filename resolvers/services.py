"""Civil services as approved documents: what each asks, for whom, and the papers that nobody attaches any more.

A directory of services has a folder for each, with `service.yaml` (who uses it, for which purpose, under which article),
`operation.graphql`, the one document that it asks, and `report.graphql`, the one by which it reports, if it does; and beside them
`papers.yaml`, the papers that services replace. Reading collects every mistake with its place. What is approved is a document's
exact text: it is known by the SHA-256 of its bytes.

A service grants nothing. Whether the regulations in force share all that its document asks is another question, `proof.py`'s.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from graphql import GraphQLSchema, OperationType, get_location, print_ast

from auth.access import Caller
from auth.authorizer import RegulationAuthorizer
from auth.clauses import basis, named
from auth.document import Mistake, Mistakes, Node, Place, Word, read_document
from auth.regulations import languages
from auth.rules import Title
from resolvers.disclose import asked_to_be_told
from resolvers.operation import Limits, Operation, Operations, RequestError
from resolvers.relations import people
from resolvers.selection import Collected, Selection, collect
from schema.catalogue import Catalogue, ColumnField, LinkField, ListingRoot, LookupRoot

PAPERS = "papers.yaml"
SERVICE = "service.yaml"
DOCUMENT = "operation.graphql"
REPORT = "report.graphql"
PREFIX = "sha256:"
"""Before a document's SHA-256 in its id (GraphQL over HTTP, appendix Persisted Documents)."""


@dataclass(frozen=True)
class Paper:
    """A paper that people once fetched from an office and attached.

    `selection` is what stands on it, as the graph would be asked for it of the resident, and `shows` the coordinates of that.
    """

    code: str
    title: Title
    office: Title
    selection: str
    shows: frozenset[str]


@dataclass(frozen=True)
class Service:
    """A civil service. `subject` is the variable that takes the resident's number; empty where the document is about the caller.

    `replaces` are the papers that everybody attached, and `minors` those that a minor attached beside them. `reads` are the
    coordinates that the document asks for, and `registers` those in which they, or the links to them, are. `report` is the
    document by which the service reports, empty if it does not, and `writes` its mutations, with what it asks to be told of them.
    """

    code: str
    title: Title
    description: Title
    purpose: str
    article: str
    recipients: tuple[str, ...]
    agencies: frozenset[str]
    """What the recipients come to."""
    roles: tuple[str, ...]
    subject: str
    replaces: tuple[Paper, ...]
    minors: tuple[Paper, ...]
    document: str
    reads: frozenset[str]
    registers: tuple[str, ...]
    report: str = ""
    writes: frozenset[str] = frozenset()

    @property
    def hash(self) -> str:
        """The SHA-256 of the document's text, 64 hexadecimal digits."""
        return text_hash(self.document)

    @property
    def document_id(self) -> str:
        return PREFIX + self.hash

    @property
    def report_id(self) -> str:
        return PREFIX + text_hash(self.report)

    @property
    def approved(self) -> tuple[str, ...]:
        """The texts that its agencies and roles may send."""
        return (self.document, self.report) if self.report else (self.document,)

    def is_for(self, caller: Caller) -> bool:
        return caller.agency in self.agencies and caller.role in self.roles


class BrokenServices(Exception):
    """Services with mistakes; they are not served. `str()` holds all mistakes, a line each."""

    def __init__(self, mistakes: tuple[Mistake, ...]) -> None:
        super().__init__("\n".join(str(mistake) for mistake in mistakes))
        self.mistakes = mistakes


class Services:
    """The services of a directory, by code."""

    def __init__(self, services: Iterable[Service] = ()) -> None:
        self.by_code: Mapping[str, Service] = {service.code: service for service in services}
        self._by_hash: dict[str, list[Service]] = {}
        self._texts: dict[str, str] = {}
        for service in self:
            for text in service.approved:
                self._by_hash.setdefault(text_hash(text), []).append(service)
                self._texts[text_hash(text)] = text

    def __iter__(self) -> Iterator[Service]:
        return iter(self.by_code.values())

    def by_hash(self, hash: str) -> tuple[Service, ...]:
        """The services of which a document has this SHA-256, in lower-case hexadecimal digits; several may share one."""
        return tuple(self._by_hash.get(hash, ()))

    def text(self, hash: str) -> str | None:
        """The document that has this SHA-256."""
        return self._texts.get(hash)

    @classmethod
    def load(
        cls, directory: Path, catalogue: Catalogue, schema: GraphQLSchema, law: RegulationAuthorizer, limits: Limits
    ) -> Services:
        """Read a directory; raises `BrokenServices` with every mistake there is."""
        mistakes = Mistakes()
        reader = _Reader(directory, catalogue, schema, law, limits, mistakes)
        services = list(reader.services())
        if mistakes.found:
            raise BrokenServices(mistakes.sorted())
        return cls(services)


def text_hash(text: str) -> str:
    """The SHA-256 of a document's text in UTF-8, as it is: 64 hexadecimal digits."""
    return sha256(text.encode(errors="surrogatepass")).hexdigest()


class _Reader:
    def __init__(
        self, directory: Path, catalogue: Catalogue, schema: GraphQLSchema, law: RegulationAuthorizer, limits: Limits,
        mistakes: Mistakes,
    ) -> None:  # fmt: skip
        self._directory, self._catalogue, self._schema, self._law = directory, catalogue, schema, law
        self._operations, self._mistakes = Operations(limits), mistakes

    def services(self) -> Iterator[Service]:
        if not self._directory.is_dir():
            self._mistakes.add(Place(str(self._directory), 1, 1), "there is no such directory of services")
            return
        document = read_document(self._directory / PAPERS, self._mistakes)
        papers = self._papers(document) if document is not None else None
        for folder in sorted(path for path in self._directory.iterdir() if path.is_dir() and not path.name.startswith(".")):
            service = read_document(folder / SERVICE, self._mistakes)
            if service is not None:
                yield self._service(folder, service, papers)

    def _papers(self, document: Node) -> dict[str, Paper]:
        found = document.fields("the papers", ("papers",))
        entries = found["papers"].entries("`papers`") if "papers" in found else {}
        return {str(code): self._paper(document.named(code, "a paper's code"), node) for code, node in entries.items()}

    def _paper(self, code: Word, node: Node) -> Paper:
        what = f"the paper `{code}`"
        found = node.fields(what, ("title", "office", "shows"))
        selection = found["shows"].text("`shows`") if "shows" in found else Word("", node.place)
        shows = self._shown(selection) if selection else frozenset[str]()
        return Paper(code, _title(found, "title", what), _title(found, "office", what), str(selection), shows)

    def _shown(self, selection: Word) -> frozenset[str]:
        try:
            operation = self._operations.get(self._schema, papers_document([selection], self._catalogue), None)
        except RequestError as error:
            for each in error.errors:
                self._mistakes.add(selection.place, f"`shows` is not what the graph can be asked of a resident: {each.message}")
            return frozenset()
        return reads_of(collect(operation, self._catalogue, self._schema, {}))

    def _service(self, folder: Path, document: Node, papers: Mapping[str, Paper] | None) -> Service:
        required = ("service", "title", "description", "purpose", "article", "recipients", "roles", "replaces")
        found = document.fields("a service", required, ("subject", "minors"))
        code = named(document, found, "service", "a service's code")
        if code and code != folder.name:
            self._mistakes.add(code.place, f"the service `{code}` must lie in a folder of that name, not in `{folder.name}`")
        purpose = named(document, found, "purpose", "a purpose")
        recipients, roles = (found[key].words(f"`{key}`") if key in found else () for key in ("recipients", "roles"))
        parties = self._law.parties
        self._known("purpose", [purpose], self._law.declared_purposes)
        self._known("agency or group", recipients, {*parties.agencies, *parties.groups})
        self._known("role", roles, parties.roles)
        text, operation = self._document(folder / DOCUMENT, OperationType.QUERY)
        report, writes = self._report(folder / REPORT)
        subject = found["subject"].text("`subject`") if "subject" in found else Word("", document.place)
        if operation is not None:
            self._subject(folder / DOCUMENT, document, subject, operation)
        # Whatever variable `@skip` may turn on is a mistake already.
        switches = dict.fromkeys(operation.switches, True) if operation is not None else {}
        collected = None if operation is None else collect(operation, self._catalogue, self._schema, switches)
        reads = reads_of(collected) if collected is not None else None
        replaces, minors = (
            self._replaced(found[key].words(f"`{key}`"), papers, reads) if key in found else () for key in ("replaces", "minors")
        )
        return Service(
            str(code), _title(found, "title", f"the service `{code}`"), _title(found, "description", f"the service `{code}`"),
            str(purpose), basis(found, "article"), tuple(map(str, recipients)), parties.members(recipients),
            tuple(map(str, roles)), str(subject), replaces, minors, text, reads or frozenset(),
            registers_of(collected, self._catalogue) if collected is not None else (), report, writes,
        )  # fmt: skip

    def _report(self, path: Path) -> tuple[str, frozenset[str]]:
        """The document by which a service reports, if it does, and the mutations in it."""
        if not path.exists():
            return "", frozenset()
        text, operation = self._document(path, OperationType.MUTATION)
        if operation is None:
            return text, frozenset()
        made = collect(operation, self._catalogue, self._schema, dict.fromkeys(operation.switches, True)).reports
        return text, frozenset(name for each in made for name in (each.declared.coordinate, *asked_to_be_told(each)))

    def _document(self, path: Path, kind: OperationType) -> tuple[str, Operation | None]:
        """The document's text, and its operation if it is one that can be approved."""
        start = Place(str(path), 1, 1)
        try:
            text = path.read_bytes().decode()
        except OSError as error:
            self._mistakes.add(start, f"the file cannot be read: {error.strerror}")
            return "", None
        except UnicodeDecodeError:
            self._mistakes.add(start, "the file is not in UTF-8")
            return "", None
        try:
            operation = self._operations.get(self._schema, text, None)
        except RequestError as error:
            for each in error.errors:
                line, column = each.locations[0] if each.locations else (1, 1)
                self._mistakes.add(Place(str(path), line, column), each.message)
            return text, None
        if operation.kind is not kind:
            self._mistakes.add(start, f"the document in `{path.name}` must be a {kind.value}")
        else:
            return text, operation
        return text, None

    def _subject(self, path: Path, document: Node, subject: Word, operation: Operation) -> None:
        """The document takes the resident's number and nothing else, so that what it asks never depends on who runs it."""
        variables = {each.variable.name.value: each for each in operation.definition.variable_definitions or ()}
        if not subject:
            if variables:
                document.wrong(
                    "the document takes variables, so the service needs `subject`, the one that takes the resident's number"
                )
            return
        if subject not in variables:
            self._mistakes.unknown("variable", subject, variables, " of the document")
        for name, each in variables.items():
            line, column = get_location(each.loc.source, each.loc.start) if each.loc else (1, 1)
            place = Place(str(path), line, column)
            if name != subject:
                self._mistakes.add(place, f"the variable `{name}` is not the service's `subject`; write the value that it has")
            elif print_ast(each.type) != "String!":
                self._mistakes.add(place, f"the variable `{name}` takes a resident's number, so its type must be `String!`")

    def _replaced(
        self, words: Iterable[Word], papers: Mapping[str, Paper] | None, reads: frozenset[str] | None
    ) -> tuple[Paper, ...]:
        if papers is None:
            return ()
        self._known("paper", words, papers)
        found = [(word, papers[word]) for word in words if word in papers]
        for word, paper in found:
            if reads is not None and paper.shows and reads.isdisjoint(paper.shows):
                self._mistakes.add(word.place, f"the document reads nothing of what stands on the paper `{word}`")
        return tuple(paper for _, paper in found)

    def _known(self, kind: str, words: Iterable[Word], known: Iterable[str]) -> None:
        names = set(known)
        for word in words:
            if word and word not in names:
                self._mistakes.unknown(kind, word, names)


def _title(found: Mapping[str, Node], key: str, what: str) -> Title:
    return languages(found[key], what) if key in found else Title("", "")


def papers_document(shown: Iterable[str], catalogue: Catalogue) -> str:
    """What asks for all that stands on some papers of one resident, whose number its variable `number` takes."""
    subject = people(catalogue)[0].subject
    [(root, key)] = (
        (root.name, key.name)
        for root in catalogue.roots.values() if isinstance(root, LookupRoot) and root.record.subject is subject
        for key in root.keys if isinstance(key, ColumnField) and subject is not None and key.column == subject.self
    )  # fmt: skip
    papers = " ".join(f"p{place}: {root}({key}: $number) {{ {each} }}" for place, each in enumerate(shown))
    return f"query ($number: String!) {{ {papers} }}"


def selections(collected: Collected) -> Iterator[Selection]:
    """All selections of a document, from the root fields down."""
    waiting = [selection for root in collected.roots for selection in root.selections]
    while waiting:
        selection = waiting.pop(0)
        yield selection
        waiting += [asked.selection for asked in selection.asked if asked.selection is not None]


def reads_of(collected: Collected) -> frozenset[str]:
    """The coordinates that a document asks for."""
    fields = {asked.field.coordinate for each in selections(collected) for asked in each.asked if asked.field is not None}
    counts = {root.declared.count_coordinate for root in collected.roots if isinstance(root.declared, ListingRoot)}
    return frozenset(fields | counts)


def registers_of(collected: Collected, catalogue: Catalogue) -> tuple[str, ...]:
    """The registers that a document asks: where the records are, and where the links to them lead through."""
    links = (asked.field for each in selections(collected) for asked in each.asked if isinstance(asked.field, LinkField))
    through = {hop.source for link in links for hop in link.through}
    found = through | {each.record.source for each in selections(collected)}
    return tuple(name for name in catalogue.registers if name in found)
