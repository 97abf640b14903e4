"""How long a person waits for the demo's first message at Wix, and how much memory the whole of it takes.

    python -m benchmarks.demo

Wheels and jars are fetched before; fetching the jars is timed apart.
"""

import argparse
import json
import subprocess
import sys
import time
import urllib.error
import urllib.request
from typing import Any

from sandbox.broker import find_kafka, free_port
from sandbox.broker_settings import BrokerSettings

FIRST_MESSAGE_BUDGET_SECONDS = 20.0
MEMORY_BUDGET_MB = 1200
GIVE_UP_SECONDS = 180.0


def main() -> None:
    argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    ).parse_args()
    began = time.perf_counter()
    find_kafka(BrokerSettings())
    fetched = time.perf_counter() - began
    first, demo = watched(free_port())
    used = {
        "first_message_of_budget": round(first / FIRST_MESSAGE_BUDGET_SECONDS, 2),
        "memory_of_budget": round(demo["memory_mb"] / MEMORY_BUDGET_MB, 2),
    }
    figures = {
        "fetch_seconds": fetched,
        "first_message_seconds": first,
        "total_seconds": demo["seconds"]["total"],
    }
    rounded = {name: round(value, 1) for name, value in figures.items()}
    held = all(share < 1 for share in used.values())
    print(json.dumps({**rounded, "memory_mb": demo["memory_mb"], **used, "held": held}, indent=2))
    sys.exit(0 if held else 1)


def watched(wix_port: int) -> tuple[float, dict[str, Any]]:
    """Seconds from the command to the first message, and what the demo printed at its end."""
    command = [sys.executable, "-m", "sandbox", "demo", "--once", "--json", "--wix-port", str(wix_port)]
    began = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as demo:
        while not has_message(wix_port):
            if demo.poll() is not None or time.perf_counter() - began > GIVE_UP_SECONDS:
                demo.terminate()
                sys.exit("The demo ended without a message.")
            time.sleep(0.05)
        first = time.perf_counter() - began
        printed, _ = demo.communicate()
    if demo.returncode:
        sys.exit(f"The demo failed with exit code {demo.returncode}.")
    result: dict[str, Any] = json.loads(printed)
    return first, result


def has_message(wix_port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{wix_port}/admin/received", timeout=5) as answer:
            return bool(json.load(answer)["messages"])
    except (urllib.error.URLError, OSError):
        return False


if __name__ == "__main__":
    main()
