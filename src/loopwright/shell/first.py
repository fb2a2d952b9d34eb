"""The first process behind a lab's walls: starts its commands, reaps its orphans, and ends when its host is gone.

It is run from a descriptor, so that no file of the host's need be seen behind the walls, or, where none can be passed
on, from the folder in which its line to the host lies. It speaks the standard library only: of Python 3.9, for an
image's may be old, and what loads fast (pathlib and json took a third of the time until it stood). As process 1 of a
namespace of its own it can't be killed from inside, and when it ends, the kernel ends everything with it. It lets
nobody look into it (not dumpable), so that no exit code is forged in it.

One packet on the control socket is one request: its number and a verb. The descriptors that come with it, and what is
answered under its number, are

    run      the request (a file: argv, env, cwd, as marshal has them), the line on which its end is told, stdout,
             perhaps stdin; no answer
    listen   none: a socket that listens on the loopback behind the walls, at the port that is asked for
    still    none: everything is stopped when the answer comes, for the host to look at the files in peace
    go_on    none
    settle   none: what is at work now belongs to the lab
    alone    none: all other processes are gone when the answer comes, and what comes of them

On a command's own line comes a sign that it was taken, and its exit code (four bytes) when it has ended; what the host
says there means: end it.
"""

import contextlib
import ctypes
import errno
import marshal
import os
import selectors
import signal
import socket
import struct
import sys
import time

_PR_SET_DUMPABLE = 4
_MOST = 4096  # bytes of a packet; no descriptor that comes along from the start is as high
_PATIENCE = 10.0  # seconds for all to stop or end: what waits for a disk that is gone does neither
_AGAIN, _BREATH = 0.5, 0.02  # seconds for all to stop, until they are let go on; and for how long
_WAKING = tuple(f"signal: {int(number)}/".encode() for number in (signal.SIGCONT, signal.SIGKILL))
_PARENT, _SESSION, _STARTED = 1, 3, 19  # places in /proc/PID/stat behind the name


def main(control: socket.socket) -> None:
    """Serve until the host closes its end."""
    ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
    control.set_inheritable(False)
    os.closerange(3, control.fileno())  # what the walls were put up with, and this program's own text
    os.closerange(control.fileno() + 1, _MOST)
    woken, wakes = os.pipe()
    os.set_blocking(wakes, False)
    os.set_blocking(woken, False)
    signal.signal(signal.SIGCHLD, lambda number, frame: None)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the kernel keeps from process 1 only what it has no handler for
    signal.set_wakeup_fd(wakes, warn_on_full_buffer=False)
    lines: dict[int, socket.socket] = {}
    kept: dict[int, bytes] = {}
    with selectors.DefaultSelector() as waiting:
        waiting.register(control, selectors.EVENT_READ, 0)
        waiting.register(woken, selectors.EVENT_READ, -1)
        control.send(b"ready")
        while True:
            for key, _ in waiting.select():
                if key.data == 0:
                    _serve(control, waiting, lines, kept)
                elif key.data == -1:
                    os.read(woken, _MOST)
                    _reap(waiting, lines)
                elif key.data in lines:
                    waiting.unregister(lines[key.data])
                    _end(key.data)


def _serve(
    control: socket.socket,
    waiting: selectors.BaseSelector,
    lines: dict[int, socket.socket],
    kept: dict[int, bytes],
) -> None:
    request, descriptors, _, _ = socket.recv_fds(control, _MOST, 4)
    for descriptor in descriptors:  # no command may have the line on which its own end is told (flags: not in 3.11)
        os.set_inheritable(descriptor, False)
    if not request:
        os._exit(0)
    number, verb, *more = request.split()
    if verb == b"listen":
        _listen(control, number, int(more[0]))
    elif verb == b"still":
        control.send(number + (b" done" if _stopped() else b" no"))
    elif verb == b"go_on":
        _signal_all(signal.SIGCONT)
        control.send(number + b" done")
    elif verb == b"settle":
        kept.clear()
        kept.update({pid: told[_STARTED] for pid, told in _others().items()})
        control.send(number + b" done")
    elif verb == b"alone":
        control.send(number + (b" done" if _end_all_but(kept, waiting, lines) else b" no"))
    else:
        _run(descriptors, waiting, lines)


