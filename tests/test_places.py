"""A test file for every module, or a stated place: where to look when a module is changed."""

from collections import Counter
from fnmatch import fnmatch
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
SIM = TESTS.parent / "sim"
FILES = {path.stem: path for path in sorted(TESTS.rglob("test_*.py"))}
MODULES = [
    path.relative_to(SIM).with_suffix("").as_posix()
    for path in sorted(SIM.rglob("*.py"))
    if path.stem not in ("__init__", "__main__", "_version")
]
PLACES = {
    # module or modules, the first row counts: test files
    "cli/*": ["test_cli", "test_config_commands"],
    "config/errors": ["test_parsing"],
    "config/expand": ["test_parsing"],
    "config/lines": ["test_parsing"],
    "config/m*": ["test_parsing", "test_importing"],
    "config/logs": ["test_observing"],
    "config/postfix_log": ["test_observing"],
    "config/native/*": ["test_exporting", "test_native_servers"],
    "config/probes": ["test_audit"],
    "config/findings": ["test_audit"],
    "config/tables": ["test_parsing"],
    "config/*": ["test_importing", "test_exporting"],
    "exact/changes": ["test_advice"],
    "exact/expectations": ["test_scenarios", "test_traps"],
    "exact/*": ["test_explanation"],
    "experiment/expected": ["test_agreement"],
    "experiment/frames": ["test_storage"],
    "experiment/stored": ["test_storage"],
    "experiment/*": ["test_run", "test_execution", "test_plan_of_runs"],
    "figures/sweeps": ["test_figures_sweeps"],
    "figures/table": ["test_figures_table"],
    "figures/life": ["test_trace_onward", "test_figures_drawn"],
    "figures/*": ["test_figures_drawn", "test_figures_derived"],
    "hindcast/*": ["test_targets", "test_hindcast_inputs"],
    "lab/*": ["test_exercises"],
    "measure/a*": ["test_analytic", "test_counters"],
    "measure/inputs": ["test_analytic"],
    "measure/exposure": ["test_counters"],
    "measure/pairs": ["test_intervals"],
    "measure/quotients": ["test_intervals"],
    "measure/fitting": ["test_calibration"],
    "measure/structures": ["test_ensemble"],
    "measure/sweeps": ["test_sweeping"],
    "measure/sensitivity": ["test_sensitivity"],
    "measure/*": ["test_summary", "test_intervals"],
    "path/*": ["test_agreement", "test_server_keys"],
    "records/*": ["test_words", "test_definitions"],
    "results/structures": ["test_ensemble"],
    "results/decision": ["test_deciding"],
    "results/replay": ["test_trace"],
    "results/sweep": ["test_sweeping"],
    "results/report/*": ["test_report"],
    "results/calibration": ["test_calibration"],
    "results/sensitivity": ["test_sensitivity"],
    "results/*": ["test_public", "test_sentences", "test_export"],
    "scenario/describing": ["test_description"],
    "scenario/policies": ["test_server_policies"],
    "scenario/directories": ["test_server_directories"],
    "scenario/overrides": ["test_arms"],
    "scenario/spammers": ["test_spam_market"],
    "scenario/servers": ["test_retries", "test_server_policies"],
    "scenario/*": ["test_invalid_scenarios", "test_description", "test_reading"],
    "serve/web": ["test_live_page"],
    "serve/viewing": ["test_live_page"],
    "serve/*": ["test_live", "test_same_rows", "test_load"],
    "smtp/addresses": ["test_smtp_addresses"],
    "smtp/matching": ["test_lookup_tables"],
    "smtp/patterns": ["test_lookup_tables"],
    "smtp/srs": ["test_forwarding"],
    "smtp/restrictions/*": ["test_restrictions", "test_oracle"],
    "smtp/wordings/*": ["test_wordings"],
    "smtp/s*": ["test_session", "test_postfix_policy"],
    "smtp/[acf]*": ["test_session", "test_decision"],
    "smtp/*": ["test_decision", "test_oracle", "test_postfix_policy"],
    "topology/addresses": ["test_pools"],
    "topology/names": ["test_mail_names"],
    "topology/generators": ["test_generated_topology"],
    "topology/gateways": ["test_gateways"],
    "topology/*": ["test_topology"],
    "workload/customers": ["test_learning"],
    "workload/people": ["test_one_message", "test_smart_host"],
    "workload/pop_logins": ["test_mobility"],
    "workload/*": ["test_arrivals"],
    "world/spam_*": ["test_spam_routes", "test_spam_lines"],
    "world/experience": ["test_spammers"],
    "world/target_list": ["test_spammers"],
    "world/prospects": ["test_spammers"],
    "world/addressees": ["test_forwarders"],
    "world/asking": ["test_server", "test_servers_in_trouble"],
    "world/next_hosts": ["test_next_hop"],
    "world/outbox": ["test_remedies"],
    "world/tracing": ["test_trace"],
    "world/batch/*": ["test_fast_path", "test_both_ways"],
    "world/tables": ["test_run_tables"],
    "world/building": ["test_whole_world", "test_smart_host"],
    "world/*": ["test_whole_world", "test_one_message"],
}


def has_its_own(module: str) -> bool:
    """Whether a test file in the room's folder is named after *module*."""
    *room, name = module.split("/")
    file = FILES.get(f"test_{name}")
    return file is not None and file.parent.name == (room or ["tests"])[-1]


APART = [module for module in MODULES if not has_its_own(module)]


def places(module: str) -> tuple[str, list[str]]:
    """The row for *module*, and its test files."""
    return next((row, names) for row, names in PLACES.items() if fnmatch(module, row))


def test_no_two_test_files_have_one_name():
    names = Counter(path.name for path in TESTS.rglob("test_*.py"))
    assert [name for name, count in names.items() if count > 1] == []


@pytest.mark.parametrize("module", APART)
def test_a_module_without_a_file_has_a_place(module):
    assert [name for name in places(module)[1] if name not in FILES] == []


def test_every_row_is_the_place_of_some_module():
    used = {places(module)[0] for module in APART}
    assert [row for row in PLACES if row not in used] == []
