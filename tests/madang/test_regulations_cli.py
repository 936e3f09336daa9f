"""`madang regulations …`: what a committee reads on the terminal, and how each command ends."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import asyncpg
import cedarpy
import pytest
import yaml
from click.testing import CliRunner, Result

from auth.export_cedar import SCHEMA
from madang.cli import main

ROOT = Path(__file__).parents[2]
REGULATIONS = ROOT / "auth/regulations"
SETTINGS = str(ROOT / "madang.toml")
INCOME = "TaxCertificate.income"
DAY = ("--at", "2026-11-30")


def run(command: str, *arguments: str | Path) -> Result:
    return CliRunner().invoke(main, ["regulations", command, "--settings", SETTINGS, *map(str, arguments)])


def read(command: str, *arguments: str | Path) -> Any:
    done = run(command, *arguments)
    assert done.exit_code in (0, 1), done.output
    return json.loads(done.stdout)


@pytest.fixture
def changed(tmp_path: Path) -> Callable[[str, str, str], Path]:
    """Makes a copy of the sample's regulations, of which one file says something else."""

    def change(file: str, old: str, new: str) -> Path:
        directory = tmp_path / "B"
        if not directory.exists():
            shutil.copytree(REGULATIONS, directory)
        text = (directory / f"{file}.yaml").read_text()
        assert old in text
        (directory / f"{file}.yaml").write_text(text.replace(old, new))
        return directory

    return change


Changed = Callable[[str, str, str], Path]


# ── check and test ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_check_says_what_there_is_if_nothing_is_wrong() -> None:
    done = run("check")
    assert done.exit_code == 0
    assert re.fullmatch(
        r"21 regulations in force, \d+ permissions and \d+ prohibitions; (\d+) of \1 coordinates are shared with somebody\n",
        done.stdout,
    )


def test_check_tells_every_mistake_in_its_place(changed: Changed) -> None:
    changed("nts", "TaxCertificate.income:", "TaxCertificate.incme:")
    directory = changed("mofa", "roles: passport-officer", "roles: pasport-officer")
    done = run("check", directory)
    assert done.exit_code == 1
    assert re.search(r"B/nts\.yaml:\d+:\d+: .*`TaxCertificate\.incme`", done.stdout)
    assert re.search(r"B/mofa\.yaml:\d+:\d+: .*`pasport-officer`", done.stdout)
    assert re.fullmatch(r"\d+ mistakes\n", done.stderr)


def test_a_directory_that_is_not_there_is_a_mistake(tmp_path: Path) -> None:
    done = run("check", tmp_path / "nowhere")
    assert done.exit_code == 1
    assert "there is no such directory" in done.stdout


def test_test_counts_the_tests_and_tells_those_that_fail(changed: Changed) -> None:
    done = run("test")
    assert done.exit_code == 0
    assert re.fullmatch(r"\d{3} tests pass\n", done.stdout)
    taxes = "[TaxCertificate.income, TaxCertificate.taxPaid"
    done = run("test", changed("nts", f"permitted: {taxes}", f"denied: {taxes}"))
    assert done.exit_code == 1
    fails = r"B/nts\.yaml:\d+:\d+: this test fails: `TaxCertificate\.income` should be denied on 2026-11-02"
    assert re.search(fails, done.stdout)
    assert re.fullmatch(r"\d+ expectations fail, in \d+ tests\n", done.stderr)


def test_no_test_runs_in_a_set_with_other_mistakes(changed: Changed) -> None:
    done = run("test", changed("nts", "TaxCertificate.income:", "TaxCertificate.incme:"))
    assert done.exit_code == 1
    assert "before" in done.stderr
    assert "madang regulations check" in done.stderr


# ── diff ────────────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_no_change_is_exit_code_0() -> None:
    done = run("diff", REGULATIONS, REGULATIONS, *DAY)
    assert (done.exit_code, done.stdout) == (0, "Nothing changes, as of 2026-11-30.\n")


def test_diff_says_what_changes_for_whom_and_shows_it(changed: Changed) -> None:
    directory = changed("nts", "TaxCertificate.income: {band: 10_000_000}", "TaxCertificate.income: {band: 20_000_000}")
    done = run("diff", REGULATIONS, directory, *DAY)
    assert done.exit_code == 1
    first, _, rest = done.stdout.partition("\n")
    assert first == "1 coordinate changes, as of 2026-11-30, for 3 combinations of agency, role and purpose."
    assert re.search(r"^nts +municipalities +0 +0 +1$", rest, re.M)
    assert "nts: TaxCertificate.income\n  masked more\n" in rest
    assert "for municipalities; welfare-officer; basic-livelihood-benefit; read in a lookup" in rest
    assert '{ resident(id: "0000000000000") { taxCertificates { income } } }' in rest
    assert "rounded down to a multiple of 10000000" in rest
    assert "rounded down to a multiple of 20000000" in rest


