"""A browser for tests of pages: Chromium or Chrome, whichever is installed."""

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, Page, Route, sync_playwright
from viewing import write_page

UNUSED = (
    *("WebUIOmniboxPopup", "WebUIOmniboxAimPopup"),  # two pages of its own for each window
    # What matters here of Playwright's own list, which this one takes the place of.
    *("AvoidUnnecessaryBeforeUnloadCheckSync", "HttpsUpgrades", "MediaRouter"),
    *("OptimizationHints", "PaintHolding"),
)
FLAGS = [
    f"--disable-features={','.join(UNUSED)}",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
BROWSERS = (
    "chromium-headless-shell",
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "chrome",
)
DESKTOP, PHONE = {"width": 1440, "height": 900}, {"width": 390, "height": 844}


def find_browser() -> str | None:
    """Return the program of a browser, or None if there is none."""
    return next(filter(None, map(shutil.which, BROWSERS)), None)


@contextmanager
def chromium() -> Iterator[Browser]:
    """Yield the browser, new; without one, the test is skipped, or fails where ``CI`` is set."""
    program = find_browser()
    if program is None:
        give_up = pytest.fail if os.environ.get("CI") else pytest.skip
        give_up("no browser on PATH: install chromium or Google Chrome to run all tests of pages")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=FLAGS)
        yield browser
        browser.close()


class Viewer:
    """A page in the browser, with all that it asked for and complained about."""

    def __init__(self, page: Page, url: str) -> None:
        self.page = page
        self.requests: list[str] = []
        self.complaints: list[str] = []
        page.on("request", lambda request: self.requests.append(request.url))
        page.on("console", lambda message: self.complaints.append(message.text))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self._url = url

    def open(self, hash: str = "", *, ready: bool = True) -> "Viewer":
        """Open the page at *hash*, and wait until it shows itself if it is to get *ready*."""
        self.page.goto(f"{self._url}{hash}")
        if ready:
            self.page.wait_for_selector("html[data-ready]")
        return self

    def press(self, *keys: str) -> "Viewer":
        """Press *keys*, one after the other."""
        for key in keys:
            self.page.keyboard.press(key)
        return self

    def text(self, selector: str) -> str:
        """Return what is to be read at *selector*, on one line."""
        return re.sub(r"\s+", " ", self.page.inner_text(selector)).strip()

    def count(self, selector: str) -> int:
        """Return how many elements fit *selector*."""
        return self.page.locator(selector).count()

    def hold(self, urls: str) -> list[Route]:
        """Let no request to *urls* through, and return the list of those that are held back."""
        held: list[Route] = []

        def keep(route: Route) -> None:
            held.append(route)

        self.page.route(urls, keep)
        return held

    def forgive(self, words: str) -> None:
        """Take back what the browser itself complained about with *words*."""
        self.complaints[:] = [each for each in self.complaints if words not in each]

    def quiet(self) -> bool:
        """Return whether nothing was complained about, nor asked for but the page and below it."""
        inside = all(
            url == self._url or (self._url.endswith("/") and url.startswith(self._url))
            for url in self.requests
        )
        return inside and not self.complaints


@pytest.fixture(scope="module")
def browser():
    """Yield the browser; for test modules, by their own name for it."""
    with chromium() as browser:
        yield browser


@pytest.fixture
def view(browser, tmp_path):
    """Return what opens the page of a document; at the end nothing was asked for or complained."""
    opened = []

    def open_page(made, hash="", *, size=DESKTOP, scheme="light", **more):
        context = browser.new_context(viewport=size, color_scheme=scheme)
        opened.append(context)
        viewer = Viewer(context.new_page(), write_page(tmp_path, made, **more).as_uri())
        viewers.append(viewer)
        return viewer.open(hash)

    viewers = []
    yield open_page
    for viewer in viewers:
        assert viewer.quiet(), (viewer.requests, viewer.complaints)
    for context in opened:
        context.close()


@pytest.fixture
def visit(browser):
    """
    Return what opens the page of a server at an address, in a window of its own.

    At the end no window asked for anything outside of the server, nor complained.
    """
    viewers = []

    def open_site(server, hash="", *, size=DESKTOP, scheme="light"):
        context = browser.new_context(viewport=size, color_scheme=scheme)
        viewer = Viewer(context.new_page(), f"{server.url}/")
        viewers.append(viewer)
        return viewer.open(f"#{hash}" if hash else "")

    yield open_site
    for viewer in viewers:
        assert viewer.quiet(), (viewer.requests, viewer.complaints)
        viewer.page.context.close()
