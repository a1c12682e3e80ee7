import json
from collections.abc import Mapping

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

WHEN = "When does the water mill open on weekdays?"


def without_clock(answer: Mapping[str, object]) -> dict[str, object]:
    return {key: value for key, value in answer.items() if key != "timings_ms"}


@pytest.mark.parametrize(
    ("body", "arguments"),
    [
        ({"question": WHEN}, {}),
        ({"question": WHEN, "mode": "generative"}, {"mode": "generative"}),
        ({"question": "What is the moon made of?", "filter": None, "mode": None}, {}),
    ],
)
def test_answer_on_the_wire_is_the_pipelines_own(client, rag, body, arguments):
    response = client.post("/api/ask", json=body)

    assert response.status_code == 200
    expected = json.loads(json.dumps(rag.ask(body["question"], **arguments).to_dict()))
    assert without_clock(response.json) == without_clock(expected)
    assert set(response.json) == set(expected)


def test_filter_restricts_what_is_cited(client):
    filter_ = {"sources": ["mill/*"], "metadata": {"date": "2021-04-12"}, "since": "2020-01-01"}

    answer = client.post("/api/ask", json={"question": WHEN, "filter": filter_}).json

    assert {p["source"] for p in answer["passages"]} == {"mill/visitors.md"}


def test_filter_naming_an_unknown_document_is_a_bad_question(client):
    body = {"question": WHEN, "filter": {"documents": ["nope"]}}

    response = client.post("/api/ask", json=body)

    assert response.status_code == 400
    assert response.json["error"]["code"] == "bad_question"
    assert "nope" in response.json["error"]["message"]


def test_search_returns_the_passages_best_first(client, rag):
    found = client.get("/api/search", query_string={"q": WHEN}).json

    assert found["passages"] == [p.to_dict() for p in rag.search(WHEN)[0]]
    assert found["build"] == rag.snapshot.build


def test_health_names_the_build(client, rag):
    health = client.get("/api/health").json

    assert health == {
        "status": "ok",
        "build": rag.snapshot.build,
        "passages": len(rag.snapshot),
        "unread": rag.snapshot.unread,
    }


BAD = [
    ({}, 422),
    ({"question": 3}, 422),
    ({"question": None}, 422),
    ({"question": ["a"]}, 422),
    ({"question": "\ud800"}, 422),
    ({"question": "a", "extra": 1}, 422),
    ({"question": "a", "mode": "magic"}, 422),
    ({"question": "a", "mode": ["extractive"]}, 422),
    ({"question": "a", "mode": {"x": 1}}, 422),
    ({"question": "a", "filter": []}, 422),
    ({"question": "a", "filter": "x"}, 422),
    ({"question": "a", "filter": {"nope": 1}}, 422),
    ({"question": "a", "filter": {"documents": "x"}}, 422),
    ({"question": "a", "filter": {"documents": [1]}}, 422),
    ({"question": "a", "filter": {"sources": {"a": "b"}}}, 422),
    ({"question": "a", "filter": {"metadata": ["x"]}}, 422),
    ({"question": "a", "filter": {"metadata": {"k": 1}}}, 422),
    ({"question": "a", "filter": {"since": "yesterday"}}, 422),
    ({"question": "a", "filter": {"until": 2024}}, 422),
    ({"question": ""}, 400),
    ({"question": "x" * 4001}, 400),
    ([], 400),
    ("text", 400),
    (None, 400),
    (3, 400),
]


@pytest.mark.parametrize(("body", "status"), BAD, ids=lambda value: str(value)[:60])
def test_body_that_is_not_a_question_is_refused_in_one_shape(client, body, status):
    response = client.post("/api/ask", data=json.dumps(body), content_type="application/json")

    assert response.status_code == status
    assert set(response.json) == {"error"}
    assert set(response.json["error"]) == {"code", "message"}
    assert response.json["error"]["message"].endswith(".")


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"\xff\xfe\x00", b"[" * 60_000, b'{"a":' * 10_000, b"1" * 60_000, b"nope", b"\0"],
    ids=lambda value: repr(value[:6]),
)
def test_body_that_is_not_json_is_refused(client, body):
    response = client.post("/api/ask", data=body, content_type="application/json")

    assert response.status_code == 400
    assert response.json["error"]["code"] == "bad_request"


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    body=st.binary(max_size=200)
    | st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["question", "mode", "filter", "documents", "x"]), inner, max_size=4
            )
        ),
        max_leaves=8,
    ).map(lambda value: json.dumps(value).encode())
)
def test_no_body_makes_the_server_fail(client, body):
    response = client.post("/api/ask", data=body, content_type="application/json")

    assert response.status_code < 500


@pytest.mark.parametrize(
    "type_",
    [None, "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"],
)
def test_only_json_is_taken(client, type_):
    response = client.post("/api/ask", data=b'{"question": "a"}', content_type=type_)

    assert response.status_code == 415
    assert response.json["error"]["code"] == "unsupported_media_type"


def test_body_over_64_kb_is_too_large(client):
    body = json.dumps({"question": "x" * 65_536})

    response = client.post("/api/ask", data=body, content_type="application/json")

    assert response.status_code == 413
    assert response.json["error"]["code"] == "too_large"


@pytest.mark.parametrize(
    ("method", "address", "code", "message"),
    [
        ("GET", "/api/nope", "not_found", "There is no page at this address."),
        ("GET", "/api/ask", "method_not_allowed", "This address does not take that kind"),
        ("GET", "/api/search", "bad_question", "The question is empty; write"),
    ],
)
def test_failure_is_a_code_and_our_own_sentence(client, method, address, code, message):
    error = client.open(address, method=method).json["error"]

    assert error["code"] == code
    assert error["message"].startswith(message)


def test_refused_method_names_the_allowed_ones(client):
    assert "POST" in client.get("/api/ask").headers["Allow"]


def test_history_makes_a_follow_up_stand_alone(client):
    body = {"question": "And on Sundays?", "history": [{"question": WHEN, "answer": "At nine."}]}

    answer = client.post("/api/ask", json=body).json

    assert answer["rewritten"] == "When does the water mill open on Sundays?"
    assert answer["question"] == "And on Sundays?"


def test_a_reading_that_is_given_wins_over_the_history(client):
    body = {"question": "And then?", "history": [{"question": "Who?"}], "rewritten": WHEN}

    assert client.post("/api/ask", json=body).json["rewritten"] == WHEN


@pytest.mark.parametrize(
    "more",
    [
        {"history": "x"},
        {"history": ["x"]},
        {"history": [{}]},
        {"history": [{"question": 1}]},
        {"history": [{"question": "a", "answer": None}]},
        {"history": [{"question": "a", "more": "b"}]},
        {"history": [{"question": "a"}] * 21},
        {"rewritten": 3},
    ],
)
def test_a_history_or_reading_of_another_shape_is_refused_in_a_sentence(client, more):
    response = client.post("/api/ask", json={"question": "And then?", **more})

    assert response.status_code == 422
    assert response.json["error"]["message"].endswith(".")
