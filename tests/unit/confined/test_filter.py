"""The list of system calls as the kernel will read it, on both machines."""

import errno
import os
import struct
from collections.abc import Sequence
from pathlib import Path

import pytest

from app.confined import seccomp
from app.confined.calls import ALWAYS, CHECKED, DEADLY, FILES, SOCKETS, TGKILL, Call
from app.confined.seccomp import ALLOW, ERRNO, KILL, Instruction, program_for

MACHINES = ["x86_64", "aarch64"]
REFUSED, UNKNOWN = ERRNO | errno.EPERM, ERRNO | errno.ENOSYS
PID = 4_242
# CLONE_VM, FS, FILES, SIGHAND, THREAD, SYSVSEM, SETTLS, PARENT_SETTID, CHILD_CLEARTID: as the C
# library makes a thread.
THREAD = 0x3D0F00
SIGCHLD, CLONE_THREAD = 17, 0x10000


def answer(
    program: Sequence[Instruction], machine: str, number: int, arguments: Sequence[int] = ()
) -> int:
    """What the kernel answers to a call: classic BPF, as far as the filter uses it."""
    padded = (*arguments, *(0,) * (6 - len(arguments)))
    data = struct.pack("<iIQ6Q", number, seccomp.AUDIT_ARCH[machine], 0, *padded)
    value, at = 0, 0
    while True:
        code, if_so, if_not, operand = program[at]
        at += 1
        match code:
            case seccomp.LOAD:
                (value,) = struct.unpack_from("<I", data, operand)
            case seccomp.AND:
                value &= operand
            case seccomp.IF_EQUAL:
                at += if_so if value == operand else if_not
            case seccomp.IF_AT_LEAST:
                at += if_so if value >= operand else if_not
            case seccomp.ANSWER:
                return operand
            case _:
                raise AssertionError(code)


def of_codecs(machine: str) -> list[Instruction]:
    return program_for(machine, PID, [], [*SOCKETS.values()])


def number(call: Call, machine: str) -> int:
    return int(getattr(call, machine))


@pytest.mark.parametrize("machine", MACHINES)
def test_each_call_of_a_list_is_answered_as_its_list_says(machine: str) -> None:
    program = of_codecs(machine)
    for calls, expected in ((ALWAYS, ALLOW), (DEADLY, KILL), (FILES, REFUSED)):
        for name, call in calls.items():
            assert answer(program, machine, number(call, machine)) == expected, name


@pytest.mark.parametrize("machine", MACHINES)
def test_children_with_files_read_and_write_and_have_no_sockets(machine: str) -> None:
    program = program_for(machine, PID, [*FILES.values()], [])
    for calls, expected in ((FILES, ALLOW), (DEADLY, KILL)):
        for name, call in calls.items():
            assert answer(program, machine, number(call, machine)) == expected, name
    for call, _ in SOCKETS.values():
        assert answer(program, machine, number(call, machine)) == REFUSED


@pytest.mark.parametrize("machine", MACHINES)
@pytest.mark.parametrize(
    ("name", "arguments", "expected"),
    [
        ("mmap", (0, 4_096, 3), ALLOW),
        ("mmap", (0, 4_096, 7), REFUSED),
        ("mmap", (0, 4_096, 4), REFUSED),
        ("mprotect", (0, 4_096, 3), ALLOW),
        ("mprotect", (0, 4_096, 5), REFUSED),
        ("clone", (THREAD,), ALLOW),
        ("clone", (SIGCHLD,), REFUSED),
        ("clone", (0x4111,), REFUSED),
        *(("clone", (THREAD | 1 << bit,), REFUSED) for bit in (14, 17, *range(25, 31))),
    ],
)
def test_arguments_that_make_code_or_processes_are_refused(
    machine: str, name: str, arguments: tuple[int, ...], expected: int
) -> None:
    call, _ = CHECKED[name]
    assert answer(of_codecs(machine), machine, number(call, machine), arguments) == expected


@pytest.mark.parametrize("machine", MACHINES)
def test_messages_have_no_flags(machine: str) -> None:
    program = of_codecs(machine)
    for name, (call, check) in SOCKETS.items():
        for flag in (0, 1, 2, 0x20000000):
            arguments = [5] * check.argument + [flag]
            expected = REFUSED if flag else ALLOW
            assert answer(program, machine, number(call, machine), arguments) == expected, name


@pytest.mark.parametrize("machine", MACHINES)
def test_only_its_own_threads_can_be_signalled(machine: str) -> None:
    tgkill = number(TGKILL, machine)
    assert answer(of_codecs(machine), machine, tgkill, (PID, PID, 6)) == ALLOW
    assert answer(of_codecs(machine), machine, tgkill, (PID - 1, PID, 6)) == REFUSED


@pytest.mark.parametrize("machine", MACHINES)
def test_unknown_calls_are_as_on_a_kernel_that_lacks_them(machine: str) -> None:
    program = of_codecs(machine)
    assert answer(program, machine, 435) == UNKNOWN
    assert answer(program, machine, 100_000) == UNKNOWN


def test_calls_of_another_machine_end_the_process() -> None:
    assert answer(of_codecs("x86_64"), "aarch64", ALWAYS["close"].aarch64) == KILL
    # The second table of x86_64, with which filters of the first one were passed by.
    assert answer(of_codecs("x86_64"), "x86_64", 0x40000000 | ALWAYS["close"].x86_64) == KILL


def test_no_call_is_on_two_lists() -> None:
    lists = (ALWAYS, FILES, DEADLY, {name: call for name, (call, _) in CHECKED.items()})
    lists = (*lists, {name: call for name, (call, _) in SOCKETS.items()})
    for machine in MACHINES:
        numbers = [number(call, machine) for calls in lists for call in calls.values()]
        assert len(numbers) == len(set(numbers))


def test_numbers_are_those_of_this_machine() -> None:
    """The C library's headers have the numbers of this machine, where they are installed."""
    header = _header()
    if header is None:
        pytest.skip("no kernel headers here")
    machine = os.uname().machine
    for calls in (ALWAYS, FILES, DEADLY):
        for name, call in calls.items():
            assert header.get(name, number(call, machine)) == number(call, machine), name


def _header() -> dict[str, int] | None:
    path = Path(f"/usr/include/{os.uname().machine}-linux-gnu/asm/unistd_64.h")
    if not path.exists():
        return None
    lines = path.read_text(encoding="ascii").splitlines()
    words = [line.split() for line in lines if line.startswith("#define __NR_")]
    return {name.removeprefix("__NR_"): int(value) for _, name, value in words}
