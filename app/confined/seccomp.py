"""A seccomp filter: the kernel answers each system call of this process by a list.

What is on no list fails with EPERM, as libraries look for files that they can do without.

Source: Linux, Documentation/userspace-api/seccomp_filter.rst.
"""

import ctypes
import errno
import os
from collections.abc import Collection, Iterator
from typing import NamedTuple

from app.confined import kernel
from app.confined.calls import (
    ALWAYS,
    CHECKED,
    DEADLY,
    FIRST_NEW_CALL,
    TGKILL,
    Call,
    Check,
)

_SET_MODE_FILTER = 1
# All threads at once; and without the slow mode of the processor that old kernels (before 5.16)
# give to filtered processes: it keeps a process from reading its own memory.
_FLAGS = 0b101
ALLOW, KILL, ERRNO = 0x7FFF0000, 0x80000000, 0x00050000
# What the kernel calls the machines, in `seccomp_data.arch`.
AUDIT_ARCH = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
# The second table of calls of an x86_64 kernel has this bit in all its numbers.
_X32_BIT = 0x40000000
# Instructions of classic BPF, and where they find number, machine and arguments of a call.
LOAD, AND, IF_EQUAL, IF_AT_LEAST, ANSWER = 0x20, 0x54, 0x15, 0x35, 0x06
NUMBER_AT, MACHINE_AT, ARGUMENTS_AT = 0, 4, 16


class Instruction(NamedTuple):
    """One of classic BPF: what to do, how many to skip if so and if not, and its operand."""

    code: int
    if_so: int
    if_not: int
    operand: int


Checked = tuple[Call, Check]


def install(allowed: Collection[Call], checked: Collection[Checked]) -> None:
    """Filter all calls of this process from now on; nothing can undo it.

    The process must have `no_new_privs`.

    Args:
        allowed: calls beside those that every child needs.
        checked: calls that are allowed with some arguments only.
    Raises:
        OSError: the kernel lacks it, or may not.
    """
    machine = kernel.machine()
    if machine is None:
        raise OSError(errno.ENOSYS, "no list of system calls for this machine")
    program = program_for(machine, os.getpid(), allowed, checked)
    instructions = (_SockFilter * len(program))(*(_SockFilter(*line) for line in program))
    argument = _SockFprog(len(program), instructions)
    pointer = ctypes.cast(ctypes.byref(argument), ctypes.c_void_p)
    unfiltered_thread = kernel.seccomp(_SET_MODE_FILTER, _FLAGS, pointer)
    if unfiltered_thread:
        raise OSError(errno.ESRCH, "a thread cannot be filtered")


def program_for(
    machine: str, pid: int, allowed: Collection[Call], checked: Collection[Checked]
) -> list[Instruction]:
    """The filter: a list of rules, of which the first that fits answers."""
    by_machine = "aarch64" if machine == "aarch64" else "x86_64"

    def number(call: Call) -> int:
        return int(getattr(call, by_machine))

    own_thread = (TGKILL, Check(0, 0xFFFFFFFF, pid))
    return [
        Instruction(LOAD, 0, 0, MACHINE_AT),
        Instruction(IF_EQUAL, 1, 0, AUDIT_ARCH[machine]),
        Instruction(ANSWER, 0, 0, KILL),
        Instruction(LOAD, 0, 0, NUMBER_AT),
        Instruction(IF_AT_LEAST, 0, 1, _X32_BIT),
        Instruction(ANSWER, 0, 0, KILL),
        *(line for call in (*ALWAYS.values(), *allowed) for line in _rule(number(call), ALLOW)),
        *(line for call in DEADLY.values() for line in _rule(number(call), KILL)),
        *(
            line
            for call, check in (*CHECKED.values(), *checked, own_thread)
            for line in _checked(number(call), check)
        ),
        Instruction(IF_AT_LEAST, 0, 1, FIRST_NEW_CALL),
        Instruction(ANSWER, 0, 0, ERRNO | errno.ENOSYS),
        Instruction(ANSWER, 0, 0, ERRNO | errno.EPERM),
    ]


def _rule(number: int, answer: int) -> Iterator[Instruction]:
    yield Instruction(IF_EQUAL, 0, 1, number)
    yield Instruction(ANSWER, 0, 0, answer)


def _checked(number: int, check: Check) -> Iterator[Instruction]:
    yield Instruction(IF_EQUAL, 0, 5, number)
    # The machines are little-endian: the low half of an argument comes first.
    yield Instruction(LOAD, 0, 0, ARGUMENTS_AT + 8 * check.argument)
    yield Instruction(AND, 0, 0, check.mask)
    yield Instruction(IF_EQUAL, 0, 1, check.value)
    yield Instruction(ANSWER, 0, 0, ALLOW)
    yield Instruction(ANSWER, 0, 0, ERRNO | errno.EPERM)


class _SockFilter(ctypes.Structure):
    _fields_ = (
        ("code", ctypes.c_uint16),
        ("jt", ctypes.c_uint8),
        ("jf", ctypes.c_uint8),
        ("k", ctypes.c_uint32),
    )


class _SockFprog(ctypes.Structure):
    _fields_ = (("len", ctypes.c_ushort), ("filter", ctypes.POINTER(_SockFilter)))
