"""Execute students' notebooks where they can do no harm; refuse where no sandbox is at hand.

A notebook sees its own folder, Python and the simulator, and nothing else: no network, no other
file, no process outside; memory, time and file sizes are limited. Bubblewrap builds that, or
``unshare`` of util-linux; both need Linux and user namespaces.
"""

from __future__ import annotations

import shlex
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from sim.lab import recording
from sim.lab.classes.collecting import notebooks
from sim.records.usage import UsageError

SECONDS = 300
"""Of a notebook (chosen: ten times what the slowest takes in its short form)."""
MEMORY = 4 * 2**30
"""Bytes of address space of each process (chosen: a run of the course takes one)."""
FILE = 200 * 2**20
"""Bytes of a file that is written (chosen)."""
PROCESSES = 200
"""Processes and threads of one user (chosen; the superuser is bound by time alone)."""
SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib64", "/etc/ld.so.cache", "/etc/alternatives")
DEVICES = ("null", "zero", "random", "urandom")
ENVIRONMENT = {
    "HOME": "/tmp",
    "IPYTHONDIR": "/tmp/ipython",
    "JUPYTER_RUNTIME_DIR": "/tmp/kernel-files",
    "MPLCONFIGDIR": "/tmp/matplotlib",
    "MAILSIM_SHORT": "1",
    "PATH": "/usr/bin:/bin",
    "PYTHONPATH": "/mailsim",
    "LANG": "C.UTF-8",
}
Command = list[str]
TRIAL = 7
"""Exit status of a trial, which a sandbox that cannot be built does not have."""


def run_all(folder: Path, out: Path, say: Callable[[str], None]) -> Path:
    """Execute every notebook below *folder* into *out*; one that fails is copied as it is.

    Raises UsageError where no sandbox is at hand.
    """
    builder = at_hand()
    for path in list(notebooks(folder)):
        target = out / path.relative_to(folder)
        target.parent.mkdir(parents=True, exist_ok=True)
        fault = run(path, target, builder)
        if fault:
            say(f"{path.relative_to(folder)}: {fault}; read as it was handed in")
            shutil.copyfile(path, target)
    return out


def at_hand() -> Callable[[Path, Command], Command]:
    """Return what builds the command of a sandbox that works here; raises UsageError if none."""
    for builder in (bubblewrap, unshared):
        if works(builder):
            return builder
    raise UsageError(
        "--run needs a sandbox: bubblewrap (bwrap) or unshare, on Linux with user namespaces; "
        "without --run, answers are read as data and nothing is executed"
    )


def works(builder: Callable[[Path, Command], Command]) -> bool:
    """Whether the system lets such a sandbox be built."""
    with tempfile.TemporaryDirectory(prefix="mailsim-") as folder:
        work = Path(folder) / "work"
        work.mkdir()
        try:
            trial = builder(work, ["/bin/sh", "-c", f"exit {TRIAL}"])
            done = subprocess.run(trial, capture_output=True, timeout=30, check=False)
        except (OSError, subprocess.TimeoutExpired):
            return False
        return done.returncode == TRIAL


def run(
    path: Path,
    target: Path,
    builder: Callable[[Path, Command], Command],
    seconds: int = SECONDS,
) -> str:
    """Execute one notebook in a copy of its folder; what went wrong, or ""."""
    with tempfile.TemporaryDirectory(prefix="mailsim-") as folder:
        work = Path(folder) / "work"
        work.mkdir()
        _copy(path, work)
        limits = [f"--as={MEMORY}", f"--cpu={seconds}", f"--fsize={FILE}", f"--nproc={PROCESSES}"]
        script = "/mailsim/sim/lab/classes/execute.py"
        inner = ["prlimit", *limits, sys.executable, script, "in.ipynb", "out.ipynb", str(seconds)]
        fault = _finished(builder(work, inner), seconds)
        executed = recording.read(work / "out.ipynb")
        if executed is None:
            return fault or "left no notebook that can be read"
        shutil.copyfile(work / "out.ipynb", target)
        return ""


def _copy(path: Path, work: Path) -> None:
    shutil.copyfile(path, work / "in.ipynb")
    scenarios = path.parent / "scenarios"
    if scenarios.is_dir() and not scenarios.is_symlink():
        (work / "scenarios").mkdir()
        for file in scenarios.glob("*.toml"):
            if not file.is_symlink() and file.stat().st_size < recording.LARGEST:
                shutil.copyfile(file, work / "scenarios" / file.name)


