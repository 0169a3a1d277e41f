"""What passes as a capture that Wireshark's own program dissects as SMTP and POP."""

from pathlib import Path

import pytest
from test_live import log_in, need, run, smtp
from visiting import ALICE, BOB, HELLO

import sim
from sim.serve.background import live

pytest.importorskip("scapy.layers.inet")
LAB = Path(__file__).parents[1] / "lab" / "lab.toml"


def fields(path, layer, *names):
    """What tshark reads in packets of *layer*: the fields *names* of each, as texts."""
    words = [need("tshark"), "-n", "-r", str(path), "-Y", layer, "-T", "fields"]
    out = run(*words, *(word for name in names for word in ("-e", name)))
    return [line.split("\t") for line in out.splitlines() if "\t" in line]


def test_a_capture_of_live_servers(tmp_path):
    path = tmp_path / "live.pcap"
    with live("six-cases", "on network + POP first", speed=0, pcap=path) as served:
        log_in(served)
        with smtp(served) as client:
            client.sendmail(ALICE, [BOB], HELLO + "\r\n" + ("y" * 70 + "\r\n") * 100)
        served.step("1 min")
        log_in(served, user=BOB, network="adatum")
    commands = fields(
        path, "smtp.req", "ip.src", "ip.dst", "smtp.req.command", "smtp.req.parameter"
    )
    assert ["192.0.2.129", "198.51.100.126", "mail", f"FROM:<{ALICE}> size="] in [
        [*row[:3], row[3].rstrip("0123456789")] for row in commands
    ]
    codes = [row[0] for row in fields(path, "smtp.rsp", "smtp.response.code", "ip.src")]
    assert codes == ["220", "250", "250", "250", "354", "250", "221"]
    pops = [row[0] for row in fields(path, "pop.request", "pop.request.command", "ip.dst")]
    assert pops[:3] == ["USER", "PASS", "STAT"]
    wrong = "tcp.analysis.retransmission || tcp.analysis.lost_segment || tcp.analysis.out_of_order"
    assert fields(path, wrong, "frame.number", "ip.src") == []
    times = [float(row[0]) for row in fields(path, "tcp", "frame.time_epoch", "ip.src")]
    assert times == sorted(times)
    assert 946_684_800 < times[0] < 947_376_000  # the first days of January 2000


def test_a_capture_of_a_simulated_trace(tmp_path):
    scenario = sim.load(LAB).with_overrides({"users.travellers.auth": 0.5})
    results = sim.run(scenario, replications=1, out=tmp_path / "out", progress=False)
    trace = results.trace(arm="network", first_cause="relaying", fate="delivered")
    path = tmp_path / "trace.pcap"
    count = trace.pcap(path)
    assert count >= 1
    replies = fields(path, "smtp.rsp", "smtp.response.code", "ip.src")
    assert ["550", replies[0][1]] in replies
    streams = {row[0] for row in fields(path, "tcp", "tcp.stream", "ip.src")}
    assert len(streams) == count
