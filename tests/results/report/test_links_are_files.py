"""Every file that the page points to stands beside it."""

import re

import pytest

import sim

SMALL = {
    "run_length": "3 days",
    "policy_starts": "1 day",
    "transient": "0 s",
    "users.*.count": 5,
    "networks.rest.mailboxes": 50,
}


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    scenario = sim.load("scenarios/open-vs-restricted.toml").with_overrides(SMALL)
    out = tmp_path_factory.mktemp("links")
    return sim.run(
        scenario, arms=["open trust", "on network"], replications=2, out=out, progress=False
    )


@pytest.mark.parametrize("formats", [("png", "svg"), ("png", "svg", "pdf")])
def test_links_to_figures_are_files(results, formats, tmp_path):
    results.save(tmp_path, figures=["rates"], formats=formats)
    html = (tmp_path / "report.html").read_text(encoding="utf-8")
    linked = re.findall(r'href="(figures/[^"]+)"', html)
    assert linked == [f"figures/rates.{kind}" for kind in (*formats, "csv")]
    tables = re.findall(r'href="((?:tables/|summary)[^"]+)"', html)
    assert len(set(tables)) > 6
    assert all((tmp_path / name).is_file() for name in (*linked, *tables))
