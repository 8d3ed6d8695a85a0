#!/usr/bin/python3 -B
# SPDX-License-Identifier: MIT
"""The Debian packages in a fresh root of this machine's release: installed, used, upgraded, removed
and purged, after which nothing of them is left. install_test.py BUILD, as root."""

import os
import platform
import shutil
import sys
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tools"), str(ROOT / "tests/style")]

import sources  # noqa: E402
from debian.packages import contents, field, make_packages  # noqa: E402
from debian.root import Root  # noqa: E402
from measuring.process import Failed, run  # noqa: E402

BUILD = None
APT = "DEBIAN_FRONTEND=noninteractive apt-get -qq --no-install-recommends -y"
# What apt, dpkg and ldconfig keep for themselves.
KEPT = ("/var/lib/dpkg", "/var/lib/apt", "/var/cache", "/var/log", "/var/lib/systemd/deb-systemd",
        "/etc/ld.so.cache", "/etc/resolv.conf", "/packages", "/var/tmp")


def files_of(root):
    found = set()
    for folder, folders, names in os.walk(root.folder):
        inside = "/" + str(Path(folder).relative_to(root.folder))
        found.update(os.path.normpath(f"{inside}/{name}") for name in names + folders)
        folders[:] = [name for name in folders
                      if not os.path.normpath(f"{inside}/{name}").startswith(("/dev", "/proc"))]
    return {path for path in found if not path.startswith(KEPT)}


class InstallTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory(prefix="tunrelay-install.")
        cls.addClassCleanup(folder.cleanup)
        cls.log = Path(folder.name, "log")
        cls.root = Root(platform.freedesktop_os_release()["VERSION_CODENAME"],
                        Path(folder.name, "root"))
        cls.inside("apt-get -qq update", network=True)
        target = cls.root.folder / "packages"
        target.mkdir()
        cls.packages = make_packages(BUILD, target, "gzip")

    @classmethod
    def inside(cls, command, network=False):
        """What COMMAND prints in the root."""
        with cls.log.open("w", encoding="utf-8") as log:
            try:
                cls.root.run(["sh", "-euc", command], log, network, 300)
            except Failed as error:
                raise AssertionError(
                    f"{command}: {error}: {cls.log.read_text(encoding='utf-8')[-2000:]}") from error
        return cls.log.read_text(encoding="utf-8")

    def make_newer(self):
        """The same packages as of a later version."""
        newer = self.root.folder / "packages/newer"
        newer.mkdir()
        for package in self.packages:
            unpacked = newer / "unpacked"
            run(["dpkg-deb", "--raw-extract", str(package), str(unpacked)])
            control = unpacked / "DEBIAN/control"
            version = field(package, "Version")
            control.write_text(control.read_text(encoding="utf-8").replace(version, version + "0"),
                               encoding="utf-8")
            run(["dpkg-deb", "-Zgzip", "--build", str(unpacked), str(newer)])
            shutil.rmtree(unpacked)

    def test_a_life_of_packages(self):
        before = files_of(self.root)
        self.inside(f"{APT} install /packages/*.deb iputils-ping", network=True)
        for package in self.packages:
            for path in contents(package):
                self.assertTrue(os.path.lexists(f"{self.root.folder}{path}"), path)
        self.assertIn(" 0% packet loss",
                      self.inside("tunrelay exec -- ping -c 3 -i 0.1 192.168.13.2"))
        self.make_newer()
        self.inside(f"{APT} install /packages/newer/*.deb", network=True)
        self.assertIn("-10", self.inside("dpkg-query -W -f '${Version}' tunrelay"))
        self.assertIn("tunrelay ", self.inside("tunrelay --version"))
        self.inside(f"{APT} remove tunrelay libtunrelay0 libtunrelay-dev iputils-ping")
        self.assertFalse((self.root.folder / "usr/bin/tunrelay").exists())
        self.inside("dpkg --purge tunrelay libtunrelay0 libtunrelay-dev iputils-ping; "
                    f"{APT} autoremove --purge")
        left = sorted(files_of(self.root) - before)
        self.assertEqual([path for path in left if "tunrelay" in path], [])
        self.assertEqual(left, [])


if __name__ == "__main__":
    BUILD = Path(sys.argv.pop()).resolve()
    if os.geteuid() != 0:
        print("a root of a release needs root")
        sys.exit(1 if sources.skips_are_forbidden() else 77)
    for tool in ("mmdebstrap", "dpkg-shlibdeps"):
        sources.need_tool(tool)
    unittest.main()
