"""What the report says of fitted rankers."""

from report_statements import build_statements

from bench.report.html import build_html
from bench.report.markdown import build_markdown
from bench.report.ranker_table import ranker_table
from bench.report.tables import to_markdown

NETWORK = {
    "kind": "network",
    "base_rate": 0.2,
    "accuracy": 0.88,
    "base_accuracy": 0.8,
    "auc": 0.86,
    "log_loss": 0.32,
    "base_log_loss": 0.5004,
}
HYBRID = {"kind": "hybrid", "weight": 0.5, "recall_by_weight": {"0": 0.03}}


def statements_with(*rankers):
    statements = build_statements(3)
    for arm, ranker in zip(statements.run["arms"], rankers, strict=False):
        arm["ranker"] = ranker
    return statements


def test_without_a_fitted_ranker_there_is_no_table():
    assert ranker_table(build_statements(3)) is None
    assert ranker_table(statements_with({}, {"kind": "blocks", "weights": {"text": 1.0}})) is None
    assert "Fitted rankers" not in build_markdown(build_statements(3))
    assert "<h2>Rankers" not in build_html(build_statements(3), ())


def test_accuracy_stands_beside_the_base_rate():
    statements = statements_with({}, NETWORK)
    table = ranker_table(statements)
    assert [column.title for column in table.columns] == [
        "Base rate", "Accuracy", "Accuracy of the base rate", "AUC", "Log-loss", "Log-loss of the base rate",
    ]  # fmt: skip
    assert [row.name for row in table.rows] == ["MiniLM fp32"]
    assert [cell.text for cell in table.rows[0].cells] == ["0.200", "0.880", "0.800", "0.860", "0.320", "0.500"]
    assert "drawn at random" in to_markdown(table)


def test_each_kind_fills_its_own_columns_in_both_reports():
    statements = statements_with(HYBRID, NETWORK)
    rows = {row.name: [cell.text for cell in row.cells] for row in ranker_table(statements).rows}
    assert rows["TF-IDF"] == ["0.500", *["–"] * 6]
    assert rows["MiniLM fp32"][:2] == ["–", "0.200"]
    assert "Fitted rankers" in build_markdown(statements)
    assert "Weight of popularity" in build_html(statements, ())
