# SPDX-License-Identifier: MIT
"""System calls of tunrelay's processes, watched or failing, by seccomp's user notification: the
kernel stops a process at each call of a list and asks here whether it goes on or fails. Unlike a
preloaded library that reaches calls made without libc (liburing's), and unlike ptrace it slows no
other call. What other programs do that a tunnel starts, and what the dynamic loader does before
main(), goes on uncounted."""

import ctypes
import errno
import fcntl
import mmap
import os
import re
import select
import struct
import subprocess
import threading
import time

_ALLOW = 0x7FFF0000  # SCMP_ACT_ALLOW
_NOTIFY = 0x7FC00000  # SCMP_ACT_NOTIFY
_NO_NEW_PRIVS = 3  # SCMP_FLTATR_CTL_NNP
_RECEIVE = 0xC0502100  # SECCOMP_IOCTL_NOTIF_RECV
_SEND = 0xC0182101  # SECCOMP_IOCTL_NOTIF_SEND
_CONTINUE = 1  # SECCOMP_USER_NOTIF_FLAG_CONTINUE
_NOTIFICATION = struct.Struct("=QIIiIQ6Q")
_RESPONSE = struct.Struct("=Qqii")
# Which arguments distinguish calls of one name: numbers, or the place of a path.
_NUMBERS = {"ioctl": (1,), "prctl": (0,), "bpf": (0,), "io_uring_register": (1,), "seccomp": (0,),
            "fcntl": (1,), "socket": (0, 1, 2), "setsockopt": (1, 2), "getsockopt": (1, 2),
            "epoll_ctl": (1,), "mmap": (2, 3), "mprotect": (2,), "madvise": (2,), "clone": (0,),
            "unshare": (0,), "setns": (1,), "landlock_add_rule": (1,), "timerfd_settime": (1,)}
_PATHS = {"openat": 1, "newfstatat": 1, "faccessat2": 1, "unlinkat": 1, "unlink": 0, "mkdir": 0,
          "chmod": 0, "access": 0, "mount": 1, "readlink": 0, "rename": 0, "execve": 0}
_ON_DESCRIPTOR = {"read", "write", "pread64", "writev", "fstatfs", "ftruncate", "fdatasync", "fsync",
                  "flock", "getdents64", "fchown"}

_library = ctypes.CDLL("libseccomp.so.2", use_errno=True)
_library.seccomp_init.restype = ctypes.c_void_p
_libc = ctypes.CDLL(None, use_errno=True)
_PIDFD_GETFD = 438


def number_of(name):
    """The number of a system call here; negative where there is none of that name."""
    return _library.seccomp_syscall_resolve_name(name.encode())


def _text_at(pid, address):
    with open(f"/proc/{pid}/mem", "rb", buffering=0) as memory:
        memory.seek(address)
        return memory.read(200).split(b"\0")[0].decode(errors="replace")


def _alike(path):
    """PATH without numbers of processes and CPUs, and of the settings of each interface, which are
    hundreds, their folder."""
    return re.sub(r"(/proc/sys/net/ipv./conf)/.*", r"\1/*", re.sub(r"\d{2,}|(?<=cpu)\d+", "N", path))


