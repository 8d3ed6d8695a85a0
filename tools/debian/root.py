# SPDX-License-Identifier: MIT
"""A release of Debian in a folder, made by mmdebstrap, and commands run in it."""

import shutil
import subprocess

from debian.apt import KEYRING, cache_folder, mirror
from measuring.process import Failed, run

# Sets up what a command in the root $1 finds there. It becomes the root of the mount namespace, as a
# container's is: below chroot(1) the kernel lets nobody make a user namespace. All mounts end with
# the namespace.
_ENTER = """
set -e
root=$1 kept=$2
shift 2
mount --bind "$root" "$root"
mount -t proc proc "$root/proc"
mount -t sysfs sysfs "$root/sys"
mount -t cgroup2 cgroup2 "$root/sys/fs/cgroup"
mount --rbind /dev "$root/dev"
mount -t tmpfs tmpfs "$root/dev/shm"
mount -t tmpfs tmpfs "$root/run"
mount --bind "$kept/archives" "$root/var/cache/apt/archives"
mount --bind "$kept/ccache" "$root/var/cache/ccache"
ip link set lo up || true
cd "$root"
pivot_root . .
umount -l .
cd /
exec "$@"
"""


def _apt_options():
    """How the machine's apt reaches its mirror: proxies and the like."""
    kept = run(["apt-config", "dump", "--no-empty", "Acquire::http", "Acquire::https",
                "Acquire::Check-Valid-Until", "Acquire::Check-Date"])
    return [f"--aptopt={line}" for line in kept.splitlines()]


def image(release):
    """The archive of a bare root of RELEASE: made once and kept."""
    archive = cache_folder("distributions") / f"{release}.tar"
    if not archive.exists():
        unfinished = archive.with_suffix(".unfinished.tar")
        run(["mmdebstrap", "--mode=root", "--variant=minbase", "--include=ca-certificates,git",
             f"--keyring={KEYRING}", *_apt_options(), release, str(unfinished),
             f"deb {mirror()} {release} main"], time_limit_s=1800)
        unfinished.rename(archive)
    return archive


class Root:
    """A root of RELEASE as FOLDER, which is made where it is not there. It grows to some 5 GB.
    Packages that were fetched, and what was compiled, are kept for the next root."""

    def __init__(self, release, folder):
        self.folder = folder
        self._kept = cache_folder("distributions") / "kept" / release
        for part in ("archives/partial", "ccache"):
            (self._kept / part).mkdir(parents=True, exist_ok=True)
        if not (folder / "etc").is_dir():
            folder.mkdir(parents=True, exist_ok=True)
            run(["tar", "--extract", f"--file={image(release)}", f"--directory={folder}",
                 "--exclude=./dev/*"], time_limit_s=300)
        (folder / "var/cache/ccache").mkdir(parents=True, exist_ok=True)
        shutil.copy("/etc/resolv.conf", folder / "etc/resolv.conf")

    def run(self, command, log, network, time_limit_s):
        """COMMAND, a list of arguments, as root, its output in the file LOG; with the machine's
        NETWORK or else one of its own. Raises Failed."""
        entering = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "--ipc", "--uts",
                    *([] if network else ["--net"]), "--", "sh", "-c", _ENTER, "sh",
                    str(self.folder), str(self._kept), "env", "-i", "HOME=/var/tmp", "LANG=C.UTF-8",
                    "CCACHE_DIR=/var/cache/ccache",
                    "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", *command]
        try:
            done = subprocess.run(entering, stdin=subprocess.DEVNULL, stdout=log,
                                  stderr=subprocess.STDOUT, check=False, timeout=time_limit_s)
        except subprocess.TimeoutExpired as error:
            raise Failed(f"no end within {time_limit_s} s") from error
        if done.returncode != 0:
            raise Failed(f"exit code {done.returncode}")

