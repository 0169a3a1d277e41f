"""Many clients at once, and such as mean no good: bounded, ended, and no mail lost."""

import asyncio
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from itertools import takewhile
from pathlib import Path

import pytest
from test_live import HOST, need, run, smtp
from visiting import ALICE, BOB

import sim.serve.live
from sim.serve.background import live

WIDE = {"servers.*.sessions": 5000, "servers.*.connection_queue": 5000}
ROOT = Path(__file__).parents[2]


def opened(**options):
    """Live servers with many sessions."""
    scenario = sim.load("six-cases").with_overrides(WIDE)
    return live(scenario, "open trust", speed=60, **options)


async def deliver(port, sender, messages):
    """Send *messages* in one session, with a recipient of each of two domains; how many got 250."""
    reader, writer = await asyncio.open_connection(HOST, port)

    async def say(*lines):
        writer.write("".join(f"{line}\r\n" for line in lines).encode())
        await writer.drain()
        for _ in lines:
            while (reply := await reader.readline())[3:4] == b"-":
                pass
        return reply

    await reader.readline()
    await say("EHLO client")
    count = 0
    for number in range(messages):
        to = (f"RCPT TO:<{BOB}>", "RCPT TO:<nobody@adatum.com>", "RCPT TO:<ann@proseware.com>")
        await say(f"MAIL FROM:<{sender}>", *to, "DATA")
        reply = await say(f"Subject: {number}\r\n\r\n{'x' * 70}\r\n.")
        count += reply.startswith(b"250")
    await say("QUIT")
    writer.close()
    return count


def test_two_hundred_sessions_at_once_and_nothing_is_lost():
    with opened() as served:
        port = served.port("SMTP", "proseware-smtp")

        async def everybody():
            return await asyncio.gather(*(deliver(port, ALICE, 3) for _ in range(200)))

        assert asyncio.run(everybody()) == [3] * 200
        served.step("1 day")
        living = served.living
        fates = living.mail.fates()
        assert living.accepted == 600
        assert (fates.count("delivered"), fates.count("bounced")) == (1200, 600)
        assert len(living.mail.letters(ALICE)) == 500  # of 600 notices, those that are shown


async def pour(port, numbers):
    """Send a message for each of *numbers* in one session, all commands at once; how many were
    taken. One in ten has a recipient whom nobody knows."""
    reader, writer = await asyncio.open_connection(HOST, port)
    await reader.readline()
    writer.write(b"HELO client\r\n")
    await reader.readline()
    taken = 0
    for number in numbers:
        to = "nobody@adatum.com" if number % 10 == 0 else BOB
        writer.write(f"MAIL FROM:<{ALICE}>\r\nRCPT TO:<{to}>\r\nDATA\r\n".encode())
        replies = [await reader.readline() for _ in range(3)]
        assert replies[-1].startswith(b"354"), replies
        writer.write(f"Subject: {number}\r\n\r\n{'x' * 70}\r\n.\r\n".encode())
        taken += (await reader.readline()).startswith(b"250")
    writer.write(b"QUIT\r\n")
    await reader.readline()
    writer.close()
    return taken


