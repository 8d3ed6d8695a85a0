# SPDX-License-Identifier: MIT
"""Debian packages of a build: made by cpack, looked at by lintian."""

import re
import shutil
import subprocess
from pathlib import Path

from measuring.process import Failed, run

# What lintian may say, and why that stays.
EXPLAINED = {
    "initial-upload-closes-no-bugs": "these packages are not uploaded to Debian's archive",
    "pkg-config-unavailable-for-cross-compilation": "a build for CMAKE_INSTALL_LIBDIR=lib",
}


def make_packages(build, folder, compression="xz"):
    """The paths of the packages of the build in the folder BUILD, made in FOLDER. All that is
    installed must be built. gzip is quicker, for a test."""
    work = folder / "cpack"
    run(["cpack", "--config", str(build / "CPackConfig.cmake"), "-B", str(work),
         "-D", f"CPACK_DEBIAN_COMPRESSION_TYPE={compression}"], 600)
    packages = [Path(shutil.move(path, folder / path.name)) for path in sorted(work.glob("*.deb"))]
    shutil.rmtree(work)
    if not packages:
        raise Failed("cpack has made no package")
    return packages


def lint(packages):
    """Lines of lintian that are errors, or warnings that EXPLAINED does not name."""
    done = subprocess.run(["lintian", "--allow-root", "--fail-on", "none", *map(str, packages)],
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False,
                          timeout=300)
    if done.returncode != 0:
        raise Failed(f"lintian: exit code {done.returncode}: {done.stderr.strip()[-500:]}")
    findings = []
    for line in done.stdout.splitlines():
        found = re.match(r"([EW]): \S+: (\S+)", line)
        if found and not (found[1] == "W" and found[2] in EXPLAINED):
            findings.append(line)
    return findings


def contents(package):
    """{path: kind and rights, as ls(1) writes them} of what is in PACKAGE."""
    lines = run(["dpkg-deb", "--contents", str(package)]).splitlines()
    return {line.split()[5].removeprefix(".").rstrip("/") or "/": line.split()[0]
            for line in lines}


def field(package, name):
    return run(["dpkg-deb", "--field", str(package), name]).strip()
