"""report.md: the answer, the tables and what speaks against them, for a pull request or a job summary."""

from __future__ import annotations

from collections.abc import Sequence

from bench.analysis.statements import Finding, Statements
from bench.report import outside
from bench.report.arm_tables import load_table, main_table, tax_table
from bench.report.drawing import Picture
from bench.report.inbox import inbox_facts
from bench.report.quality_table import quality_table
from bench.report.ranker_table import ranker_table
from bench.report.soak_table import soak_table
from bench.report.summary_points import chips, warnings
from bench.report.tables import escape_markdown, to_markdown
from bench.report.wording import METHOD, SIMULATED


def build_markdown(statements: Statements, pictures: Sequence[Picture] = ()) -> str:
    """The report as GitHub Markdown. Pictures, where given, are linked as `figures/<kind>.png`."""
    run = statements.run
    parts = [
        f"# {escape_markdown(run['scenario'].get('question') or run['scenario']['name'])}",
        f"**{escape_markdown(statements.answer)}**",
        " · ".join(escape_markdown(chip.text) for chip in chips(statements)),
    ]
    if run["data"]["simulated"]:
        parts.append(f"> {SIMULATED}")
    parts += _warnings(statements)
    parts += _outside(statements)
    parts.append(to_markdown(main_table(statements)))
    if len(statements.tax):
        parts.append(to_markdown(tax_table(statements)))
    soaked = soak_table(statements)
    parts += [to_markdown(soaked)] if soaked else []
    parts += [_picture(picture) for picture in pictures]
    parts.append(to_markdown(quality_table(statements)))
    fitted = ranker_table(statements)
    parts += [to_markdown(fitted)] if fitted else []
    parts.append(to_markdown(load_table(statements)))
    parts += [
        "## Method",
        "\n".join(f"{place}. {line}" for place, line in enumerate(METHOD, 1)),
        _provenance(statements),
    ]
    return "\n\n".join(parts) + "\n"


def _warnings(statements: Statements) -> list[str]:
    lines = [f"- **{finding.verdict}** {escape_markdown(_said(finding))}" for finding in statements.findings]
    lines += [f"- {escape_markdown(warning)}" for warning in warnings(statements)]
    return ["## Warnings and findings", "\n".join(lines)] if lines else []


def _outside(statements: Statements) -> list[str]:
    lines = [f"- **{check.outcome}** {escape_markdown(outside.said(check))}" for check in outside.made(statements)]
    untold = outside.not_testable(statements)
    lines += [f"- not testable here: {escape_markdown(untold)}"] if untold else []
    return ["## Against results from elsewhere", "\n".join(lines)] if lines else []


def _said(finding: Finding) -> str:
    advice = f" What to do: {finding.advice.rstrip('.')}." if finding.advice else ""
    return f"{finding.where}: {finding.message.rstrip('.')}.{advice}"


def _picture(picture: Picture) -> str:
    if picture.absent:
        return f"*{picture.title}: {escape_markdown(picture.absent)}*"
    notes = " ".join(escape_markdown(note) for note in picture.notes)
    image = f"![{picture.caption}](figures/{picture.kind}.png)"
    said = f"**{picture.title}.** {picture.caption} {notes}".rstrip()
    return "\n\n".join([image, said, f"How to read it: {picture.how_to_read}"])


def _provenance(statements: Statements) -> str:
    """What to run again, on which data."""
    run = statements.run
    lines = [
        f"Run {run['id']}, schema {run['schema_version']}.",
        f"Scenario {run['scenario']['name']} ({run['scenario_hash']}).",
        f"Data {run['data']['name']}, sha256 {run['data']['sha256']}.",
        f"Command: {run['command']}",
        *(f"Inbox, {label}: {waited}." for label, waited in inbox_facts(run)),
    ]
    return "  \n".join(escape_markdown(line) for line in lines)
