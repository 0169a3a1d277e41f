"""Kill a command at each step that it writes, give the same command again, and compare.

``python tests/experiment/crash_points.py KIND [HOW-MANY]`` tries all steps, or so many of them,
evenly; it prints how many there are, how many were tried, and what was wrong at which step.
"""

import contextlib
import json
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import pandas  # noqa: F401  (loaded once, before the forks)

import sim
import sim.results.publish
from sim.experiment import joining, journal
from sim.results.export import export

SMALL = Path(__file__).with_name("small.toml")
FEW = {
    "run_length": "2 days", "transient": "0.5 days", "users.travellers.count": 2,
    "spammers.bulk.capacity": {"open_relay": "9 / day", "direct": "9 / day"},
}  # fmt: skip
WRITING = {"os.rename", "os.mkdir", "os.remove", "os.rmdir", "os.truncate", "shutil.rmtree"}
"""Events of the interpreter at which a folder changes, besides files opened to write."""
TIMES = ("manifest.json", "parts.log", "decision.json")
"""Files that hold times of the day, or a digest of those that do."""


def scenario(**more):
    return sim.load(SMALL).with_overrides({**FEW, **more})


def run(out: Path, **options):
    return sim.run(scenario(), out=out, replications=2, progress=False, **options)


def nothing(out: Path) -> None:
    """Start without a folder."""


def other(out: Path) -> None:
    sim.run(scenario(seed=5), out=out, replications=1, progress=False).save(figures=[])


def sweep(out: Path) -> None:
    points = [{"users.travellers.count": count} for count in (2, 3)]
    swept = sim.sweep(scenario(), points, out=out, replications=1, progress=False)
    swept.save("honest", "first_refusal_rate")


def joined(out: Path) -> None:
    joining.MANY = 2
    run(out, keep="counts")


def report(out: Path) -> None:
    sim.open_results(out).save(figures=["rates"], formats=["png"])


KINDS: dict[str, tuple[Callable[[Path], object], Callable[[Path], object]]] = {
    # what the folder holds before, and the command that is killed
    "run": (nothing, run),
    "join": (lambda out: run(out, keep="counts"), joined),
    "sweep": (nothing, sweep),
    "force": (other, lambda out: run(out, force=True)),
    "report": (run, report),
    "export": (run, lambda out: export(out, "measures")),
    "copy": (run, lambda out: sim.open_results(out).save(out.with_name("copy"), figures=[])),
}


class Killed:
    """Kills this process before its *last* step that writes below *root*."""

    def __init__(self, root: Path, last: float) -> None:
        self.root, self.last, self.steps = str(root), last, 0
        self.write = os.write
        os.write = self.torn
        sys.addaudithook(self.hook)

    def hook(self, event: str, args: tuple) -> None:
        opens = event == "open" and (args[2] or 0) & (os.O_WRONLY | os.O_RDWR)
        if (opens or event in WRITING) and str(args[0]).startswith(self.root):
            self.step()

    def torn(self, file: int, data: bytes) -> int:
        """Write in two halves, so that it can be killed between them."""
        self.step()
        done = self.write(file, data[: len(data) // 2])
        self.step()
        return done + self.write(file, data[done:])

    def step(self) -> None:
        if self.steps == self.last:
            os.kill(os.getpid(), signal.SIGKILL)
        self.steps += 1


def forked(command: Callable[[], object], root: Path, last: float) -> tuple[bool, str]:
    """Do it in another process, killed before step *last*: whether it was, and its last words."""
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        write = os.write
        try:
            killed = Killed(root, last)
            command()
            write(writing, f"{killed.steps}".encode())
        except BaseException as error:
            write(writing, f"{type(error).__name__}: {error}".encode())
        finally:
            os._exit(0)
    os.close(writing)
    with open(reading, encoding="utf-8") as pipe:
        said = pipe.read()
    return os.WIFSIGNALED(os.waitpid(child, 0)[1]), said


def content(root: Path) -> dict[str, object]:
    """What a folder holds, but for times of the day."""
    files = {str(path.relative_to(root)): path for path in root.rglob("*") if path.is_file()}
    whole = {name: path.read_bytes() for name, path in files.items() if path.name not in TIMES}
    for name in (name for name, path in files.items() if path.name == "parts.log"):
        whole[name] = {t: run.parts for t, run in journal.read(files[name].parent).runs.items()}
    for name in (name for name, path in files.items() if path.name == "decision.json"):
        whole[name] = json.loads(files[name].read_text("utf-8"))["decision"]
    return whole


def main(kind: str, number: int | None) -> None:
    before, command = KINDS[kind]
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        base, work = Path(folder) / "base", Path(folder) / "work"
        base.mkdir()
        before(base / "out")

        def trial(last: float) -> tuple[bool, str]:
            return forked(lambda: command(work / "out"), work, last)

        def anew() -> None:
            shutil.rmtree(work, ignore_errors=True)
            shutil.copytree(base, work)

        anew()
        steps = int(trial(float("inf"))[1])
        expected = content(work)
        some = number or steps
        every = sorted({steps * i // some for i in range(some)})
        wrong = []
        for last in every:
            anew()
            killed, said = trial(last)
            if not killed:
                wrong.append(f"{last}: not killed: {said}")
                continue
            _, said = trial(float("inf"))
            if not said.isdigit():
                wrong.append(f"{last}: refused: {said}")
            elif content(work) != expected:
                one, two = content(work), expected
                names = [n for n in {*one, *two} if one.get(n) != two.get(n)]
                wrong.append(f"{last}: differs: {sorted(names)[:5]}")
    print(json.dumps({"steps": steps, "tried": len(every), "wrong": wrong}))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else None)
