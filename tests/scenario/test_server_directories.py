"""Settings, tables, aliases, backup domains and lists of a port, said in a server's section."""

import pytest
from small import SMALL

from sim.scenario import ScenarioError, loads
from sim.scenario.policies import on_submission_port
from sim.smtp import Facts, decide
from sim.smtp.clients import number

STRANGER = Facts(number("203.0.113.9"), "x@contoso.com", "user@adatum.com")
POSTFIX = 'flavour = "postfix"\nrelay = ["permit_mynetworks", "reject_unauth_destination"]\n'
KNOWN = frozenset({"amy@proseware.com"})


def scenario(keys):
    return loads(SMALL.replace("sessions = 3", f"sessions = 3\n{POSTFIX}{keys}"))


def verdict(keys, facts=STRANGER, **changed):
    policy = scenario(keys).policy("proseware-smtp", mailboxes=KNOWN)
    return decide(policy, facts._replace(**changed))


def faults(keys):
    with pytest.raises(ScenarioError) as raised:
        scenario(keys)
    return "\n".join(map(str, raised.value.faults))


def test_a_setting_acts():
    keys = 'sender = ["reject_unknown_sender_domain"]\n'
    sender = {"reverse_path": "x@nowhere.invalid", "forward_path": "amy@proseware.com"}
    policy = scenario(keys + "settings = { unknown_address_reject_code = 554 }")
    names = policy.names().zone
    decided = [
        decide(s.policy("proseware-smtp"), STRANGER._replace(names=names, **sender)).code
        for s in (scenario(keys), policy)
    ]
    assert decided == [450, 554]


def test_where_a_refusal_is_answered_is_a_setting():
    keys = 'client = ["reject"]\n'
    assert verdict(keys).command == "RCPT"
    assert verdict(keys + "settings = { smtpd_delay_reject = false }").command == "CONNECT"


@pytest.mark.parametrize(
    ("keys", "told"),
    [
        ("settings = { smtpd_delay_rejects = true }", "smtpd_delay_reject"),
        ('settings = { smtpd_delay_reject = "maybe" }', "yes or no"),
        ("settings = { smtpd_hard_error_limit = 1.5 }", "number or text"),
        ('settings = { relay_recipient_maps = "users" }', "name of one of its tables"),
        ('sender = ["check_sender_access(vip)"]\ntables = { vips = { } }', "vips"),
        ('tables = { "fail:x" = { "a" = "OK" } }', "a table of kind"),
        ('tables = { "pcre:x" = { "a" = "OK" } }', "/pattern/flags expected"),
        ('tables = { "regexp:x" = { "/(a+)+$/" = "OK" } }', "may search without end"),
        ('tables = { "pcre:x" = { "/a/ /b/" = "OK" } }', "&& expected"),
        ('tables = { x = "a OK" }', "'unavailable'"),
        ('tables = { "/x" = { "a" = "OK" } }', "the text of a file"),
        ("ports = { 465 = { settings = { soft_bounces = true } } }", "soft_bounce"),
        ('tables = { "cidr:x" = { "192.0.2.1/24" = "OK" } }', "a network such as"),
        ('ports = { 587 = { relay = ["permit_sasl_authenticate"] } }', "permit_sasl_authenticated"),
    ],
)
def test_what_is_wrong_is_told(keys, told):
    assert told in faults(keys)


def test_restrictions_ask_tables():
    keys = (
        'sender = ["check_sender_access(vips)"]\n'
        'tables = { vips = { "contoso.com" = "REJECT not you" } }'
    )
    home = {"forward_path": "amy@proseware.com"}
    assert verdict(keys, **home).reply.text.endswith("not you")
    assert verdict(keys, **home, reverse_path="x@adatum.com").accepted


def test_a_backup_takes_mail_for_its_relay_domains():
    keys = 'relay_domains = ["adatum.com"]\n'
    assert not verdict("").accepted
    taken = verdict(keys)
    assert taken.accepted
    assert taken.relayed
    assert verdict(keys, forward_path="user@sub.adatum.com").accepted
    exact = 'settings = { parent_domain_matches_subdomains = "" }'
    assert not verdict(keys + exact, forward_path="user@sub.adatum.com").accepted


def test_a_backup_may_know_its_recipients():
    keys = 'relay_domains = ["adatum.com"]\nrelay_recipients = ["user@adatum.com"]\n'
    keys += 'recipient = ["reject_unlisted_recipient"]'
    assert verdict(keys).accepted
    assert verdict(keys, forward_path="other@adatum.com").code == 550


def test_aliases_and_a_catch_all_make_recipients_known():
    keys = 'recipient = ["reject_unlisted_recipient"]\naliases = {{ {} = "amy@proseware.com" }}'
    asked = [
        verdict(keys.format(f'"{alias}"'), forward_path=f"{name}@proseware.com").accepted
        for alias in ("sales@proseware.com", "@proseware.com")
        for name in ("amy", "sales", "else")
    ]
    assert asked == [True, True, False, True, True, True]