class Watch:
    """A program under watch of CALLS, names of system calls. WANTED, (call, object, n), names the
    nth of those on that object, which fails with FAILURE, an errno; without it all go on. `seen` has
    such a triple of each call, in order; `has_failed` says whether one did."""

    def __init__(self, command, calls, output, wanted=None, failure=0):
        self.seen = []
        self.has_failed = False
        self.counts = True  # whether calls count now; some are of interest only at times
        self._names = {number_of(call): call for call in {*calls, "execve", "munmap"}}
        self._calls = set(calls)
        self._wanted, self._failure = wanted, failure
        self._occurred = {}
        self._in_loader = set()
        self._requests = {}  # the type of the netlink message that each thread sent last
        self._program = os.path.realpath(command[0])
        self._filter = ctypes.c_void_p(_library.seccomp_init(_ALLOW))
        _library.seccomp_attr_set(self._filter, _NO_NEW_PRIVS, 0)
        for number in self._names:
            if number >= 0 and _library.seccomp_rule_add(self._filter, _NOTIFY, number, 0) != 0:
                raise OSError(f"no rule for {self._names[number]}")
        self._shared = mmap.mmap(-1, 16)
        self._server = threading.Thread(target=self._serve, daemon=True)
        self._server.start()
        # The thread that answers is there before; it runs no Python that the child could need.
        # pylint: disable-next=consider-using-with,subprocess-popen-preexec-fn
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output,
                                        stderr=subprocess.STDOUT, preexec_fn=self._confine)
        _library.seccomp_release(self._filter)

    def end(self):
        """Waits until the last of the watched processes has gone."""
        self._server.join(timeout=10)
        self._shared.close()

    def _confine(self):
        """In the child. The listener will be the lowest descriptor that is free; the parent takes
        it before what comes next here closes it."""
        descriptor = os.dup(0)
        os.close(descriptor)
        self._shared[:8] = struct.pack("=II", os.getpid(), descriptor)
        if _library.seccomp_load(self._filter) != 0:
            os._exit(125)
        while self._shared[8] == 0:
            pass

    def _listener(self):
        pid = 0
        while pid == 0:
            time.sleep(0.0005)
            pid, descriptor = struct.unpack("=II", self._shared[:8])
        process = os.pidfd_open(pid)
        while (listener := _libc.syscall(_PIDFD_GETFD, process, descriptor, 0)) < 0:
            if ctypes.get_errno() != errno.EBADF:
                raise OSError(ctypes.get_errno(), "pidfd_getfd")
            time.sleep(0.0005)
        self._shared[8] = 1
        os.close(process)
        return listener

    def _serve(self):
        listener = self._listener()
        poll = select.poll()
        poll.register(listener, select.POLLIN)
        while not any(event & select.POLLHUP for _, event in poll.poll()):
            notification = bytearray(_NOTIFICATION.size)
            try:
                fcntl.ioctl(listener, _RECEIVE, notification, True)
            except OSError as error:
                if error.errno in (errno.ENOENT, errno.EINTR):  # killed meanwhile
                    continue
                raise
            unique, tid, _, number, _, _, *arguments = _NOTIFICATION.unpack(notification)
            try:
                failure = self._answer(tid, self._names[number], arguments)
            except OSError:  # the process has gone
                failure = 0
            answer = _RESPONSE.pack(unique, 0, -failure, 0 if failure else _CONTINUE)
            try:
                fcntl.ioctl(listener, _SEND, answer)
            except OSError as error:
                if error.errno != errno.ENOENT:
                    raise
        os.close(listener)

    def _answer(self, tid, call, arguments):
        """The errno with which a call fails, or 0."""
        is_ours = os.readlink(f"/proc/{tid}/exe") == self._program
        is_loading = tid in self._in_loader
        if call == "execve":
            self._in_loader.add(tid)
        if not is_ours:
            return 0
        if is_loading:
            # The loader's last call takes its cache of libraries out of memory.
            if call == "munmap":
                self._in_loader.discard(tid)
            return 0
        if not self.counts or call not in self._calls:
            return 0
        thing = self._object(tid, call, arguments)
        occurred = self._occurred[call, thing] = self._occurred.get((call, thing), 0) + 1
        if self._wanted is None:
            self.seen.append((call, thing, occurred))
        elif self._wanted == (call, thing, occurred):
            self.has_failed = True
            return self._failure
        return 0

    def _object(self, tid, call, arguments):
        """What a call is made on, as text that is alike where the calls are."""
        if call in _PATHS:
            text = _alike(_text_at(tid, arguments[_PATHS[call]]))
            return f"{text} {arguments[2]:#x}" if call == "openat" else text
        if call in _ON_DESCRIPTOR:
            return _alike(os.readlink(f"/proc/{tid}/fd/{arguments[0]}"))
        if call == "sendto" and arguments[2] >= 16:
            with open(f"/proc/{tid}/mem", "rb", buffering=0) as memory:
                memory.seek(arguments[1])
                length, kind = struct.unpack("=IH", memory.read(6))
            self._requests[tid] = f"netlink {kind}" if length <= arguments[2] else ""
            return self._requests[tid]
        if call in ("recvmsg", "recvfrom"):
            return f"after {self._requests.get(tid, '')}"
        return " ".join(hex(arguments[at]) for at in _NUMBERS.get(call, ()))
