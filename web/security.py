"""What every request must satisfy and what every response must carry."""

from collections.abc import Collection
from urllib.parse import urlsplit

from flask import Flask, Response, request
from werkzeug.exceptions import BadRequest, Forbidden

LOOPBACK_NAMES = ("localhost", "127.0.0.1", "::1")
LARGEST_BODY = 64 * 1024
"""Bytes; the longest question is 4,000 characters and a filter is short."""
_SAFE_METHODS = {"GET", "HEAD", "OPTIONS"}
_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
        "connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
}


def protect(app: Flask, hosts: Collection[str]) -> None:
    """Limit what is read, check who asks, and add the security headers to every response."""
    app.config["MAX_CONTENT_LENGTH"] = LARGEST_BODY
    app.config["MAX_FORM_MEMORY_SIZE"] = LARGEST_BODY
    app.config["MAX_FORM_PARTS"] = 16
    names = {name.lower() for name in hosts}

    # Werkzeug's TRUSTED_HOSTS cuts names at the first colon and so never admits [::1].
    @app.before_request
    def check_host() -> None:
        if _name(f"//{request.host}") not in names:
            raise BadRequest("This server does not answer to that host name.")

    @app.before_request
    def check_origin() -> None:
        origin = request.headers.get("Origin")
        if request.method in _SAFE_METHODS or origin is None:
            return
        if origin.lower().partition("://")[2] != request.host.lower():
            raise Forbidden("This request comes from another site and was refused.")

    app.after_request(_add_headers)


def _name(url: str) -> str | None:
    try:
        return urlsplit(url).hostname
    except ValueError:
        return None


def _add_headers(response: Response) -> Response:
    response.headers.update(_HEADERS)
    if request.endpoint != "static":  # answers and documents stay out of every cache
        response.headers["Cache-Control"] = "no-store"
    return response
