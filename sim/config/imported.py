"""What an import gives: policies by port, a section for a scenario, and a report."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from sim.config.importing import Configuration, read
from sim.config.reading import Absent
from sim.config.reporting import Entry, report
from sim.config.section import section
from sim.config.whole import scenario
from sim.records.usage import checked, checked_methods
from sim.smtp.postfix import Served


@checked_methods
@dataclass(frozen=True)
class Imported:
    """A configuration of Postfix as policies, with what became of each of its lines."""

    configuration: Configuration

    @property
    def policies(self) -> dict[int, Served]:
        """The policy of each port."""
        return {port.number: port.policy for port in self.configuration.ports}

    @cached_property
    def report(self) -> tuple[Entry, ...]:
        """What became of each line, in the order of the files."""
        return report(self.configuration)

    @property
    def section(self) -> str:
        """The section of a server in a scenario file, in TOML."""
        return section(self.policies)

    @property
    def scenario(self) -> str:
        """A whole scenario, in TOML: a small world in which the server stands."""
        return scenario(self.configuration)

    @property
    def assumed(self) -> tuple[str, ...]:
        """What nothing that was handed in says."""
        return self.configuration.assumed


@checked
def import_postfix(
    main_cf: str,
    *,
    master: str = "",
    tables: Mapping[str, str] | None = None,
    addresses: Iterable[str] = (),
    absent: Absent = Absent.ERROR,
) -> Imported:
    """Read a main.cf, or what `postconf -n` prints, with its master.cf and tables.

    *tables* are texts by path (`/etc/postfix/access`) or by name (`mysql:/etc/postfix/users.cf`,
    `unix:passwd.byname`; a policy service by its name: `[[{attribute: value}, answer], ...]` in
    JSON). *addresses* are those of the machine, with prefix length (`198.51.100.25/24`).
    A configuration that cannot be read raises ConfigError.
    """
    return Imported(read(main_cf, master=master, tables=tables, addresses=addresses, absent=absent))
