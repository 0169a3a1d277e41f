"""Clients without sockets: what they say to a living world, and what they hear."""

from contextlib import contextmanager

from sim.exact.transcript import PASSWORD
from sim.scenario import load
from sim.serve.ends import PopEnd, SmtpEnd
from sim.serve.living import Living
from sim.serve.places import Origin

ALICE, BOB = "alice@proseware.com", "bob@adatum.com"
HELLO = "Subject: hello\r\n\r\nhello"


def living(arm, scenario="six-cases", changes=None, **options):
    """A living world of a ready scenario whose clock moves by steps alone."""
    return Living(load(scenario).with_overrides(changes or {}), arm, factor=0.0, **options)


@contextmanager
def connection(world, server="proseware-smtp", place="hotel", port=25, origin=None):
    """A connection from a place; ``say`` gives the reply to one line."""
    end = SmtpEnd(world, world.server(server), port, origin or world.places.guest(place))
    end.greeting = end.connect().decode()
    end.say = lambda line: end.receive(f"{line}\r\n".encode()).decode()
    yield end
    end.lose()


def send(world, sender=ALICE, to=(BOB,), content=HELLO, **where):
    """Send as mail programs do: nothing, if a recipient is refused. The reply to each RCPT."""
    with connection(world, **where) as end:
        end.say("EHLO client")
        end.say(f"MAIL FROM:<{sender}>")
        replies = [end.say(f"RCPT TO:<{recipient}>") for recipient in to]
        if all(reply.startswith("250") for reply in replies):
            end.say("DATA")
            assert end.say(f"{content}\r\n.").startswith("250")
        end.say("QUIT")
    return replies


def check_mail(world, network="proseware", place="hotel", user=ALICE, origin=None):
    """Log in by POP3; the texts in the mailbox."""
    end = PopEnd(world, network, 110, origin or world.places.guest(place))
    end.connect()
    end.receive(f"USER {user}\r\n".encode())
    hello = end.receive(f"PASS {PASSWORD}\r\n".encode()).decode()
    assert hello.startswith("+OK"), hello
    count = int(hello.split()[1])
    texts = [end.receive(f"RETR {n + 1}\r\n".encode()).decode() for n in range(count)]
    end.receive(b"QUIT\r\n")
    end.lose()
    return texts


__all__ = ["ALICE", "BOB", "HELLO", "Origin", "check_mail", "connection", "living", "send"]
