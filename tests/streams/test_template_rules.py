"""A text that could ever fail at a customer is no template; each mistake is told with its line and remedy."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams import wording
from streams.template import Template, TemplateBroken, read
from streams.template_rules import FILTERS, MOST_CHARACTERS, Mistake
from streams.template_samples import samples, shown

PAYMENT = "payment_notice"


def tried(source: str) -> Template:
    return read(source, "own.txt", lambda: samples(PAYMENT, wording.ENGLISH))


def mistakes(source: str) -> tuple[Mistake, ...]:
    with pytest.raises(TemplateBroken) as broken:
        tried(source)
    return broken.value.mistakes


class TestAllowed:
    @pytest.mark.parametrize(
        ("text", "says"),
        [
            ("{{ plan }}", "Studio Pass"),
            ("{{ plan|upper }}", "STUDIO PASS"),
            ("{{ plan|truncate(9, true, '…', 0) }}", "Studio P…"),
            ("{{ name or 'friend' }}", "Dana"),
            ("{{ name|default('friend', true) ~ '!' }}", "Dana!"),
            ("{% if trial_days and trial_days > 7 %}long{% else %}short{% endif %}", "long"),
            ("{% if currency in ('EUR', 'USD') %}ours{% endif %}", "ours"),
            ("{% if end and not (renews and not name) %}{{ end }}{% endif %}", "June 4, 2026"),
            ("{# a note #}{% raw %}{{ }}{% endraw %}", "{{ }}"),
            ("{{ 'yes' if amount else 'no' }}{{ 'x' if not amount }}", "yes"),
            ("Reference: {{ order_id|length }}", "Reference: 36"),
        ],
    )
    def test_fields_filters_and_conditions(self, text: str, says: str) -> None:
        assert tried(f"Hello\n{text}").render(shown(PAYMENT)).text == says

    @pytest.mark.parametrize("name", sorted(FILTERS))
    def test_every_filter_of_the_list_exists_and_takes_an_empty_field(self, name: str) -> None:
        assert tried(f"Hello\n{{{{ plan|{name} }}}}")


class TestMistakes:
    @pytest.mark.parametrize(
        ("text", "says"),
        [
            # Syntax.
            ("{{ name", "It can't be read: unexpected end of template"),
            ("{% if name %}", "It can't be read"),
            ("{% endif %}", "It can't be read"),
            ("{{ name | }}", "It can't be read"),
            ("{% nonsense %}", "unknown tag 'nonsense'"),
            # Names that aren't there.
            ("{{ nme }}", "There is no field nme. The fields are: amount, business"),
            ("{{ loop }}", "There is no field loop"),
            ("{{ name|uper }}", "There is no filter uper. The filters are: capitalize"),
            ("{% if name is defined %}x{% endif %}", "though it may be empty: ask with {% if name %}"),
            # What would never end, or fill the memory.
            ("{% for i in range(10**9) %}x{% endfor %}", "It has {% for %}"),
            ("{{ 'a' * 10**9 }}", "It computes"),
            ("{{ 10**10**10 }}", "It computes"),
            ("{{ '%999999999d' % 1 }}", "It computes"),
            ("{{ range(10**9)|list }}", "There is no filter list"),
            ("{{ range(10**9) }}", "It has a call"),
            ("{{ name|center(999999999) }}", "There is no filter center"),
            ("{% set x = name %}", "It has {% set %}"),
            ("{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}", "It has {% macro %}"),
            ("{% if name %}" * 120 + "{% endif %}" * 120, "nested too deep"),
            ("{{ " + "(" * 3000 + "name" + ")" * 3000 + " }}", "nested too deep"),
            ("{{ " + " and ".join(["name"] * 3000) + " }}", "nested too deep"),
            ("{{ 1" + "0" * 5000 + " }}", "A number is too long"),
            # Ways out of the template.
            ("{{ ''.__class__.__mro__[1].__subclasses__() }}", "can't look inside a value"),
            ("{{ name['__class__'] }}", "It has a look inside a value"),
            ("{{ name|attr('__class__') }}", "There is no filter attr"),
            ("{{ name.upper() }}", "use a filter, such as {{ name|upper }}"),
            ("{% include '/etc/passwd' %}", "It has {% include %}"),
            ("{% import 'os' as os %}", "It has {% import %}"),
            ("{% extends 'x' %}", "It has {% extends %}"),
            ("{{ {'a': 1} }}", "It has a dict"),
            # The reference is ours.
            ("Ref. K7Q2M9", "Orderline itself adds a line"),
            ("  Ref. {{ order_id }}", "Orderline itself adds a line"),
            # What fails with some order only.
            ("{{ plan|truncate(trial_days) }}", "Look at the filters and comparisons"),
            ("{{ plan > 3 }}", "Look at the filters and comparisons"),
            ("{{ plan|truncate(2) }}", "Look at the filters and comparisons"),
        ],
    )
    def test_each_is_told_with_its_remedy(self, text: str, says: str) -> None:
        told = " ".join(map(str, mistakes(f"Hello\n{text}")))

        assert says in told
        assert told.endswith((".", "?"))

    @pytest.mark.parametrize("text", ["{{ nme }}", "{{ plan > 3 }}", "{{ name", "Ref. ABCDEF"])
    def test_it_says_in_which_file_and_line(self, text: str) -> None:
        [mistake] = mistakes(f"Hello\n\nthere\n{text}")

        assert str(mistake).startswith("own.txt, line 4: ")

    def test_all_are_told_at_once(self) -> None:
        found = mistakes("{{ a }}\n{{ b }}\n{% for c in d %}{% endfor %}")

        assert [mistake.line for mistake in found] == [1, 2, 3]

    @pytest.mark.parametrize("text", ["", "{{ name }}", "{% if plan %}About {{ plan }}{% endif %}"])
    def test_a_preview_that_may_be_empty_is_one(self, text: str) -> None:
        [mistake] = mistakes(text)

        assert "first line" in mistake.what

    def test_a_text_that_is_too_long_is_not_even_read(self) -> None:
        [mistake] = mistakes("{{ nme }}" * MOST_CHARACTERS)

        assert "Shorten it" in mistake.remedy

    def test_a_message_that_gets_too_long_is_one(self) -> None:
        [mistake] = mistakes("Hello\n" + "{{ plan }}" * 500)

        assert "longer than Wix takes" in mistake.what


PIECES = st.sampled_from(
    [
        *("{{", "}}", "{%", "%}", "{#", "#}", "if", "else", "endif", "for", "in", "set", "range"),
        *("name", "plan", "__class__", "upper", "|", ".", "(", ")", "'", "~", "=", "*", "-", "1"),
        *(" ", "\n", "\x00", "é", "Ref."),
    ]
)


@given(st.lists(PIECES, max_size=30).map("".join))
def test_whatever_is_written_is_a_template_that_never_fails_or_a_mistake(source: str) -> None:
    try:
        template = tried(source)
    except TemplateBroken as broken:
        told = [mistake.remedy for mistake in broken.mistakes]
    else:
        told = [template.render(sample).preview for sample in samples(PAYMENT, wording.ENGLISH)]

    assert told
    assert all(told)
