"""A page over https: the name in the certificate is checked, although we connect to a number."""

import shutil
import socket
import ssl
import subprocess

import httpx
import pytest

from indexes.sources import Web
from indexes.sources.connect import CheckedTransport
from rag.errors import SourceUnreachable
from tests.indexes.sources.site import running_site

pytestmark = pytest.mark.skipif(not shutil.which("openssl"), reason="needs openssl")


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tls")
    subprocess.run(
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 "
        "-subj /CN=good.test -addext subjectAltName=DNS:good.test -keyout key.pem -out cert.pem",
        cwd=folder,
        shell=True,
        check=True,
        capture_output=True,
    )
    return folder


@pytest.fixture
def secure(certificate):
    """Give a site and the port where it speaks TLS."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate / "cert.pem", certificate / "key.pem")
    with running_site(context) as site:
        yield site


def lookup(host, port, **_):
    return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]


def get(site, name):
    transport = CheckedTransport(allow_private=True, lookup=lookup)
    transport.end_after(5)
    with httpx.Client(transport=transport) as client:
        return client.get(f"https://{name}:{site.host.partition(':')[2]}/")


def test_a_certificate_of_the_right_name_is_taken(secure, certificate, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate / "cert.pem"))
    secure.says("/", "over tls")

    assert get(secure, "good.test").text == "over tls"


def test_a_certificate_of_another_name_is_refused(secure, certificate, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate / "cert.pem"))
    secure.says("/", "over tls")

    with pytest.raises(Exception, match=r"certificate is not valid for 'bad\.test'"):
        get(secure, "bad.test")

    assert secure.log == []


def test_a_certificate_nobody_vouches_for_is_refused_in_words(secure, mirror):
    address = secure.url("/").replace("http:", "https:")
    source = Web(name="site", pages=(address,), allow_private=True, delay_s=0.0, timeout_s=5.0)

    with pytest.raises(SourceUnreachable, match=r"the connection failed .*certificate"):
        source.gather(mirror)

    assert secure.log == []
