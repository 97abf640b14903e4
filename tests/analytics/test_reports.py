"""The public contract: names, parameters, columns, and what an empty ledger answers."""

from analytics.ledger import Ledger
from analytics.questions import QUESTIONS
from analytics.reports import Reports
from tests.analytics.one_of_everything import everything
from tests.analytics.promised import CHOICES, COMMON, REPORTS


class TestContract:
    def test_the_reports_are_those_promised_and_no_others(self) -> None:
        assert set(QUESTIONS) == set(REPORTS)

    def test_every_report_takes_exactly_its_parameters(self) -> None:
        for name, (more, _) in REPORTS.items():
            taken = [parameter.name for parameter in QUESTIONS[name].parameters]
            assert taken == [*COMMON.split(), *more.split()], name

    def test_closed_sets_of_values_are_those_promised(self) -> None:
        for (report, name), (default, allowed) in CHOICES.items():
            (parameter,) = [each for each in QUESTIONS[report].parameters if each.name == name]
            assert set(parameter.choices) == set(allowed.split()), (report, name)
            assert parameter.default == default, (report, name)

    def test_every_report_has_exactly_its_columns(self, told_everything: Ledger) -> None:
        reports = Reports(told_everything)

        for name, (_, columns) in REPORTS.items():
            params = {"order_id": ["o1"]} if name == "order_timeline" else {}
            report = reports.run(name, params)

            assert report.table.column_names == columns.split(), name
            assert report.columns == QUESTIONS[name].columns

    def test_money_stands_beside_its_currency(self) -> None:
        for question in QUESTIONS.values():
            types = {column.name: column.type for column in question.columns}
            assert "money" not in types.values() or "currency" in types, question.name

    def test_every_report_answers_an_empty_ledger(self, ledger: Ledger) -> None:
        answers = everything(ledger)

        assert answers["orders"] == answers["effect_log"] == answers["conservation"] == []

    def test_every_choice_of_every_report_is_answered(self, told_everything: Ledger) -> None:
        reports = Reports(told_everything)

        for question in QUESTIONS.values():
            for parameter in question.parameters:
                for choice in parameter.choices:
                    given = {parameter.name: [choice], "order_id": ["o1"], "start": ["2026-04-30T22:00Z"]}
                    known = {each.name for each in question.parameters}
                    report = reports.run(question.name, {key: given[key] for key in given if key in known})
                    assert report.table.column_names == REPORTS[question.name][1].split(), choice
