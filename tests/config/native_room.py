"""A real mail server in a room of its own: a root folder, a network without a way out.

Run in new namespaces (`unshare -mnu --fork`): ``native_room.py SERVERS MAKE``, with
``{"configurations": [{name: text}, ...], "sessions": [{"client": address, "lines": [text, ...],
"port": 25}]}`` as JSON on standard input. It checks each configuration with the server's own
checker, starts the server with the last, holds the sessions, and prints ``{"checks": [text, ...],
"replies": [[lines of a reply, ...], ...]}``. SERVERS is a folder made by `.ci/servers`. Nothing
outside is written.
"""

from __future__ import annotations

import base64
import json
import os
import shutil
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import BinaryIO

SERVER = "198.51.100.25"
NAME = "mail.proseware.com"
KNOWN = (b"\x07contoso\x03com", b"\x06adatum\x03com")
USERS = {"amy": "secret"}
NO_TLS = "no TLS"
"""Ends the replies of a session in which the server could not finish the handshake."""
ACCOUNTS = {
    "postfix": 901, "postdrop": 902, "Debian-exim": 903, "smmta": 904, "smmsp": 905,
    "opensmtpd": 906, "opensmtpq": 907, "amy": 1001, "bob": 1002,
}  # fmt: skip
VAR = ("log", "mail", "run", "lock", "spool/exim4/db", "spool/exim4/input", "spool/exim4/msglog",
       "log/exim4", "spool/mqueue", "spool/mqueue-client", "spool/smtpd", "lib/opensmtpd/empty",
       "lib/postfix",       "spool/postfix", "empty", "lib/sendmail/host_status")  # fmt: skip
SMTP = "smtp      inet  n - n - - smtpd\n"
MASTER = """\
pickup    unix  n - n 60 1 pickup
cleanup   unix  n - n - 0 cleanup
qmgr      unix  n - n 300 1 qmgr
rewrite   unix  - - n - - trivial-rewrite
bounce    unix  - - n - 0 bounce
defer     unix  - - n - 0 bounce
proxymap  unix  - - n - - proxymap
anvil     unix  - - n - 1 anvil
error     unix  - - n - - error
discard   unix  - - n - - discard
postlog   unix-dgram n - n - 1 postlogd
"""
POSTFIX_MORE = """\
default_transport = discard
local_transport = discard
maillog_file = /var/log/postfix.log
smtpd_sasl_type = dovecot
smtpd_sasl_path = inet:127.0.0.1:12345
"""


# ---- the room


def enter(servers: Path, make: str) -> None:
    """Make the room and go into it."""
    room = Path("/mnt")
    _run("mount", "-t", "tmpfs", "none", room)
    old = room / "old"
    old.mkdir()
    _run("mount", "--rbind", "/", old)
    packages = [servers / make, servers / "lib"]
    for entry in sorted(os.listdir(old)):
        if entry in ("usr", "etc"):
            _merge(room / entry, Path(entry), old, [package / entry for package in packages])
        elif (old / entry).is_symlink():
            (room / entry).symlink_to(os.readlink(old / entry))
        elif entry in ("dev", "proc", "sys"):
            (room / entry).mkdir()
            _run("mount", "--rbind", old / entry, room / entry)
        elif entry not in ("var", "tmp", "mnt", "old", "run"):
            (room / entry).symlink_to(f"/old/{entry}")
    for name in ("tmp", "run", *(f"var/{one}" for one in VAR)):
        (room / name).mkdir(parents=True, exist_ok=True)
    (room / "tmp").chmod(0o1777)
    os.chroot(room)
    os.chdir("/")
    _accounts(Path("/etc"))
    socket.sethostname(NAME)
    hosts = f"127.0.0.1 localhost\n{SERVER} {NAME} mail\n"
    _write({"hosts": hosts, "resolv.conf": "nameserver 127.0.0.1\n"}, "/etc")
    for address in ("127.0.0.1/8", f"{SERVER}/32"):
        subprocess.run(["ip", "address", "add", address, "dev", "lo"], stderr=subprocess.DEVNULL)
    _run("ip", "link", "set", "lo", "up")


def _merge(target: Path, below: Path, old: Path, packages: list[Path]) -> None:
    """A folder with what stands in the old one, as links, and in the packages, as copies."""
    target.mkdir()
    here = old / below
    ours = [package for package in packages if package.is_dir()]
    for name in sorted({*os.listdir(here), *(n for one in ours for n in os.listdir(one))}):
        within = [one / name for one in ours if (one / name).exists()]
        if not within:
            (target / name).symlink_to(f"/old/{below / name}")
        elif within[0].is_dir() and not within[0].is_symlink():
            if (here / name).is_dir():
                _merge(target / name, below / name, old, within)
            else:
                shutil.copytree(within[0], target / name, symlinks=True)
        else:
            shutil.copy2(within[0], target / name, follow_symlinks=False)


