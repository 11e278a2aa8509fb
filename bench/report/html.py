"""report.html: one self-contained page without scripts, fonts or addresses; the same bytes for the same run."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from bench.analysis.statements import Statements
from bench.quantities import MISSING
from bench.report import outside
from bench.report.arm_tables import load_table, main_table, tax_table
from bench.report.drawing import Picture
from bench.report.inbox import inbox_facts
from bench.report.quality_table import quality_table
from bench.report.ranker_table import ranker_table
from bench.report.soak_table import soak_table
from bench.report.summary_points import chips, warnings
from bench.report.wording import GLOSSARY, METHOD, NOT_MEASURED, SIMULATED


def build_html(statements: Statements, pictures: Sequence[Picture]) -> str:
    """The whole page. pictures: drawn ones as embedded SVG, absent ones as a line that says why."""
    run = statements.run
    return (
        page_environment()
        .get_template("template.html.j2")
        .render(
            run=run,
            question=run["scenario"].get("question") or run["scenario"]["name"],
            answer=statements.answer,
            chips=chips(statements),
            findings=statements.findings,
            warnings=warnings(statements),
            outside=[(check.outcome, outside.said(check)) for check in outside.made(statements)],
            not_testable=outside.not_testable(statements),
            simulated=SIMULATED if run["data"]["simulated"] else "",
            main=main_table(statements),
            tax=tax_table(statements) if len(statements.tax) else None,
            loads=load_table(statements),
            quality=quality_table(statements),
            rankers=ranker_table(statements),
            soak=soak_table(statements),
            pictures=pictures,
            environment=(*_environment(run), ("inbox", inbox_facts(run))),
            method=METHOD,
            not_measured=NOT_MEASURED,
            glossary=GLOSSARY,
        )
    )


def page_environment() -> Environment:
    """What fills the templates: text is escaped, a name that is missing is an error."""
    environment = Environment(
        loader=PackageLoader("bench.report", "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["data_uri"] = data_uri
    return environment


def data_uri(svg: bytes) -> str:
    """An SVG as an address that holds it. As an image its ids cannot clash with those of its neighbours."""
    return f"data:image/svg+xml;base64,{b64encode(svg).decode()}"


def _environment(run: Mapping[str, Any]) -> list[tuple[str, tuple[tuple[str, str], ...]]]:
    return [(section, tuple(facts(values))) for section, values in run["environment"].items()]


def facts(value: Any, name: str = "") -> Iterator[tuple[str, str]]:
    """Nested plain values as (dotted name, text) pairs; lists on one line, None as "–"."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from facts(inner, f"{name}.{key}" if name else str(key))
    elif isinstance(value, (list, tuple)):
        yield name, ", ".join(str(item) for item in value) or MISSING
    else:
        yield name, MISSING if value is None else str(value)