def _run(descriptors: list[int], waiting: selectors.BaseSelector, lines: dict[int, socket.socket]) -> None:
    line = socket.socket(fileno=descriptors[1])
    try:
        pid = os.fork()
    except OSError as problem:  # the lab has as many processes as it may
        os.write(descriptors[2], f"no further process can be started here: {problem.strerror}".encode())
        _tell(line, 126)
    else:
        if pid == 0:
            _become(descriptors[0], descriptors[2:])
        lines[pid] = line
        line.send(b"+")  # it was taken: whatever becomes of it now, it isn't to be begun a second time
        waiting.register(line, selectors.EVENT_READ, pid)
    for descriptor in (descriptors[0], *descriptors[2:]):
        os.close(descriptor)


def _become(request: int, streams: list[int]) -> None:
    """In the child: be the command, or say why not as a shell would."""
    words: list[str] = ["?"]
    code = 126
    try:
        os.setsid()
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        os.dup2(streams[1] if len(streams) > 1 else os.open("/dev/null", os.O_RDONLY), 0)
        os.dup2(streams[0], 1)
        os.dup2(streams[0], 2)
        with os.fdopen(os.dup(request), "rb") as file:
            told = marshal.load(file)
        words = told["argv"]
        os.chdir(told["cwd"])
        os.execvpe(words[0], words, told["env"])
    except OSError as problem:
        code = 127 if problem.errno in (errno.ENOENT, errno.ENOTDIR) else 126
        os.write(2, f"{problem.filename or words[0]}: {problem.strerror}".encode(errors="surrogateescape"))
    except ValueError as problem:  # a NUL in a word
        os.write(2, f"{words[0]}: {problem}".encode(errors="replace"))
    finally:
        os._exit(code)


def _reap(waiting: selectors.BaseSelector, lines: dict[int, socket.socket]) -> None:
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if pid == 0:
            return
        line = lines.pop(pid, None)
        if line is None:
            continue
        with contextlib.suppress(KeyError):  # it was asked for its end, and is no longer listened to
            waiting.unregister(line)
        code = os.waitstatus_to_exitcode(status)
        _tell(line, code if code >= 0 else 128 - code)


def _tell(line: socket.socket, code: int) -> None:
    with contextlib.suppress(OSError):
        line.send(struct.pack("i", code))
    line.close()


def _end(command: int) -> None:
    """Kill a command, its session, and all that descends from it as far as the ones between still live."""
    others = _others()
    _kill(_with_offspring({command} | {pid for pid, told in others.items() if int(told[_SESSION]) == command}, others))


def _others() -> dict[int, list[bytes]]:
    """What the kernel tells of each process but this one."""
    found = {}
    for pid in _numbers("/proc"):
        with contextlib.suppress(OSError):
            found[pid] = _stat(f"/proc/{pid}/stat")
    found.pop(1, None)
    return found


def _with_offspring(some: set[int], others: dict[int, list[bytes]]) -> set[int]:
    children: dict[int, list[int]] = {}
    for pid, told in others.items():
        children.setdefault(int(told[_PARENT]), []).append(pid)
    found, ahead = set(some), list(some)
    while ahead:
        new = set(children.get(ahead.pop(), ())) - found
        found |= new
        ahead += new
    return found


def _kill(pids: set[int]) -> None:
    for pid in pids - {1}:
        with contextlib.suppress(OSError):
            os.kill(pid, signal.SIGKILL)


