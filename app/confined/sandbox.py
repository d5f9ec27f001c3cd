"""Shut this process in, with as many layers as the kernel has."""

import enum
from collections.abc import Callable, Collection
from contextlib import suppress

from app.confined import kernel, landlock, seccomp
from app.confined.calls import FILES, SOCKETS, Call


class Layer(enum.Flag):
    """What keeps a child in; each one works without the others."""

    # Other processes of its user can neither read its memory nor trace it.
    NOT_DUMPABLE = 1
    # A root user is a user without privileges.
    NO_CAPABILITIES = 2
    # No path can be opened, no process outside be traced.
    LANDLOCK = 4
    # No system call but those of a list.
    SECCOMP = 8


ALL_LAYERS = Layer(15)


def names(layers: Layer) -> list[str]:
    """As logs and documentation spell them."""
    return [layer.name.lower() for layer in Layer if layer in layers and layer.name]


def close_to_others() -> None:
    """Keep other processes of the same user out of the memory and environment of this one.

    For processes with secrets. They write no core dump any more, and debuggers need a privilege.
    `is_closed_to_others` tells where the system cannot do it.
    """
    if kernel.machine() is not None:
        with suppress(OSError):
            kernel.forbid_dumps()


def is_closed_to_others() -> bool:
    """Whether `close_to_others` worked."""
    if kernel.machine() is None:
        return False
    try:
        return not kernel.is_dumpable()
    except OSError:
        return False


def shut_in_with_sockets() -> Layer:
    """Keep memory, threads, clocks, and messages over sockets that are open already."""
    return _shut_in([], [*SOCKETS.values()])


def shut_in_with_files() -> Layer:
    """Keep memory, threads, clocks, and reading and writing files that are open already."""
    return _shut_in([*FILES.values()], [])


def _shut_in(allowed: Collection[Call], checked: Collection[seccomp.Checked]) -> Layer:
    """Called once everything is imported and every other limit is set: nothing undoes it.

    Returns:
        The layers that the kernel has taken.
    """
    if kernel.machine() is None:
        return Layer(0)
    steps: list[tuple[Layer, Callable[[], object]]] = [
        (Layer.NOT_DUMPABLE, kernel.forbid_dumps),
        (Layer.NO_CAPABILITIES, kernel.drop_capabilities),
        # What the two after it ask for: no program that it starts may gain rights.
        (Layer(0), lambda: kernel.prctl(kernel.PR_SET_NO_NEW_PRIVS, 1)),
        (Layer.LANDLOCK, landlock.forbid_paths),
        # The last one: it forbids the calls of those before it.
        (Layer.SECCOMP, lambda: seccomp.install(allowed, checked)),
    ]
    on = Layer(0)
    for layer, step in steps:
        # Old kernels, gVisor and containers' own filters lack some; the service says which.
        with suppress(OSError):
            step()
            on |= layer
    return on
