"""Real mail programs and libraries against live servers on loopback."""

import asyncio
import poplib
import shutil
import smtplib
import socket
import subprocess

import pytest
from visiting import ALICE, BOB, HELLO

from sim.serve.background import live
from sim.serve.sockets import NotLoopbackError, bound, free_sockets

POP_FIRST = "on network + POP first"
HOST = "127.0.0.1"


@pytest.fixture
def served():
    with live("six-cases", POP_FIRST, speed=0) as servers:
        yield servers


def need(program):
    """Skip where *program* is not installed, but in continuous integration."""
    found = shutil.which(program)
    if found is None:
        pytest.skip(f"{program} is not installed")
    return found


def run(*words, code=0):
    """What a program prints; it must end with *code*."""
    done = subprocess.run([*words], capture_output=True, text=True, timeout=60, input="")
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout + done.stderr


def smtp(served, place="hotel", server="proseware-smtp"):
    alias = served.living.places.alias(place)
    return smtplib.SMTP(HOST, served.port("SMTP", server), source_address=(alias, 0), timeout=10)


def test_smtplib_and_poplib_with_a_window(served):
    with smtp(served) as client, pytest.raises(smtplib.SMTPRecipientsRefused) as refusal:
        client.sendmail(ALICE, [BOB], HELLO)
    assert refusal.value.recipients[BOB][0] == 550
    log_in(served)
    with smtp(served) as client:
        assert client.sendmail(ALICE, [BOB], HELLO) == {}
    served.step("31 min")
    with smtp(served) as client, pytest.raises(smtplib.SMTPRecipientsRefused):
        client.sendmail(ALICE, [BOB], HELLO)
    (text,) = served.mailbox(BOB)
    assert text.endswith("\r\n\r\nhello\r\n")


def log_in(served, address="127.9.4.1", user=ALICE, network="proseware"):
    """Look for mail by poplib: how many there are."""
    client = socket.create_connection((HOST, served.port("POP3", network)), 10, (address, 0))
    pop = poplib.POP3.__new__(poplib.POP3)
    pop.host, pop.sock, pop.file, pop._debugging = HOST, client, client.makefile("rb"), 0
    pop._tls_established, pop.welcome = False, None
    pop.welcome = pop._getresp()
    pop.user(user)
    pop.pass_("password")
    count = pop.stat()[0]
    pop.quit()
    return count


def test_mail_stays_until_it_is_deleted(served):
    with smtp(served, "proseware") as client:
        client.sendmail(ALICE, ["bob@proseware.com"], ".dots\r\n\r\n..\r\n.x")
    served.step("1 min")
    pop = poplib.POP3(HOST, served.port("POP3", "proseware"), timeout=10)
    assert pop.user("bob@proseware.com").startswith(b"+OK")
    with pytest.raises(poplib.error_proto):
        pop.pass_("wrong")
    pop.user("bob")  # the name alone will do
    pop.pass_("password")
    assert "UIDL" in pop.capa()
    assert pop.retr(1)[1][-4:] == [b".dots", b"", b"..", b".x"]
    assert pop.top(1, 1)[1][-1] == b".."
    pop.dele(1)
    assert pop.stat()[0] == 0
    pop.rset()
    assert len(pop.uidl()[1]) == 1
    pop.dele(1)
    pop.quit()
    assert log_in(served, user="bob@proseware.com") == 0


def test_aiosmtplib_sends_many_at_once_with_a_window(served):
    aiosmtplib = pytest.importorskip("aiosmtplib")
    where = {"hostname": HOST, "port": served.port("SMTP", "proseware-smtp"), "start_tls": False}
    where["source_address"] = (served.living.places.alias("hotel"), 0)

    async def mail(number):
        return await aiosmtplib.send(
            f"Subject: {number}\r\n\r\nhello\r\n", sender=ALICE, recipients=[BOB], **where
        )

    async def mails():
        return await asyncio.gather(*map(mail, range(5)))

    with pytest.raises(aiosmtplib.SMTPRecipientsRefused) as refusal:
        asyncio.run(mail("too early"))
    assert refusal.value.recipients[0].code == 550
    log_in(served)
    assert all(errors == {} for errors, _ in asyncio.run(mails()))
    served.step("1 min")
    assert len(served.mailbox(BOB)) == 5