def _accounts(etc: Path) -> None:
    for name, line in (
        ("passwd", "{0}:x:{1}:{1}::/nonexistent:/bin/sh\n"),
        ("group", "{0}:x:{1}:\n"),
    ):
        text = (etc / name).read_text()
        known = {one.partition(":")[0] for one in text.splitlines()}
        more = "".join(line.format(n, i) for n, i in ACCOUNTS.items() if n not in known)
        (etc / name).unlink()
        (etc / name).write_text(text + more)


def _run(*command: object, input: str = "", warnings: bool = True) -> str:
    """What a command prints, with its *warnings*; its failure is the end."""
    done = subprocess.run(
        [str(part) for part in command], input=input, capture_output=True, text=True, timeout=60
    )
    if done.returncode:
        raise SystemExit(f"{command[0]} {command[1:]}: {done.stdout}{done.stderr}")
    return done.stdout + done.stderr * warnings


def _write(files: Mapping[str, str], folder: str) -> None:
    for name, text in files.items():
        path = Path(name) if name.startswith("/") else Path(folder, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.is_symlink():
            path.unlink()
        path.write_text(text)


def _name_server() -> None:
    """Answer queries at 127.0.0.1: the domains of the sessions have an address, others are not."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as here:
        here.bind(("127.0.0.1", 53))
        while True:
            query, client = here.recvfrom(512)
            end = query.index(b"\0", 12) + 5
            known = any(name in query.lower() for name in KNOWN)
            address = known and query[end - 4 : end - 2] == b"\0\1"
            flags = b"\x84\0" if known else b"\x84\3"
            head = query[:2] + flags + b"\0\1" + bytes([0, int(address)]) + b"\0\0\0\0"
            record = b"\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4\xc0\0\2\1" if address else b""
            here.sendto(head + query[12:end] + record, client)


def _login_server() -> None:
    """Answer as the login service of Dovecot does, for Postfix."""
    good = {base64.b64encode(f"\0{n}\0{p}".encode()).decode(): n for n, p in USERS.items()}
    with socket.create_server(("127.0.0.1", 12345)) as here:
        while True:
            stream = here.accept()[0].makefile("rw", newline="\n")
            stream.write("VERSION\t1\t1\nMECH\tPLAIN\tplaintext\nMECH\tLOGIN\tplaintext\n")
            stream.write("SPID\t1\nCUID\t1\n")
            stream.write("COOKIE\t00\nDONE\n")
            stream.flush()
            if os.fork():
                continue
            for line in stream:
                words = line.rstrip("\n").split("\t")
                if words[0] == "AUTH":
                    name = good.get(words[-1].removeprefix("resp="))
                    told = f"OK\t{words[1]}\tuser={name}" if name else f"FAIL\t{words[1]}"
                    stream.write(f"{told}\n")
                    stream.flush()
            os._exit(0)


def _password_server() -> None:
    """Answer as saslauthd does, for sendmail: four texts, each after its length."""
    path = Path("/run/saslauthd/mux")
    path.parent.mkdir()
    with socket.socket(socket.AF_UNIX) as here:
        here.bind(str(path))
        here.listen()
        while True:
            with here.accept()[0] as connection:
                stream = connection.makefile("rb")
                name, password, *_ = (
                    stream.read(int.from_bytes(stream.read(2), "big")).decode() for _ in range(4)
                )
                answer = b"OK" if USERS.get(name) == password else b"NO"
                connection.sendall(len(answer).to_bytes(2, "big") + answer)


# ---- the servers: each writes its files, checks them, and starts


def _postfix(files: Mapping[str, str]) -> tuple[str, list[str]]:
    _write({**files, "master.cf": files.get("master.cf", SMTP) + MASTER}, "/etc/postfix")
    with Path("/etc/postfix/main.cf").open("a") as main:
        main.write(POSTFIX_MORE)
    shutil.chown("/var/lib/postfix", "postfix")
    check = _run("postconf", "-n")
    if not Path("/var/spool/postfix/active").exists():
        check += _run("postfix", "check")
    return check, ["postfix", "start"]


def _exim(files: Mapping[str, str]) -> tuple[str, list[str]]:
    passwords = "".join(f"{name}: {password}\n" for name, password in USERS.items())
    _write({**files, "/etc/exim4/passwd": passwords}, "/etc/exim4")
    for folder in ("/var/spool/exim4", "/var/log/exim4"):
        _run("chown", "-R", "Debian-exim:Debian-exim", folder)
    check = _run("exim4", "-C", "/etc/exim4/exim.conf", "-bV")
    return check, ["exim4", "-C", "/etc/exim4/exim.conf", "-bd"]


def _sendmail(files: Mapping[str, str]) -> tuple[str, list[str]]:
    _write(files, "/etc/mail")
    macros = "/usr/share/sendmail/cf"
    autoconf = Path(macros, "debian/autoconf.m4")
    if not autoconf.exists():
        autoconf.parent.mkdir(parents=True, exist_ok=True)
        autoconf.write_text("define(`sm_version_math', `528641')dnl\n")
    macro = ("m4", f"-D_CF_DIR_={macros}/", f"{macros}/m4/cf.m4", "/etc/mail/sendmail.mc")
    made = _run(*macro, warnings=False)
    Path("/etc/mail/sendmail.cf").write_text(made)
    for table in ("access", "virtusertable", "popauth"):
        source = Path("/etc/mail", table)
        text = source.read_text() if source.exists() else ""
        _run("/usr/libexec/sendmail/makemap", "hash", f"/etc/mail/{table}", input=text)
    Path("/etc/mail/aliases").write_text("postmaster: root\n")
    how = "pwcheck_method: saslauthd\nsaslauthd_path: /run/saslauthd/mux\nmech_list: PLAIN LOGIN\n"
    _write({"Sendmail.conf": how}, "/etc/sasl2")
    server = "/usr/libexec/sendmail/sendmail"
    options = ["-C", "/etc/mail/sendmail.cf", "-O", "AliasFile=/etc/mail/aliases"]
    _run(server, *options, "-bi")
    check = _run(server, *options, "-bt", input="=M\n")
    busy = ("-O", "RefuseLA=1000", "-O", "QueueLA=1000")  # whatever else the machine does
    return check, [server, *options, *busy, "-bd", "-O", "QueueDirectory=/var/spool/mqueue"]


def _opensmtpd(files: Mapping[str, str]) -> tuple[str, list[str]]:
    _write(files, "/etc/smtpd")
    key, cert = "/etc/smtpd/key.pem", "/etc/smtpd/cert.pem"
    if not Path(key).exists():
        names = ("-keyout", key, "-out", cert, "-subj", f"/CN={NAME}")
        _run("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", *names)
    Path(key).chmod(0o600)
    Path("/var/spool/smtpd").chmod(0o711)
    hashes = {
        name: _run("/usr/libexec/opensmtpd/encrypt", password) for name, password in USERS.items()
    }
    lines = "".join(f"{name} {hashed}" for name, hashed in hashes.items())
    _write({"logins": lines}, "/etc/smtpd")
    check = _run("smtpd", "-n", "-f", "/etc/smtpd/smtpd.conf")
    return check, ["smtpd", "-d", "-f", "/etc/smtpd/smtpd.conf"]


MAKES: Mapping[str, Callable[[Mapping[str, str]], tuple[str, list[str]]]] = {
    "postfix": _postfix,
    "exim": _exim,
    "sendmail": _sendmail,
    "opensmtpd": _opensmtpd,
}


# ---- sessions


def talk(client: str, lines: list[str], port: int = 25) -> list[list[str]]:
    """The lines of each reply that a port of the server gives to a client of this address."""
    subprocess.run(["ip", "address", "add", f"{client}/32", "dev", "lo"], stderr=subprocess.DEVNULL)
    with socket.create_connection((SERVER, port), 20, (client, 0)) as connection:
        stream = connection.makefile("rwb")
        replies = [_reply(stream)]
        for line in lines:
            stream.write(line.encode() + b"\r\n")
            stream.flush()
            replies.append(_reply(stream))
            if line == "STARTTLS":
                try:
                    stream = _encrypted(connection).makefile("rwb")
                except ssl.SSLError:
                    return [*replies, [NO_TLS]]
    return replies


def _encrypted(connection: socket.socket) -> ssl.SSLSocket:
    """The connection with TLS, whoever has made the certificate."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context.wrap_socket(connection)


def _reply(stream: BinaryIO) -> list[str]:
    found = [stream.readline().decode().rstrip("\r\n")]
    while found[-1][3:4] == "-":
        found.append(stream.readline().decode().rstrip("\r\n"))
    return found


def _wait() -> None:
    for _ in range(100):
        try:
            socket.create_connection((SERVER, 25), 5).close()
            return
        except OSError:
            time.sleep(0.1)
    raise SystemExit(f"the server does not listen: {Path('/tmp/started').read_text()[-2000:]}")


def main(servers: str, make: str) -> None:
    """Check all configurations; start the last and talk to it, if there are sessions."""
    asked = json.load(sys.stdin)
    enter(Path(servers).resolve(), make)
    for background in (_name_server, _login_server, _password_server):
        if not os.fork():
            background()
    checks = [MAKES[make](files) for files in asked["configurations"]]
    replies = []
    if asked["sessions"]:
        _, start = checks[-1]
        with Path("/tmp/started").open("w") as said:
            subprocess.Popen(start, stdin=subprocess.DEVNULL, stdout=said, stderr=said)
        _wait()
        replies = [talk(**one) for one in asked["sessions"]]
    print(json.dumps({"checks": [check for check, _ in checks], "replies": replies}))


if __name__ == "__main__":
    main(*sys.argv[1:])
