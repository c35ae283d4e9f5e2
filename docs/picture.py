"""`python docs/picture.py`: the README's picture, docs/images/report.png, of the report of `permlint demo`.

It takes what the suite takes: Playwright, and a Chromium that the system has.
"""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

PICTURE = Path(__file__).parent / "images" / "report.png"
_WIDTH, _HEIGHT = 1200, 1560
"""Pixels: from the title to the matrix of access."""


def main() -> None:
    """Run the demo, open its report, write the picture."""
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        kept = Path(folder, "acme")
        subprocess.run(  # noqa: S603
            [sys.executable, "-m", "linter", "demo", "--keep", str(kept)], stdout=subprocess.DEVNULL, check=True
        )
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": _WIDTH, "height": _HEIGHT}, color_scheme="light")
        page.goto((kept / "report.html").as_uri())
        PICTURE.parent.mkdir(exist_ok=True)
        page.screenshot(path=PICTURE)
        browser.close()


if __name__ == "__main__":
    main()
