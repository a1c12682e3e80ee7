import json
from dataclasses import replace

import pytest
from selectolax.lexbor import LexborHTMLParser as Page

from rag.errors import IndexDamaged, IndexNotFound, WeightsMissing
from rag.testing import document_of
from web import create_app

PAYLOADS = [
    "<script>alert(1)</script>",
    "</script><script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg onload=alert(1)>",
    '"><script>alert(1)</script>',
    "'><img src=x onerror=alert(1)>",
    '" onmouseover="alert(1)',
    "' onfocus='alert(1)' autofocus='",
    "<a href='javascript:alert(1)'>mill</a>",
    "javascript:alert(1)",
    "<iframe src=//evil.example></iframe>",
    "<body onload=alert(1)>",
    "<style>*{display:none}</style>",
    "<link rel=stylesheet href=//evil.example>",
    "<base href=//evil.example>",
    "<meta http-equiv=refresh content='0;url=//evil.example'>",
    "<form action=//evil.example><input name=q>",
    "<details open ontoggle=alert(1)>",
    "<math><mtext><script>alert(1)</script></mtext></math>",
    "</textarea></title></mark><script>alert(1)</script>",
    "<!--><script>alert(1)</script>-->",
    "{{ 7 * 7 }}{% raw %}",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "\u202e<script>alert(1)</script>",
    "<scr\0ipt>alert(1)</scr\0ipt>",
    "%3Cscript%3Ealert(1)%3C/script%3E",
]
ROUTES = [
    ("GET", "/", 200),
    ("GET", "/?q=When does the water mill open", 200),
    ("GET", "/?q=", 400),
    ("GET", "/?q=mill&mode=magic", 422),
    ("GET", "/nope", 404),
    ("PUT", "/", 405),
    ("GET", "/source/tariffs", 200),
    ("GET", "/source/nope", 404),
    ("GET", "/static/page.js", 200),
    ("GET", "/static/nope", 404),
    ("GET", "/static/../serve.py", 404),
    ("GET", "/api/health", 200),
    ("GET", "/api/search?q=mill", 200),
    ("GET", "/api/search", 400),
    ("GET", "/api/nope", 404),
    ("GET", "/api/ask", 405),
    ("POST", "/api/ask", 415),
]


def elements(html):
    """Return every element with the names of its attributes: what a browser would build."""
    page = Page(html)
    return sorted((node.tag, *sorted(node.attributes)) for node in page.css("*"))


def poisoned(rag_over, payload):
    text = f"The water mill opens at nine {payload} on weekdays."
    document = document_of(f"a/{payload}.md", f"# {payload}\n\n{text}", {payload: payload})
    return rag_over((replace(document, title=payload),), unread=payload, build=payload)


@pytest.mark.parametrize("payload", PAYLOADS)
def test_payloads_anywhere_build_no_element_of_their_own(rag_over, payload):
    harmless, hostile = (poisoned(rag_over, text) for text in ("plain", payload))
    pages = []
    for rag, word in ((harmless, "plain"), (hostile, payload)):
        question = f"When does the water mill open {word}"
        with create_app(rag, examples=(word,)).test_client() as client:
            answer = client.get("/", query_string={"q": question}).text
            assert Page(answer).css(".claim")
            link = Page(answer).css_first(".claim a.mark").attributes["href"]
            source = client.get(link)
            assert source.status_code == 200
            missing = client.get(f"/source/{word.replace('/', '')}", query_string={"q": word})
            pages.append([client.get("/").text, answer, source.text, missing.text])

    for plain, given in zip(*pages, strict=True):
        assert elements(given) == elements(plain)
        for link in Page(given).css("a[href]"):
            assert link.attributes["href"].startswith(("/", "#"))


@pytest.mark.parametrize(("method", "address", "status"), ROUTES)
def test_every_response_carries_the_security_headers(client, method, address, status):
    with client.open(address, method=method) as response:
        _ = response.data

    assert response.status_code == status
    policy = response.headers["Content-Security-Policy"].split("; ")
    assert policy == [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
    ]
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Referrer-Policy"] == "no-referrer"
    assert "Set-Cookie" not in response.headers
    if not address.startswith("/static"):
        assert response.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    "origin", ["http://evil.example", "null", "http://localhost:9", "x", "//["]
)
@pytest.mark.parametrize("address", ["/", "/api/ask"])
def test_post_from_a_foreign_origin_is_refused(client, origin, address):
    response = client.post(address, json={"question": "a"}, headers={"Origin": origin})

    assert response.status_code == 403


def test_post_from_our_own_origin_is_taken(client):
    body = {"question": "When does the water mill open?"}

    response = client.post("/api/ask", json=body, headers={"Origin": "http://localhost"})

    assert response.status_code == 200


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example", "[::1", "", "a b"])
def test_foreign_host_name_is_refused(client, host):
    response = client.get("/", headers={"Host": host})

    assert response.status_code == 400
    assert "Quotewell" not in response.text or "host name" in response.text
    assert "Content-Security-Policy" in response.headers


@pytest.mark.parametrize("host", ["localhost:8321", "LOCALHOST", "127.0.0.1:8321", "[::1]:8321"])
def test_own_host_names_are_answered(client, host):
    assert client.get("/", headers={"Host": host}).status_code == 200


def test_form_with_too_many_parts_or_bytes_is_too_large(client):
    parts = {f"f{n}": "x" for n in range(40)}
    many = client.post("/", data=parts, content_type="multipart/form-data")
    large = client.post("/", data={"q": "x" * 70_000})

    assert many.status_code == large.status_code == 413


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (IndexNotFound("no index at /secret/place"), 503, "no_index"),
        (IndexDamaged("/secret/place/file"), 503, "index_unavailable"),
        (WeightsMissing("/secret/place/model"), 503, "model_unavailable"),
        (RuntimeError("/secret/place"), 500, "internal_error"),
        (RecursionError("/secret/place"), 500, "internal_error"),
    ],
)
def test_fault_of_ours_is_a_sentence_without_path_or_traceback(error, status, code, caplog):
    def broken():
        raise error

    with create_app(broken).test_client() as client:
        wire = client.post(
            "/api/ask", data=json.dumps({"question": "a"}), content_type="application/json"
        )
        shown = client.get("/?q=mill")

    assert wire.status_code == shown.status_code == status
    assert wire.json["error"]["code"] == code
    for text in (wire.text, shown.text):
        assert "/secret" not in text
        assert "Traceback" not in text
    assert "/secret/place" in caplog.text