def _end_all_but(kept: dict[int, bytes], waiting: selectors.BaseSelector, lines: dict[int, socket.socket]) -> bool:
    """End all processes but these, what comes of these, and this one; whether they are gone."""
    if not _stopped():  # so that nothing forks meanwhile
        return False
    others = _others()
    stay = {pid for pid, began in kept.items() if pid in others and others[pid][_STARTED] == began}
    over = others.keys() - _with_offspring(stay, others)
    _kill(over)
    _signal_all(signal.SIGCONT)
    deadline = time.monotonic() + _PATIENCE
    while any(map(_is_there, over)) and time.monotonic() < deadline:
        _reap(waiting, lines)
        time.sleep(0.001)
    return not any(map(_is_there, over))


def _is_there(pid: int) -> bool:
    return os.access(f"/proc/{pid}", os.F_OK)


def _stopped() -> bool:
    """Stop all but this process; whether they are. While all are stopped nobody is left to wake one."""
    deadline = time.monotonic() + _PATIENCE
    while time.monotonic() < deadline:
        _signal_all(signal.SIGSTOP)
        again = time.monotonic() + _AGAIN
        while (moving := any(map(_moves, _numbers("/proc")))) and time.monotonic() < again:
            time.sleep(0.001)
        if not moving and _stays():
            return True
        if moving:  # who waits for a child of its own to load its program (vfork) can't stop before the child goes on
            _signal_all(signal.SIGCONT)
            time.sleep(_BREATH)
    _signal_all(signal.SIGCONT)
    return False


def _stays() -> bool:
    """Whether nothing of what is stopped will wake by itself. What has set itself a timer for that, or one that kills
    it (the kernel wakes those whose group it leaves alone), is ended. And nothing may have run meanwhile: a timer could
    have been put away, and set anew."""
    before = _turns()
    waking = {pid for pid in _others() if any(line.startswith(_WAKING) for line in _told(f"/proc/{pid}/timers"))}
    _kill(waking)
    return not waking and _turns() == before and not any(map(_moves, _numbers("/proc")))


def _turns() -> dict[str, list[bytes]]:
    """How often each thread but this one's was given a processor and gave it back."""
    threads = [f"/proc/{pid}/task/{each}" for pid in _others() for each in _numbers(f"/proc/{pid}/task")]
    return {thread: [line for line in _told(f"{thread}/status") if b"_switches:" in line] for thread in threads}


def _told(file: str) -> list[bytes]:
    """The lines of a small file of /proc's; none of one that isn't there."""
    with contextlib.suppress(OSError), os.fdopen(os.open(file, os.O_RDONLY), "rb") as told:
        return told.read().splitlines()
    return []


def _signal_all(number: int) -> None:
    """To all but this process: it is the first of its namespace."""
    if os.getpid() == 1:  # anywhere else these would be the host's
        with contextlib.suppress(ProcessLookupError):
            os.kill(-1, number)


def _moves(pid: int) -> bool:
    try:
        threads = [_stat(f"/proc/{pid}/task/{each}/stat")[0] for each in _numbers(f"/proc/{pid}/task")]
    except OSError:  # it has ended
        return False
    return pid != 1 and any(state not in (b"T", b"t", b"Z", b"X") for state in threads)


def _numbers(folder: str) -> list[int]:
    """The ids of what /proc tells there: processes, or the threads of one; none of one that has ended."""
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        return [int(entry.name) for entry in entries if entry.name.isdigit()]
    return []


def _stat(file: str) -> list[bytes]:
    """What the kernel tells of a process or thread, after "PID (NAME)"."""
    with os.fdopen(os.open(file, os.O_RDONLY), "rb") as told:
        return told.read().rpartition(b")")[2].split()


def _listen(control: socket.socket, number: bytes, port: int) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as server:
        try:
            server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            server.bind(("127.0.0.1", port))
            server.listen(64)
        except OSError as problem:
            control.send(number + f" no {problem.strerror}".encode())
            return
        socket.send_fds(control, [number + b" done"], [server.fileno()])


def _line(told: str) -> socket.socket:
    """The control socket: a descriptor that was passed on, or the path of a socket to be called."""
    if told.isdecimal():
        return socket.socket(fileno=int(told))
    control = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    control.connect(told)
    return control


if __name__ == "__main__":
    main(_line(sys.argv[1]))
