"""Run inside the sandbox: execute one notebook, and write it with its outputs.

``python execute.py IN OUT SECONDS``; the kernel speaks over files, since there is no network.
"""

from __future__ import annotations

import sys


def main(source: str, target: str, seconds: str) -> None:
    """Execute a notebook; what fails in it stays in its outputs."""
    import nbformat
    from jupyter_client.manager import AsyncKernelManager
    from nbclient import NotebookClient

    notebook = nbformat.read(source, as_version=4)  # type: ignore[no-untyped-call]
    manager = AsyncKernelManager(kernel_name="python3", transport="ipc", ip="/tmp/kernel")
    client = NotebookClient(notebook, km=manager, timeout=int(seconds), allow_errors=True)
    client.execute()
    nbformat.write(notebook, target)  # type: ignore[no-untyped-call]


if __name__ == "__main__":
    main(*sys.argv[1:4])
