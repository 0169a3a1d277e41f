"""STARTTLS with a certificate of our own, and AUTH that waits for it."""

import smtplib
import socket
import ssl

import pytest
from test_live import HOST, need, run, smtp
from visiting import ALICE, BOB

import sim
from sim.serve.background import live

pytest.importorskip("trustme")


def served_by(flavour, **options):
    changes = {"servers.proseware-smtp.flavour": flavour}
    return live(
        sim.load("six-cases").with_overrides(changes), "on network + AUTH", speed=0, **options
    )


def trusting(served):
    """A context that trusts these servers and nobody else."""
    authority = served.live.certificate.authority.decode()
    return ssl.create_default_context(cadata=authority)


@pytest.mark.parametrize("flavour", ["neutral", "postfix", "exim", "sendmail", "opensmtpd"])
def test_a_login_within_tls(flavour):
    with served_by(flavour) as served, smtp(served) as client:
        client._host = "smtp.proseware.com"
        client.ehlo()
        assert client.has_extn("starttls")
        assert client.has_extn("auth") == (flavour != "opensmtpd")
        assert client.starttls(context=trusting(served))[0] == 220
        client.ehlo()
        assert not client.has_extn("starttls")
        client.login(ALICE, "password")
        client.mail(ALICE)
        assert client.rcpt(BOB)[0] == 250
        assert "AUTH" in str(served.log[-1])


def test_who_does_not_trust_the_certificate_goes_away():
    with served_by("neutral") as served:
        client = smtp(served)
        client._host = "smtp.proseware.com"
        with pytest.raises(ssl.SSLCertVerificationError):
            client.starttls(context=ssl.create_default_context())
        client.close()
        assert served.log[-1].server == "proseware-smtp"


def test_commands_sent_with_starttls_are_forgotten():
    with served_by("neutral") as served, smtp(served) as client:
        client._host = "smtp.proseware.com"
        client.ehlo()
        client.sock.sendall(b"STARTTLS\r\nMAIL FROM:<evil@bulk.example>\r\n")
        assert client.getreply()[0] == 220
        context = trusting(served)
        client.sock = context.wrap_socket(client.sock, server_hostname="smtp.proseware.com")
        client.file = None
        assert client.ehlo()[0] == 250
        client.mail(ALICE)
        assert client.rcpt("bob@proseware.com")[0] == 250
        assert "evil" not in str([turn for turn in served.log[-1].turns if turn.speaker == "S"])


def test_the_session_begins_anew():
    with served_by("postfix") as served, smtp(served) as client:
        client._host = "smtp.proseware.com"
        client.ehlo()
        client.login(ALICE, "password")
        client.starttls(context=trusting(served))
        client.ehlo()
        client.mail(ALICE)
        assert client.rcpt(BOB)[0] == 554  # it has to log in again


def test_submissions_within_tls_from_the_beginning():
    ports = {"client": ["permit_sasl_authenticated", "reject"], "relay": ["permit"]}
    scenario = sim.load("six-cases").with_overrides(
        {"servers.proseware-smtp.ports": {"465": ports}}
    )
    with live(scenario, "on network + AUTH", speed=0) as served:
        port = served.port("submissions", "proseware-smtp")
        assert str(port) in str(served)
        context = trusting(served)
        context.check_hostname = False
        with smtplib.SMTP_SSL(HOST, port, timeout=10, context=context) as client:
            client.ehlo()
            assert not client.has_extn("starttls")
            client.login(ALICE, "password")
            client.mail(ALICE)
            assert client.rcpt(BOB)[0] == 250
        with socket.create_connection((HOST, port), 10) as client:
            client.sendall(b"EHLO plain\r\n")
            assert b"220" not in client.recv(100)


def test_curl_with_tls(tmp_path):
    letter, authority = tmp_path / "letter", tmp_path / "ca.pem"
    letter.write_text("Subject: by curl\r\n\r\nhello\r\n")
    with served_by("postfix") as served:
        authority.write_bytes(served.live.certificate.authority)
        url = f"smtp://{HOST}:{served.port('SMTP', 'proseware-smtp')}"
        words = [
            need("curl"),
            "-sS",
            "--ssl-reqd",
            "--cacert",
            str(authority),
            url,
            "-T",
            str(letter),
        ]
        words += ["-u", f"{ALICE}:password", "--mail-from", ALICE, "--mail-rcpt", BOB]
        run(*words)
        served.step("1 min")
        assert "Subject: by curl" in served.mailbox(BOB)[0]


def test_a_client_may_go_on_without():
    with served_by("neutral") as served, smtp(served) as client:
        client.ehlo()
        client.mail(ALICE)
        assert client.rcpt("bob@proseware.com")[0] == 250
        assert isinstance(client, smtplib.SMTP)