def test_diff_in_markdown_and_json(changed: Changed) -> None:
    directory = changed("nts", "TaxCertificate.income: {band: 10_000_000}", "TaxCertificate.income: {band: 20_000_000}")
    done = run("diff", REGULATIONS, directory, *DAY, "--format", "markdown")
    assert "| nts | municipalities | 0 | 0 | 1 |" in done.stdout
    assert "```graphql\n{ resident(" in done.stdout
    found = read("diff", REGULATIONS, directory, *DAY, "--format", "json")
    assert found["before"] != found["after"]
    assert found["summary"] == [{"holder": "nts", "recipient": "municipalities", "granted": 0, "withheld": 0, "otherwise": 1}]
    for change in found["changes"]:
        assert (change["coordinate"], change["holder"], change["how"]) == (INCOME, "nts", ["masked"])
        assert change["where"][0]["agencies"] == ["gangnam", "haeundae", "jongno"]
        assert change["witness"]["document"].startswith("{")
        assert change["before"]["grants"][-1]["mask"] == "band 10000000"
        assert change["after"]["grants"][-1]["mask"] == "band 20000000"


def test_a_version_for_a_later_day_changes_nothing_yet_and_that_is_said(changed: Changed) -> None:
    directory = changed("nts", "TaxCertificate.income: {band: 10_000_000}", "TaxCertificate.income: {band: 20_000_000}")
    shutil.copy(directory / "nts.yaml", directory / "nts-next.yaml")
    shutil.copy(REGULATIONS / "nts.yaml", directory / "nts.yaml")
    text = (directory / "nts-next.yaml").read_text()
    text = re.sub(r"^version: (\d+)", lambda found: f"version: {int(found[1]) + 1}", text, flags=re.M)
    (directory / "nts-next.yaml").write_text(text.replace("on: 2026-11-02}", "on: 2030-06-01}", 1))
    done = run("diff", REGULATIONS, directory, *DAY)
    assert done.exit_code == 0, done.output
    assert "turn this on 2030-06-01; compare with `--at` such a day too" in done.stdout
    done = run("diff", REGULATIONS, directory, "--at", "2030-06-01")
    assert done.exit_code == 1
    assert "masked more" in done.stdout


def test_a_broken_set_cannot_be_compared(changed: Changed) -> None:
    done = run("diff", REGULATIONS, changed("nts", "TaxCertificate.income:", "TaxCertificate.incme:"))
    assert done.exit_code == 2
    assert "`TaxCertificate.incme`" in done.stderr


# ── replay ──────────────────────────────────────────────────────────────────────────────────────────────────────────────────

FORM = {
    "agency": "jongno", "role": "welfare-officer", "purpose": "basic-livelihood-benefit", "case": False, "operation": "0a1b2c",
    "asked": [["Resident.rrn", "lookup", "search", -1], ["Resident.taxCertificates", "lookup", "read", 0],
              ["TaxCertificate.year", "lookup", "read", 1], [INCOME, "lookup", "read", 1]],
    "refused": None,
}  # fmt: skip


@pytest.fixture
async def recorded(gateway_dsn: str, tmp_path: Path) -> str:
    """Settings with a ledger in which a welfare officer asked for incomes 1,500 times, the last time on 20 November."""
    connection = await asyncpg.connect(gateway_dsn)
    keep = "INSERT INTO ledger_form (digest, content) VALUES ($1, $2) ON CONFLICT DO NOTHING"
    await connection.execute(keep, b"form", json.dumps(FORM))
    count = "INSERT INTO ledger_count SELECT $1, id, -1, $2, 9 FROM ledger_form ON CONFLICT DO NOTHING"
    for day, operations in ((date(2026, 10, 31), 900), (date(2026, 11, 2), 1000), (date(2026, 11, 20), 500)):
        await connection.execute(count, day, operations)
    await connection.close()
    return settings_with(tmp_path, gateway_dsn)


def settings_with(directory: Path, dsn: str) -> str:
    """The sample's settings with a gateway's database of its own."""
    text = Path(SETTINGS).read_text("utf-8").replace('directory = "auth/regulations"', f'directory = "{REGULATIONS}"')
    text = text.replace('"examples/', f'"{REGULATIONS.parents[1]}/examples/')
    (directory / "madang.toml").write_text(f'{text}\n[gateway]\ndsn = "{dsn}"\n', "utf-8")
    return str(directory / "madang.toml")


