"""The live page: what it shows in a browser, and whom it answers."""

import http.client
import json
import time
from pathlib import Path

import browser
import firefox
import pytest
from test_live import smtp
from visiting import ALICE, BOB

from sim.serve.background import live

HOST = "127.0.0.1"
SUBJECT = "<img src=x onerror=document.title='broken'>"


@pytest.fixture(scope="module")
def served():
    with live("six-cases", "on network", speed=0) as servers:
        yield servers


def get(served, path, method="GET", **headers):
    """Status and text of an answer."""
    client = http.client.HTTPConnection(HOST, served.port("page", ""), timeout=10)
    client.request(method, path, headers=headers)
    reply = client.getresponse()
    text = reply.read().decode()
    client.close()
    return reply.status, text


@pytest.fixture
def page(served, tmp_path):
    """The page in a browser; ``page(expression)`` is what it says."""
    if browser.found() is None:
        pytest.skip("no Chromium is installed")
    with browser.Browser(tmp_path) as opened:
        opened.ask("Page.navigate", url=served.table.page)

        def ask(expression):
            answer = opened.ask("Runtime.evaluate", expression=expression, returnByValue=True)
            return answer["result"].get("value")

        ask.browser = opened
        until(lambda: ask("document.title") == served.living.world.scenario.title)
        yield ask


def until(true, seconds=20):
    """Wait until something holds."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end
        time.sleep(0.1)


def test_a_session_is_seen_with_its_reasons_and_what_other_arms_would_say(served, page):
    with smtp(served) as client:
        client.ehlo("client")
        client.mail(ALICE)
        client.rcpt(BOB)
        client.rcpt("ann@proseware.com")
        client.data(f"Subject: {SUBJECT}\r\n\r\nhello")
    until(lambda: "under each arm" in page("document.body.innerText"))
    text = page("document.body.innerText")
    assert "S: 550 5.7.1 <bob@adatum.com> Relaying denied" in text
    assert "proseware-smtp ← hotel (192.0.2.129)" in text
    assert "reject_unauth_destination" in text
    rows = page(
        "[...document.querySelector('#walk .others').querySelectorAll('tr')].map(r => r.innerText)"
    )
    codes = {row.split("\t")[0]: row.split("\t")[1] for row in rows}
    assert (codes["open trust"], codes["on network"]) == ("250", "550")
    served.step("1 min")
    page("document.getElementById('address').value = 'ann@proseware.com'; mailbox()")
    until(lambda: SUBJECT in page("document.getElementById('mailbox').innerText"))
    assert page("document.title") == served.living.world.scenario.title
    until(lambda: page("document.querySelectorAll('#map circle').length") >= 6)
    assert page.browser.complaints() == []
    assert {url.split("/")[2] for url in page.browser.requests()} == {
        served.table.page.split("/")[2]
    }


def test_the_arm_and_the_time_are_changed_from_the_page(served, page):
    began = served.living.world.env.now
    page("document.querySelector('[data-step=\"30 min\"]').click()")
    until(lambda: served.living.world.env.now >= began + 1800)
    page("(() => { const s = document.getElementById('arm'); s.value = 'open trust';"
         " s.dispatchEvent(new Event('change')); })()")  # fmt: skip
    until(lambda: served.arm == "open trust")
    served.switch("on network")
    until(lambda: page("document.getElementById('arm').value") == "on network")


@pytest.mark.skipif(
    not browser.AXE.is_file(), reason="MAILSIM_BROWSER names no folder of .ci/browser"
)
def test_axe_finds_nothing_to_complain_of(served, page):
    with smtp(served) as client:
        client.ehlo("client")
        client.mail(ALICE)
        client.rcpt(BOB)
    until(lambda: "under each arm" in page("document.body.innerText"))
    until(lambda: page("document.querySelectorAll('#map circle').length") >= 6)
    page("document.querySelectorAll('#map .dot').forEach(dot => dot.remove())")
    assert page.browser.violations() == []


def test_keyboard_focus_stays_when_the_list_of_sessions_changes(served, page):
    count = "document.querySelectorAll('#sessions button').length"
    focus = "document.activeElement.innerText"
    with smtp(served) as client:
        client.ehlo("client")
    until(lambda: page(count) > 0)
    page("document.querySelector('#sessions li:last-child button').focus()")
    focused, before = page(focus), page(count)
    with smtp(served) as client:
        client.ehlo("client")
        until(lambda: page(count) > before)
    assert page(focus) == focused


@pytest.mark.parametrize("width", [1280, 400])
def test_nothing_is_wider_than_the_window(served, page, width):
    page.browser.ask("Emulation.setDeviceMetricsOverride", width=width, height=900,
                     deviceScaleFactor=1, mobile=False)  # fmt: skip
    assert page("document.documentElement.scrollWidth") <= width


def test_the_page_is_one_file_without_outside_resources(served):
    status, text = get(served, "/")
    assert status == 200
    assert "http://" not in text.replace("http://www.w3.org/2000/svg", "")
    assert "https://" not in text


def test_other_sites_change_nothing(served):
    host = f"{HOST}:{served.port('page', '')}"
    assert get(served, "/step?time=1+min", "POST")[0] == 400
    assert get(served, "/state", Host="evil.example")[0] == 400
    assert get(served, "/step?time=1+min", "POST", Host=host, **{"x-mailsim": "1"})[0] == 200


@pytest.mark.parametrize(
    "path",
    ["/nothing", "/others?session=x", "/mailbox", "/../web.py", "/step?time=x", "/arm?name=x"],
)
def test_wrong_requests_are_told_so(served, path):
    assert get(served, path)[0] == 400


def test_the_state_is_data(served):
    state = json.loads(get(served, "/state")[1])
    assert state["arm"] == served.arm
    assert {server["name"] for server in state["servers"]} >= {"proseware-smtp", "adatum-mx"}


def test_the_page_is_in_the_wheel():
    assert Path(served_page()).is_file()


def served_page():
    """Where the page lies."""
    from importlib.resources import files

    return files("sim.serve").joinpath("page.html")


@pytest.mark.slow
def test_the_page_works_in_firefox(served, tmp_path):
    if firefox.found() is None:
        pytest.skip("no Firefox is installed")
    with smtp(served) as client:
        client.ehlo("client")
        client.mail(ALICE)
        client.rcpt(BOB)
    with firefox.Firefox(tmp_path) as page:
        page.ask("WebDriver:Navigate", url=served.table.page)
        until(lambda: page.says("document.title") == served.living.world.scenario.title)
        page.says("document.querySelector('#sessions button').click()")
        until(lambda: "under each arm" in page.says("document.body.innerText"))
        text = page.says("document.body.innerText")
        assert "S: 550 5.7.1 <bob@adatum.com> Relaying denied" in text
        assert page.says("document.querySelectorAll('#map circle').length") >= 6
        assert page.says("document.documentElement.scrollWidth <= window.innerWidth")
        began = served.living.world.env.now
        page.says("document.querySelector('[data-step=\"30 min\"]').click()")
        until(lambda: served.living.world.env.now >= began + 1800)
        page.screenshot(tmp_path / "firefox.png")
        assert (tmp_path / "firefox.png").stat().st_size > 10_000
