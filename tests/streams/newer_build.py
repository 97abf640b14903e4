"""A build whose mapping reads amounts differently, under the next mapping version. Run as a script."""

import importlib
import importlib.util
import sys
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

from tests.source_tree import ROOMS

AMOUNT = Decimal("99.00")
VERSION_LINE = "\nMAPPING_VERSION = {}\n"


def raise_mapping_version(name: str = "analytics.lifecycle") -> None:
    """Load the row contract as a newer build has it; ids and rows take their version from defaults in it."""
    spec = importlib.util.find_spec(name)
    assert spec
    assert spec.origin
    source = Path(spec.origin).read_text(encoding="utf-8")
    newer = source.replace(VERSION_LINE.format(1), VERSION_LINE.format(2))
    assert newer != source
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    exec(compile(newer, spec.origin, "exec"), module.__dict__)


def main() -> None:
    # A forked process has them, of the older build.
    for known in [name for name in sys.modules if name.split(".")[0] in ROOMS]:
        del sys.modules[known]
    raise_mapping_version()
    from analytics.lifecycle import PaymentFacts
    from streams.__main__ import main as streams

    replay: Any = importlib.import_module("streams.replay")
    mapped = replay.from_event

    def differently(*given: Any) -> Any:
        for row in mapped(*given):
            is_payment = isinstance(row.facts, PaymentFacts)
            yield replace(row, facts=replace(row.facts, amount=AMOUNT)) if is_payment else row

    replay.from_event = differently
    streams()


if __name__ == "__main__":
    main()
