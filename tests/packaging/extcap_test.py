#!/usr/bin/python3 -B
# SPDX-License-Identifier: MIT
"""A running tunnel in tshark's list of interfaces, and captured from there, with a filter. extcap_test.py PROGRAM, as root."""

import os
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/style"))

import sources  # noqa: E402

PROGRAM = None
# In a network, mount and PID namespace of its own: all ends with the shell.
SCRIPT = """
set -eu
mount -t proc proc /proc; mount -t tmpfs tmpfs /run
PATH=$1:$PATH HOME=$2
export PATH HOME
tunrelay run >$HOME/ready & until grep -q ^ready $HOME/ready; do sleep 0.1; done
tshark -D 2>/dev/null | sed 's/^/listed /'
interface=$(tshark -D 2>/dev/null | grep -o 'tunrelay-[^ ]*')
ping -n -i 0.1 192.168.13.2 >/dev/null & ping -n -i 0.1 -6 fd13::2 >/dev/null &
timeout 30 tshark -i "$interface" -f 'icmp' -c 4 -T fields \
    -e _ws.col.Protocol -e ip.dst 2>$HOME/errors | sed 's/^/captured /'
"""


class ExtcapTest(unittest.TestCase):
    def test_a_tunnel(self):
        with tempfile.TemporaryDirectory(prefix="tunrelay-extcap.") as home:
            for folder in (".config/wireshark/extcap", ".local/lib/wireshark/extcap"):
                Path(home, folder).mkdir(parents=True)
                Path(home, folder, "tunrelay").symlink_to(ROOT / "service/extcap")
            done = subprocess.run(["unshare", "--net", "--mount", "--pid", "--fork", "--kill-child",
                                   "sh", "-c", SCRIPT, "sh", PROGRAM.parent, home],
                                  stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                                  timeout=120, check=False)
            errors = Path(home, "errors")
            text = done.stdout + (errors.read_text() if errors.exists() else "")
        self.assertRegex(text, r"listed \d+\. tunrelay-tun0-tun1\.\d+ \(tunrelay: tun0-tun1\.\d+\)")
        captured = [line.split("\t") for line in text.splitlines() if line.startswith("captured ")]
        self.assertEqual(len(captured), 4, text)
        for protocol, _ in captured:
            self.assertEqual(protocol, "captured ICMP", text)


if __name__ == "__main__":
    PROGRAM = Path(sys.argv.pop()).resolve()
    if os.geteuid() != 0:
        print("a tunnel needs root")
        sys.exit(1 if sources.skips_are_forbidden() else 77)
    sources.need_tool("tshark")
    unittest.main()