def memory():
    """Resident memory of this process (MB)."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="needs Linux")
@pytest.mark.parametrize("count", [500, pytest.param(100_000, marks=pytest.mark.slow)])
def test_memory_is_bounded_and_no_message_of_many_is_lost(count):
    def poured(numbers):
        sessions = [pour(port, numbers[n::20]) for n in range(20)]

        async def everybody():
            return sum(await asyncio.gather(*sessions))

        return asyncio.run(everybody())

    with opened() as served:
        port = served.port("SMTP", "proseware-smtp")
        tenth = count // 10
        assert poured(range(tenth)) == tenth
        before = memory()
        assert poured(range(tenth, count)) == count - tenth
        after = memory()
        served.step("1 day")
        living = served.living
        print(f"{count} messages: {before:.0f} MB after a tenth, {after:.0f} MB after all")
        assert living.accepted == count
        fates = Counter(living.mail.fates())
        assert fates == {"delivered": count - tenth, "bounced": tenth}
        notices = living.mail.notices.values()
        assert len({notice.about for notice in notices if not notice.late}) == tenth
        assert after < before * 1.1 + 0.001 * count  # rows: a kilobyte a message at most


def test_a_line_without_end_is_forgotten_as_it_comes():
    with (
        opened() as served,
        socket.create_connection((HOST, served.port("SMTP", "proseware-smtp")), 10) as client,
    ):
        client.recv(100)
        for _ in range(100):
            client.sendall(b"x" * 65536)
        (end,) = served.live._ends
        assert len(end.session._lines._buffer) < 70_000
        client.sendall(b"\r\nNOOP\r\n")
        assert client.recv(100).startswith(b"500")


def flood(client, data):
    """Send *data* again and again, until the other side has enough."""
    for _ in range(10_000):
        client.sendall(data)


def test_a_silent_client_is_sent_away():
    with (
        opened(idle=0.3) as served,
        socket.create_connection((HOST, served.port("SMTP", "proseware-smtp")), 10) as client,
    ):
        assert client.recv(100).startswith(b"220")
        assert client.recv(100) == b"421 4.4.2 Timeout, closing connection\r\n"
        assert client.recv(100) == b""


def test_a_client_that_reads_nothing_is_left():
    with opened(idle=0.5) as served:
        client = socket.create_connection((HOST, served.port("SMTP", "proseware-smtp")), 10)
        client.settimeout(5)
        with pytest.raises((ConnectionError, TimeoutError)):
            flood(client, b"HELP\r\n" * 10_000)
        client.close()
        end = time.monotonic() + 10
        while served.live._ends:
            assert time.monotonic() < end
            time.sleep(0.05)


def test_more_connections_than_there_may_be_are_turned_away(monkeypatch):
    monkeypatch.setattr(sim.serve.live, "MOST_CONNECTIONS", 3)
    with opened() as served:
        port = served.port("SMTP", "proseware-smtp")
        clients = [socket.create_connection((HOST, port), 10) for _ in range(4)]
        replies = [client.recv(100)[:3] for client in clients]
        assert replies == [b"220", b"220", b"220", b"421"]
        for client in clients:
            client.close()


def test_more_mail_at_once_than_there_is_room_for_is_put_off(monkeypatch):
    monkeypatch.setattr(sim.serve.live, "MOST_HELD", 200_000)
    with opened() as served, smtp(served) as client:
        client.ehlo()
        client.mail(ALICE)
        client.rcpt(BOB)
        client.putcmd("data")
        client.getreply()
        with pytest.raises((ConnectionError, TimeoutError)):
            flood(client.sock, (b"x" * 70 + b"\r\n") * 100)
        assert served.living.accepted == 0


def test_a_connection_that_breaks_within_a_message_leaves_nothing():
    with opened() as served:
        client = smtp(served)
        client.ehlo()
        client.mail(ALICE)
        client.rcpt(BOB)
        client.putcmd("data")
        client.getreply()
        client.sock.sendall(b"Subject: half\r\n\r\nhalf")
        client.close()
        end = time.monotonic() + 10
        while served.live._ends:
            assert time.monotonic() < end
            time.sleep(0.05)
        served.step("1 h")
        assert served.mailbox(BOB) == []
        assert served.living.accepted == 0


def test_stopping_ends_all_sessions_and_threads():
    served = opened(idle=5)
    client = socket.create_connection((HOST, served.port("SMTP", "proseware-smtp")), 10)
    client.recv(100)
    served.stop()
    served.stop()  # once more is no fault
    assert client.recv(100) == b""
    client.close()
    assert not served._thread.is_alive()
    assert served.log[-1].turns
    assert threading.active_count() < 10


def test_the_command_starts_and_ends_with_ctrl_c():
    command = [sys.executable, "-m", "sim", "serve", "six-cases", "--arm", "on network"]
    with subprocess.Popen(
        command, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "80"},
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    ) as served:  # fmt: skip
        lines = [*takewhile(lambda line: "Thunderbird" not in line, served.stdout)]
        (port,) = (line.split()[1] for line in lines if line.startswith(" proseware-smtp "))
        served.stdin.write(
            "step 31 min\nspeed 60\narm open trust\narm closed\nspeed -1\n?\ntable\n"
        )
        served.stdin.flush()
        with socket.create_connection((HOST, int(port)), 10) as client:
            assert client.recv(100).startswith(b"220 smtp.proseware.com")
        assert any("Thunderbird" in line for line in served.stdout)  # the table once more
        served.send_signal(signal.SIGINT)
        out, told = served.communicate(timeout=20)
        assert served.returncode == 0
        assert "0 messages were taken" in out
        assert "arm 'open trust' from now on" in told
        assert "'closed': expected one of" in told
        assert "Traceback" not in told


def test_nmap_finds_no_open_relay_under_a_restricted_policy_and_some_under_open_trust():
    nmap = need("nmap")
    with live("six-cases", "on network", speed=0, place="hotel") as served:
        port = served.port("SMTP", "proseware-smtp")

        def relayed():
            """Of nmap's 16 ways to have mail relayed, how many the server took."""
            scripts = "+smtp-open-relay,+smtp-commands"
            told = run(nmap, "-Pn", "-n", "-p", str(port), "--script", scripts, HOST)
            assert "PIPELINING" in told
            if "all tests failed" in told:
                return 0
            return int(re.search(r"Server is an open relay \((\d+)/16 tests\)", told)[1])

        assert relayed() == 0
        served.switch("open trust")
        assert relayed() == 6


def test_msmtp_sends_with_a_login():
    words = [need("msmtp"), f"--host={HOST}", f"--from={ALICE}", "--tls=off"]
    with live("six-cases", "on network + AUTH", speed=0, place="hotel") as served:
        words.append(f"--port={served.port('SMTP', 'proseware-smtp')}")
        letter = "Subject: by msmtp\n\nhello\n"
        login = ["--auth=plain", f"--user={ALICE}", "--passwordeval=echo password"]
        without = subprocess.run(
            [*words, "--auth=off", BOB], input=letter, text=True, capture_output=True
        )
        assert without.returncode == 65  # EX_DATAERR
        assert "550 5.7.1" in without.stderr
        done = subprocess.run([*words, *login, BOB], input=letter, text=True, capture_output=True)
        assert done.returncode == 0, done.stderr
        served.step("1 min")
        assert "Subject: by msmtp" in served.mailbox(BOB)[0]
