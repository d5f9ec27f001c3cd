"""What code in a decoder that was taken over would try; each action harmless if it succeeded.

An action returns what it got, or raises the kernel's `OSError`.
"""

import ctypes
import mmap
import os
import signal
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from app.confined.calls import ALWAYS, CHECKED, DEADLY, TGKILL, Call
from app.confined.kernel import call as system_call

# Asked for now, as the child may not ask later.
MACHINE = os.uname().machine
EXECUTABLE = mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC
MSG_OOB, O_NONBLOCK = 1, os.O_NONBLOCK
PTRACE_SEIZE, PR_SET_DUMPABLE, PRIO_PROCESS = 0x4206, 4, 0
CLONE_NEWUSER, CLONE_THREAD, CLONE_VM = 0x10000000, 0x10000, 0x100
# On x86_64 alone; other machines know these as forms of calls that they have.
FORK = Call(57, 220)


class Around(NamedTuple):
    """What the child is told of the world outside.

    Attributes:
        parent: its process.
        secret_at: an address in the parent's memory, of 6 bytes.
        port: of a server on 127.0.0.1.
        database: a file of SQLite.
        folder: where anybody may write.
        answers: the descriptor of the child's own socket.
        tickets: of the socket that all children share.
    """

    parent: int
    secret_at: int
    port: int
    database: str
    folder: str
    answers: int
    tickets: int


class Action(NamedTuple):
    """Something to try, and how it has to end: an error's name, or a signal's."""

    end: str
    attempt: Callable[[Around], Any]


def raw(name: str, *arguments: Any) -> int:
    """A system call by its name in the lists."""
    calls = {**ALWAYS, **DEADLY, **{each: call for each, (call, _) in CHECKED.items()}}
    return by_number(calls[name], *arguments)


def by_number(call: Call, *arguments: Any) -> int:
    """A system call; texts and buffers are passed by address."""
    passed = [
        ctypes.cast(argument, ctypes.c_void_p)
        if isinstance(argument, bytes | ctypes.Array)
        else argument
        for argument in arguments
    ]
    return system_call(getattr(call, MACHINE), *passed)


def in_parent(around: Around, name: str) -> bytes:
    """Read or write the parent's memory at the secret."""
    buffer = ctypes.create_string_buffer(b"6 byte", 6)
    ours = (ctypes.c_uint64 * 2)(ctypes.addressof(buffer), 6)
    theirs = (ctypes.c_uint64 * 2)(around.secret_at, 6)
    raw(name, around.parent, ours, 1, theirs, 1, 0)
    return buffer.raw


def new_process(call: Call, *arguments: int) -> int:
    pid = by_number(call, *arguments)
    if pid == 0:
        os._exit(0)
    return pid


def with_path(act: Callable[[Path], Any], name: str) -> Callable[[Around], Any]:
    return lambda around: act(Path(around.folder) / name)


def opened(path: str, flags: int = os.O_RDONLY) -> bytes:
    descriptor = os.open(path, flags)
    try:
        return os.read(descriptor, 100)
    finally:
        os.close(descriptor)


