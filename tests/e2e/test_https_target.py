"""An encrypted service: asked over kept connections like any other, and refused by name where nobody vouches for it."""

import ssl

import pytest
import trustme
from faulty_service import by_popularity, foreign_arm, foreign_service
from mini_scenario import made_run, rows_of, scenario_text, write_scenario

from bench.cli import main
from bench.measure.http.address import Address
from bench.measure.http.connection import Connection
from bench.measure.http.failures import NotConnected
from recsys.data.loading import load_dataset

LISTS_ALONE = "[requests]\nhistory = 10\nk = 5\n"
LOAD = """\
[[load]]
kind = "server"
arrivals = { kind = "constant" }
rates_per_s = [200.0]
requests = 40
"""


@pytest.fixture(scope="module")
def authority():
    return trustme.CA()


@pytest.fixture(scope="module")
def ids():
    return [item.item_id for item in load_dataset("embedded", data_dirs=(), users=120).items[:5]]


@pytest.fixture
def encrypted(authority, ids):
    """A service on this machine whose certificate the authority has signed."""
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(tls)
    with foreign_service(by_popularity(ids), tls) as service:
        yield service


def test_each_connection_is_made_once_and_carries_one_request_after_another(
    tmp_path, monkeypatch, authority, encrypted
):
    authority.cert_pem.write_to_path(tmp_path / "authority.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "authority.pem"))
    run = made_run(tmp_path, scenario_text(requests=LISTS_ALONE, load=LOAD, arms=foreign_arm(encrypted.url)))
    rows = rows_of(run, arm="theirs")
    assert (rows["outcome"] == "answered").all() and len(rows) >= 40
    assert encrypted.connections <= 4


def test_one_that_nobody_vouches_for_fails_its_arm_and_says_what_would(tmp_path, encrypted, capsys):
    file = write_scenario(tmp_path, scenario_text(requests=LISTS_ALONE, load=LOAD, arms=foreign_arm(encrypted.url)))
    assert main(["run", file, "--out", str(tmp_path / "results")]) == 4
    told = capsys.readouterr().err
    assert "cannot be trusted (unable to get local issuer certificate)" in told and "SSL_CERT_FILE" in told
    assert encrypted.heads == []


def test_a_service_that_shows_another_ones_name_is_not_asked(authority, ids):
    tls, trusting = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.create_default_context()
    authority.issue_cert("elsewhere.example").configure_cert(tls)
    authority.configure_trust(trusting)
    with foreign_service(by_popularity(ids), tls) as service:
        connection = Connection(Address.of(service.url), trusting)
        with pytest.raises(NotConnected, match="cannot be trusted \\(IP address mismatch"):
            connection.open(5.0)
        assert connection.fileno() == -1
