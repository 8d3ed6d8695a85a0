#!/usr/bin/python3 -B
# SPDX-License-Identifier: MIT
"""The service under a real systemd, in a container of this machine's release that has our package:
boot, a tunnel that is killed again and again, reload, stop. systemd_test.py BUILD, as root."""

import os
import platform
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tools"), str(ROOT / "tests/style")]

import sources  # noqa: E402
from debian.packages import make_packages  # noqa: E402
from debian.root import Root  # noqa: E402

BUILD = None
KILLS = 20
INSTALL = ("apt-get -qq update; DEBIAN_FRONTEND=noninteractive apt-get -qq -y --no-install-recommends "
           "install systemd systemd-sysv dbus iputils-ping iproute2 /packages/tunrelay_*.deb")
# What the container does once it has booted; each line that begins with "is" is looked at.
CHECK = f"""#!/bin/sh
exec >/check.log 2>&1
trap poweroff EXIT
state() {{ systemctl show -p "$1" --value tunrelay@lab; }}
until [ "$(state ActiveState)" = active ]; do sleep 0.1; done
echo "is status: $(state StatusText)"
for round in $(seq {KILLS}); do
  ping -q -f -w 60 192.168.13.2 >/dev/null & traffic=$!
  killed=$(state MainPID)
  kill -9 "$killed"
  until [ "$(state NRestarts)" = "$round" ] && [ "$(state ActiveState)" = active ]; do sleep 0.1; done
  kill "$traffic"
done
echo "is whose: $(cat /proc/$(state MainPID)/task/*/status | grep ^Uid | sort -u | tr -s '[:space:]' ' ')= $(id -u tunrelay)"
echo "is restarts: $(state NRestarts)"
echo "is rules: $(ip rule | wc -l)"
echo 'a-to-b = "delay 7ms"' >/etc/tunrelay/link.toml
before=$(state MainPID)
systemctl reload tunrelay@lab || journalctl --no-pager -n 30 -u tunrelay@lab
for wait in $(seq 50); do tunrelay link show | grep -q 7ms && break; sleep 0.1; done
echo "is reloaded: $(tunrelay link show | grep a_to_b | head -n 1), $(($(state MainPID) - before))"
echo "is path: $(ping -q -c 3 -i 0.1 192.168.13.2 | grep -o ' 0% packet loss')"
systemctl stop tunrelay@lab
echo "is result: $(state Result)"
echo "is left: $(ip rule | wc -l) rules, $(ip -br link | wc -l) interfaces, $(ls /run/tunrelay | wc -l) files"
"""
SERVICE = """[Service]
ExecStart=/check
"""


class SystemdTest(unittest.TestCase):
    def test_a_life(self):
        folder = tempfile.TemporaryDirectory(prefix="tunrelay-systemd.")
        self.addCleanup(folder.cleanup)
        root = Root(platform.freedesktop_os_release()["VERSION_CODENAME"], Path(folder.name, "root"))
        inside = root.folder
        (inside / "packages").mkdir()
        make_packages(BUILD, inside / "packages", "gzip")
        with Path(folder.name, "log").open("w", encoding="utf-8") as log:
            root.run(["sh", "-euc", INSTALL], log, True, 600)
        self.write(inside)
        subprocess.run(
            ["unshare", "--mount", "--net", "systemd-nspawn", "--quiet", "--register=no", "--keep-unit",
             "--private-network", f"--directory={inside}", "--boot", "--bind=/dev/net/tun",
             "--capability=CAP_NET_ADMIN,CAP_BPF", "--property=DeviceAllow=/dev/net/tun rwm"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            timeout=300, check=False)
        text = (inside / "check.log").read_text(encoding="utf-8")
        found = dict(line[3:].split(": ", 1) for line in text.splitlines() if line.startswith("is "))
        self.assertRegex(found.pop("status"), r"^ready +tunrelay-a ", text)
        # All threads, all four IDs.
        self.assertRegex(found.pop("whose"), r"^Uid:( \d+)\1\1\1 =\1$", text)
        rules = found.pop("rules")
        self.assertGreater(int(rules), 3, text)
        self.assertEqual(found, {
            "restarts": str(KILLS), "reloaded": "a_to_b  delay 7ms, 0",
            "path": " 0% packet loss", "result": "success",
            "left": "3 rules, 1 interfaces, 0 files"}, text)

    @staticmethod
    def write(inside):
        settings = inside / "etc/tunrelay"
        settings.mkdir()
        example = (inside / "usr/share/doc/tunrelay/examples/lab.toml").read_text(encoding="utf-8")
        (settings / "lab.toml").write_text(example + 'link = "/etc/tunrelay/link.toml"\n',
                                           encoding="utf-8")
        (settings / "link.toml").write_text('a-to-b = "delay 1ms"\n', encoding="utf-8")
        check = inside / "check"
        check.write_text(CHECK, encoding="utf-8")
        check.chmod(0o755)
        units = inside / "etc/systemd/system"
        wanted = units / "multi-user.target.wants"
        wanted.mkdir(exist_ok=True)
        (units / "check.service").write_text(SERVICE, encoding="utf-8")
        (wanted / "check.service").symlink_to("../check.service")
        (wanted / "tunrelay@lab.service").symlink_to("/usr/lib/systemd/system/tunrelay@.service")
        # Else systemd gives up after five starts within ten seconds.
        drop_in = units / "tunrelay@.service.d"
        drop_in.mkdir()
        (drop_in / "often.conf").write_text("[Unit]\nStartLimitIntervalSec=0\n", encoding="utf-8")


if __name__ == "__main__":
    BUILD = Path(sys.argv.pop()).resolve()
    if os.geteuid() != 0:
        print("a container needs root")
        sys.exit(1 if sources.skips_are_forbidden() else 77)
    for tool in ("mmdebstrap", "systemd-nspawn", "dpkg-shlibdeps"):
        sources.need_tool(tool)
    unittest.main()