FILES = {
    "read a file of the system": Action("EPERM", lambda _: opened("/etc/passwd")),
    "read the environment of the parent": Action(
        "EPERM", lambda around: opened(f"/proc/{around.parent}/environ")
    ),
    "open the memory of the parent": Action(
        "EPERM", lambda around: os.open(f"/proc/{around.parent}/mem", os.O_RDWR)
    ),
    "take a descriptor of the parent": Action(
        "EPERM", lambda around: os.open(f"/proc/{around.parent}/fd/0", os.O_RDONLY)
    ),
    "open a descriptor of its own for writing": Action(
        "EPERM", lambda _: os.open("/proc/self/fd/0", os.O_WRONLY)
    ),
    "read the database": Action("EPERM", lambda around: opened(around.database)),
    "write the database": Action("EPERM", lambda around: opened(around.database, os.O_RDWR)),
    "create a file": Action(
        "EPERM", with_path(lambda path: os.open(path, os.O_CREAT | os.O_RDWR), "new")
    ),
    "make a folder": Action("EPERM", with_path(Path.mkdir, "folder")),
    "remove a file": Action("EPERM", with_path(Path.unlink, "there")),
    "rename a file": Action(
        "EPERM", with_path(lambda path: path.rename(path.with_suffix(".2")), "there-too")
    ),
    "link a file": Action("EPERM", with_path(lambda path: path.symlink_to("/etc"), "link")),
    "change rights of a file": Action("EPERM", with_path(lambda path: path.chmod(0o777), "")),
    "ask whether a file exists": Action("EPERM", lambda _: Path("/etc/passwd").stat()),
    "list a folder": Action("EPERM", lambda _: [*Path("/").iterdir()]),
    "open a file by its handle": Action(
        "SIGSYS", lambda _: raw("open_by_handle_at", -100, bytes(16), 0)
    ),
    "mount": Action("SIGSYS", lambda _: raw("mount", None, None, None, 0, None)),
    "change the root": Action("SIGSYS", lambda _: raw("chroot", b"/\0")),
}
PROCESSES = {
    "read the memory of the parent": Action(
        "SIGSYS", lambda around: in_parent(around, "process_vm_readv")
    ),
    "write the memory of the parent": Action(
        "SIGSYS", lambda around: in_parent(around, "process_vm_writev")
    ),
    "trace the parent": Action(
        "SIGSYS", lambda around: raw("ptrace", PTRACE_SEIZE, around.parent, 0, 0)
    ),
    "signal the parent": Action("SIGSYS", lambda around: raw("kill", around.parent, 0)),
    "signal a thread of the parent": Action(
        "EPERM", lambda around: by_number(TGKILL, around.parent, around.parent, 0)
    ),
    "signal the parent with data": Action(
        "SIGSYS", lambda around: raw("rt_sigqueueinfo", around.parent, 0, bytes(128))
    ),
    "get hold of the parent": Action("SIGSYS", lambda around: raw("pidfd_open", around.parent, 0)),
    "change the priority of the parent": Action(
        "EPERM", lambda around: os.setpriority(PRIO_PROCESS, around.parent, 0)
    ),
    "move the parent to one core": Action(
        "EPERM", lambda around: os.sched_setaffinity(around.parent, os.sched_getaffinity(0))
    ),
    "run a program": Action(
        "SIGSYS", lambda _: raw("execve", b"/no/such/program\0", bytes(8), bytes(8))
    ),
    "run a program by a descriptor": Action(
        "SIGSYS", lambda _: raw("execveat", 0, b"\0", bytes(8), bytes(8), 0x1000)
    ),
    "make a program in memory": Action("SIGSYS", lambda _: raw("memfd_create", b"program\0", 0)),
    "fork": Action("EPERM", lambda _: new_process(CHECKED["clone"][0], signal.SIGCHLD, 0, 0, 0, 0)),
    "fork by the old call": Action("EPERM", lambda _: new_process(FORK, signal.SIGCHLD, 0, 0, 0)),
    "fork by the new call": Action("ENOSYS", lambda _: by_number(Call(435, 435), bytes(64), 64)),
    "fork into a namespace of its own": Action(
        "EPERM",
        lambda _: new_process(CHECKED["clone"][0], signal.SIGCHLD | CLONE_NEWUSER, 0, 0, 0, 0),
    ),
    "leave its namespace": Action("SIGSYS", lambda _: raw("unshare", 0)),
    "enter another namespace": Action("SIGSYS", lambda _: raw("setns", 0, 0)),
}
NETWORK = {
    "make a socket": Action("SIGSYS", lambda _: socket.socket()),
    "make a socket of Unix": Action("SIGSYS", lambda _: socket.socket(socket.AF_UNIX)),
    "make a socket to the kernel": Action(
        "SIGSYS", lambda _: raw("socket", socket.AF_NETLINK, socket.SOCK_RAW, 0)
    ),
    "make a pair of sockets": Action("SIGSYS", lambda _: socket.socketpair()),
    "connect to a server": Action(
        "SIGSYS", lambda around: socket.socket().connect(("127.0.0.1", around.port))
    ),
    "connect a socket that it has": Action(
        "SIGSYS", lambda around: raw("connect", around.answers, bytes(16), 16)
    ),
    "close the inbox of all children": Action(
        "SIGSYS", lambda around: raw("shutdown", around.tickets, 9)
    ),
    "change the inbox of all children": Action(
        "SIGSYS", lambda around: raw("setsockopt", around.tickets, 1, 20, bytes(16), 16)
    ),
    "keep the other children from waiting": Action(
        "EPERM", lambda around: os.set_blocking(around.tickets, False)
    ),
    "send urgent data": Action(
        "EPERM",
        lambda around: by_number(Call(44, 206), around.answers, b"x", 1, MSG_OOB, None, 0),
    ),
}
KERNEL = {
    "io_uring": Action("SIGSYS", lambda _: raw("io_uring_setup", 1, bytes(120))),
    "the older asynchronous I/O": Action("SIGSYS", lambda _: raw("io_setup", 0, bytes(8))),
    "bpf": Action("SIGSYS", lambda _: raw("bpf", 0, bytes(72), 72)),
    "perf_event_open": Action("SIGSYS", lambda _: raw("perf_event_open", None, 0, -1, -1, 0)),
    "keyctl": Action("SIGSYS", lambda _: raw("keyctl", 0, -3, 0)),
    "add_key": Action("SIGSYS", lambda _: raw("add_key", None, None, None, 0, -3)),
    "userfaultfd": Action("SIGSYS", lambda _: raw("userfaultfd", 1)),
    "load a module": Action("SIGSYS", lambda _: raw("finit_module", -1, b"\0", 0)),
    "reboot": Action("SIGSYS", lambda _: raw("reboot", 0, 0, 0, None)),
    "take its rights back": Action("SIGSYS", lambda _: raw("capset", None, None)),
    "replace the filter": Action("SIGSYS", lambda _: raw("seccomp", 1, 0, None)),
    "be dumpable again": Action(
        "EPERM", lambda _: by_number(Call(157, 167), PR_SET_DUMPABLE, 1, 0, 0, 0)
    ),
    "be another user": Action("EPERM", lambda _: os.setuid(12_345)),
    "raise a limit": Action("EPERM", lambda _: by_number(Call(302, 261), 0, 7, bytes(16), None)),
    "map memory to run code from": Action("EPERM", lambda _: mmap.mmap(-1, 4_096, prot=EXECUTABLE)),
    "make memory run code": Action(
        "EPERM", lambda _: raw("mprotect", whole_page(), 4_096, EXECUTABLE)
    ),
    "share memory by a key": Action("EPERM", lambda _: by_number(Call(29, 194), 0, 4_096, 0o600)),
    "a device's own calls": Action("EPERM", lambda _: by_number(Call(16, 29), 0, 0x5401, None)),
    "a call newer than any": Action("ENOSYS", lambda _: by_number(Call(999, 999))),
}
ACTIONS = {**FILES, **PROCESSES, **NETWORK, **KERNEL}
_kept: list[mmap.mmap] = []


def whole_page() -> int:
    _kept.append(mmap.mmap(-1, 4_096))
    return ctypes.addressof(ctypes.c_char.from_buffer(_kept[-1]))
