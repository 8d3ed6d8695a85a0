#!/usr/bin/python3 -B
# SPDX-License-Identifier: MIT
"""The packages as a container has them: in a fresh root of this machine's release with the
capabilities and the system calls of default profiles (no io_uring) and a read-only /proc/sys; and
the Job of service/kubernetes, its container once for each run, with the collector after them.
container_test.py BUILD, as root; minutes."""

import shlex

import fresh_root
import kubernetes_test
import sources
from fresh_root import APT

# What docker and podman leave to a container unless it is asked for more.
DEFAULT_CAPABILITIES = ("chown", "dac_override", "fsetid", "fowner", "mknod", "net_raw", "setgid",
                        "setuid", "setfcap", "setpcap", "net_bind_service", "sys_chroot", "kill",
                        "audit_write")
# Runs its arguments without some system calls, which fail with EPERM as in the profiles.
CONFINE = """
import ctypes, os, platform, struct, sys
NUMBERS = {"x86_64": {"io_uring_setup": 425, "io_uring_enter": 426, "io_uring_register": 427,
                      "unshare": 272, "setns": 308, "mount": 165, "umount2": 166, "bpf": 321},
           "aarch64": {"io_uring_setup": 425, "io_uring_enter": 426, "io_uring_register": 427,
                       "unshare": 97, "setns": 268, "mount": 40, "umount2": 39, "bpf": 280}}
refused = [NUMBERS[platform.machine()][name] for name in sys.argv[1].split(",")]
LOAD, EQUAL, RETURN, ALLOW, EPERM = 0x20, 0x15, 0x06, 0x7fff0000, 0x00050001
code = [(LOAD, 0, 0, 0)]
for number in refused:
    code += [(EQUAL, 0, 1, number), (RETURN, 0, 0, EPERM)]
code += [(RETURN, 0, 0, ALLOW)]
program = b"".join(struct.pack("HBBI", *line) for line in code)
text = ctypes.create_string_buffer(program)
class Filter(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("code", ctypes.c_void_p)]
libc = ctypes.CDLL(None, use_errno=True)
assert libc.prctl(38, 1, 0, 0, 0) == 0
assert libc.prctl(22, 2, ctypes.byref(Filter(len(code), ctypes.addressof(text)))) == 0
os.execvp(sys.argv[2], sys.argv[2:])
"""
NO_URING = "io_uring_setup,io_uring_enter,io_uring_register"
# docker's profile gives these to SYS_ADMIN alone.
DOCKER = NO_URING + ",unshare,setns,mount,umount2,bpf"

EXEC = "tunrelay exec -- ping -c 3 -i 0.1 192.168.13.2"
RUN = """
tunrelay run &
relay=$!
for attempt in 1 2 3 4 5 6 7 8 9 10; do
  ping -c 1 -W 1 192.168.13.2 >/dev/null && break
  sleep 0.5
done
ping -c 3 -i 0.1 192.168.13.2
kill -INT $relay
wait $relay
"""


class ContainerTest(fresh_root.FreshRootTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        (cls.root.folder / "packages/confine.py").write_text(CONFINE, encoding="utf-8")
        cls.inside(f"{APT} install /packages/tunrelay_*.deb iproute2 iputils-ping python3",
                   network=True)

    def contained(self, command, refused, *capabilities):
        """The same with the rights of a container that has CAPABILITIES beside the default, and
        without the system calls REFUSED; its exit code last."""
        kept = ",".join(f"+{name}" for name in (*DEFAULT_CAPABILITIES, *capabilities))
        (self.root.folder / "packages/command").write_text(f"{command}\n", encoding="utf-8")
        return self.inside(
            "mount --bind /proc/sys /proc/sys; mount -o remount,bind,ro /proc/sys; "
            f"setpriv --bounding-set=-all,{kept} --inh-caps=-all "
            f"python3 /packages/confine.py {refused} sh /packages/command 2>&1 || code=$?; "
            "echo exit code ${code:-0}")

    def test_exec_with_networks_of_its_own(self):
        text = self.contained(EXEC, NO_URING, "net_admin", "sys_admin")
        self.assertIn(" 0% packet loss", text)
        self.assertRegex(text, r"engine +syscall \(io_uring is forbidden by a seccomp profile")
        self.assertIn("exit code 0", text)

    def test_run_in_the_containers_network(self):
        text = self.contained(RUN, DOCKER, "net_admin")
        self.assertIn(" 0% packet loss", text)
        self.assertIn("exit code 0", text)

    def test_what_is_missing_is_named(self):
        text = self.contained(EXEC, DOCKER, "net_admin")
        self.assertIn("exit code 3", text)
        self.assertIn("SYS_ADMIN", text)
        text = self.contained("tunrelay doctor", DOCKER)
        self.assertIn("CAP_NET_ADMIN", text)

    def test_the_jobs_runs_are_collected(self):
        (self.root.folder / "results").mkdir()
        job, container = kubernetes_test.container_of("privileged", "tunrelay-bench")
        for number in range(job["spec"]["completions"]):
            arguments = [argument.replace("$(NODE_NAME)", f"node-{number}")
                         .replace("$(RUN_NUMBER)", str(number)) for argument in container["args"]]
            arguments[1] = "smoke"  # seconds instead of minutes
            text = self.contained(f"tunrelay {shlex.join(arguments)}", NO_URING, "net_admin",
                                  "sys_admin")
            self.assertIn("exit code 0", text)
        _, container = kubernetes_test.container_of("collect", "tunrelay-collect")
        text = self.contained(shlex.join(container["command"]), DOCKER)
        self.assertIn("exit code 0", text)
        self.assertIn("spread between machines", text)
        results = self.root.folder / "results"
        for name in ("merged.json", "report.html", "metrics.prom"):
            self.assertIn("node-2", (results / name).read_text(encoding="utf-8"))


if __name__ == "__main__":
    sources.need_tool("kubectl")
    kubernetes_test.yaml = sources.need_module("yaml")
    fresh_root.main()