def _finished(command: Command, seconds: int) -> str:
    """Run the command to its end or past its time; all its processes end with it."""
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, timeout=seconds, check=False
        )
    except subprocess.TimeoutExpired:
        return f"did not end in {seconds} s"
    last = done.stderr.decode(errors="replace").strip().splitlines()[-1:]
    return "" if done.returncode == 0 else f"ended with status {done.returncode}: {''.join(last)}"


def _readable() -> dict[str, str]:
    """What may be read, by where it stands in the sandbox."""
    package = Path(__file__).resolve().parents[2]
    python = {sys.prefix, sys.base_prefix}
    places = {path: path for path in (*SYSTEM, *sorted(python)) if Path(path).exists()}
    places["/mailsim/sim"] = str(package)
    if (package.parent / "scenarios").is_dir():
        places["/mailsim/scenarios"] = str(package.parent / "scenarios")
    return places


def _masked() -> Iterator[str]:
    """The teacher's package, where it is installed beside the simulator."""
    path = Path(sysconfig.get_path("purelib")) / "mailsim_teacher"
    yield from [str(path)] if path.is_dir() else []


def bubblewrap(work: Path, inner: Sequence[str]) -> Command:
    """Return the command that runs *inner* in Bubblewrap, with *work* as its folder."""
    words = ["bwrap", "--unshare-all", "--die-with-parent", "--new-session", "--clearenv"]
    words += ["--tmpfs", "/tmp"]  # first: what may be read may stand below it
    for place, source in _readable().items():
        words += ["--ro-bind", source, place]
    for path in _masked():
        words += ["--tmpfs", path]
    words += ["--proc", "/proc", "--dev", "/dev", "--bind", str(work), "/work"]
    for name, value in ENVIRONMENT.items():
        words += ["--setenv", name, value]
    return [*words, "--chdir", "/work", "--cap-drop", "ALL", *inner]


def unshared(work: Path, inner: Sequence[str]) -> Command:
    """Return the command that runs *inner* by ``unshare``, with *work* as its folder."""
    namespaces = ["--user", "--map-root-user", "--mount", "--pid", "--net", "--ipc", "--uts"]
    ends = ["--fork", "--kill-child"]
    return ["unshare", *namespaces, *ends, "/bin/sh", "-ec", "\n".join(_script(work, inner))]


def _script(work: Path, inner: Sequence[str]) -> Iterator[str]:
    """The lines of a shell that builds a root of its own, goes there, and gives up all rights."""
    root = shlex.quote(str(work.parent / "root"))
    yield f"mkdir {root}"
    yield "mount --make-rprivate /"
    yield f"mount -t tmpfs -o size=64m,mode=755 tmpfs {root}; cd {root}"
    yield "mkdir -p proc dev tmp work old; mount -t tmpfs -o size=256m tmpfs tmp"
    for place, source in _readable().items():
        yield from _bound(source, place)
    yield f"mount --bind {shlex.quote(str(work))} work"
    yield "mount -t proc proc proc"
    for name in DEVICES:
        yield f"touch dev/{name}; mount --bind /dev/{name} dev/{name}"
    yield "mkdir dev/shm; mount -t tmpfs -o size=64m tmpfs dev/shm"
    for path in _masked():
        yield f"mount -t tmpfs tmpfs .{shlex.quote(path)}"
    yield "pivot_root . old; cd /; umount -l /old; rmdir /old; mount -o remount,ro /; cd /work"
    drop = "setpriv --no-new-privs --inh-caps=-all --bounding-set=-all"
    variables = " ".join(f"{k}={shlex.quote(v)}" for k, v in ENVIRONMENT.items())
    yield f"exec env -i {variables} {drop} {shlex.join(inner)}"


def _bound(source: str, place: str) -> Iterator[str]:
    """Lines that show a file or a folder in the sandbox, to be read alone."""
    path, inside = shlex.quote(source), shlex.quote(place.lstrip("/"))
    if Path(source).is_symlink():  # as /bin is of /usr/bin
        yield f"ln -s {shlex.quote(str(Path(source).readlink()))} {inside}"
        return
    make = "mkdir -p" if Path(source).is_dir() else "touch"
    yield f"mkdir -p $(dirname {inside}); {make} {inside}"
    yield f"mount --bind {path} {inside}; mount -o remount,bind,ro {inside}"
