# SPDX-License-Identifier: MIT
"""A fresh root of this machine's release, with the packages of a build in /packages: for tests that
install them."""

import os
import platform
import sys
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tools"), str(ROOT / "tests/style")]

import sources  # noqa: E402
from debian.packages import make_packages  # noqa: E402
from debian.root import Root  # noqa: E402
from measuring.process import Failed  # noqa: E402

APT = "DEBIAN_FRONTEND=noninteractive apt-get -qq --no-install-recommends -y"


class FreshRootTest(unittest.TestCase):
    build = None

    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory(prefix="tunrelay-root.")
        cls.addClassCleanup(folder.cleanup)
        cls.log = Path(folder.name, "log")
        cls.root = Root(platform.freedesktop_os_release()["VERSION_CODENAME"],
                        Path(folder.name, "root"))
        cls.inside("apt-get -qq update", network=True)
        target = cls.root.folder / "packages"
        target.mkdir()
        cls.packages = make_packages(cls.build, target, "gzip")

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


def main():
    """Runs the tests of the calling script, whose last argument is the build."""
    FreshRootTest.build = Path(sys.argv.pop()).resolve()
    if os.geteuid() != 0:
        print("a root of a release needs root")
        sys.exit(1 if sources.skips_are_forbidden() else 77)
    for tool in ("mmdebstrap", "dpkg-shlibdeps"):
        sources.need_tool(tool)
    unittest.main()