def test_a_delimiter_is_a_setting():
    keys = 'recipient = ["reject_unlisted_recipient"]\nsettings = { recipient_delimiter = "-" }'
    assert verdict(keys, forward_path="amy-x@proseware.com").accepted
    assert not verdict(keys, forward_path="amy+x@proseware.com").accepted


KIND_OF_TABLE = {
    # rows of a table, and the client, sender and verdict
    "pattern": ('"pcre:x" = { "/^BULK/" = "REJECT" }', "bulk@adatum.com", 554),
    "flag": ('"pcre:x" = { "/^BULK/i" = "REJECT" }', "bulk@adatum.com", 250),
    "not": ('"regexp:x" = { "!/@adatum/" = "REJECT" }', "x@contoso.com", 554),
    "both": ('"pcre:x" = { "/^b/ && !/k@/" = "REJECT" }', "bulk@adatum.com", 250),
    "both hold": ('"pcre:x" = { "/^b/ && !/k@/" = "REJECT" }', "bob@adatum.com", 554),
    "group": ('"pcre:x" = { "/^(b..)/" = "521 no $1" }', "bob@adatum.com", 521),
    "unavailable": ('"mysql:x" = "unavailable"', "bob@adatum.com", 451),
    "static": ('"static:REJECT" = { "*" = "REJECT" }', "bob@adatum.com", 554),
}


@pytest.mark.parametrize(("rows", "sender", "code"), KIND_OF_TABLE.values(), ids=KIND_OF_TABLE)
def test_tables_of_each_kind_act(rows, sender, code):
    name = rows.split('"')[1]
    keys = f"sender = ['check_sender_access({name})']\ntables = {{ {rows} }}\n"
    assert verdict(keys, forward_path="amy@proseware.com", reverse_path=sender).code == code


def test_networks_of_a_row_are_joined():
    keys = 'client = ["check_client_access(cidr:x)"]\n'
    keys += 'tables = { "cidr:x" = { "203.0.113.0/24 && !203.0.113.64/26" = "REJECT" } }'
    home = {"forward_path": "amy@proseware.com"}
    assert not verdict(keys, **home, client=number("203.0.113.9")).accepted
    assert verdict(keys, **home, client=number("203.0.113.65")).accepted


def test_own_lists_may_be_those_of_main_cf():
    keys = (
        'settings = { mynetworks = "!203.0.113.64/26, 203.0.113.0/24 /nets", '
        'mydestination = "pcre:d", relay_domains = "hash:r" }\n'
        'tables = { "/nets" = "[2001:db8::]/32", "pcre:d" = { "/^own/" = "x" }, '
        '"hash:r" = { "b.example" = "x" } }'
    )
    clients = ("203.0.113.9", "203.0.113.65", "2001:db8::7")
    assert [verdict(keys, client=number(c)).accepted for c in clients] == [True, False, True]
    domains = ("own.example", "b.example", "adatum.com")
    stranger = {"client": number("198.51.100.200")}
    taken = [verdict(keys, **stranger, forward_path=f"postmaster@{d}").accepted for d in domains]
    assert taken == [True, True, False]


def test_a_policy_service_answers_by_its_rows():
    keys = (
        'recipient = ["check_policy_service(inet:127.0.0.1:10023)"]\npolicy_services = { '
        '"inet:127.0.0.1:10023" = [[{ sender = "eve@adatum.com" }, "REJECT"]] }'
    )
    home = {"forward_path": "amy@proseware.com"}
    senders = ("eve@adatum.com", "bob@adatum.com")
    assert [verdict(keys, **home, reverse_path=s).accepted for s in senders] == [False, True]


def test_a_submission_port_may_be_465_alone():
    made = scenario('ports = { 465 = { settings = { soft_bounce = true }, relay = ["reject"] } }')
    server = made.servers["proseware-smtp"]
    assert server.submission_port == 465
    policy = on_submission_port(made.policy("proseware-smtp"), server)
    assert decide(policy, STRANGER).code == 454
    both = scenario("ports = { 465 = {}, 587 = {} }").servers["proseware-smtp"]
    assert both.submission_port == 587


def test_a_port_has_lists_of_its_own():
    ports = 'ports = { 587 = { relay = ["permit_sasl_authenticated", "reject"] } }'
    made = scenario(ports)
    server = made.servers["proseware-smtp"]
    assert server.port_587
    policy = on_submission_port(made.policy("proseware-smtp"), server)
    assert not decide(policy, STRANGER._replace(client=number("198.51.100.9"))).accepted
    assert decide(policy, STRANGER._replace(login="amy")).accepted
    assert policy.client == made.policy("proseware-smtp").client


def test_a_host_name_may_be_said():
    made = scenario('hostname = "post.proseware.com"').with_overrides({})
    assert made.policy("proseware-smtp").hostname == "post.proseware.com"
    assert made.hostname("proseware-smtp") == "post.proseware.com"


def test_all_of_it_is_written_again():
    made = scenario(
        'relay_domains = ["adatum.com"]\naliases = { "@proseware.com" = ["amy@proseware.com"] }\n'
        'settings = { soft_bounce = true }\ntables = { t = { "a.example" = "OK" } }\n'
        'ports = { 587 = { client = ["reject_unauthenticated"] } }'
    )
    assert loads(made.resolved()) == made
