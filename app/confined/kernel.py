"""System calls that Python has no function for; Linux only."""

import ctypes
import os
import sys
from functools import cache

PR_GET_DUMPABLE, PR_SET_DUMPABLE = 3, 4
PR_SET_NO_NEW_PRIVS = 38
_CAPABILITY_VERSION_3 = 0x20080522
# Their numbers by machine; all other machines count as systems without a sandbox.
_SECCOMP = {"x86_64": 317, "aarch64": 277}
LANDLOCK_CREATE_RULESET, LANDLOCK_RESTRICT_SELF = 444, 446


def machine() -> str | None:
    """The processor, in the kernel's spelling; None on what is no 64-bit Linux that we know."""
    if sys.platform != "linux" or sys.maxsize < 2**32:
        return None
    name = os.uname().machine
    return name if name in _SECCOMP else None


def forbid_dumps() -> None:
    """Close this process to others of the same user: its memory, environment and open files.

    It writes no core dump from now on, and a debugger needs CAP_SYS_PTRACE. It lasts until the
    process starts another program.

    Raises:
        OSError: the system cannot do it.
    """
    prctl(PR_SET_DUMPABLE, 0)


def is_dumpable() -> bool:
    """Whether `forbid_dumps` was called in vain, or not at all.

    Raises:
        OSError: the system does not know.
    """
    return prctl(PR_GET_DUMPABLE, 0) != 0


def drop_capabilities() -> None:
    """Give up what a root user may do beyond the files that are root's.

    Raises:
        OSError: the system cannot do it.
    """
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION_3, 0)
    nothing = (ctypes.c_uint32 * 6)()
    _check(_libc().capset(header, nothing))


def prctl(option: int, value: int) -> int:
    """Set or ask something of this process.

    Raises:
        OSError: the kernel refuses.
    """
    return _check(_libc().prctl(option, *map(ctypes.c_ulong, (value, 0, 0, 0))))


def seccomp(operation: int, flags: int, argument: ctypes.c_void_p) -> int:
    """The system call `seccomp`.

    Raises:
        OSError: the kernel refuses or lacks it.
    """
    return call(_SECCOMP[os.uname().machine], operation, flags, argument)


def call(number: int, *arguments: "int | ctypes.c_void_p | None") -> int:
    """Any system call.

    Raises:
        OSError: the kernel refuses or lacks it.
    """
    passed = (ctypes.c_long(each) if isinstance(each, int) else each for each in arguments)
    return _check(_libc().syscall(ctypes.c_long(number), *passed))


def _check(result: int) -> int:
    if result == -1:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return result


@cache
def _libc() -> ctypes.CDLL:
    library = ctypes.CDLL(None, use_errno=True)
    library.syscall.restype = ctypes.c_long
    return library