def test_replay_tells_who_would_lose_what_and_shows_it(changed: Changed, recorded: str) -> None:
    draft = changed("nts", "      TaxCertificate.income: {band: 10_000_000}", "      TaxCertificate.income: {band: 20_000_000}")
    done = run("replay", draft, "--since", "2026-11-01", *DAY, "--settings", recorded)
    assert done.exit_code == 1, done.output
    assert done.stdout.startswith("Of 1,500 operations since 2026-11-01, in 1 form, 1,500 would be answered otherwise")
    row = rf"^jongno +basic-livelihood-benefit +1,500  {INCOME} +masked more$"
    assert re.search(row, done.stdout, re.M), done.stdout
    by = "1,500 operations of jongno, welfare-officer, for basic-livelihood-benefit, without a case, the last on 2026-11-20"
    assert f"  {by}: 0a1b2c\n" in done.stdout
    assert "taxCertificates { income }" in done.stdout
    found = json.loads(run("replay", draft, "--since", "2026-11-01", *DAY, "--settings", recorded, "--json").stdout)
    assert (found["operations"], found["losing"], found["gaining"]) == (1500, 0, 0)
    (shown,) = found["shown"]
    assert (shown["how"], shown["last"], shown["before"]["grants"][0]["mask"]) == (["masked"], "2026-11-20", "band 10000000")


def test_replay_of_what_is_in_force_ends_with_0(recorded: str) -> None:
    done = run("replay", REGULATIONS, "--since", "2026-01-01", *DAY, "--settings", recorded)
    assert (done.exit_code, done.stdout) == (
        0, "Of 2,400 operations since 2026-01-01, in 1 form, none would be answered otherwise, as of 2026-11-30.\n",
    )  # fmt: skip


def test_what_keeps_a_replay_from_beginning_is_told(changed: Changed, recorded: str, tmp_path: Path, gateway_dsn: str) -> None:
    assert run("replay", REGULATIONS, "--settings", recorded).exit_code == 2  # Since when?
    broken = run("replay", changed("nts", INCOME, "TaxCertificate.incme"), "--since", "2026-01-01", "--settings", recorded)
    assert broken.exit_code == 2
    assert "TaxCertificate.incme" in broken.stderr
    unreachable = settings_with(tmp_path, f"{gateway_dsn}-not-there")
    done = run("replay", REGULATIONS, "--since", "2026-01-01", "--settings", unreachable)
    assert done.exit_code == 2
    assert "madang.toml: the gateway's database, which `gateway.dsn` names unless it is a demo's, cannot be read (" in done.stderr


# ── whomay and explain ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_whomay_tells_everybody_and_their_terms() -> None:
    done = run("whomay", INCOME, *DAY)
    assert done.exit_code == 0
    assert f"{INCOME}, to read in a lookup: municipalities; welfare-officer; basic-livelihood-benefit\n" in done.stdout
    assert f"{INCOME}, to search in a lookup: nts; tax-officer; income-tax-assessment\n" in done.stdout
    assert "with the resident's consent" in done.stdout
    assert "National Basic Living Security Act, art. 22(4)" in done.stdout
    assert "; since 2026-11-02" in done.stdout
    found = read("whomay", INCOME, *DAY, "--use", "read", "--access", "lookup", "--json")
    assert {(tuple(each["recipients"]), each["role"], each["purpose"]) for each in found} == {
        (("municipalities",), "welfare-officer", "basic-livelihood-benefit"),
        (("nts",), "tax-officer", "income-tax-assessment"),
        (("citizen-portal",), "citizen", "own-records"),
    }
    (welfare,) = [each for each in found if each["role"] == "welfare-officer"]
    assert [grant["mask"] for grant in welfare["grants"]] == [None, "band 10000000"]
    assert welfare["grants"][0]["valid"] == {"from": "2026-11-02", "until": "2030-12-31"}
    assert [grant["case"] for grant in welfare["grants"]] == ["verified", "none"]


def test_whomay_tells_prohibitions_on_rows_and_when_nobody_may() -> None:
    assert "but withheld where Resident.addressProtected is true" in run("whomay", "Resident.address", *DAY).stdout
    assert run("whomay", INCOME, "--access", "list", *DAY).stdout == f"nobody may have {INCOME}\n"


def test_an_unknown_coordinate_is_told_with_the_one_that_was_meant() -> None:
    done = run("whomay", "TaxCertificate.incom")
    assert done.exit_code == 2
    assert "did you mean `TaxCertificate.income`?" in done.stderr


WELFARE = ("--agency", "jongno", "--role", "welfare-officer", "--purpose", "basic-livelihood-benefit")


