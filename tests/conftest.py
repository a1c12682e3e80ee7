import signal
import socket

import pytest


@pytest.fixture(autouse=True, scope="session")
def ctrl_c():
    """Hear SIGINT, and let children hear it, though what a shell starts with `&` ignores it."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def no_network(monkeypatch, request):
    """Fail any test that connects to anything but this machine."""
    connect = socket.socket.connect

    def guarded(self, address):
        host = address[0] if isinstance(address, tuple) else "local"
        if self.family != socket.AF_UNIX and host not in {"127.0.0.1", "::1", "localhost"}:
            raise AssertionError(f"{request.node.name} connects to {address}")
        return connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", guarded)


@pytest.fixture(autouse=True)
def own_home(monkeypatch, tmp_path, request):
    """Keep tests away from the indexes of whoever runs them; weights stay reachable."""
    if not request.node.get_closest_marker("model"):
        monkeypatch.setenv("RAG_HOME", str(tmp_path / "home"))
