# SPDX-License-Identifier: MIT
"""A kernel at work in QEMU: this machine's root, read-only below a tmpfs, and no network."""

import gzip
import os
import re
import shlex
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

from measuring.process import Failed, run

# What must be installed: the section [kernels] of tools/packages.txt.
PROGRAMS = ("qemu-system-x86_64", "busybox", "modprobe", "depmod", "cpio", "xz", "zstd")

_INIT = Path(__file__).with_name("init")
# What the guest needs before it has a root.
_MODULES = ("virtio_pci", "9pnet_virtio", "9p", "overlay")
_UNPACK = {".xz": "xz", ".zst": "zstd", ".gz": "gzip"}


def acceleration():
    """"kvm" where it runs any kernel. Without svm or vmx, /dev/kvm is that of a paravirtualized
    machine, which takes hours to boot an unmodified one."""
    flags = re.search(r"^flags\s*:(.*)$", Path("/proc/cpuinfo").read_text(encoding="utf-8"),
                      re.MULTILINE)
    able = flags and {"svm", "vmx"} & set(flags.group(1).split())
    return "kvm" if able and os.access("/dev/kvm", os.R_OK | os.W_OK) else "tcg"


def _copy_modules(kernel, folder):
    """The modules in the order in which they are loaded, unpacked."""
    names = []
    for module in _MODULES:
        shown = run(["modprobe", "--dirname", str(kernel.module_root), "--set-version",
                     kernel.release, "--show-depends", module])
        for line in shown.splitlines():
            if not line.startswith("insmod "):  # "builtin NAME"
                continue
            path = Path(line.removeprefix("insmod ").strip())
            name = path.name.partition(".ko")[0]
            if name in names:
                continue
            names.append(name)
            target = folder / f"{len(names):02}-{name}.ko"
            if path.suffix in _UNPACK:
                unpacked = subprocess.run([_UNPACK[path.suffix], "-dc", str(path)], check=True,
                                          stdout=subprocess.PIPE)
                target.write_bytes(unpacked.stdout)
            else:
                shutil.copy(path, target)


def _make_initrd(kernel, target):
    with tempfile.TemporaryDirectory() as temporary:
        root = Path(temporary)
        for folder in ("bin", "modules", "proc", "sys", "dev", "low", "up", "new"):
            (root / folder).mkdir()
        shutil.copy(shutil.which("busybox"), root / "bin/busybox")
        shutil.copy(_INIT, root / "init")
        (root / "init").chmod(0o755)
        _copy_modules(kernel, root / "modules")
        names = "\n".join(str(path.relative_to(root)) for path in sorted(root.rglob("*")))
        archive = subprocess.run(["cpio", "--create", "--format=newc", "--quiet"], cwd=root,
                                 input=names.encode(), stdout=subprocess.PIPE, check=True)
        target.write_bytes(gzip.compress(archive.stdout, 1))


def _share(path, tag, *more):
    name = str(path).replace(",", ",,")
    return ["-virtfs", ",".join([f"local,path={name},mount_tag={tag},security_model=none,"
                                 "multidevs=remap", *more])]


def _qemu(kernel, initrd, out, checkout):
    command = ["setpriv", "--pdeathsig", "KILL", "--",  # it ends with us, also when we are killed
               "qemu-system-x86_64", "-smp", "2", "-m", "2G", "-nodefaults", "-no-user-config",
               "-display", "none", "-no-reboot", "-serial", f"file:{out}/console",
               "-kernel", str(kernel.image), "-initrd", str(initrd)]
    kernel_arguments = "console=ttyS0 panic=-1"
    if acceleration() == "kvm":
        command += ["-accel", "kvm", "-cpu", "host"]
    else:
        command += ["-accel", "tcg,thread=multi,tb-size=512", "-cpu", "max,-la57"]
        kernel_arguments += " tsc=reliable mitigations=off"
    return [*command, "-append", kernel_arguments, *_share("/", "root", "readonly=on"),
            *_share(kernel.modules, "modules", "readonly=on"),
            *_share(checkout, "checkout", "readonly=on"), *_share(out, "out")]


def boot(kernel, command, checkout, out, time_limit_s, on_log=lambda text: None):
    """Runs COMMAND, a list of arguments, as root in a guest with KERNEL, in CHECKOUT. OUT, an empty
    folder, is /out there; ON_LOG gets what the command prints as it comes. Returns its exit code.
    Raises Failed when the guest did not come to the command's end; the message has the end of its
    console."""
    (out / "checkout").write_text(str(checkout), encoding="utf-8")
    (out / "command").write_text(shlex.join(command) + "\n", encoding="utf-8")
    initrd = out / "initrd"
    _make_initrd(kernel, initrd)
    log, ended = out / "log", out / "exit-code"
    log.touch()
    deadline = time.monotonic() + time_limit_s
    qemu = subprocess.Popen(_qemu(kernel, initrd, out, checkout), stdin=subprocess.DEVNULL,
                            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
                            start_new_session=True)
    try:
        with log.open(encoding="utf-8", errors="replace") as lines:
            while qemu.poll() is None and time.monotonic() < deadline:
                on_log(lines.read())
                time.sleep(0.2)
            on_log(lines.read())
    finally:
        if qemu.poll() is None:
            os.killpg(qemu.pid, signal.SIGKILL)
        said = qemu.communicate(timeout=20)[1]
    if not ended.exists():
        console = (out / "console").read_text(encoding="utf-8", errors="replace")
        why = said.strip() or f"no end within {time_limit_s} s"
        raise Failed(f"{why}; the end of the console:\n{console[-2000:]}")
    return int(ended.read_text(encoding="utf-8"))
