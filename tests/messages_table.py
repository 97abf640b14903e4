"""The tables of docs/messages.md, as the code has them.

python -m tests.messages_table     writes them anew
"""

from streams.template_fields import FIELDS
from streams.template_rules import FILTERS
from tests.source_tree import ROOT

DOCUMENT = ROOT / "docs" / "messages.md"


def fields_table() -> str:
    """One row for each field that a template may show."""
    rows = [f"| `{one.name}` | {one.about} | {one.example} |" for one in FIELDS]
    return "\n".join(["| field | what it holds | example |", "|---|---|---|", *rows])


def syntax_table() -> str:
    """One row for each part of Jinja that a template may use."""
    filters = ", ".join(f"`{name}`" for name in sorted(FILTERS))
    return "\n".join(
        [
            "| | |",
            "|---|---|",
            '| show a field | `{{ plan }}`, `{{ plan or "our plan" }}`, `{{ name ~ "!" }}` |',
            "| under a condition | `{% if end %}…{% elif start %}…{% else %}…{% endif %}` |",
            '| compare | `==`, `!=`, `<`, `>`, `<=`, `>=`, `in`, `and`, `or`, `not`: `plan in ("A", "B")` |',
            f"| filter | `{{{{ plan\\|upper }}}}`: {filters} |",
            "| leave a note | `{# not shown #}` |",
        ]
    )


def with_tables(text: str) -> str:
    """The document with both tables as the code has them now."""
    for name, table in (("fields", fields_table()), ("syntax", syntax_table())):
        before, begin, rest = text.partition(f"<!-- {name}: begin -->")
        _, end, after = rest.partition(f"<!-- {name}: end -->")
        text = f"{before}{begin}\n{table}\n{end}{after}"
    return text


def main() -> None:
    """Write the tables anew."""
    DOCUMENT.write_text(with_tables(DOCUMENT.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
