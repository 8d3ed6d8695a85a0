# SPDX-License-Identifier: MIT
"""apt with a state of its own: other releases than the machine's, and nothing that the machine's
own apt would see. Its proxies and the like are still the machine's."""

import os
import platform
import re
import subprocess
from pathlib import Path

from measuring.process import Failed, run

KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"
_PUBLIC_MIRROR = "http://deb.debian.org/debian"

# The hooks are the machine's, for its own lists and packages.
_CONFIGURATION = """\
Dir::Etc::sourcelist "{folder}/sources.list";
Dir::Etc::sourceparts "/dev/null";
Dir::State "{folder}";
Dir::State::status "{folder}/status";
Dir::Cache "{folder}/cache";
Dir::Cache::pkgcache "pkgcache.bin";
Dir::Cache::srcpkgcache "srcpkgcache.bin";
Acquire::Languages "none";
Acquire::Retries "3";
APT::Sandbox::User "";
#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
#clear DPkg::Post-Invoke;
"""


def cache_folder(name):
    """The folder NAME among what the tools keep from one run to the next."""
    caches = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = caches / "tunrelay" / name
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def mirror():
    """Where this machine's apt gets its own release from, or else Debian's public mirror."""
    system = platform.freedesktop_os_release()
    sites = []
    if system["ID"] == "debian":
        sites = run(["apt-get", "indextargets", "--format", "$(SITE)", "Created-By: Packages",
                     f"Release: {system['VERSION_CODENAME']}", "Component: main"]).split()
    return sites[0] if sites else _PUBLIC_MIRROR


class PrivateApt:
    """The packages of some RELEASES, with its state in FOLDER."""

    def __init__(self, folder, releases):
        self._folder, self._configuration = folder, folder / "apt.conf"
        for part in ("lists/partial", "cache/archives/partial"):
            (folder / part).mkdir(parents=True, exist_ok=True)
        (folder / "status").touch()
        self._configuration.write_text(_CONFIGURATION.format(folder=folder), encoding="utf-8")
        site = mirror()
        (folder / "sources.list").write_text(
            "".join(f"deb [signed-by={KEYRING}] {site} {release} main\n" for release in releases),
            encoding="utf-8")

    def _command(self, program, *arguments):
        return [program, "-c", str(self._configuration), *arguments]

    def update(self):
        """Reads the lists again. A release that the mirror does not have is left out; raises
        Failed when there is none."""
        done = subprocess.run(self._command("apt-get", "update", "-q"), stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, check=False, timeout=600)
        if not any((self._folder / "lists").glob("*_Packages*")):
            raise Failed(f"apt-get update: {done.stdout.strip()[-500:]}")

    def packages(self, pattern):
        """[{field: text}] of each package whose name matches PATTERN, newest version alone."""
        names = [line.split()[0] for line in
                 run(self._command("apt-cache", "search", "--names-only", pattern)).splitlines()]
        if not names:
            return []
        shown = run(self._command("apt-cache", "show", "--no-all-versions", *names))
        return [dict(re.findall(r"^([\w-]+): (.*)$", paragraph, re.MULTILINE))
                for paragraph in shown.strip().split("\n\n")]

    def download(self, names, folder):
        """The paths of the packages NAMES, in FOLDER. The archive's signatures are checked."""
        done = subprocess.run(self._command("apt-get", "download", "-q", *names), cwd=folder,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              check=False, timeout=1800)
        if done.returncode != 0:
            raise Failed(f"apt-get download {' '.join(names)}: {done.stdout.strip()[-500:]}")
        return sorted(folder.glob("*.deb"))
