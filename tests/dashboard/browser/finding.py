"""Where the system's Chromium is, and how it is started."""

import os
import shutil

NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
# Without a sandbox: tests may run as root, and open nothing but our own pages.
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
WITHOUT = "needs Chromium: set CHROMIUM to its path, or `make browser` installs it (Debian)"


def chromium_path() -> str | None:
    """What CHROMIUM names, else the first on the path; None where there is none."""
    return os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
