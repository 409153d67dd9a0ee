"""JupyterLab in a real browser: it opens, runs lesson 0, a slider moves, a quiz answers."""

import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from course_utils.syllabus import NOTEBOOKS

LESSON = "0_start_here.ipynb"
RUN_LIMIT = 900_000  # milliseconds; a machine that does other work too is many times slower
SETTINGS = {
    "apputils-extension/notification": '{"fetchNews": "false", "checkForUpdates": false}',
    "notebook-extension/tracker": '{"windowingMode": "none"}',
}
IDLE = """() => {
    const shown = window.jupyterapp && window.jupyterapp.shell.currentWidget;
    const session = shown && shown.sessionContext && shown.sessionContext.session;
    return session && session.kernel && session.kernel.status === 'idle';
}"""
# Started, not awaited: evaluate() waits without a limit, wait_for_function() has one.
RUN_ALL = """() => {
    window.jupyterapp.commands.execute('notebook:run-all-cells')
        .finally(() => { window.courseHasRun = true; });
}"""
SHUT_DOWN = """async () => {
    await window.jupyterapp.shell.currentWidget.sessionContext.shutdown();
}"""
ERRORS = """() => window.jupyterapp.shell.currentWidget.content.widgets
    .filter(cell => cell.model.type === 'code')
    .flatMap(cell => cell.model.sharedModel.outputs)
    .filter(output => output.output_type === 'error')
    .map(output => output.ename + ': ' + output.evalue)"""


def chromium() -> str:
    """The path of a Chromium or Chrome; the test is skipped where there is none, except in CI."""
    usual = (
        "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
        "C:/Program Files/Google/Chrome/Application/chrome.exe",
    )
    names = ("chromium", "chromium-browser", "google-chrome", "chrome")
    found = [path for path in map(shutil.which, names) if path]
    found += [path for path in usual if Path(path).is_file()]
    if not found:
        words = "no Chromium or Chrome found; on Debian: apt-get install chromium"
        (pytest.fail if os.environ.get("CI") else pytest.skip)(words)
    return found[0]


@contextmanager
def lab(root: Path, private: Path) -> Iterator[tuple[str, str]]:
    """A JupyterLab of its own that serves `root`; gives its address and token."""
    for name, text in SETTINGS.items():
        file = private / "settings" / "@jupyterlab" / f"{name}.jupyterlab-settings"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    address, token = f"http://127.0.0.1:{port}", secrets.token_hex(16)
    command = [
        *(sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", "--ip=127.0.0.1"),
        *(f"--port={port}", f"--ServerApp.root_dir={root}"),
        *(f"--IdentityProvider.token={token}", "--LabApp.expose_app_in_browser=True"),
    ]
    env = os.environ | {
        "JUPYTERLAB_SETTINGS_DIR": str(private / "settings"),
        "JUPYTERLAB_WORKSPACES_DIR": str(private / "workspaces"),
    }
    log = private / "lab.log"
    with log.open("w") as out:
        server = subprocess.Popen(command, env=env, stdout=out, stderr=subprocess.STDOUT)
    try:
        wait_for(f"{address}/api/status?token={token}", server, log)
        yield address, token
    finally:
        server.terminate()
        try:
            server.wait(15)
        except subprocess.TimeoutExpired:
            server.kill()


def wait_for(url: str, server: subprocess.Popen, log: Path, seconds: float = 300) -> None:
    """Wait until the server answers; fail with its log when it ends or says nothing."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and server.poll() is None:
        try:
            urllib.request.urlopen(url, timeout=2).close()
            return
        except OSError:
            time.sleep(0.2)
    pytest.fail(f"JupyterLab did not answer:\n{log.read_text()}")


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    """Lesson 0 in JupyterLab, all its cells run."""
    browser_path = chromium()
    from playwright.sync_api import sync_playwright

    private = tmp_path_factory.mktemp("lab")
    root = private / "notebooks"
    shutil.copytree(NOTEBOOKS, root, ignore=shutil.ignore_patterns(".*"))
    options = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
    options += ["--disable-background-networking", "--disable-component-update"]
    with lab(root, private) as (address, token), sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=browser_path, args=options)
        page = browser.new_page(viewport={"width": 1100, "height": 1400})
        page.set_default_timeout(90_000)
        page.goto(f"{address}/doc/tree/{LESSON}?reset&token={token}")
        page.wait_for_function(IDLE)
        page.evaluate(RUN_ALL)
        page.wait_for_function("() => window.courseHasRun", timeout=RUN_LIMIT)
        page.wait_for_function(IDLE)
        yield page
        page.evaluate(SHUT_DOWN)
        browser.close()


def test_lesson_runs_without_an_error(page):
    assert page.evaluate(ERRORS) == []


def test_a_slider_changes_its_picture(page):
    from playwright.sync_api import expect

    live = page.locator(".widget-vbox:has(.noUi-handle):has(img)").first
    picture, handle = live.locator("img").first, live.locator(".noUi-handle").first
    assert picture.get_attribute("alt"), "the picture has no alternative text"
    # The text is exact; aria-valuenow is rounded to one decimal.
    before, place = picture.get_attribute("src"), handle.get_attribute("aria-valuetext")
    at_end = float(place) >= float(handle.get_attribute("aria-valuemax"))
    handle.focus()
    handle.press("ArrowLeft" if at_end else "ArrowRight")
    expect(handle).not_to_have_attribute("aria-valuetext", place)
    expect(picture).not_to_have_attribute("src", before, timeout=30_000)
    assert picture.evaluate("image => image.complete && image.naturalWidth") > 0


def test_a_quiz_answers(page):
    from playwright.sync_api import expect

    quiz = page.locator(".Quiz:has(.MCButton)").first
    feedback = quiz.locator(".Feedback")
    expect(feedback).to_have_text("")
    quiz.locator(".MCButton").first.click()
    expect(quiz.locator(".Feedback.correct, .Feedback.incorrect")).not_to_have_text("")
