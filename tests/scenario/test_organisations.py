"""What belongs together is written once, and called by name."""

import pytest

from sim.scenario import ScenarioError, loads

UNIVERSITY = """
title = "A university"
run_length = "7 days"
policy_starts = "1 day"
transient = "1 day"

[networks]
campus = { kind = "isp", domain = "uni.example", prefixes = ["192.0.2.0/26"] }
clinic = { kind = "work", prefixes = ["192.0.2.64/26"], links = { campus = "10 ms" } }
halls = { kind = "isp", domain = "city.example", prefixes = ["198.51.100.0/26"], links = { campus = "9 ms" } }

[servers.clinic-smtp]
role = "submission"
network = "clinic"

[organisations.uni]
networks = ["campus", "clinic"]
domains = ["law.uni.example", "med.uni.example"]
trusted_ranges = { lodgings = ["halls", "203.0.113.0/28"], hospital = ["203.0.113.64/26"] }

[users.staff]
count = 10
accounts = { campus = 1.0 }

[arms.today]
"servers.{campus-smtp,clinic-smtp}.trusted_networks" = ["uni", "lodgings"]
[arms."campus only"]
"servers.*.relay" = "on_network"
[arms."with the hospital"]
like = "campus only"
"servers.campus-smtp.trusted_networks" = ["campus", "hospital", "198.51.100.64/26"]
[arms."a smaller hospital"]
like = "with the hospital"
"organisations.uni.trusted_ranges.hospital" = ["203.0.113.64/28"]
"""  # noqa: E501
CAMPUS, CLINIC, HALLS = "192.0.2.0/26", "192.0.2.64/26", "198.51.100.0/26"
SCENARIO = loads(UNIVERSITY)


def trusted(arm, server="campus-smtp"):
    return [str(prefix) for prefix in SCENARIO.arm(arm).servers[server].trusted_networks]


def fault(old, new):
    """The one fault of the scenario with *new* in the place of *old*."""
    assert UNIVERSITY.count(old) == 1
    with pytest.raises(ScenarioError) as error:
        loads(UNIVERSITY.replace(old, new))
    (only,) = str(error.value).splitlines()
    return only


def test_servers_of_an_organisation_have_its_domains_and_trust_its_networks():
    assert trusted("campus only") == [CAMPUS, CLINIC]
    assert trusted("campus only", "clinic-smtp") == [CAMPUS, CLINIC]
    assert trusted("campus only", "halls-smtp") == [HALLS]
    more = ("law.uni.example", "med.uni.example")
    assert SCENARIO.servers["campus-mx"].domains == ("uni.example", *more)
    assert SCENARIO.servers["clinic-smtp"].domains == more
    assert SCENARIO.servers["halls-mx"].domains == ("city.example",)


def test_a_server_in_the_network_of_another_belongs_too():
    apart = UNIVERSITY.replace('domains = ["law', 'servers = ["halls-smtp"]\ndomains = ["law')
    server = loads(apart).servers["halls-smtp"]
    assert [*map(str, server.trusted_networks)] == [CAMPUS, CLINIC]
    assert server.domains == ("city.example", "law.uni.example", "med.uni.example")


def test_ranges_networks_and_organisations_are_called_by_name():
    assert trusted("today") == [CAMPUS, CLINIC, HALLS, "203.0.113.0/28"]
    assert trusted("with the hospital") == [CAMPUS, "203.0.113.64/26", "198.51.100.64/26"]


def test_an_arm_may_change_a_range_for_all_that_name_it_from_when_policies_start():
    assert trusted("a smaller hospital") == [CAMPUS, "203.0.113.64/28", "198.51.100.64/26"]
    line = '"organisations.uni.trusted_ranges.hospital" = ["203.0.113.64/28"]  # from policy_starts'
    assert line in SCENARIO.resolved()


def test_what_belongs_together_is_written_again():
    again = loads(SCENARIO.resolved())
    assert again == SCENARIO
    assert again.resolved() == SCENARIO.resolved()
    assert [again.arm(arm) == SCENARIO.arm(arm) for arm in SCENARIO.arms] == [True] * 4


def test_the_map_knows_who_belongs_together():
    nodes = SCENARIO.graph().nodes(data="organisation")
    assert dict(nodes) == {"campus": "uni", "clinic": "uni", "halls": None}


FAULTS = {
    # what is wrong: what stands there, what stands instead, what the message says
    "a name in an arm": ('["campus", "hospital", "', '["campus", "hospitl", "',
                         "'hospitl': expected a network such as '192.0.2.0/24', or one of campus"),
    "the nearest name": ('["campus", "hospital", "', '["campus", "hospitl", "', "'hospital'?"),
    "a name in a range": ('["halls", "203', '["hall", "203', "trusted_ranges.lodgings[0]: 'hall'"),
    "a prefix in a range": ('"203.0.113.64/26"]', '"203.0.113.64/33"]', "ranges.hospital[0]"),
    "a network": ('["campus", "clinic"]', '["campus", "clinc"]', "uni.networks[1]: 'clinc'"),
    "a domain of another": ('"law.uni.example"', '"city.example"', "networks.halls does not have"),
    "the name of a network": ("{ l", '{ halls = ["campus"], l', "a name that no other"),
    "what arms share": ('"organisations.uni.trusted_ranges.hospital" = ["203.0.113.64/28"]',
                        '"organisations.uni.networks" = ["halls"]', "cannot differ between arms"),
}  # fmt: skip


@pytest.mark.parametrize(("old", "new", "message"), FAULTS.values(), ids=FAULTS)
def test_faults_are_told_once_and_where_they_are(old, new, message):
    assert message in fault(old, new)
