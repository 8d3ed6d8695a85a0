#!/usr/bin/python3 -B
# SPDX-License-Identifier: MIT
"""The Containerfile, built by buildah on a base image that mmdebstrap makes, so of Debian packages
alone; and the image's program. image_test.py BUILD, as root; minutes, since all is compiled again."""

import os
import platform
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tools"), str(ROOT / "tests/style")]

import sources  # noqa: E402
from debian.root import image  # noqa: E402

FOLDER = ROOT / ".container"
BASE = "FROM scratch\nADD root.tar /\n"


class ImageTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="tunrelay-image.")
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def buildah(self, *arguments):
        """What it prints. Storage and containers are in a folder of the test's own."""
        done = subprocess.run(
            ["buildah", "--storage-driver", "vfs", "--root", self.folder / "store", "--runroot",
             self.folder / "run", *arguments], check=False, text=True, timeout=3000,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.assertEqual(done.returncode, 0, f"{arguments}: {done.stdout[-3000:]}")
        return done.stdout

    def test_the_image(self):
        context = self.folder / "base"
        context.mkdir()
        shutil.copy(image(platform.freedesktop_os_release()["VERSION_CODENAME"]),
                    context / "root.tar")
        (context / "Containerfile").write_text(BASE, encoding="utf-8")
        self.buildah("build", "--isolation", "chroot", "-t", "localhost/base", context)
        self.buildah("build", "--isolation", "chroot", "--build-arg", "BASE=localhost/base",
                     "--ignorefile", FOLDER / "Containerfile.dockerignore",
                     "-f", FOLDER / "Containerfile", "-t", "localhost/tunrelay", ROOT)
        container = self.buildah("from", "localhost/tunrelay").split()[-1]
        text = self.buildah("run", "--isolation", "chroot", container, "--", "tunrelay", "--version")
        self.assertIn("tunrelay ", text)
        self.buildah("run", "--isolation", "chroot", container, "--", "sh", "-c",
                     "command -v ip && command -v ping && command -v iperf3 && "
                     "! test -e /packages && ! test -e /source")


if __name__ == "__main__":
    sys.argv.pop()
    if os.geteuid() != 0:
        print("an image is built as root")
        sys.exit(1 if sources.skips_are_forbidden() else 77)
    for tool in ("mmdebstrap", "buildah"):
        sources.need_tool(tool)
    unittest.main()
