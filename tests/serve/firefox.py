"""A headless Firefox, spoken to by its own protocol, Marionette: lengths and JSON over a socket."""

from __future__ import annotations

import base64
import json
import shutil
import socket
import subprocess
import time
from pathlib import Path
from typing import Any


def found() -> str | None:
    """The program, if there is one."""
    return next(filter(None, map(shutil.which, ("firefox-esr", "firefox"))), None)


class Firefox:
    """One window of *width* and *height* with a new profile in *folder*; use as a context."""

    def __init__(self, folder: Path, width: int = 1366, height: int = 768) -> None:
        self.folder, self.width, self.height = folder, width, height

    def __enter__(self) -> Firefox:
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        (self.folder / "user.js").write_text(f'user_pref("marionette.port", {port});\n')
        size = ("--width", str(self.width), "--height", str(self.height))
        command = [found(), "--headless", "--marionette", "--no-remote", *size]
        self.process = subprocess.Popen(
            [*command, "--profile", str(self.folder)],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        self.connection = self._connected(port)
        self.stream = self.connection.makefile("rwb")
        self._read()
        self.ask("WebDriver:NewSession", capabilities={})
        return self

    def __exit__(self, *_: object) -> None:
        self.process.terminate()
        self.process.wait(30)
        self.stream.close()
        self.connection.close()

    def ask(self, command: str, **values: Any) -> Any:
        """Give an order; its answer."""
        text = json.dumps([0, 1, command, values])
        self.stream.write(f"{len(text)}:{text}".encode())
        self.stream.flush()
        _, _, error, result = self._read()
        assert error is None, error
        return result

    def says(self, expression: str) -> Any:
        """The value of an expression in the page."""
        return self.ask("WebDriver:ExecuteScript", script=f"return {expression}", args=[])["value"]

    def screenshot(self, path: Path) -> None:
        """A picture of the window."""
        shot = self.ask("WebDriver:TakeScreenshot", full=False)
        path.write_bytes(base64.b64decode(shot["value"]))

    def _read(self) -> Any:
        length = b""
        while (octet := self.stream.read(1)) != b":":
            assert octet, "the browser is gone"
            length += octet
        return json.loads(self.stream.read(int(length)))

    def _connected(self, port: int) -> socket.socket:
        end = time.monotonic() + 120
        while True:
            try:
                return socket.create_connection(("127.0.0.1", port), 60)
            except OSError:
                assert time.monotonic() < end
                assert self.process.poll() is None, "it did not start"
                time.sleep(0.2)
