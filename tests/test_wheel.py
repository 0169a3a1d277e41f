"""From sdist to wheel, and everything from the wheel alone; scenarios are one copy, in it too."""

import os
import subprocess
import sys
import sysconfig
import tarfile
import venv
import zipfile
from pathlib import Path

import pytest

from sim._version import __version__
from sim.scenario import ready

ROOT = Path(__file__).resolve().parents[1]
ENVIRONMENT = {k: v for k, v in os.environ.items() if not k.startswith(("PIP_", "PYTHON"))}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """The wheel that the unpacked sdist builds."""
    pytest.importorskip("hatchling")
    folder = tmp_path_factory.mktemp("dist")
    build = [sys.executable, "-m", "hatchling", "build", "-d", str(folder), "-t"]
    subprocess.run([*build, "sdist"], cwd=ROOT, check=True, capture_output=True)
    (sdist,) = folder.glob("*.tar.gz")
    with tarfile.open(sdist) as packed:
        packed.extractall(folder, filter="data")
    source = folder / sdist.name.removesuffix(".tar.gz")
    subprocess.run([*build, "wheel"], cwd=source, check=True, capture_output=True)
    (path,) = folder.glob("*.whl")
    return path


def test_the_wheel_holds_the_package_and_each_scenario_once(wheel):
    names = zipfile.ZipFile(wheel).namelist()
    info = f"mailsim-{__version__}.dist-info"
    assert {name.split("/")[0] for name in names} == {"sim", info}
    scenarios = [name for name in names if name.startswith("sim/scenario/ready/")]
    assert [Path(name).name for name in scenarios] == [f"{name}.toml" for name in ready.names()]
    files = {path.relative_to(ROOT).as_posix() for path in (ROOT / "sim").rglob("*.*")}
    assert {name for name in files if "__pycache__" not in name} <= set(names)


def test_names_work_from_the_unpacked_wheel(wheel, tmp_path):
    zipfile.ZipFile(wheel).extractall(tmp_path / "site")
    here = ENVIRONMENT | {"PYTHONPATH": str(tmp_path / "site")}

    def output(*words):
        command = [sys.executable, "-m", "sim", *words]
        done = subprocess.run(command, cwd=tmp_path, env=here, check=True, capture_output=True)
        return done.stdout.decode()

    assert all(f"{name} " in output("gallery") for name in ready.names())
    assert "six-cases: no faults" in output("check", "six-cases")


@pytest.mark.slow
def test_the_wheel_alone_runs_in_a_clean_environment(wheel, tmp_path):
    venv.create(tmp_path / "clean", with_pip=False)
    programs = tmp_path / "clean" / "bin"
    pip = [sys.executable, "-m", "pip", "--python", str(programs / "python")]
    install = [*pip, "install", "--quiet", "--no-deps", "--no-index", str(wheel)]
    subprocess.run(install, env=ENVIRONMENT, check=True)
    (site,) = (tmp_path / "clean" / "lib").glob("*/site-packages")
    (site / "dependencies.pth").write_text(sysconfig.get_paths()["purelib"])

    def run(program, *words):
        command = [str(programs / program), *words]
        return subprocess.run(command, cwd=tmp_path, env=ENVIRONMENT, check=True, text=True)

    run("python", "-c", "import sim, sys; assert sim.__file__.startswith(sys.prefix)")
    run("mailsim", "new", "mine.toml", "--like", "open-vs-restricted")
    run("mailsim", "check", "mine.toml")
    run("mailsim", "run", "six-cases", "--quick", "--workers", "1", "--out", "out")
    run("python", "-c", "import sim; print(sim.load('six-cases').matrix(arm='open trust'))")
    assert (tmp_path / "out" / "report.html").stat().st_size > 10_000
    assert list((tmp_path / "out" / "figures").glob("*.png"))


# ---- how to cite it


def test_the_citation_is_of_this_version():
    lines = (ROOT / "CITATION.cff").read_text("utf-8").splitlines()
    assert f"version: {__version__}" in lines
    assert '  - name: "The mailsim authors"' in lines
    assert "The mailsim authors" in (ROOT / "LICENSE").read_text("utf-8")


def test_the_command_says_its_version_and_how_to_cite_it():
    command = [sys.executable, "-m", "sim", "--version"]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    assert f"mailsim {__version__}\nCite as: The mailsim authors" in done.stdout
