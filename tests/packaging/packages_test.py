#!/usr/bin/python3 -B
# SPDX-License-Identifier: MIT
"""The Debian packages of a build: what is in them, what lintian says, the same bytes again.
packages_test.py BUILD"""

import os
import re
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tools"), str(ROOT / "tests/style")]

import sources  # noqa: E402
from debian.packages import contents, field, lint, make_packages  # noqa: E402

BUILD = None
MAX_PROGRAM_BYTES = 6 << 20
# Each package's paths, with the architecture's folder as ARCH.
EXPECTED = {
    "tunrelay": ["/usr/bin/tunrelay", "/usr/share/man/man1/tunrelay.1.gz",
                 "/usr/share/man/man7/tunrelay-link.7.gz",
                 "/usr/share/tunrelay/result.schema.json", "/usr/share/tunrelay/profiles/lte.toml",
                 "/usr/share/bash-completion/completions/tunrelay",
                 "/usr/share/zsh/vendor-completions/_tunrelay",
                 "/usr/share/fish/vendor_completions.d/tunrelay.fish",
                 "/usr/lib/ARCH/wireshark/extcap/tunrelay",
                 "/usr/lib/systemd/system/tunrelay@.service",
                 "/usr/lib/sysusers.d/tunrelay.conf", "/usr/lib/tmpfiles.d/tunrelay.conf",
                 "/usr/lib/systemd/network/50-tunrelay.network",
                 "/usr/lib/NetworkManager/conf.d/50-tunrelay.conf",
                 "/usr/share/doc/tunrelay/examples/lab.toml",
                 "/usr/share/doc/tunrelay/examples/networkd.conf",
                 "/usr/share/doc/tunrelay/examples/kubernetes/base/bench.yaml",
                 "/usr/share/doc/tunrelay/copyright", "/usr/share/doc/tunrelay/changelog.gz",
                 "/usr/share/doc/tunrelay/changelog.Debian.gz"],
    "python3-tunrelay": ["/usr/lib/python3/dist-packages/tunrelay/__init__.py",
                         "/usr/lib/python3/dist-packages/tunrelay/_native.abi3.so",
                         "/usr/lib/python3/dist-packages/tunrelay/py.typed",
                         "/usr/share/doc/python3-tunrelay/python.md",
                         "/usr/share/doc/python3-tunrelay/copyright"],
    "libtunrelay0": ["/usr/lib/ARCH/libtunrelay.so.0", "/usr/share/doc/libtunrelay0/copyright"],
    "libtunrelay-dev": ["/usr/lib/ARCH/libtunrelay.so", "/usr/lib/ARCH/libtunrelay.a",
                        "/usr/include/tunrelay/tunnel.hpp", "/usr/include/tunrelay/stage_abi.h",
                        "/usr/lib/ARCH/pkgconfig/tunrelay.pc",
                        "/usr/lib/ARCH/cmake/tunrelay/tunrelay-config.cmake",
                        "/usr/share/doc/libtunrelay-dev/examples/embed.cpp"],
}


class PackagesTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory(prefix="tunrelay-packages.")
        cls.addClassCleanup(cls.folder.cleanup)
        cls.first, cls.second = Path(cls.folder.name, "first"), Path(cls.folder.name, "second")
        for folder in (cls.first, cls.second):
            folder.mkdir()
        # As on a machine whose users share a group; tools/release unpacks an archive of git, too, whose
        # files the group may write.
        umask = os.umask(0o002)
        cls.addClassCleanup(os.umask, umask)
        cls.packages = {field(path, "Package"): path for path in make_packages(BUILD, cls.first, "gzip")}

    def test_contents(self):
        self.assertEqual(set(self.packages), set(EXPECTED))
        seen = {}
        for name, expected in EXPECTED.items():
            found = contents(self.packages[name])
            plain = {re.sub(r"^/usr/lib(/[^/]+-linux-gnu[^/]*)?/(?=libt|pkg|cmake|wire)", "/usr/lib/ARCH/",
                            path): rights for path, rights in found.items()}
            self.assertLessEqual(set(expected), set(plain), name)
            for path, rights in found.items():
                self.assertNotRegex(rights, "^[^l](.......w|....w|..s|.....s)", path)
                if not rights.startswith("d"):
                    self.assertNotIn(path, seen, f"{path} is in {name} and in {seen.get(path)}")
                    seen[path] = name

    def test_dependencies(self):
        version = field(self.packages["tunrelay"], "Version")
        self.assertRegex(field(self.packages["tunrelay"], "Depends"),
                         r"libc6 .*libhwloc.*liburing")
        self.assertRegex(field(self.packages["python3-tunrelay"], "Depends"),
                         r"python3 \(>= 3\.9\), .*libc6 ")
        self.assertIn(f"libtunrelay0 (= {version})",
                      field(self.packages["libtunrelay-dev"], "Depends"))

    def test_program_is_small_and_stripped(self):
        subprocess.run(["dpkg-deb", "--extract", self.packages["tunrelay"], self.first / "root"],
                       check=True)
        program = self.first / "root/usr/bin/tunrelay"
        self.assertLess(program.stat().st_size, MAX_PROGRAM_BYTES)
        sections = subprocess.run(["readelf", "--section-headers", "--wide", program], check=True,
                                  stdout=subprocess.PIPE, text=True).stdout
        self.assertNotIn(".debug_info", sections)

    def test_lintian(self):
        self.assertEqual(lint(self.packages.values()), [])

    def test_the_same_bytes_again(self):
        for again in make_packages(BUILD, self.second, "gzip"):
            self.assertEqual((self.first / again.name).read_bytes(), again.read_bytes(), again.name)


if __name__ == "__main__":
    BUILD = Path(sys.argv.pop()).resolve()
    for tool in ("lintian", "dpkg-shlibdeps"):
        sources.need_tool(tool)
    unittest.main()
