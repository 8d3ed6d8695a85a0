#!/usr/bin/python3 -B
# SPDX-License-Identifier: MIT
"""One version in one place: CMakeLists.txt has it, the changelog knows it, the program prints it,
with the commit of a clone as of an archive. version_test.py PROGRAM"""

import re
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = None
COMMIT = "0123456789abcdef0123456789abcdef01234567"


def output_of(*command, folder=None):
    return subprocess.run(command, cwd=folder, check=True, stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL, text=True).stdout.strip()


def project_version():
    return re.search(r"project\(tunrelay VERSION (\S+)",
                     (ROOT / "CMakeLists.txt").read_text(encoding="utf-8"))[1]


def numbers(version):
    return [int(number) for number in version.split(".")]


class VersionTest(unittest.TestCase):
    def test_the_program_prints_it(self):
        self.assertRegex(output_of(PROGRAM, "--version"),
                         rf"^tunrelay {re.escape(project_version())}( at \S+)? \(")

    def test_the_changelog_knows_it(self):
        text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
        headings = re.findall(r"^## \[(.*)\](?: - (\d{4}-\d\d-\d\d))?$", text, re.MULTILINE)
        self.assertEqual(headings[0], ("Unreleased", ""))
        self.assertEqual(len(headings), len(re.findall(r"^## ", text, re.MULTILINE)))
        self.assertTrue(all(date for _, date in headings[1:]), headings)
        versions = [numbers(version) for version, _ in headings[1:]]
        self.assertEqual(versions, sorted(versions, reverse=True))
        # Either released, or the next one, of which something stands below "Unreleased".
        unreleased = text.split("## [")[1].partition("\n")[2].strip()
        self.assertTrue(numbers(project_version()) == versions[0] or
                        (unreleased and numbers(project_version()) > versions[0]))

    def test_kinds_of_change(self):
        text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
        self.assertLessEqual(set(re.findall(r"^### (.*)$", text, re.MULTILINE)),
                             {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"})


class CommitTest(unittest.TestCase):
    """What cmake/GitCommit.cmake finds in a small tree of its own."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="tunrelay-version.")
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.tree = self.folder / "tree"
        (self.tree / "cmake").mkdir(parents=True)
        for name in ("GitCommit.cmake", "SourceCommit.cmake", "commit.txt"):
            (self.tree / "cmake" / name).write_bytes((ROOT / "cmake" / name).read_bytes())
        (self.tree / ".gitattributes").write_bytes((ROOT / ".gitattributes").read_bytes())

    def commit(self, tree=None):
        tree = tree or self.tree
        header = self.folder / "commit.hpp"
        output_of("cmake", f"-DSOURCE={tree}", f"-DOUTPUT={header}", "-P",
                  str(tree / "cmake/GitCommit.cmake"))
        return re.search(r'"(.*)"', header.read_text(encoding="utf-8"))[1]

    def git(self, *arguments, folder=None):
        return output_of("git", "-c", "user.name=Test", "-c", "user.email=test@example.org",
                         *arguments, folder=folder or self.tree)

    def make_repository(self, folder=None):
        self.git("init", "--quiet", folder=folder)
        self.git("add", ".", folder=folder)
        self.git("commit", "--quiet", "-m", "Test", folder=folder)
        return self.git("rev-parse", "HEAD", folder=folder)

    def test_a_repository(self):
        head = self.make_repository()
        self.assertEqual(self.commit(), head[:12])
        (self.tree / ".gitattributes").write_text("", encoding="utf-8")
        self.assertEqual(self.commit(), head[:12] + "-dirty")

    def test_an_archive(self):
        head = self.make_repository()
        archive = self.folder / "archive"
        archive.mkdir()
        self.git("archive", "--output", str(self.folder / "tree.tar"), "HEAD")
        output_of("tar", "-xf", str(self.folder / "tree.tar"), "-C", str(archive))
        self.assertEqual(self.commit(archive), head[:12])

    def test_a_copy(self):
        self.assertEqual(self.commit(), "")

    def test_inside_another_repository(self):
        self.make_repository(self.folder)
        self.assertEqual(self.commit(), "")


if __name__ == "__main__":
    PROGRAM = sys.argv.pop()
    unittest.main()
