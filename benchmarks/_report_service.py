"""The report service alone, on a ledger that nobody else has open.

python -m benchmarks._report_service FILE PORT
"""

import sys
from pathlib import Path

import uvicorn

from analytics.ledger import Ledger
from analytics.reports import Reports
from analytics.service import create_app


def main() -> None:
    path, port = Path(sys.argv[1]), int(sys.argv[2])
    ledger = Ledger.open(path)
    try:
        ledger.publish()
        app = create_app(Reports(ledger), token=None)
        uvicorn.run(app, host="127.0.0.1", port=port, log_level="warning", lifespan="off")
    finally:
        ledger.close()


if __name__ == "__main__":
    main()
