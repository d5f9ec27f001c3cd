"""Landlock: no path can be opened, made, changed or removed any more, whoever the user is.

Source: https://docs.kernel.org/userspace-api/landlock.html.
"""

import ctypes
import os

from app.confined import kernel

_ASK_VERSION = 1
# How many kinds of access to files each version knows; later versions are used as the newest one.
_KINDS_OF_ACCESS = {1: 13, 2: 14, 3: 15, 4: 15}
_KINDS_NOW = 16
_TCP_SINCE, _TCP = 4, 0b11
# No signal to a process outside, and no socket with an abstract name outside.
_SCOPES_SINCE, _SCOPES = 6, 0b11


def forbid_paths() -> None:
    """Forbid all that Landlock can, without exceptions; open descriptors go on working.

    The process must have `no_new_privs`. It is for the calling thread and those that it starts.

    Raises:
        OSError: the kernel lacks it, or does not use it.
    """
    version = kernel.call(kernel.LANDLOCK_CREATE_RULESET, None, 0, _ASK_VERSION)
    handled = (ctypes.c_uint64 * 3)(
        (1 << _KINDS_OF_ACCESS.get(version, _KINDS_NOW)) - 1,
        _TCP if version >= _TCP_SINCE else 0,
        _SCOPES if version >= _SCOPES_SINCE else 0,
    )
    # An older kernel takes longer structures as long as what it does not know is zero.
    address = ctypes.cast(handled, ctypes.c_void_p)
    rules = kernel.call(kernel.LANDLOCK_CREATE_RULESET, address, ctypes.sizeof(handled), 0)
    try:
        kernel.call(kernel.LANDLOCK_RESTRICT_SELF, rules, 0)
    finally:
        os.close(rules)
