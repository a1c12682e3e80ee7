import socket

import click
import pytest
from click.testing import CliRunner

from rag.settings import WebSettings
from web.serve import allowed_names, run, serve


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "localhost", "::1"])
def test_this_machines_own_addresses_need_no_permission(host):
    assert host in allowed_names(host, (), allow_remote=False)


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.4", "::", "example.org", "127.0.0.1.evil"])
def test_address_others_can_reach_is_refused_without_permission(host):
    with pytest.raises(click.UsageError, match="no login"):
        allowed_names(host, ("me",), allow_remote=False)


@pytest.mark.parametrize("host", ["0.0.0.0", "::"])
def test_every_address_needs_the_name_browsers_use(host):
    with pytest.raises(click.UsageError, match="--name"):
        allowed_names(host, (), allow_remote=True)

    assert "box.lan" in allowed_names(host, ("box.lan",), allow_remote=True)


def test_permission_comes_with_a_warning(capsys):
    names = allowed_names("192.168.1.4", (), allow_remote=True)

    assert "192.168.1.4" in names
    assert "no login" in capsys.readouterr().err


def test_port_in_use_is_a_sentence(rag):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]

        with pytest.raises(click.ClickException, match=f"port {port}.*--port") as failure:
            run(lambda: rag, WebSettings(port=port), ("127.0.0.1",))

    assert failure.value.exit_code == 1


def test_command_refuses_a_remote_host_before_anything_is_opened(tmp_path):
    settings = tmp_path / "rag.toml"
    settings.write_text(f'home = "{tmp_path.as_posix()}"\n')

    outcome = CliRunner().invoke(serve, ["--config", str(settings), "--host", "0.0.0.0"])

    assert outcome.exit_code == 2
    assert "no login" in outcome.output
