import logging
import socket
import time
from itertools import islice

import pytest

from rag.errors import GeneratorFailed, SettingsError
from rag.models.openai import OpenAIGenerator
from tests.models.playback import (
    Play,
    endless,
    flood,
    hang_up,
    headers_only,
    raw,
    serving,
    silent,
    status,
    whole,
)

MESSAGES = [{"role": "user", "content": "Hello?"}]
EVENT = b'data: {"choices": [{"delta": {"content": "Hel"}, "finish_reason": null}]}\n\n'


def ask(generator: OpenAIGenerator, deadline: float = 5.0) -> str:
    return "".join(generator.stream(MESSAGES, max_tokens=20, deadline=deadline))


def test_a_reply_is_streamed_and_the_request_is_complete(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEST_KEY", "sk-secret")
    with serving(whole("Hé", "llo ", "日本")) as server:
        generator = OpenAIGenerator(server.url + "/", "tiny", api_key_env="TEST_KEY")

        pieces = list(generator.stream(MESSAGES, max_tokens=20, deadline=5))

    assert pieces == ["Hé", "llo ", "日本"]
    asked = server.asked[0]
    assert (asked["model"], asked["max_tokens"], asked["temperature"]) == ("tiny", 20, 0)
    assert asked["messages"] == MESSAGES
    assert asked["stream"] is True
    assert server.headers[0]["Authorization"] == "Bearer sk-secret"


@pytest.mark.parametrize(
    ("plays", "calls"),
    [
        ([status(500), status(503), whole("ok")], 3),
        ([status(429, Retry_After="0"), whole("ok")], 2),
        ([hang_up, whole("ok")], 2),
        ([status(429, Retry_After="Wed, 21 Oct 2065 07:28:00 GMT"), whole("ok")], 2),
    ],
    ids="500-503 429 hang-up retry-date".split(),
)
def test_what_may_pass_is_tried_again(plays: list[Play], calls: int) -> None:
    with serving(*plays) as server:
        assert ask(OpenAIGenerator(server.url, "tiny", first_wait=0.01)) == "ok"

    assert len(server.asked) == calls


def test_tries_are_counted_and_end() -> None:
    with serving(status(502)) as server:
        generator = OpenAIGenerator(server.url, "tiny", retries=2, first_wait=0.01)

        with pytest.raises(GeneratorFailed, match="answered 502; gave up after 3 tries"):
            ask(generator)

    assert len(server.asked) == 3


def test_a_refused_connection_is_named() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    generator = OpenAIGenerator(f"http://127.0.0.1:{port}/v1", "tiny", retries=1, first_wait=0.01)

    with pytest.raises(GeneratorFailed, match=rf"127\.0\.0\.1:{port} cannot be reached.*2 tries"):
        ask(generator)


def test_a_wait_beyond_the_deadline_is_not_begun() -> None:
    with serving(status(429, Retry_After="99999")) as server:
        start = time.monotonic()

        with pytest.raises(GeneratorFailed, match="asks to wait 99999 s; gave up after 1 try"):
            ask(OpenAIGenerator(server.url, "tiny"))

    assert time.monotonic() - start < 2
    assert len(server.asked) == 1


@pytest.mark.parametrize("play", [silent, headers_only, endless], ids=lambda play: play.__name__)
def test_the_deadline_holds_whatever_the_server_does(play: Play) -> None:
    with serving(play) as server:
        start = time.monotonic()

        with pytest.raises(GeneratorFailed, match=r"did not finish within 0\.3 s"):
            ask(OpenAIGenerator(server.url, "tiny"), deadline=0.3)

        assert time.monotonic() - start < 1


def test_a_flood_is_cut_off() -> None:
    with serving(flood) as server, pytest.raises(GeneratorFailed, match="more than 4 MB"):
        ask(OpenAIGenerator(server.url, "tiny"), deadline=20)


@pytest.mark.parametrize(
    ("play", "words"),
    [
        (raw(b"<html>Sign in</html>", "text/html; charset=utf-8"), "web page; check generator.url"),
        (raw(b"<html>Sign in</html>"), "no event: <html>Sign in"),
        (raw(b'{"choices": []}'), "no event"),
        (raw(b"data: {nonsense\n\n"), "cannot be read: {nonsense"),
        (raw(b"data: []\n\n"), "cannot be read"),
        (raw(b"data: 7\n\n"), "cannot be read"),
        (raw(b'data: {"choices": [{"delta": {"content": 7}}]}\n\n'), "cannot be read"),
        (raw(b'data: {"choices": [7]}\n\n'), "cannot be read"),
        (raw(b'data: {"choices": {}}\n\ndata: [DONE]\n\n'), "without a word"),
        (raw(b"data: [DONE]\n\n"), "without a word"),
        (raw(b""), "closed the connection in the middle"),
        (raw(EVENT), "closed the connection in the middle"),
        (raw(EVENT + EVENT.replace(b"Hel", "日".encode()[:2])[:44]), "cannot be read"),
        (raw(EVENT + b'data: {"error": {"message": "out of memory"}}\n\n'), "out of memory"),
        (status(404, b'{"error": {"message": "no model tiny"}}'), "404: no model tiny; check"),
        (status(401, b"{}"), "refused the key .401.; check generator.api_key_env"),
        (status(400, b"prompt too long"), "answered 400: prompt too long"),
        (status(301, Location="http://127.0.0.1:1/"), "answered 301"),
    ],
)  # fmt: skip
def test_nonsense_is_reported_in_plain_words(play: Play, words: str) -> None:
    with serving(play) as server, pytest.raises(GeneratorFailed, match=words):
        ask(OpenAIGenerator(server.url, "tiny", retries=0))


def test_a_failure_after_the_first_text_is_not_tried_again() -> None:
    def breaks(handler) -> None:
        handler.head(Content_Length="99999")
        handler.say("Half")

    with (
        serving(breaks) as server,
        pytest.raises(GeneratorFailed, match="broke off in the middle of a reply"),
    ):
        ask(OpenAIGenerator(server.url, "tiny", first_wait=0.01))

    assert len(server.asked) == 1


def test_a_server_may_call_its_model_by_another_name() -> None:
    def play(handler) -> None:
        handler.head()
        handler.say("ok", model="tiny-2026-01-01")
        handler.say("", "stop", model="tiny-2026-01-01")

    with serving(play) as server:
        assert ask(OpenAIGenerator(server.url, "tiny")) == "ok"


def test_an_event_without_choices_is_passed_over() -> None:
    usage = b'data: {"choices": [], "usage": {"total_tokens": 3}}\r\n\r\n'
    with serving(raw(usage + EVENT + usage + b"data: [DONE]\r\n")) as server:
        assert ask(OpenAIGenerator(server.url, "tiny")) == "Hel"


def test_to_stop_reading_closes_the_connection() -> None:
    gone = []

    def play(handler) -> None:
        try:
            endless(handler)
        except OSError:
            gone.append(True)

    with serving(play) as server:
        stream = OpenAIGenerator(server.url, "tiny").stream(MESSAGES, max_tokens=9, deadline=20)
        assert list(islice(stream, 2)) == ["word ", "word "]
        stream.close()  # type: ignore[attr-defined]

        ends = time.monotonic() + 5
        while not gone and time.monotonic() < ends:
            time.sleep(0.01)

    assert gone


def test_the_key_appears_in_no_message_and_no_log(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("TEST_KEY", "sk-secret")
    caplog.set_level(logging.DEBUG)
    echo = status(400, b'{"error": {"message": "bad request with key sk-secret"}}')
    with serving(echo) as server, pytest.raises(GeneratorFailed) as caught:
        ask(OpenAIGenerator(server.url, "tiny", api_key_env="TEST_KEY"))

    assert "with key ***" in str(caught.value)
    assert "sk-secret" not in caplog.text


def test_a_missing_key_names_the_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TEST_KEY", raising=False)

    with pytest.raises(SettingsError, match="TEST_KEY"):
        ask(OpenAIGenerator("http://127.0.0.1:1/v1", "tiny", api_key_env="TEST_KEY"))


@pytest.mark.parametrize("url", ["", "localhost:8000", "ftp://host/v1", "/v1"])
def test_an_address_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(SettingsError, match=r"generator\.url must be an http"):
        OpenAIGenerator(url, "tiny")


def test_proxies_are_not_used_for_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(whole("direct")) as server:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, "http://127.0.0.1:1")

        assert ask(OpenAIGenerator(server.url, "tiny", retries=0)) == "direct"


def test_waits_double_vary_and_have_a_ceiling() -> None:
    generator = OpenAIGenerator("http://host/v1", "tiny", first_wait=1)

    waits = [[generator._wait(attempt) for _ in range(50)] for attempt in (0, 1, 20)]

    for seen, longest in zip(waits, (1, 2, 30), strict=True):
        assert longest / 2 <= min(seen) < max(seen) <= longest


@pytest.mark.parametrize("text", ["It ends on 31 March 2027.", "日本語のテキスト", "x=[1,2]"])
def test_tokens_are_over_estimated(text: str) -> None:
    assert OpenAIGenerator("http://host/v1", "tiny").count_tokens(text) >= len(text.split())
    assert OpenAIGenerator("http://host/v1", "tiny").count_tokens(text) * 3 >= len(text.encode())
