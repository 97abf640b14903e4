"""What the code says of reports and methods, as Markdown; docs/metrics.md holds it between its marks.

python -m tests.metrics_tables     writes it anew
"""

import re

from analytics.contract import COMMON, ColumnType, Question
from analytics.parameters import Parameter
from analytics.questions import QUESTIONS
from analytics.statements import statement
from tests.source_tree import ROOT

PAGE = ROOT / "docs" / "metrics.md"
# The definition that a method's row shows, as its statement spells it.
DEFINITION = re.compile(r"'(\w+)' as method,\s+numerator,\s+base,\s+'([^']+)' as definition")


def methods_table() -> str:
    """Each method of counting churn, with the definition that `churn_methods` shows."""
    lines = ["| method | what it counts |", "|---|---|"]
    found = DEFINITION.findall(statement("reports", "churn_methods"))
    return "\n".join([*lines, *[f"| `{method}` | {definition} |" for method, definition in found]])


def reports_tables() -> str:
    """The parameters that all share, then every report with its own and its columns."""
    lines = ["Every report takes:", "", *_parameters(COMMON)]
    for question in QUESTIONS.values():
        own = [parameter for parameter in question.parameters if parameter not in COMMON]
        lines += ["", f"### `{question.name}`", "", question.summary, ""]
        lines += [*_parameters(own), ""] if own else []
        lines += [f"Columns: {_columns(question)}."]
    return "\n".join(lines)


def page_with_tables(text: str) -> str:
    """The page with both tables as the code has them now."""
    return _between(_between(text, "methods", methods_table()), "reports", reports_tables())


def _parameters(parameters: tuple[Parameter, ...] | list[Parameter]) -> list[str]:
    rows = [
        f"| `{each.name}` | {each.allowed}{_again(each)} | {_default(each)} | {each.help} |"
        for each in parameters
    ]
    return ["| parameter | takes | default | what it is |", "|---|---|---|---|", *rows]


def _again(parameter: Parameter) -> str:
    return "; may be repeated" if parameter.is_repeatable else ""


def _default(parameter: Parameter) -> str:
    if parameter.is_required:
        return "needed"
    return "–" if parameter.default is None else f"`{str(parameter.default).lower()}`"


def _columns(question: Question) -> str:
    """Names, with the unit where it isn't in the name already."""
    return ", ".join(
        f"`{column.name}`" + (f" ({column.unit})" if _is_worth_saying(column.type, column.unit) else "")
        for column in question.columns
    )


def _is_worth_saying(kind: ColumnType, unit: str) -> bool:
    return bool(unit) and kind is not ColumnType.MONEY and unit not in ("hours", "seconds", "days", "months")


def _between(text: str, name: str, new: str) -> str:
    begin, end = f"<!-- {name}: begin -->", f"<!-- {name}: end -->"
    before, _, rest = text.partition(begin)
    _, _, after = rest.partition(end)
    return f"{before}{begin}\n{new}\n{end}{after}"


def main() -> None:
    """Write the page's tables anew."""
    PAGE.write_text(page_with_tables(PAGE.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
