#!/usr/bin/python3 -B
# SPDX-License-Identifier: MIT
"""The build of a packager: no preset, no unity build, CMake's default build type, no tests, by the
compiler that is named. A source file then has nothing but its own includes, so one that is missing
shows. plain_build.py COMPILER"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def main(compiler):
    with tempfile.TemporaryDirectory(prefix="tunrelay-plain.") as name:
        build, staged = Path(name, "build"), Path(name, "staged")
        configure = ["cmake", "-S", str(ROOT), "-B", str(build), "-G", "Ninja",
                     "-DBUILD_TESTING=OFF", "-DTUNRELAY_WERROR=ON",
                     f"-DCMAKE_CXX_COMPILER={compiler}", "-DCMAKE_INSTALL_PREFIX=/usr"]
        subprocess.run(configure, check=True, stdout=subprocess.DEVNULL)
        subprocess.run(["cmake", "--build", str(build), "-j", str(os.cpu_count())], check=True)
        subprocess.run(["cmake", "--install", str(build)], check=True, stdout=subprocess.DEVNULL,
                       env={**os.environ, "DESTDIR": str(staged)})
        version = subprocess.run([staged / "usr/bin/tunrelay", "--version"], check=True,
                                 stdout=subprocess.PIPE, text=True).stdout
        print(version)
        return 0 if version.startswith("tunrelay ") else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
