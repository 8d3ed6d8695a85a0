#!/usr/bin/python3 -B
# SPDX-License-Identifier: MIT
"""What `tunrelay run` says to a service manager, at a socket of ours, with the rights that the
service's unit leaves it; and the unit itself. service_test.py PROGRAM, as root."""

import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/style"))

import sources  # noqa: E402

UNIT = ROOT / "service/tunrelay@.service"
MAX_EXPOSURE = 2.5
TIME_LIMIT_S = 60
PROGRAM = None


class UnitTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="tunrelay-unit.")
        self.addCleanup(folder.cleanup)
        self.unit = Path(folder.name, "tunrelay@lab.service")
        self.unit.write_text(
            UNIT.read_text(encoding="utf-8").replace("=tunrelay ", f"={PROGRAM} ").replace("=!tunrelay ", f"=!{PROGRAM} ")
            .replace("Documentation=", "# "), encoding="utf-8")

    def test_it_is_valid(self):
        done = subprocess.run(["systemd-analyze", "verify", self.unit], stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, check=False)
        self.assertEqual([line for line in done.stdout.splitlines() if "tunrelay" in line], [])

    def test_it_is_exposed_little(self):
        text = subprocess.run(["systemd-analyze", "security", "--offline=true", "--no-pager",
                               self.unit], stdout=subprocess.PIPE, text=True, check=False).stdout
        # "!": systemd leaves it to the program to become that user.
        self.assertIn("User=tunrelay\nExecStart=!tunrelay run --user tunrelay ",
                      UNIT.read_text(encoding="utf-8"))
        self.assertLess(float(re.search(r"exposure level .*: ([\d.]+)", text)[1]), MAX_EXPOSURE)


class ProtocolTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="tunrelay-service.")
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.folder.chmod(0o755)  # the link's file is read again by the tunnel's user
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.addCleanup(self.socket.close)
        self.socket.bind(str(self.folder / "notify"))
        (self.folder / "notify").chmod(0o777)
        self.socket.settimeout(TIME_LIMIT_S)
        self.link = self.folder / "link.toml"
        self.write_link("delay 1ms")

    def write_link(self, stages):
        self.link.write_text(f'a-to-b = "{stages}"\n', encoding="utf-8")

    def start(self):
        (self.folder / "lab.toml").write_text(f'link = "{self.link}"\n', encoding="utf-8")
        capabilities = re.search(r"CapabilityBoundingSet=(.*)", UNIT.read_text(encoding="utf-8"))[1]
        keep = ",".join(f"+{name.removeprefix('CAP_').lower()}" for name in capabilities.split())
        process = subprocess.Popen(
            ["unshare", "--net", "--mount", "sh", "-c", "mount -t tmpfs tmpfs /run; exec \"$@\"", "sh",
             "setpriv", f"--bounding-set=-all,{keep}", f"--inh-caps=-all,{keep}", "--no-new-privs",
             PROGRAM, "run", "--user", "nobody", "--config", self.folder / "lab.toml"],
            env={**os.environ, "NOTIFY_SOCKET": str(self.folder / "notify"),
                 "WATCHDOG_USEC": "2000000"},
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process

    def next(self, beginning):
        """The next message that begins so."""
        while True:
            message = self.socket.recv(4096).decode()
            if message.startswith(beginning):
                return message

    def test_a_life(self):
        process = self.start()
        self.assertRegex(self.next("READY=1"), r"STATUS=ready +tun0 .* <-> tun1 ")
        self.next("WATCHDOG=1")
        self.next("WATCHDOG=1")
        for stages in ("delay 2ms", "nonsense"):  # the second can't be: the tunnel keeps the first
            self.write_link(stages)
            process.send_signal(signal.SIGUSR2)
            self.assertIn("MONOTONIC_USEC=", self.next("RELOADING=1"))
            self.next("READY=1")
        process.send_signal(signal.SIGTERM)
        self.next("STOPPING=1")
        text = process.communicate(timeout=TIME_LIMIT_S)[0]
        self.assertEqual(process.returncode, 0, text)
        self.assertIn("'nonsense' is not a stage", text)
        self.assertRegex(text, r"delay 2ms")


if __name__ == "__main__":
    PROGRAM = Path(sys.argv.pop()).resolve()
    if os.geteuid() != 0:
        print("a tunnel needs root")
        sys.exit(1 if sources.skips_are_forbidden() else 77)
    sources.need_tool("systemd-analyze")
    unittest.main()
