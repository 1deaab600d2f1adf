"""Debian's Chromium, driven by selenium; and what axe-core finds on a page."""

from importlib.util import find_spec
from pathlib import Path

import pytest

CHROMIUM, DRIVER = Path("/usr/bin/chromium"), Path("/usr/bin/chromedriver")


def chromium(folder):
    """Start it; the test is skipped where it is not installed. Whoever asks ends it."""
    if not (CHROMIUM.exists() and DRIVER.exists()):
        pytest.skip("Debian's chromium and chromium-driver are not installed")
    from selenium import webdriver
    from selenium.webdriver.chrome.options import Options
    from selenium.webdriver.chrome.service import Service

    options = Options()
    options.binary_location = str(CHROMIUM)
    for argument in (
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--window-size=1200,900",
        f"--user-data-dir={folder / 'profile'}",
    ):
        options.add_argument(argument)
    downloads = folder / "downloads"
    options.add_experimental_option(
        "prefs",
        {"download.default_directory": str(downloads), "download.prompt_for_download": False},
    )
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service(str(DRIVER)))
    driver.downloads = downloads
    return driver


def look(driver, *, width=1200, scheme="light"):
    """A screen of this width, in light or dark."""
    driver.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride",
        {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 500},
    )
    driver.execute_cdp_cmd(
        "Emulation.setEmulatedMedia",
        {"features": [{"name": "prefers-color-scheme", "value": scheme}]},
    )


def violations(driver):
    """What axe-core finds that is serious or critical: rule, and the first element of each."""
    package = find_spec("selenium_axe_python").submodule_search_locations[0]
    source = (Path(package) / "axe-core" / "axe.min.js").read_text()
    # By the debugger's way, which the page's own policy does not forbid.
    driver.execute_cdp_cmd("Runtime.evaluate", {"expression": source})
    driver.set_script_timeout(120)
    found = driver.execute_async_script(
        "const done = arguments[0], options = {resultTypes: ['violations']};"
        "axe.run(document, options).then(result => done(result.violations))"
    )
    return [
        (rule["id"], rule["nodes"][0]["html"][:200], rule["nodes"][0]["failureSummary"][:300])
        for rule in found
        if rule["impact"] in ("serious", "critical")
    ]
