"""What passed between clients and servers as a capture file, for Wireshark and its like.

Each dialogue becomes a TCP connection with the addresses of the simulated world. The extra ``pcap``
(scapy) writes it.
"""

from __future__ import annotations

from collections.abc import Iterable
from importlib import import_module
from os import PathLike
from typing import TYPE_CHECKING, Any, NamedTuple

from sim.records.libraries import needing
from sim.smtp import clients

if TYPE_CHECKING:
    from sim.exact.transcript import Turn

RAW_IP = 101
"""Type of link: packets begin with their IP header (LINKTYPE_RAW)."""
SEGMENT = 1400
"""Octets of one packet (chosen)."""
TICK = 1e-5
"""Seconds between two packets of the same moment (chosen)."""
FIRST_PORT = 49152  # RFC 6335 section 6: dynamic ports
PORTS = 16384


class Connection(NamedTuple):
    """A dialogue to be written: addresses as numbers of `sim.smtp.clients`, and when it began
    (s)."""

    client: int
    server: int
    port: int
    at: float
    turns: Iterable[Turn]


class Capture:
    """A capture file that is being written; *epoch* is when the world's time began (s, Unix)."""

    def __init__(self, path: str | PathLike[str], epoch: float = 0.0) -> None:
        with needing("a capture"):
            self.inet: Any = import_module("scapy.layers.inet")
            self.inet6: Any = import_module("scapy.layers.inet6")
            utils: Any = import_module("scapy.utils")
        self._writer = utils.RawPcapWriter(str(path), linktype=RAW_IP, sync=True)
        self._writer.write_header(None)
        self._epoch, self._last, self._count = epoch, 0.0, 0
        self.is_open = True

    def __enter__(self) -> Capture:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def open(self, client: int, server: int, port: int, at: float) -> Flow:
        """Begin a connection of *client* to a port of *server*."""
        self._count += 1
        return Flow(self, client, server, (FIRST_PORT + self._count % PORTS, port), at)

    def write(self, packet: Any, at: float) -> None:
        """Write a packet that passed at *at* (s), or a moment after the one before."""
        self._last = max(at, self._last + TICK)
        seconds, micro = divmod(round((self._epoch + self._last) * 1e6), 1_000_000)
        if self.is_open:
            self._writer.write_packet(bytes(packet), sec=seconds, usec=micro)

    def close(self) -> None:
        """Let the file be."""
        self.is_open = False
        self._writer.close()


class Flow:
    """One TCP connection in a capture: its sequence numbers go on as octets pass."""

    def __init__(
        self, capture: Capture, client: int, server: int, ports: tuple[int, int], at: float
    ) -> None:
        self.capture, self.at = capture, at
        self._ends = {"C": (client, ports[0]), "S": (server, ports[1])}
        self._next = {"C": 1000, "S": 5000}
        self._over = False
        self._send("C", "S")
        self._send("S", "SA")
        self._send("C", "A")

    def say(self, speaker: str, data: bytes, at: float) -> None:
        """Let ``C`` (client) or ``S`` (server) send *data* at *at* (s)."""
        self.at = at
        for start in range(0, len(data), SEGMENT):
            if not self._over:
                self._send(speaker, "PA", data[start : start + SEGMENT])

    def end(self, at: float) -> None:
        """Both sides close at *at* (s); what is said later does not pass here."""
        if not self._over:
            self.at = at
            self._send("S", "FA")
            self._send("C", "FA")
            self._send("S", "A")
            self._over = True

    def _send(self, speaker: str, flags: str, data: bytes = b"") -> None:
        other = "S" if speaker == "C" else "C"
        (source, sport), (target, dport) = self._ends[speaker], self._ends[other]
        v6 = source >= clients.IPV6
        ip = self.capture.inet6.IPv6 if v6 else self.capture.inet.IP
        tcp = self.capture.inet.TCP(
            sport=sport, dport=dport, flags=flags, seq=self._next[speaker],
            ack=self._next[other] if "A" in flags else 0, window=65535,
        )  # fmt: skip
        packet = ip(src=clients.text(source), dst=clients.text(target)) / tcp / data
        self._next[speaker] += len(data) + ("S" in flags) + ("F" in flags)
        self.capture.write(packet, self.at)


def write(path: str | PathLike[str], connections: Iterable[Connection], epoch: float = 0.0) -> int:
    """Write dialogues as a capture; return how many."""
    count = 0
    with Capture(path, epoch) as capture:
        for count, (client, server, port, at, turns) in enumerate(connections, 1):  # noqa: B007
            flow = capture.open(client, server, port, at)
            for turn in turns:
                flow.say(turn.speaker, f"{turn.text}\r\n".encode("utf-8", "replace"), at)
            flow.end(at)
    return count
