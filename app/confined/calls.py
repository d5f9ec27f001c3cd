"""The system calls that a child may make once it has imported everything, and what others get.

Numbers from the kernel's asm/unistd_64.h (x86_64) and asm-generic/unistd.h (aarch64).
"""

from typing import NamedTuple

PROT_EXEC = 0x4
_CLONE_THREAD = 0x10000
# A new process, or a new namespace of any kind, is no thread.
_CLONE_FLAGS = _CLONE_THREAD | 0x4000 | 0x20000 | 0x7E000000


class Call(NamedTuple):
    """A system call: its numbers on both machines."""

    x86_64: int
    aarch64: int


class Check(NamedTuple):
    """What the low 32 bits of an argument must be, as far as `mask` looks at them."""

    argument: int
    mask: int
    value: int


# Memory, threads, clocks and signals of this process: what Python, the C library and codecs need.
ALWAYS = {
    "brk": Call(12, 214),
    "clock_getres": Call(229, 114),
    "clock_gettime": Call(228, 113),
    "clock_nanosleep": Call(230, 115),
    "close": Call(3, 57),
    "exit": Call(60, 93),
    "exit_group": Call(231, 94),
    "futex": Call(202, 98),
    "getcpu": Call(309, 168),
    "getitimer": Call(36, 102),
    "getpid": Call(39, 172),
    "getrandom": Call(318, 278),
    "getrusage": Call(98, 165),
    "gettid": Call(186, 178),
    "gettimeofday": Call(96, 169),
    "madvise": Call(28, 233),
    "mremap": Call(25, 216),
    "munmap": Call(11, 215),
    "nanosleep": Call(35, 101),
    "pread64": Call(17, 67),
    "restart_syscall": Call(219, 128),
    "rseq": Call(334, 293),
    "rt_sigaction": Call(13, 134),
    "rt_sigprocmask": Call(14, 135),
    "rt_sigreturn": Call(15, 139),
    "sched_getaffinity": Call(204, 123),
    "sched_yield": Call(24, 124),
    "set_robust_list": Call(273, 99),
    "setitimer": Call(38, 103),
    "sigaltstack": Call(131, 132),
    "sysinfo": Call(99, 179),
}
# Allowed with these arguments, refused with others. Memory that is both data and code, and other
# processes, are what a decoder that was taken over would ask for.
CHECKED = {
    "mmap": (Call(9, 222), Check(2, PROT_EXEC, 0)),
    "mprotect": (Call(10, 226), Check(2, PROT_EXEC, 0)),
    "clone": (Call(56, 220), Check(0, _CLONE_FLAGS, _CLONE_THREAD)),
}
# abort() sends a signal to its own thread; the number of the process is the value to check.
TGKILL = Call(234, 131)
# For a child that talks over sockets, without the flags that only attacks on the kernel use.
SOCKETS = {
    "recvmsg": (Call(47, 212), Check(2, 0xFFFFFFFF, 0)),
    "sendmsg": (Call(46, 211), Check(2, 0xFFFFFFFF, 0)),
    "sendto": (Call(44, 206), Check(3, 0xFFFFFFFF, 0)),
}
# For a child that was given open files.
FILES = {
    "lseek": Call(8, 62),
    "read": Call(0, 63),
    "write": Call(1, 64),
}
# Nothing that decodes a picture or reads a table ever makes these calls: they end the process.
DEADLY = {
    "accept": Call(43, 202),
    "accept4": Call(288, 242),
    "add_key": Call(248, 217),
    "bind": Call(49, 200),
    "bpf": Call(321, 280),
    "capset": Call(126, 91),
    "chroot": Call(161, 51),
    "connect": Call(42, 203),
    "delete_module": Call(176, 106),
    "execve": Call(59, 221),
    "execveat": Call(322, 281),
    "finit_module": Call(313, 273),
    "fsconfig": Call(431, 431),
    "fsmount": Call(432, 432),
    "fsopen": Call(430, 430),
    "init_module": Call(175, 105),
    "io_setup": Call(206, 0),
    "io_uring_enter": Call(426, 426),
    "io_uring_register": Call(427, 427),
    "io_uring_setup": Call(425, 425),
    "kcmp": Call(312, 272),
    "kexec_file_load": Call(320, 294),
    "kexec_load": Call(246, 104),
    "keyctl": Call(250, 219),
    "kill": Call(62, 129),
    "listen": Call(50, 201),
    "memfd_create": Call(319, 279),
    "mount": Call(165, 40),
    "mount_setattr": Call(442, 442),
    "move_mount": Call(429, 429),
    "name_to_handle_at": Call(303, 264),
    "open_by_handle_at": Call(304, 265),
    "open_tree": Call(428, 428),
    "perf_event_open": Call(298, 241),
    "pidfd_getfd": Call(438, 438),
    "pidfd_open": Call(434, 434),
    "pidfd_send_signal": Call(424, 424),
    "pivot_root": Call(155, 41),
    "process_madvise": Call(440, 440),
    "process_vm_readv": Call(310, 270),
    "process_vm_writev": Call(311, 271),
    "ptrace": Call(101, 117),
    "reboot": Call(169, 142),
    "request_key": Call(249, 218),
    "rt_sigqueueinfo": Call(129, 138),
    "rt_tgsigqueueinfo": Call(297, 240),
    "seccomp": Call(317, 277),
    "setns": Call(308, 268),
    "setsockopt": Call(54, 208),
    "shutdown": Call(48, 210),
    "socket": Call(41, 198),
    "socketpair": Call(53, 199),
    "swapoff": Call(168, 225),
    "swapon": Call(167, 224),
    "tkill": Call(200, 130),
    "umount2": Call(166, 39),
    "unshare": Call(272, 97),
    "userfaultfd": Call(323, 282),
}
# From this number on all machines count alike. Calls that are newer than a C library's own
# alternative are answered as by a kernel that lacks them: `clone3` is then `clone`.
FIRST_NEW_CALL = 424
