"""Which servers take the mail of a domain."""

from sim.topology.names import Names

NAMES = Names({"adatum.com": ["mx1", "mx2"], "Contoso.com": ["mx3"]})


def test_mx_in_order_of_preference():
    assert NAMES.mx("adatum.com") == ("mx1", "mx2")


def test_domains_are_compared_without_regard_to_case():
    assert NAMES.mx("ADATUM.com") == NAMES.mx("adatum.COM")
    assert NAMES.mx("contoso.com") == ("mx3",)


def test_an_unknown_domain_resolves_to_nothing():
    assert NAMES.mx("far.example") == ()
    assert NAMES.domains == {"adatum.com", "contoso.com"}
