"""A file system that can be made to hang: hanging_file_system.py STORE MOUNT HANG COMMAND...

Mounts, by FUSE, the folder STORE on the folder MOUNT, starts COMMAND, serves it, and ends as it does. While a file HANG
is there no request is answered, nor even taken: whoever makes one waits. STORE itself can be read at any time. To be
run in a mount namespace of its own, as root. The protocol is that of fuse(4) and linux/fuse.h; files in one folder is
all that there is.
"""
import ctypes
import errno
import os
import select
import signal
import stat
import struct
import sys

LOOKUP, FORGET, GETATTR, SETATTR, UNLINK, RENAME, OPEN, READ, WRITE = 1, 2, 3, 4, 10, 12, 14, 15, 16
STATFS, RELEASE, INIT, ACCESS, CREATE, INTERRUPT, BATCH_FORGET, RENAME2 = 17, 18, 26, 34, 35, 36, 42, 45
ROOT = 1
SIZE_IS_SET = 1 << 3


class Server:
    def __init__(self, store, device):
        self.store, self.device = store, device
        # A file's number is that which it has in the store.
        self.paths = {ROOT: store}

    def serve(self):
        request = os.read(self.device, 1 << 20)
        _, opcode, unique, node, *_ = struct.unpack_from("<IIQQIIIHH", request)
        body = request[40:]
        if opcode in (FORGET, BATCH_FORGET, INTERRUPT):
            return
        try:
            error, answer = 0, self.answer(opcode, node, body)
        except OSError as failure:
            error, answer = -failure.errno, b""
        os.write(self.device, struct.pack("<IiQ", 16 + len(answer), error, unique) + answer)

    def answer(self, opcode, node, body):
        if opcode == INIT:
            return struct.pack("<IIIIHHIIHHI28x", 7, 31, 0, 0, 16, 16, 1 << 17, 1, 32, 0, 0)
        if opcode == LOOKUP:
            return self.entry(self.path(body[:-1]))
        if opcode == GETATTR:
            return struct.pack("<QII", 0, 0, 0) + self.attributes(node, struct.unpack_from("<IIQ", body))
        if opcode == SETATTR:
            valid, _, _, size = struct.unpack_from("<IIQQ", body)
            if valid & SIZE_IS_SET:
                os.truncate(self.paths[node], size)
            return struct.pack("<QII", 0, 0, 0) + self.attributes(node, (0, 0, 0))
        if opcode == UNLINK:
            os.unlink(self.path(body[:-1]))
            return b""
        if opcode in (RENAME, RENAME2):
            old, new = map(self.path, body[8 if opcode == RENAME else 16:-1].split(b"\0"))
            os.rename(old, new)
            self.paths[os.lstat(new).st_ino] = new
            return b""
        if opcode in (OPEN, CREATE):
            flags, mode, umask, _ = struct.unpack_from("<IIII", body + bytes(16))
            # The kernel says where to write, and asks to read what it has to.
            kept = flags & (os.O_TRUNC | os.O_EXCL | os.O_CREAT) | os.O_RDWR
            path = self.path(body[16:-1]) if opcode == CREATE else self.paths[node]
            entry = b""
            handle = os.open(path, kept, mode & ~umask)
            if opcode == CREATE:
                entry = self.entry(path)
            return entry + struct.pack("<QIi", handle, 0, 0)
        if opcode == READ:
            handle, offset, size = struct.unpack_from("<QQI", body)
            return os.pread(handle, size, offset)
        if opcode == WRITE:
            handle, offset, size = struct.unpack_from("<QQI", body)
            return struct.pack("<II", os.pwrite(handle, body[40:40 + size], offset), 0)
        if opcode == RELEASE:
            os.close(struct.unpack_from("<Q", body)[0])
            return b""
        if opcode == STATFS:
            return struct.pack("<QQQQQIIII24x", 1 << 20, 1 << 20, 1 << 20, 1 << 20, 1 << 20, 4096, 255, 4096, 0)
        if opcode == ACCESS:
            return b""
        # FLUSH, too: closing a file asks for nothing then, and does not wait.
        raise OSError(errno.ENOSYS, "not needed")

    def path(self, name):
        return os.path.join(self.store, name)

    def entry(self, path):
        status = os.lstat(path)
        self.paths[status.st_ino] = path
        return struct.pack("<QQQQII", status.st_ino, 0, 0, 0, 0, 0) + packed(status)

    def attributes(self, node, asked):
        flags, _, handle = asked
        return packed(os.fstat(handle) if flags & 1 else os.lstat(self.paths[node]), node)


def packed(status, node=None):
    times = [int(status.st_atime), int(status.st_mtime), int(status.st_ctime)]
    mode = status.st_mode if node != ROOT else stat.S_IFDIR | 0o777
    return struct.pack(
        "<6Q10I", node or status.st_ino, status.st_size, status.st_blocks, *times, 0, 0, 0, mode,
        status.st_nlink, status.st_uid, status.st_gid, 0, 4096, 0)


def main():
    store, mount_point, hang = (os.fsencode(argument) for argument in sys.argv[1:4])
    device = os.open("/dev/fuse", os.O_RDWR | os.O_CLOEXEC)
    options = b"fd=%d,rootmode=40000,user_id=0,group_id=0,allow_other" % device
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.mount(b"hanging", mount_point, b"fuse.hanging", 0, options) != 0:
        sys.exit("mount: " + os.strerror(ctypes.get_errno()))
    command = os.fork()
    if command == 0:
        # The kernel learns that there is nothing to flush.
        os.close(os.open(os.path.join(mount_point, b"probe"), os.O_CREAT | os.O_WRONLY))
        os.unlink(os.path.join(mount_point, b"probe"))
        os.execvp(sys.argv[4], sys.argv[4:])
    signal.signal(signal.SIGTERM, lambda *_: os.kill(command, signal.SIGTERM))
    server, ended = Server(store, device), os.pidfd_open(command)
    while True:
        hangs = os.path.exists(hang)
        waited = select.poll()
        waited.register(ended, select.POLLIN)
        if not hangs:
            waited.register(device, select.POLLIN)
        ready = [fd for fd, _ in waited.poll(10)]
        if ended in ready:
            break
        if device in ready and not os.path.exists(hang):
            server.serve()
    sys.exit(os.waitstatus_to_exitcode(os.waitpid(command, 0)[1]))


main()