def test_swaks_from_the_hotel_before_and_within_the_window(served):
    words = [need("swaks"), "--server", f"{HOST}:{served.port('SMTP', 'proseware-smtp')}"]
    words += ["--local-interface", "127.9.4.1", "--from", ALICE, "--to", BOB]
    assert "550 5.7.1" in run(*words, code=24)
    log_in(served)
    assert "250 2.0.0" in run(*words)
    served.step("31 min")
    assert "550 5.7.1" in run(*words, code=24)


def test_swaks_says_by_xclient_where_it_is(served):
    words = [need("swaks"), "--server", f"{HOST}:{served.port('SMTP', 'proseware-smtp')}"]
    words += ["--from", ALICE, "--to", BOB]
    assert "250 2.0.0" in run(*words, "--xclient", "ADDR=198.51.100.7")
    assert "550 5.7.1" in run(*words, "--xclient", "ADDR=192.0.2.130", code=24)


def test_curl_sends_and_looks_for_mail(served, tmp_path):
    curl, letter = need("curl"), tmp_path / "letter"
    letter.write_text("Subject: by curl\r\n\r\nhello\r\n")
    url = f"smtp://{HOST}:{served.port('SMTP', 'proseware-smtp')}"
    words = [
        curl,
        "-sS",
        url,
        "--mail-from",
        ALICE,
        "--mail-rcpt",
        "bob@proseware.com",
        "-T",
        letter,
    ]
    run(*map(str, words))
    served.step("1 min")
    pop = f"pop3://{HOST}:{served.port('POP3', 'proseware')}"
    assert "1 " in run(curl, "-sS", pop, "-u", "bob@proseware.com:password")
    assert "Subject: by curl" in run(curl, "-sS", f"{pop}/1", "-u", "bob@proseware.com:password")


def test_the_arm_is_switched_while_it_runs(served):
    with smtp(served) as client:
        client.ehlo()
        client.mail(ALICE)
        assert client.rcpt(BOB)[0] == 550
        served.switch("open trust")
        assert client.rcpt(BOB)[0] == 250


def test_a_port_that_is_taken_moves_on_and_the_table_is_right(served):
    with live("six-cases", speed=0) as others:
        ports = [port.port for port in others.live.ports]
        assert not {*ports} & {port.port for port in served.live.ports}
        assert len({*ports}) == len(ports)
        for kind, name, port in (row for row in others.live.ports if row.kind != "page"):
            with socket.create_connection((HOST, port), 5) as client:
                hello = client.recv(100)
            host = others.living.world.scenario.hostname(name) if kind != "POP3" else "pop."
            assert host.encode() in hello
            assert str(port) in str(others)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "2001:db8::1"])
def test_nothing_but_loopback_is_served(host):
    with pytest.raises(NotLoopbackError):
        bound(host, 2525)


def test_every_socket_is_on_loopback(served):
    names = [s.getsockname()[0] for server in served.live._servers for s in server.sockets]
    assert {*names} <= {HOST, "::1"}


def test_the_next_free_port():
    port, sockets = free_sockets(20000)
    after, more = free_sockets(port)
    for one in (*sockets, *more):
        one.close()
    assert after > port


def test_a_proxy_in_front_says_where_the_client_is():
    with live("six-cases", "on network", speed=0, proxy=True) as served:
        port = served.port("SMTP", "proseware-smtp")
        for address, code in (("198.51.100.9", b"250"), ("192.0.2.130", b"550")):
            with socket.create_connection((HOST, port), 5) as client:
                file = client.makefile("rwb")
                file.write(f"PROXY TCP4 {address} 198.51.100.126 4000 25\r\n".encode())
                file.flush()
                assert file.readline().startswith(b"220")
                for line in (b"HELO x", b"MAIL FROM:<alice@proseware.com>"):
                    file.write(line + b"\r\n")
                    file.flush()
                    assert file.readline().startswith(b"250")
                file.write(b"RCPT TO:<bob@adatum.com>\r\n")
                file.flush()
                assert file.readline().startswith(code)
        with socket.create_connection((HOST, port), 5) as client:
            client.sendall(b"EHLO x\r\n")
            assert client.recv(100).startswith(b"421")


def test_the_clock_goes_a_factor_faster():
    with live("six-cases", POP_FIRST, speed=36000) as served:
        log_in(served)
        began = served.living.world.env.now
        with smtp(served) as client:
            client.ehlo()
        assert 0 < served.living.world.env.now - began < 36000 * 20
