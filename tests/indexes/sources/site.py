"""A website on this machine that tests can shape, and that remembers what it was asked."""

import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Page:
    """What the site answers for one path."""

    body: bytes = b""
    type: str = "text/html; charset=utf-8"
    status: int = 200
    etag: str = ""
    modified: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    wait_s: float = 0.0
    """Between the head and the body."""
    drip_s: float = 0.0
    """Between two bytes of the body."""
    claims: int = 0
    """Bytes that Content-Length claims more than there are."""


@dataclass
class Asked:
    """One request the site saw."""

    path: str
    headers: dict[str, str]
    at: float


class Site:
    """The pages of a running server."""

    def __init__(self, port):
        self.base = f"http://127.0.0.1:{port}"
        self.host = f"127.0.0.1:{port}"
        self.pages: dict[str, Page] = {}
        self.log: list[Asked] = []

    def url(self, path):
        return f"{self.base}{path}"

    def says(self, path, text="", **page):
        body = text if isinstance(text, bytes) else text.encode()
        self.pages[path] = Page(body, **page)

    def asked(self, path):
        return [one for one in self.log if one.path == path]

    @property
    def paths(self):
        return [one.path for one in self.log if one.path != "/robots.txt"]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 5
    disable_nagle_algorithm = True  # or each answer would wait 40 ms for an acknowledgement

    def do_GET(self):
        site = self.server.site
        site.log.append(Asked(self.path, dict(self.headers.items()), time.monotonic()))
        page = site.pages.get(self.path, Page(b"no such page", status=404))
        if self._is_known(page):
            self.send_response(304)
            self.end_headers()
            return
        self.send_response(page.status)
        if page.status == 304:
            self.end_headers()
            return
        for name, value in self._headers_of(page).items():
            self.send_header(name, value)
        self.end_headers()
        self._send(page)

    def _is_known(self, page):
        by_tag = page.etag and self.headers.get("If-None-Match") == page.etag
        by_date = page.modified and self.headers.get("If-Modified-Since") == page.modified
        return page.status == 200 and (by_tag or (by_date and not page.etag))

    def _headers_of(self, page):
        own = {"Content-Type": page.type, "ETag": page.etag, "Last-Modified": page.modified}
        own["Content-Length"] = str(len(page.body) + page.claims)
        return {name: value for name, value in {**own, **page.headers}.items() if value}

    def _send(self, page):
        try:
            time.sleep(page.wait_s)
            if page.drip_s:
                for byte in page.body:
                    self.wfile.write(bytes([byte]))
                    self.wfile.flush()
                    time.sleep(page.drip_s)
            else:
                self.wfile.write(page.body)
        except OSError:
            self.close_connection = True  # whoever asked has gone
        if page.claims:
            self.close_connection = True

    def log_message(self, *_):
        return


class _Server(ThreadingHTTPServer):
    def handle_error(self, request, client_address):
        return  # whoever asked has gone, or did not like our certificate


@contextmanager
def running_site(tls=None):
    """Give a site that answers on this machine until the block ends, over `tls` if given."""
    server = _Server(("127.0.0.1", 0), _Handler)
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    server.daemon_threads = True
    server.site = Site(server.server_address[1])
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield server.site
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
