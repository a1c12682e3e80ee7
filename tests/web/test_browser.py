"""The page in a real browser: what a reader sees, hovers, clicks and types."""

import json
import shutil
import threading
from collections.abc import Iterator

import pytest
from waitress import create_server

webdriver = pytest.importorskip("selenium.webdriver", reason="pip install selenium")
from selenium.common.exceptions import StaleElementReferenceException  # noqa: E402
from selenium.webdriver.common.by import By  # noqa: E402
from selenium.webdriver.common.keys import Keys  # noqa: E402
from selenium.webdriver.support.wait import WebDriverWait  # noqa: E402

from rag.custody.receipt import read_receipt  # noqa: E402

pytestmark = pytest.mark.browser

WHEN = "When does the water mill open on weekdays?"
FLAGS = (
    "--headless=new --no-sandbox --disable-gpu --disable-quic --no-first-run "
    "--disable-background-networking --disable-component-update --disable-sync "
    "--disable-dev-shm-usage --window-size=1280,900"
).split()


@pytest.fixture
def address(app) -> Iterator[str]:
    server = create_server(app, host="127.0.0.1", port=0, threads=4)
    thread = threading.Thread(target=server.run)
    thread.start()
    yield f"http://127.0.0.1:{server.effective_port}"
    server.trigger.pull_trigger(lambda: _end(server))
    thread.join(10)
    assert not thread.is_alive()


def _end(server) -> None:
    for channel in list(server.active_channels.values()):  # the browser keeps them open
        channel.handle_close()
    server.close()


