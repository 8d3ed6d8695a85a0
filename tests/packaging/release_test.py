#!/usr/bin/python3 -B
# SPDX-License-Identifier: MIT
"""tools/release, of this commit, twice: the same bytes in two folders, checksums that hold, an SPDX
document that names what was made. release_test.py BUILD; minutes."""

import json
import re
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
VERSION = re.search(r"project\(tunrelay VERSION (\S+)",
                    (ROOT / "CMakeLists.txt").read_text(encoding="utf-8"))[1]


class ReleaseTest(unittest.TestCase):
    def test_the_same_bytes(self):
        with tempfile.TemporaryDirectory(prefix="tunrelay-release-test.") as name:
            folders = [Path(name, "first"), Path(name, "second")]
            for folder in folders:
                subprocess.run([ROOT / "tools/release", "--draft", "--out", folder, VERSION],
                               check=True)
            first, second = ({path.name: path.read_bytes() for path in folder.iterdir()}
                             for folder in folders)
            self.assertEqual(set(first), set(second))
            for file, content in first.items():
                self.assertEqual(content, second[file], file)
            subprocess.run(["sha256sum", "--check", "--quiet", "SHA256SUMS"], cwd=folders[0],
                           check=True)
            document = json.loads(first[f"tunrelay-{VERSION}.spdx.json"])
            packages = {package["name"] for package in document["packages"]}
            self.assertLessEqual(set(first) - {"SHA256SUMS", f"tunrelay-{VERSION}.spdx.json"},
                                 packages)
            ids = {package["SPDXID"] for package in document["packages"]} | {"SPDXRef-DOCUMENT"}
            for relation in document["relationships"]:
                self.assertIn(relation["spdxElementId"], ids)
                self.assertIn(relation["relatedSpdxElement"], ids)

    def test_another_version_is_refused(self):
        done = subprocess.run([ROOT / "tools/release", "99.0.0"], stderr=subprocess.PIPE, text=True,
                              check=False)
        self.assertEqual(done.returncode, 2)
        self.assertIn(f"CMakeLists.txt has version {VERSION}", done.stderr)


if __name__ == "__main__":
    sys.argv.pop()
    unittest.main()