def test_explain_tells_the_decision_its_article_and_what_would_change_it() -> None:
    done = run("explain", "Resident.vehicles", *WELFARE, *DAY)
    assert done.exit_code == 0
    assert "denied, NO_CASE, by " in done.stdout
    assert "what would change it: a case" in done.stdout
    done = run("explain", INCOME, *WELFARE, *DAY)
    assert "masked (rounded down to a multiple of 10000000) for the caller's jurisdiction" in done.stdout
    decided = read("explain", INCOME, *WELFARE, "--case", "2026-00017", *DAY, "--json")
    assert (decided["verdict"], decided["reason"]) == ("permit", None)
    assert "with the resident's consent" in decided["grants"][0]["conditions"]


def test_any_day_can_be_asked_about() -> None:
    """Under the version of that day the figure was for a case, and consent was not asked."""
    then = read("explain", INCOME, *WELFARE, "--at", "2026-06-01", "--json")
    assert (then["verdict"], then["reason"], then["remedy"]) == ("deny", "NO_CASE", "a case")
    assert then["regulations"].startswith("2026-03-02.")
    before = read("explain", INCOME, *WELFARE, "--at", "2020-01-01", "--json")
    assert before["reason"] == "NO_PERMISSION"
    assert run("explain", INCOME, *WELFARE, "--at", "yesterday").exit_code == 2


@pytest.mark.parametrize(("option", "value"), [("--agency", "jonno"), ("--role", "clerk"), ("--purpose", "fun")])
def test_whoever_is_not_declared_is_told(option: str, value: str) -> None:
    arguments = list(WELFARE)
    arguments[arguments.index(option) + 1] = value
    done = run("explain", INCOME, *arguments)
    assert done.exit_code == 2
    assert f"there is no {option[2:]} `{value}`; there are `" in done.stderr


# ── export and grants ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_exports_can_be_read_by_others() -> None:
    policies, schema = run("export", "--cedar", *DAY).stdout, run("export", "--cedar-schema").stdout
    assert cedarpy.validate_policies(policies, schema).validation_passed
    assert schema.strip() == SCHEMA.strip()
    cedarpy.Entities.from_json_str(run("export", "--cedar-entities").stdout, schema)
    odrl = read("export", "--odrl", *DAY)
    assert sum(each["@type"] == "Set" for each in odrl["@graph"]) == 21
    assert "행정안전부" in json.dumps(odrl, ensure_ascii=False)


def test_one_form_must_be_chosen() -> None:
    done = run("export")
    assert done.exit_code == 2
    assert "choose one of `--odrl`" in done.stderr


def test_grants_are_statements_for_each_register_that_speaks_sql() -> None:
    done = run("grants")
    assert done.exit_code == 0
    assert done.stdout.count("BEGIN;") == done.stdout.count("COMMIT;") == 15
    assert "-- mma" not in done.stdout
    alone = run("grants", "--register", "scourt", "--role", "madang_{register}").stdout
    assert alone.splitlines()[:3] == [
        "-- scourt", "BEGIN;", 'REVOKE ALL ON ALL TABLES IN SCHEMA public FROM "madang_scourt";',
    ]  # fmt: skip
    assert '"custody"' in alone
    assert run("grants", "--register", "mma").exit_code == 2


# ── The page about all this ─────────────────────────────────────────────────────────────────────────────────────────────────

PAGE = (ROOT / "docs/regulations.md").read_text("utf-8")


def test_the_regulation_that_the_page_shows_is_one(tmp_path: Path) -> None:
    shutil.copy(REGULATIONS / "parties.yaml", tmp_path)
    purposes = yaml.safe_load((REGULATIONS / "purposes.yaml").read_text())["purposes"]
    used = {"purposes": {name: purposes[name] for name in ("basic-livelihood-benefit",)}}
    (tmp_path / "purposes.yaml").write_text(yaml.safe_dump(used, allow_unicode=True))
    (shown,) = re.findall(r"^```yaml\n(.*?)^```$", PAGE, re.M | re.S)
    (tmp_path / "nts.yaml").write_text(shown)
    done = run("check", tmp_path)
    assert done.exit_code == 0, done.output
    assert run("test", tmp_path).stdout == "2 tests pass\n"


def test_every_command_that_the_page_shows_is_one() -> None:
    shown = re.findall(r"^madang regulations (\w+)(.*(?:\\\n.*)*)$", PAGE, re.M)
    assert {command for command, _ in shown} == {"check", "test", "diff", "replay", "whomay", "explain", "export", "grants"}
    for command, rest in shown:
        options = CliRunner().invoke(main, ["regulations", command, "--help"]).stdout
        for option in re.findall(r"--[a-z-]+", rest):
            assert re.search(rf"{option}\b", options), f"{command} {option}"
