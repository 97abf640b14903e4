"""What a template may say: fields, filters, conditions. Everything else is a mistake with its remedy. No I/O.

A template can't repeat anything, look inside a value or compute: then it can neither run for ever
nor fill the memory, whatever its author or a customer writes, and nobody has to stop it half-way.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from jinja2 import Environment, TemplateSyntaxError, nodes

from streams.template_fields import NAMES

# A message holds 16 384 characters; what says when to show what needs some more.
MOST_CHARACTERS = 32768
FILTERS = frozenset(
    {"capitalize", "d", "default", "length", "lower", "title", "trim", "truncate", "upper", "wordcount"}
)

_ALLOWED = (
    *(nodes.Template, nodes.Output, nodes.TemplateData, nodes.If, nodes.CondExpr),
    *(nodes.Name, nodes.Const, nodes.Tuple, nodes.List, nodes.Filter, nodes.Keyword),
    *(nodes.And, nodes.Or, nodes.Not, nodes.Compare, nodes.Operand, nodes.Concat),
)
_USE_FILTER = "A template can't look inside a value or call anything: use a filter, such as {{ name|upper }}."
_NO_ARITHMETIC = "A template can't compute: take out the sum, and let a field say it."
_NO_REPEAT = "A template can't repeat anything: write each line once, and show it where {% if … %} says so."
_NO_PARTS = "Each template stands alone: put the text itself here, and take the tag out."
_TAKE_OUT = "Take it out: templates show fields, filtered, under conditions."
# What people write most, and what to do instead.
_REMEDIES: dict[type[nodes.Node], tuple[str, str]] = {
    nodes.Getattr: ("a look inside a value", _USE_FILTER),
    nodes.Getitem: ("a look inside a value", _USE_FILTER),
    nodes.Call: ("a call", _USE_FILTER),
    nodes.Test: ("an `is`", "Every field is there, though it may be empty: ask with {% if name %}, or ==."),
    nodes.For: ("{% for %}", _NO_REPEAT),
    nodes.Macro: ("{% macro %}", _NO_REPEAT),
    nodes.CallBlock: ("{% call %}", _NO_REPEAT),
    nodes.Assign: ("{% set %}", "A template keeps no values of its own: write the value where it is shown."),
    nodes.AssignBlock: (
        "{% set %}",
        "A template keeps no values of its own: write the text where it is shown.",
    ),
    nodes.With: ("{% with %}", "A template keeps no values of its own: write the value where it is shown."),
    nodes.Include: ("{% include %}", _NO_PARTS),
    nodes.Import: ("{% import %}", _NO_PARTS),
    nodes.FromImport: ("{% from %}", _NO_PARTS),
    nodes.Extends: ("{% extends %}", _NO_PARTS),
    nodes.Block: ("{% block %}", _NO_PARTS),
    nodes.FilterBlock: ("{% filter %}", "Put the filter behind the field: {{ plan|upper }}."),
}
# How the line begins that the sender adds to each message, and by which it is found again at Wix.
_REFERENCE = re.compile(r"\s*Ref\.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Mistake:
    """What is wrong in a template, where, and what to do. `line` None: the file as a whole."""

    where: str
    line: int | None
    what: str
    remedy: str

    def __str__(self) -> str:
        place = self.where if self.line is None else f"{self.where}, line {self.line}"
        return f"{place}: {self.what} {self.remedy}"


def mistakes(source: str, where: str, environment: Environment) -> Iterator[Mistake]:
    """Everything in the text that a template may not say; nothing is run."""
    if len(source) > MOST_CHARACTERS:
        yield Mistake(
            where=where,
            line=None,
            what=f"The template has {len(source)} characters.",
            remedy=f"Shorten it to {MOST_CHARACTERS}: Wix takes messages of 16384.",
        )
        return
    yield from _references(source, where)
    try:
        tree = environment.parse(source)
    except TemplateSyntaxError as error:
        yield _syntax(error, where)
    except RecursionError:
        yield nested_too_deep(where)
    except ValueError:
        yield Mistake(where=where, line=None, what="A number is too long.", remedy="Shorten it.")
    else:
        yield from _forbidden(tree, where)


def _references(source: str, where: str) -> Iterator[Mistake]:
    for number, line in enumerate(source.splitlines(), start=1):
        if _REFERENCE.match(line):
            yield Mistake(
                where=where,
                line=number,
                what="The line looks like the reference by which a message is found again.",
                remedy="Take it out, or begin it otherwise: Orderline itself adds a line such as "
                "`Ref. K7Q2M9` to each message.",
            )


def _syntax(error: TemplateSyntaxError, where: str) -> Mistake:
    return Mistake(
        where=where,
        line=error.lineno,
        what=f"It can't be read: {(error.message or 'unknown').rstrip('.')}.",
        remedy="Look for a brace, a quote or an {% endif %} that is missing or too many.",
    )


def nested_too_deep(where: str) -> Mistake:
    """The mistake of a text that neither Jinja nor Python gets to the bottom of."""
    return Mistake(
        where=where,
        line=None,
        what="It is nested too deep.",
        remedy="Write conditions beside each other instead of into each other.",
    )


def _forbidden(tree: nodes.Template, where: str) -> Iterator[Mistake]:
    """A walk with a stack of its own, so that no depth of nesting can end it."""
    left: list[nodes.Node] = [tree]
    while left:
        node = left.pop()
        found = _judged(node)
        if found is None:
            left.extend(reversed(list(node.iter_child_nodes())))
        else:
            what, remedy = found
            yield Mistake(where=where, line=node.lineno, what=what, remedy=remedy)


def _judged(node: nodes.Node) -> tuple[str, str] | None:
    """What is wrong with one node, and the remedy; None if nothing is."""
    if isinstance(node, nodes.Name) and node.name not in NAMES:
        return f"There is no field {node.name}.", f"The fields are: {', '.join(sorted(NAMES))}."
    if isinstance(node, nodes.Filter) and node.name not in FILTERS:
        return f"There is no filter {node.name}.", f"The filters are: {', '.join(sorted(FILTERS))}."
    if isinstance(node, _ALLOWED):
        return None
    if isinstance(node, nodes.BinExpr | nodes.UnaryExpr):
        return "It computes.", _NO_ARITHMETIC
    what, remedy = _REMEDIES.get(type(node), (f"a {type(node).__name__.lower()}", _TAKE_OUT))
    return f"It has {what}.", remedy
