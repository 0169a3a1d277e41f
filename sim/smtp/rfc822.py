"""Addresses as Postfix reads them: leniently, token by token (RFC 822), and rewritten.

An address has an *internal* form, without quotes and comments, which replies and look-ups use.
`extract` finds it in the argument of a command, `resolve` follows the routes in it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

from sim.smtp import clients

MAX_HOSTNAME = 255
MAX_LABEL = 63
OPERATORS = '|%!<>()[]:;@\\,."'
ATOM, QUOTED, LITERAL, COMMENT, ADDRESS = "atom", "quoted", "literal", "comment", "address"
_SPACE = " \t\r\n"
_LABEL = r"(?!-)[A-Za-z0-9_-]{1,63}(?<!-)"
_DOT_STRING_BREAKS = r"[ \x00-\x1f\x7f()<>@,;:\\\"\[\]]"


class Token(NamedTuple):
    """An operator (its *kind* is the character), a word, or an address of tokens."""

    kind: str
    text: str = ""
    inside: tuple[Token, ...] = ()


COMMA = Token(",", ",")


def scan(text: str) -> list[Token]:
    """Cut *text* into tokens."""
    tokens: list[Token] = []
    at = 0
    while at < len(text):
        character = text[at]
        at += 1
        if character in _SPACE:
            continue
        if character == "(":
            word, at = _comment(text, at)
            tokens.append(Token(COMMENT, word))
        elif character in "[" + '"':
            end = "]" if character == "[" else '"'
            word, at = _collected(text, at, lambda c, end=end: c != end)  # type: ignore[misc]
            tokens.append(Token(LITERAL if end == "]" else QUOTED, word))
            at += 1
        elif character != "\\" and character in OPERATORS:
            tokens.append(Token(character, character))
        else:
            word, at = _collected(text, at - 1, lambda c: c not in _SPACE and c not in OPERATORS)
            odd = any(c == " " or c < " " or c == "\x7f" or c in OPERATORS for c in word)
            tokens.append(Token(QUOTED if odd else ATOM, word))
    return tokens


def _collected(text: str, at: int, accepts: Callable[[str], bool]) -> tuple[str, int]:
    """The characters from *at* on that are *accepts* or stand after a backslash."""
    word = []
    while at < len(text):
        character = text[at]
        if character == "\\":
            at += 1
            if at >= len(text):
                break
            character = text[at]
        elif not accepts(character):
            break
        word.append(" " if character in _SPACE else character)
        at += 1
    return "".join(word), at


def _comment(text: str, at: int) -> tuple[str, int]:
    start, level = at, 1
    while at < len(text) and level:
        character = text[at]
        level += (character == "(") - (character == ")")
        at += 2 if character == "\\" else 1
    return "(" + text[start:at], min(at, len(text))


def parse(text: str) -> list[Token]:
    """The addresses in *text*, and what stands between them."""
    return _Parse(scan(text)).items()


class _Parse:
    """The reading of an address list from right to left, as RFC 822 names and routes demand."""

    def __init__(self, tokens: list[Token]) -> None:
        self.tokens = tokens  # from the end of which tokens are taken
        self.done: list[Token] = []  # from right to left
        self.run: list[Token] = []
        self.word, self.group = True, False

    def items(self) -> list[Token]:
        """Addresses and other tokens, from left to right."""
        while self.tokens:
            self._take(self.tokens.pop())
        self._close()
        return self.done[::-1]

    def _close(self, *between: Token) -> None:
        """End an address, if one has begun, before what is *between* it and the next."""
        if self.run:
            self.done += [Token(ADDRESS, inside=tuple(reversed(self.run))), *between]
            self.run.clear()

    def _skip(self, until: str) -> None:
        while self.tokens and self.tokens[-1].kind not in until:
            self.done.append(self.tokens.pop())

    def _take(self, token: Token) -> None:
        if token.kind == COMMENT:
            self.done.append(token)
        elif token.kind == ":" and self.group:
            self._close()
            self.done.append(token)
            self._skip(",")
        elif token.kind == ">":
            self._close(COMMA)
            self.done.append(token)
            self._bracketed()
        elif token.kind in (ATOM, QUOTED, LITERAL):
            if not self.word:
                self._close(COMMA)
            self.run.append(token)
            self.word = False
        elif token.kind in (",", ";"):
            self._close(*[COMMA] * (token.kind == ";"))
            self.done.append(token)
            self.word, self.group = True, self.group or token.kind == ";"
        else:
            self.run.append(token)
            self.word = True

    def _bracketed(self) -> None:
        """Take the address before a ``>``, and the name before its ``<``."""
        while self.tokens and self.tokens[-1].kind != "<":
            token = self.tokens.pop()
            (self.done if token.kind == COMMENT else self.run).append(token)
        self._close()
        self._skip(">;,:")
        self.word = True


def internal(tokens: list[Token] | tuple[Token, ...]) -> str:
    """The text of *tokens* without quotes."""
    return "".join(f"[{t.text}]" if t.kind == LITERAL else t.text for t in tokens)


def extract(argument: str, *, strict: bool = False, bracketed: bool = True) -> str | None:
    """The internal form of the one address in the argument of MAIL or RCPT; None: no address.

    *bracketed*: it stood in angle brackets, which *strict* demands.
    """
    text = argument
    if text[:1] == "@" and ":" in text:
        text = text.partition(":")[2]
    items = parse(text)
    addresses = [item for item in items if item.kind == ADDRESS]
    rest = [item for item in items if item.kind not in (ADDRESS, "<", ">")]
    if len(addresses) > 1 or (strict and (rest or not bracketed)):
        return None
    address = internal(addresses[-1].inside) if addresses else ""
    return None if strict and address[:1] == "@" else address


def quoted(address: str) -> str:
    """The internal *address* with quotes around its local part where it needs them."""
    local, at, domain = address.rpartition("@")
    if not at:
        local, domain = domain, ""
    if (
        local
        and local[0] != "."
        and local[-1] != "."
        and ".." not in local
        and not re.search(_DOT_STRING_BREAKS, local)
    ):
        return address
    escaped = local.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"{at}{domain}'


def valid_hostname(name: str) -> bool:
    """Whether *name* is labels of letters, digits, hyphens and underscores, not all numeric."""
    if not name or len(name) > MAX_HOSTNAME or not name.isascii():
        return False
    if not all(re.fullmatch(_LABEL, label) for label in name.split(".")):
        return False
    return not name.replace(".", "").isdigit()


def valid_address(text: str) -> bool:
    """Whether *text* is an IP address; octets of IPv4 may have zeros before them."""
    octets = text.split(".")
    if ":" not in text:
        digits = len(octets) == 4 and text.isascii() and all(map(str.isdigit, octets))
        values = [int(octet) for octet in octets] if digits and len(text) < 60 else [256]
        return max(values) < 256 and (values[0] > 0 or not any(values))
    try:
        clients.number(text)
    except ValueError:
        return False
    return True


def literal_address(domain: str) -> int | None:
    """The address of a literal such as ``[192.0.2.1]`` or ``[IPv6:2001:db8::1]``."""
    inside = domain[1:-1]
    if domain[:1] != "[" or domain[-1:] != "]":
        return None
    six = inside[:5].lower() == "ipv6:"
    bare = inside[5:] if six else inside
    if not valid_address(bare) or (":" in bare) != six:
        return None
    return clients.number(bare if six else ".".join(str(int(octet)) for octet in bare.split(".")))


class Rewriting(NamedTuple):
    """How a server completes and resolves addresses; the settings have Postfix's names."""

    myorigin: str
    mydomain: str
    myhostname: str
    is_local: Callable[[str], bool]
    """Whether a domain is delivered here, so that routes in a local part are followed."""
    swap_bangpath: bool = True
    allow_percent_hack: bool = True
    append_at_myorigin: bool = True
    append_dot_mydomain: bool = False
    resolve_dequoted_address: bool = True
    resolve_null_domain: bool = False
    resolve_numeric_domain: bool = False
    allow_min_user: bool = False

    def rewrite(self, tokens: list[Token]) -> list[Token]:
        """Complete the address of *tokens*; one step of a route where it has no domain."""
        if not tokens or (len(tokens) == 1 and tokens[0] == Token(QUOTED)):
            return tokens
        if len(tokens) == 1 and tokens[0].kind == "@":
            return [Token(QUOTED)]
        kinds = [token.kind for token in tokens]
        if kinds[0] == "@" and ":" in kinds[:-1]:
            tokens = tokens[kinds.index(":") + 1 :]
        if not _has(tokens, "@"):
            tokens = self._with_domain(tokens)
        kinds = [token.kind for token in tokens]
        if self.append_dot_mydomain and self.mydomain and "@" in kinds[:-1]:
            domain = kinds[_last(tokens, "@") :]
            if LITERAL not in domain and "." not in domain:
                tokens = [*tokens, Token(".", "."), *scan(self.mydomain)]
        return _without_dot(tokens)

    def _with_domain(self, tokens: list[Token]) -> list[Token]:
        kinds = [token.kind for token in tokens]
        if self.swap_bangpath and "!" in kinds:
            bang = kinds.index("!")
            return [*tokens[bang + 1 :], Token("@", "@"), *tokens[:bang]]
        if self.allow_percent_hack and "%" in kinds:
            percent = _last(tokens, "%")
            return [*tokens[:percent], Token("@", "@"), *tokens[percent + 1 :]]
        if self.append_at_myorigin and self.myorigin:
            return [*tokens, Token("@", "@"), *scan(self.myorigin)]
        return tokens

    def rewritten(self, address: str) -> str:
        """The internal *address* completed."""
        return internal(self.rewrite(scan(quoted(address)))) if address else address

    def resolve(self, address: str) -> tuple[str, bool, bool]:
        """Where the completed *address* leads: the address in the end, whether a route is left
        in its local part, and whether its domain is one."""
        tokens = scan(quoted(address))
        saved: list[Token] = []
        at_domain = False
        for _ in range(len(address) + 100):
            if _has(tokens, "@"):
                tokens = _without_dot(tokens)
            if self.resolve_null_domain and tokens and tokens[-1].kind == "@":
                tokens = tokens[:-1]
            place = _last(tokens, "@")
            if place >= 0:
                if place + 1 < len(tokens) and not self.is_local(internal(tokens[place + 1 :])):
                    at_domain = True
                    break
                tokens, saved = tokens[:place], tokens[place:]
            step = self._step(tokens)
            if step is None and not tokens:
                tokens = scan("MAILER-DAEMON")
                continue
            if step is None and not saved:
                step = [*tokens, Token("@", "@"), *scan(self.myhostname)]
            if step is None:
                break
            tokens = step
        if not at_domain:
            tokens = tokens + saved
        return self._checked(internal(tokens))

    def _step(self, tokens: list[Token]) -> list[Token] | None:
        """The route within what is left of a local address; None if there is none."""
        signs = "@" + "!" * self.swap_bangpath + "%" * self.allow_percent_hack
        if any(token.kind in signs for token in tokens if len(token.kind) == 1):
            return self.rewrite(tokens)
        if self.resolve_dequoted_address and len(tokens) == 1 and tokens[0].kind == QUOTED:
            local = tokens[0].text
            for sign in ("@", *("%" * self.allow_percent_hack), *("!" * self.swap_bangpath)):
                place = local.rfind(sign)
                if place >= 0:
                    text = f"{local[:place]}@{local[place + 1 :]}" if sign == "%" else local
                    return self.rewrite(scan(text if sign == "!" else quoted(text)))
        if len(tokens) == 1 and tokens[0] == Token(QUOTED):
            return []
        return None

    def _checked(self, address: str) -> tuple[str, bool, bool]:
        local, _, domain = address.rpartition("@")
        if domain[:1] == "[":
            valid = literal_address(domain) is not None
        elif valid_hostname(domain) or (domain and not domain.isascii()):
            valid = True
        elif self.resolve_numeric_domain and valid_address(domain):
            valid, address = True, f"{local}@[{domain}]"
        else:
            valid = False
        first = re.search(r"[@!%]", address)
        routed = first is None or address[first.end() :] != address.rpartition("@")[2]
        if not self.allow_min_user and address[:1] == "-":
            valid = False
        return address, routed, valid


def _without_dot(tokens: list[Token]) -> list[Token]:
    """*tokens* without one dot at the end."""
    if len(tokens) > 1 and tokens[-1].kind == "." and tokens[-2].kind not in (".", "@"):
        return tokens[:-1]
    return tokens


def _has(tokens: list[Token], kind: str) -> bool:
    return any(token.kind == kind for token in tokens)


def _last(tokens: list[Token], kind: str) -> int:
    """The place of the last token of *kind*; -1 if there is none."""
    return max((i for i, token in enumerate(tokens) if token.kind == kind), default=-1)
