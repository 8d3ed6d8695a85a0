# SPDX-License-Identifier: MIT
"""Stages of a user's own that pass all, built for a measurement."""

import contextlib
import os
import subprocess
import tempfile
from pathlib import Path

from measuring import peers

SOURCE = """
#include <tunrelay/stage.hpp>
using namespace tunrelay::plugin;
// What is not overridden is not shown.
struct PassAll : Endpoint {
  using Endpoint::Endpoint;
  void from_device(std::span<Frame> frames, std::int64_t) override { pass_all(frames); }
  void from_link(std::span<Frame> frames, std::int64_t) override { pass_all(frames); }
};
TUNRELAY_STAGE(PassAll, "pass-all", Access::%s, Pairs::kEachQueue);
"""
ACCESSES = {"whole super-packets": "kLooksAtSuperPackets", "wire headers": "kLooksAtWireHeaders",
            "wire segments": "kLooksAtWireSegments", "changes": "kChangesWireSegments"}
# Measurements are processes of their own, which find the folder in their environment.
FOLDER = "TUNRELAY_PASS_ALL"


def library(access):
    """The path of the library with that of ACCESSES; it is there within built()."""
    return f"{os.environ.get(FOLDER, '.')}/{ACCESSES[access]}.so"


@contextlib.contextmanager
def built():
    """All of them, by g++, as long as the context lasts."""
    with tempfile.TemporaryDirectory() as folder:
        for name in ACCESSES.values():
            source = Path(folder, f"{name}.cpp")
            source.write_text(SOURCE % name, encoding="ascii")
            subprocess.run(["g++", "-std=c++20", "-O2", "-shared", "-fPIC",
                            "-I", peers.ROOT / "src/plugin", source,
                            "-o", source.with_suffix(".so")], check=True)
        os.environ[FOLDER] = folder
        yield