@pytest.fixture(scope="module")
def chromium(tmp_path_factory) -> Iterator["webdriver.Chrome"]:
    program, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if program is None or driver is None:
        pytest.skip("needs chromium and chromedriver: apt-get install chromium chromium-driver")
    options = webdriver.ChromeOptions()
    options.binary_location = program
    for flag in (*FLAGS, f"--user-data-dir={tmp_path_factory.mktemp('chromium')}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    browser = webdriver.Chrome(options, webdriver.ChromeService(driver))
    yield browser
    browser.quit()


@pytest.fixture
def browser(chromium, address) -> Iterator["webdriver.Chrome"]:
    """Return a browser on the empty page; afterwards: no complaint, no foreign request."""
    chromium.get(f"{address}/")
    yield chromium
    complaints = chromium.get_log("browser")
    asked_for = [
        message["params"]["request"]["url"]
        for entry in chromium.get_log("performance")
        if (message := json.loads(entry["message"])["message"])["method"]
        == "Network.requestWillBeSent"
    ]
    assert complaints == []
    assert asked_for
    # A page Chromium opens by itself before ours is not a request of ours.
    assert [u for u in asked_for if not u.startswith((address, "chrome:", "data:"))] == []


def find(browser, selector):
    return browser.find_element(By.CSS_SELECTOR, selector)


def until(browser, condition):
    # What is looked at may be replaced while it is looked at.
    patient = WebDriverWait(browser, 10, ignored_exceptions=[StaleElementReferenceException])
    return patient.until(lambda _: condition())


def all_of(browser, selector):
    return browser.find_elements(By.CSS_SELECTOR, selector)


def ask(browser, question):
    find(browser, "#q").clear()
    find(browser, "#q").send_keys(question, Keys.ENTER)
    until(browser, lambda: all_of(browser, "#answer.card:not([aria-busy=true])"))


def press(browser, *keys):
    webdriver.ActionChains(browser).send_keys(*keys).perform()


def in_view(browser, selector):
    return browser.execute_script(
        "const m = document.querySelector(arguments[0])?.getBoundingClientRect(),"
        " b = document.querySelector('#panel .body').getBoundingClientRect();"
        "return !!m && m.height > 0 && m.top >= b.top && m.bottom <= b.bottom",
        selector,
    )


def open_first(browser):
    find(browser, ".claim a.mark").click()
    until(browser, lambda: in_view(browser, "#panel #quote"))


def test_answer_appears_in_place_and_is_announced(browser):
    browser.execute_script("window.same = true")

    ask(browser, WHEN)

    assert browser.execute_script("return window.same")
    assert "q=When" in browser.current_url
    outcome = find(browser, "#outcome").text
    assert outcome == "Your documents do not agree"
    assert outcome in find(browser, "[role=status]").text


def test_hovering_a_sentence_lights_its_quote_and_no_other(browser):
    ask(browser, "When does the water mill open on weekdays, and do groups need a guide?")
    assert not all_of(browser, ".quote.lit")

    claim = find(browser, ".claim")
    webdriver.ActionChains(browser).move_to_element(claim).perform()

    names = claim.get_attribute("data-quotes").split()
    lit = [quote.get_attribute("id") for quote in all_of(browser, ".quote.lit")]
    assert lit == [f"quote-{name}" for name in names]


def test_focusing_a_mark_lights_its_quote(browser):
    ask(browser, WHEN)

    browser.execute_script("document.querySelector('.claim a.mark').focus()")

    assert len(all_of(browser, ".quote.lit")) == 1


def test_clicking_a_sentence_opens_the_source_at_the_quote(browser):
    ask(browser, WHEN)
    quote = find(browser, ".quote .words").text

    find(browser, ".claim").click()

    until(browser, lambda: in_view(browser, "#panel #quote"))
    assert find(browser, "#panel #quote").text == quote
    assert find(browser, ".claim").is_displayed()


def test_keys_ask_step_and_close(browser):
    ask(browser, "When does the water mill open on weekdays, and do groups need a guide?")
    steps = len(all_of(browser, "#answer a[data-step]"))
    assert steps > 1
    open_first(browser)
    first = find(browser, "#panel #quote").text

    press(browser, "n")
    until(browser, lambda: find(browser, "#panel #quote").text != first)
    press(browser, "p")
    until(browser, lambda: find(browser, "#panel #quote").text == first)
    press(browser, Keys.ARROW_RIGHT)
    until(browser, lambda: find(browser, "#panel #quote").text != first)
    press(browser, Keys.ESCAPE)

    assert not find(browser, "#panel").is_displayed()
    focused = browser.switch_to.active_element
    assert "mark" in focused.get_attribute("class")
    press(browser, "/")
    assert browser.switch_to.active_element.get_attribute("id") == "q"
    press(browser, "n")  # typed, not a command
    assert not find(browser, "#panel").is_displayed()


def test_back_button_returns_to_the_answer_before(browser):
    ask(browser, WHEN)
    before = find(browser, ".claim").text
    ask(browser, "What is the moon made of?")
    assert find(browser, "#answer h2").text == "The documents do not say"

    browser.back()

    until(browser, lambda: all_of(browser, ".claim") and find(browser, ".claim").text == before)
    assert find(browser, "#q").get_attribute("value") == WHEN


def test_phone_shows_the_source_over_the_answer_and_nothing_overflows(browser):
    size = {"width": 390, "height": 800, "deviceScaleFactor": 1, "mobile": True}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    try:
        ask(browser, WHEN)
        width = browser.execute_script("return document.documentElement.scrollWidth")
        open_first(browser)

        assert width <= 390
        assert browser.execute_script("return document.querySelector('main').inert")
    finally:
        browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def test_hostile_question_runs_nothing(browser):
    ask(browser, "<img src=x onerror='window.pwned=1'> water mill open")

    assert browser.execute_script("return window.pwned") is None
    assert not all_of(browser, "img")


def test_a_receipt_is_saved_as_a_file_by_its_button(browser, tmp_path):
    where = {"behavior": "allow", "downloadPath": str(tmp_path)}
    browser.execute_cdp_cmd("Page.setDownloadBehavior", where)
    ask(browser, WHEN)

    find(browser, ".receipt button").click()

    until(browser, lambda: list(tmp_path.glob("receipt-*.json")))
    (saved,) = tmp_path.glob("receipt-*.json")
    assert read_receipt(saved)["question"] == WHEN
    assert find(browser, "#answer.card")  # the page stays
