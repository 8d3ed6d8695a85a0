# SPDX-License-Identifier: MIT
"""The system calls that a tunnel makes when it starts, repairs its routes and ends, and with which
errnos each may fail, by its manual page or by the kernel's source. close(2) and munmap(2) are not
there: nobody can do anything about their failures, and a descriptor that stays open is none; brk(2)
says no errno, and malloc(3) tries mmap(2) next."""

_DESCRIPTORS = "EMFILE ENFILE ENOMEM"

_TABLE = {
    # Files.
    "openat": f"EACCES ENOENT EINTR ENOSPC {_DESCRIPTORS}",
    "read": "EINTR EIO ENOMEM", "pread64": "EIO", "getdents64": "ENOMEM ENOENT",
    "write": "EINTR EIO ENOSPC", "writev": "EIO ENOSPC", "fdatasync": "EIO ENOSPC",
    "fsync": "EIO ENOSPC", "ftruncate": "EIO EPERM", "flock": "EINTR ENOLCK", "fstatfs": "EIO ENOMEM",
    "newfstatat": "EACCES ENOMEM", "faccessat2": "EACCES ENOMEM", "access": "EACCES",
    "mkdir": "EACCES ENOSPC EROFS", "chmod": "EPERM EROFS", "unlink": "EACCES EROFS",
    "unlinkat": "EACCES EROFS", "rename": "EACCES ENOSPC", "readlink": "EACCES ENOENT",
    "fcntl": "", "dup2": "EBUSY EINTR", "pipe2": _DESCRIPTORS,
    # Descriptors of other kinds.
    "eventfd2": _DESCRIPTORS, "timerfd_create": _DESCRIPTORS, "timerfd_settime": "ECANCELED",
    "signalfd4": _DESCRIPTORS, "epoll_create1": _DESCRIPTORS, "epoll_ctl": "ENOMEM ENOSPC",
    "epoll_wait": "EINTR", "epoll_pwait2": "EINTR ENOSYS EPERM", "poll": "EINTR ENOMEM",
    "ppoll": "EINTR ENOMEM", "pidfd_open": f"ENOSYS ESRCH {_DESCRIPTORS}",
    # Sockets, also netlink's.
    "socket": f"EACCES EAFNOSUPPORT ENOBUFS EPERM {_DESCRIPTORS}", "socketpair": _DESCRIPTORS,
    "bind": "EACCES EADDRINUSE EADDRNOTAVAIL ENOMEM", "listen": "EADDRINUSE",
    "connect": "EAGAIN EINTR ENETUNREACH", "accept4": f"ECONNABORTED EINTR {_DESCRIPTORS}",
    "getsockname": "ENOBUFS", "setsockopt": "ENOMEM ENOPROTOOPT EPERM", "getsockopt": "ENOPROTOOPT",
    "sendto": "EINTR ENOBUFS ENOMEM EPERM", "sendmsg": "EINTR ENOBUFS ENOMEM EPERM",
    "recvfrom": "EINTR ENOMEM", "recvmsg": "EINTR ENOBUFS ENOMEM",
    # Devices, rings, programs of the kernel.
    "ioctl": "EBUSY EINVAL ENOMEM ENOTTY EPERM", "bpf": "ENOMEM ENOSYS EPERM",
    "io_uring_setup": f"ENOSYS EPERM {_DESCRIPTORS}", "io_uring_register": "EBUSY EINVAL ENOMEM",
    "io_uring_enter": "EAGAIN EBUSY EINTR",
    # Memory.
    "mmap": "EAGAIN ENOMEM", "mprotect": "ENOMEM", "madvise": "EAGAIN EINVAL ENOMEM",
    "mlock": "EAGAIN ENOMEM EPERM",
    # Processes and threads.
    "clone": "EAGAIN ENOMEM EPERM", "clone3": "EAGAIN ENOMEM ENOSYS", "execve": "EACCES ENOENT ENOMEM",
    "wait4": "EINTR", "waitid": "EINTR", "kill": "EPERM", "pidfd_send_signal": "EPERM",
    "setsid": "EPERM", "clock_nanosleep": "EINTR", "close_range": "EMFILE ENOMEM ENOSYS",
    "sched_setaffinity": "EINVAL EPERM", "sched_getaffinity": "EINVAL", "prlimit64": "EPERM",
    "getrandom": "EINTR ENOSYS", "chdir": "EACCES ENOENT", "fork": "EAGAIN ENOMEM",
    # Rights and namespaces.
    "prctl": "EINVAL EPERM", "capset": "EPERM", "capget": "EPERM", "seccomp": "EINVAL ENOMEM",
    "landlock_create_ruleset": "EMFILE ENOMEM EOPNOTSUPP ENOSYS", "landlock_add_rule": "EINVAL ENOMEM",
    "landlock_restrict_self": "E2BIG EPERM", "unshare": "ENOMEM ENOSPC EPERM",
    "setns": "ENOMEM", "mount": "EBUSY ENOMEM EPERM", "umount2": "EBUSY EPERM",
}
CALLS = tuple(_TABLE)
# What has errnos of its own: eventfds and the like, of which none blocks, a descriptor's own
# status, a folder that is there already (O_PATH), and what hwloc reads and keeps no errno of.
_OF_OBJECT = {("read", "anon_inode:"): "EAGAIN", ("write", "anon_inode:"): "",
              ("write", "/run/inject-faults.output"): "",  # we wait for what is said there
              ("getdents64", "/sys/devices/system/"): "",
              ("newfstatat", ""): "ENOMEM", ("fcntl", "0x0"): "EMFILE", ("fcntl", "0x406"): "EMFILE",
              ("openat", "/run/tunrelay 0x280000"): f"EACCES EINTR {_DESCRIPTORS}"}
# What libc says instead: pthread_create(3) knows EAGAIN alone.
_SAID_INSTEAD = {"mmap": "EAGAIN", "mprotect": "EAGAIN", "clone3": "EAGAIN"}


def errors_of(call, thing):
    """The errnos with which CALL may fail on THING, as measuring.failing_calls names objects."""
    names = _TABLE[call]
    for (one, beginning), fewer in _OF_OBJECT.items():
        if call == one and thing.startswith(beginning) and (beginning or not thing):
            names = fewer
    return names.split()


def names_of(call, name):
    """The errnos of which a message may speak when CALL has failed with NAME."""
    return {name, _SAID_INSTEAD.get(call, name)}
