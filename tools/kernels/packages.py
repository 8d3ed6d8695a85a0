# SPDX-License-Identifier: MIT
"""Debian's kernels, unpacked: fetched once and kept."""

import re
import tempfile
from dataclasses import dataclass
from pathlib import Path

from debian.apt import PrivateApt, cache_folder
from measuring.process import Failed, run

NEWEST = "newest"
# What the kernels are in. A mirror need not have all of them.
_RELEASES = ("bullseye", "bookworm", "bookworm-backports", "trixie", "trixie-backports", "sid")
_IMAGE = r"linux-image-(?P<release>[0-9][^ ]*-amd64)"
_PARTS = r"linux-(?:image|binary|modules|base)-[0-9][^ ,]*"


@dataclass(frozen=True)
class Kernel:
    """An unpacked kernel. `release` is what uname -r says, `version` the package's."""

    folder: Path

    @property
    def release(self):
        return self.folder.resolve().name

    @property
    def version(self):
        return (self.folder / "version").read_text(encoding="utf-8").strip()

    @property
    def image(self):
        places = (self.folder / "boot" / f"vmlinuz-{self.release}", self.modules / "vmlinuz")
        return next(path for path in places if path.exists())

    @property
    def module_root(self):
        """The folder with lib/modules in it."""
        return next(root for root in (self.folder / "usr", self.folder)
                    if (root / "lib/modules" / self.release).is_dir())

    @property
    def modules(self):
        return self.module_root / "lib/modules" / self.release


def _version_key(package):
    return [int(number) for number in re.findall(r"\d+", package["Version"])]


def _choose(apt, wanted):
    """The newest package of the series WANTED, "6.1", or of all."""
    series = "[0-9]" if wanted == NEWEST else re.escape(wanted) + r"[.]"
    found = [package for package in apt.packages(rf"^linux-image-{series}.*-amd64$")
             if re.fullmatch(_IMAGE, package["Package"])
             and not re.search(r"-(rt|cloud)-", package["Package"])]
    if not found:
        raise Failed(f"the mirror has no kernel {wanted}")
    return max(found, key=_version_key)


def _with_parts(apt, package):
    """PACKAGE and what it is split into: newer kernels have packages for image and modules."""
    names, todo = [], [package["Package"]]
    while todo:
        name = todo.pop()
        names.append(name)
        (entry,) = apt.packages(f"^{re.escape(name)}$")
        todo += [part for part in re.findall(_PARTS, entry.get("Depends", ""))
                 if part not in names + todo]
    return names


def _unpack(apt, package, release, folder):
    """The kernel of PACKAGE as FOLDER/RELEASE, which is there whole or not at all."""
    with tempfile.TemporaryDirectory(dir=folder) as temporary:
        kernel = Kernel(Path(temporary, release))
        kernel.folder.mkdir()
        for path in apt.download(_with_parts(apt, package), Path(temporary)):
            run(["dpkg-deb", "--extract", str(path), str(kernel.folder)])
        run(["depmod", "--basedir", str(kernel.module_root), release])
        (kernel.folder / "version").write_text(package["Version"] + "\n", encoding="utf-8")
        kernel.folder.rename(folder / release)


def _fetch_one(apt, series, cache):
    package = _choose(apt, series)
    release = re.fullmatch(_IMAGE, package["Package"]).group("release")
    if not (cache / release).is_dir():
        _unpack(apt, package, release, cache)
    (cache / series).unlink(missing_ok=True)
    (cache / series).symlink_to(release)


def fetch(wanted, update=False):
    """{series: Kernel} of the series WANTED, such as "6.1", or NEWEST, and {series: why not} of
    those that can't be had. What was fetched before is taken as it is, unless UPDATE requests
    newer ones. Raises Failed when the mirror can't be reached."""
    cache, absent = cache_folder("kernels"), {}
    missing = [series for series in wanted if update or not (cache / series / "version").exists()]
    if missing:
        apt = PrivateApt(cache / "apt", _RELEASES)
        apt.update()
        for series in missing:
            try:
                _fetch_one(apt, series, cache)
            except Failed as error:
                absent[series] = str(error)
    return {series: Kernel(cache / series) for series in wanted if series not in absent}, absent
