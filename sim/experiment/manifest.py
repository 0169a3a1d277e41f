"""What a folder of results says of itself: of which scenario and version, made how and when."""

from __future__ import annotations

import hashlib
import json
import platform
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from sim._version import __version__
from sim.experiment import storage
from sim.experiment.execution import Execution
from sim.experiment.storage import FORMAT, OtherResultsError, StorageError

if TYPE_CHECKING:
    from sim.scenario import Scenario

ROWS_OF = ("simpy", "numpy", "networkx")
"""The libraries that rows and measures depend on: another version may change the last digit."""
LIBRARIES = (*ROWS_OF, "pandas", "pyarrow", "scipy", "pydantic")
CODE = ("records", "smtp", "topology", "scenario", "path", "workload", "world", "measure")
"""The parts of the package that rows and measures depend on."""
IDENTITY = ("scenario_hash", "seed", "keep", "version", "code", "libraries", "points")
"""Results that differ in any of these are never mixed; of libraries, those of `ROWS_OF`."""
MOST_REPLICATIONS = 32_767
"""What the column ``replication`` holds (int16)."""
MOST_ARMS, MOST_RUNS = 10_000, 1_000_000
MOST_OCTETS = 2**22
SEAL = "seal"
"""The key that holds the digest of all others."""

Count = Annotated[int, Field(ge=0)]


class Manifest(BaseModel):
    """The manifest of a folder, as it stands in its file."""

    model_config = ConfigDict(extra="forbid", strict=True)

    format: Literal[3] = FORMAT
    scenario_hash: str
    seed: Count
    keep: Literal["rows", "counts"]
    version: str
    code: str
    libraries: dict[str, str]
    points: str | None = None
    """The digest of the points of a sweep."""
    scenario: str = ""
    """The digest of scenario.toml."""
    title: str
    baseline: str
    quick: float = 0.0
    arms: list[str] = Field(default=[], max_length=MOST_ARMS)
    replications: int = Field(default=0, ge=0, le=MOST_REPLICATIONS)
    """Those of the arm that has most."""
    planned: dict[str, Annotated[int, Field(ge=1, le=MOST_REPLICATIONS)]] = {}
    """How many replications each arm is to have."""
    complete: bool = False
    command: list[str] = []
    workers: int = 1
    python: str = ""
    started: str = ""
    ended: str = ""
    seconds: float = 0.0
    precision: dict[str, Any] | None = None
    untried: list[dict[str, Any]] | None = None

    @model_validator(mode="after")
    def _arms_are_planned(self) -> Self:
        if list(self.planned) != self.arms:
            raise ValueError("arms are not those planned")
        if max(self.planned.values(), default=0) != self.replications:
            raise ValueError("replications are not those planned")
        return self

    def extend(self, arms: Iterable[str], replications: int) -> None:
        """Add the arms and replications that the folder is to hold to those that it holds."""
        for arm in arms:
            self.planned[arm] = max(replications, self.planned.get(arm, 0))
        self.arms = list(self.planned)
        self.replications = max(self.planned.values())
        self.complete = False

    def data(self) -> dict[str, Any]:
        """All that it says, as plain data."""
        return self.model_dump(exclude_none=True)

    def write(self, root: Path) -> None:
        """Write it into its folder, whole or not at all."""
        self.ended = _now()
        data = self.data()
        text = json.dumps({**data, SEAL: _seal(data)}, indent=1)
        storage.write_text(root / storage.MANIFEST, text + "\n")


def new_manifest(scenario: Scenario, execution: Execution, points: str | None = None) -> Manifest:
    """The manifest of a folder in which nothing has been run."""
    return Manifest(
        scenario_hash=scenario.hash(),
        seed=scenario.seed,
        keep=execution.keep,  # type: ignore[arg-type]  # one of KEEP
        version=__version__,
        code=code_digest(),
        libraries={name: _installed(name) for name in LIBRARIES},
        points=points,
        title=scenario.title,
        baseline=scenario.baseline,
        quick=float(execution.quick),
        command=_command(),
        workers=execution.workers,
        python=platform.python_version(),
        started=_now(),
    )


def differences(one: Manifest, other: Manifest) -> list[str]:
    """What makes results of *one* and of *other* never stand in one folder, in words."""
    keys = [k for k in IDENTITY if k != "libraries" and getattr(one, k) != getattr(other, k)]
    words = [key.replace("_", " ") for key in keys]
    for name in ROWS_OF:
        if (old := one.libraries.get(name, "")) != (current := other.libraries.get(name, "")):
            words.append(f"{name} ({old or 'unknown'}, here {current or 'none'})")
    return words


def read_manifest(root: Path) -> Manifest:
    """The manifest of a folder of results.

    Raises OtherResultsError where there are none, or of another format; StorageError where it is
    not as it was written.
    """
    path = root / storage.MANIFEST
    try:
        data = json.loads(storage.octets(path, MOST_OCTETS))
    except FileNotFoundError:
        raise OtherResultsError(f"{root}: no results there (no {storage.MANIFEST})") from None
    except NotADirectoryError:
        raise OtherResultsError(
            f"{root} is a file; expected a folder of results, as mailsim run writes"
        ) from None
    except OSError as error:
        raise StorageError(f"cannot read results from {root}: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise OtherResultsError(f"{path}: not a manifest ({str(error)[:200]})") from None
    if not isinstance(data, dict) or data.get("format") != FORMAT:
        raise OtherResultsError(f"{root}: results of another format; make them again")
    if data.pop(SEAL, "") != _seal(data):
        raise StorageError(f"{path}: was changed; run the same command again with --force")
    try:
        return Manifest.model_validate(data)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise StorageError(f"{path}: not a manifest ({where}: {first['msg']})") from None


def _seal(data: Mapping[str, Any]) -> str:
    return storage.digest(json.dumps(data, sort_keys=True))


def points_text(points: Sequence[Mapping[str, Any]]) -> str:
    """points.json of a sweep."""
    return json.dumps(list(points), indent=1) + "\n"


@cache
def code_digest() -> str:
    """A digest of the source that rows depend on, so that a changed model is another version."""
    package = Path(__file__).resolve().parent.parent
    digest = hashlib.sha256()
    for name in CODE:
        path = package / name
        for source in [path] if path.is_file() else sorted(path.rglob("*.py")):
            digest.update(source.relative_to(package).as_posix().encode())
            digest.update(source.read_bytes())
    return digest.hexdigest()[:16]


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _command() -> list[str]:
    """What was typed: ``python -m sim`` is another way to say ``mailsim``."""
    if not sys.argv:
        return []
    name = Path(sys.argv[0]).name
    return ["mailsim" if name == "__main__.py" else name, *sys.argv[1:]]


def _installed(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return ""


def cut_to(manifest: Mapping[str, Any]) -> str:
    """What a quick run is cut to, in words."""
    scale = float(manifest.get("quick", 0.0))
    few = "" if scale in (0.0, 1.0) else f" with {100 * scale:.2g} % of the people and the spam"
    return f"a short run{few}"
