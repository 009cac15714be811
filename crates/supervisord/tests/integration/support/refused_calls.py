"""Runs a program under a filter that refuses system calls: refused_calls.py ERRNO CALL[,CALL…] COMMAND…

A call is a name, or `waitid:pidfd`, `clone:pidfd`: that call with P_PIDFD, with CLONE_PIDFD. The filter is that of
seccomp(2), as containers have it; it stays for all that the program starts.
"""

import ctypes
import errno
import os
import platform
import struct
import sys

# Numbers by <asm/unistd.h>: x86_64, and the table that newer architectures share.
NUMBERS = {
    "clone": (56, 220), "clone3": (435, 435), "close_range": (436, 436), "epoll_pwait2": (441, 441),
    "eventfd2": (290, 19), "linkat": (265, 37), "pidfd_open": (434, 434), "pidfd_send_signal": (424, 424),
    "prlimit64": (302, 261), "setpgid": (109, 154), "statx": (332, 291), "waitid": (247, 95),
}
# (value of the first argument, whether it is a flag in it)
ARGUMENTS = {"waitid:pidfd": (3, False), "clone:pidfd": (0x1000, True)}
LOAD, EQUAL, ANY_BIT, RETURN = 0x20, 0x15, 0x45, 0x06
ALLOW, REFUSE = 0x7FFF0000, 0x00050000
PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP, MODE_FILTER = 38, 22, 2


def statement(code, value, if_true=0, if_false=0):
    return struct.pack("=HBBI", code, if_true, if_false, value)


def rule(call, refusal):
    """Falls through to the next rule unless the call is refused."""
    column = 0 if platform.machine() == "x86_64" else 1
    number = NUMBERS[call.split(":")[0]][column]
    # struct seccomp_data: the number at 0, the lower half of the first argument at 16.
    if call in NUMBERS:
        tests = [statement(LOAD, 0), statement(EQUAL, number, 0, 1)]
    else:
        value, is_flag = ARGUMENTS[call]
        tests = [statement(LOAD, 0), statement(EQUAL, number, 0, 3), statement(LOAD, 16),
                 statement(ANY_BIT if is_flag else EQUAL, value, 0, 1)]
    return tests + [statement(RETURN, refusal)]


def main():
    name, calls, command = sys.argv[1], sys.argv[2].split(","), sys.argv[3:]
    refusal = REFUSE | getattr(errno, name)
    program = b"".join(part for call in calls for part in rule(call, refusal)) + statement(RETURN, ALLOW)
    code = ctypes.create_string_buffer(program)
    filter_program = struct.pack("HL", len(program) // 8, ctypes.addressof(code))
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) or libc.prctl(PR_SET_SECCOMP, MODE_FILTER, filter_program, 0, 0):
        sys.exit(f"no filter: {os.strerror(ctypes.get_errno())}")
    os.execv(command[0], command)


main()
