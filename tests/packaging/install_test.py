#!/usr/bin/python3 -B
# SPDX-License-Identifier: MIT
"""The Debian packages in a fresh root of this machine's release: installed, used, upgraded, removed
and purged, after which nothing of them is left. install_test.py BUILD, as root."""

import os
import shutil
from pathlib import Path

import fresh_root
from debian.packages import contents, field
from fresh_root import APT
from measuring.process import run

OURS = "tunrelay libtunrelay0 libtunrelay-dev python3-tunrelay"
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


class InstallTest(fresh_root.FreshRootTest):
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
        self.inside("python3 -c 'import tunrelay; tunrelay.Tunnel().close()'")
        self.assertIn(" 0% packet loss",
                      self.inside("tunrelay exec -- ping -c 3 -i 0.1 192.168.13.2"))
        self.make_newer()
        self.inside(f"{APT} install /packages/newer/*.deb", network=True)
        self.assertIn("-10", self.inside("dpkg-query -W -f '${Version}' tunrelay"))
        self.assertIn("tunrelay ", self.inside("tunrelay --version"))
        self.inside(f"{APT} remove {OURS} iputils-ping")
        self.assertFalse((self.root.folder / "usr/bin/tunrelay").exists())
        self.inside(f"dpkg --purge {OURS} iputils-ping; "
                    f"{APT} autoremove --purge")
        left = sorted(files_of(self.root) - before)
        self.assertEqual([path for path in left if "tunrelay" in path], [])
        self.assertEqual(left, [])


if __name__ == "__main__":
    fresh_root.main()
