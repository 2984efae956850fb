# SPDX-License-Identifier: Apache-2.0
"""What the kernel knows about a process: processor time, memory, system calls."""
import os
import pathlib
import re
import shutil
import signal
import subprocess
import time

from systems import die_with_parent


def cpu_seconds(pids: list[int]) -> float:
    """Of all threads that live, to the nanosecond where the kernel says so."""
    total = 0.0
    for pid in pids:
        for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
            try:
                total += int((task / "schedstat").read_text().split()[0]) / 1e9
            except OSError:  # A kernel without it, or a thread that has just ended.
                words = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
                return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK") + total
    return total


def machine_cpu_seconds() -> float:
    """Of all programs on all processors since the start, and what other machines took of this one's."""
    words = pathlib.Path("/proc/stat").read_text().split("\n", 1)[0].split()
    user, nice, system = map(int, words[1:4])
    stolen = int(words[8])
    return (user + nice + system + stolen) / os.sysconf("SC_CLK_TCK")


def memory_kib(pid: int) -> dict[str, int]:
    """VmRSS and VmHWM, the most there ever was."""
    text = pathlib.Path(f"/proc/{pid}/status").read_text()
    return {name: int(value) for name, value in re.findall(r"^(VmRSS|VmHWM):\s+(\d+) kB", text, re.MULTILINE)}


def load_of_machine() -> float:
    return os.getloadavg()[0]


def wait_until_traced(pid: int, seconds: float = 10) -> None:
    end = time.monotonic() + seconds
    while re.search(r"^TracerPid:\s+0$", pathlib.Path(f"/proc/{pid}/status").read_text(), re.MULTILINE):
        if time.monotonic() > end:
            raise TimeoutError(f"strace does not trace process {pid}")
        time.sleep(0.01)


class Watch:
    """The most resident memory of a process while it lasts, seen every 10 ms."""

    def __init__(self, pid: int):
        self.pid = pid
        self.most = 0

    def look(self) -> int:
        now = memory_kib(self.pid).get("VmRSS", 0)
        self.most = max(self.most, now)
        return now


class PerfCounter:
    """Counts system calls of processes by tracepoints: exact, and hardly slows them down."""

    name = "perf stat"

    @staticmethod
    def works() -> bool:
        if shutil.which("perf") is None:
            return False
        tried = subprocess.run(["perf", "stat", "-x,", "-e", "raw_syscalls:sys_enter", "true"], capture_output=True,
                               text=True, check=False)
        return tried.returncode == 0 and re.search(r"^\d+,", tried.stderr, re.MULTILINE) is not None

    def __init__(self, pids: list[int]):
        self._runs = [subprocess.Popen(["perf", "stat", "-x,", "-e", "raw_syscalls:sys_enter", "-p", str(pid)],
                                       stderr=subprocess.PIPE, text=True, preexec_fn=die_with_parent) for pid in pids]
        time.sleep(0.3)

    def stop(self) -> int:
        """Of all processes."""
        count = 0
        for run in self._runs:
            run.send_signal(signal.SIGINT)
            found = re.search(r"^(\d+),", run.communicate()[1], re.MULTILINE)
            count += int(found.group(1)) if found else 0
        return count


class StraceCounter:
    """The same by strace, for machines that do not let users count: slows the processes down, so that
    more requests gather in each turn and counts come out low."""

    name = "strace (slow: counts come out low)"

    @staticmethod
    def works() -> bool:
        return shutil.which("strace") is not None

    def __init__(self, pids: list[int]):
        self._runs = [subprocess.Popen(["strace", "-f", "-c", "-U", "calls,name", "-p", str(pid)],
                                       stderr=subprocess.PIPE, text=True, preexec_fn=die_with_parent) for pid in pids]
        for pid in pids:
            wait_until_traced(pid)

    def stop(self) -> int:
        count = 0
        for run in self._runs:
            run.send_signal(signal.SIGINT)
            text = run.communicate()[1]
            found = {name: int(calls) for calls, name in re.findall(r"^\s*(\d+) (\w+)$", text, re.MULTILINE)}
            count += found.pop("total", sum(found.values()))
        return count


class SyncTrace:
    """What one raftkv writes and syncs, call by call (strace). A group commit is a write to the log that is
    not zeros, which only make room. A write to a file that is open with O_DSYNC is a sync, too."""

    CALLS = "openat,close,pwrite64,pwritev,fsync,fdatasync"

    @staticmethod
    def works() -> bool:
        return shutil.which("strace") is not None

    def __init__(self, pid: int, out: pathlib.Path):
        self.commits = 0
        self.syncs = 0  # That commits waited for;
        self.others = 0  # for snapshots, for room, of directories.
        self._out = out
        self._durable = {fd.name for fd in pathlib.Path(f"/proc/{pid}/fdinfo").iterdir()
                         if int(re.search(r"^flags:\s+(\d+)", fd.read_text(), re.MULTILINE).group(1), 8) & os.O_DSYNC}
        self._run = subprocess.Popen(["strace", "-f", "-y", "-s", "8", "-e", f"trace={self.CALLS}", "-o", str(out), "-p",
                                      str(pid)], stderr=subprocess.DEVNULL, preexec_fn=die_with_parent)
        wait_until_traced(pid)

    def stop(self) -> None:
        self._run.send_signal(signal.SIGINT)
        self._run.wait()
        for line in self._out.read_text(errors="replace").splitlines():
            self._take(line)

    def _take(self, line: str) -> None:
        opened = re.search(r"openat\(.*\bO_DSYNC\b.* = (\d+)<", line)
        if opened:
            self._durable.add(opened.group(1))
        call = re.match(r"\d+\s+(\w+)\((\d+)<([^>]*)>(?:\(deleted\))?(?:, (.*))?", line)
        if not call:
            return
        name, fd, path, rest = call.groups()
        if name == "close":
            self._durable.discard(fd)
        of_log = path.endswith((".journal", "log.mapped"))
        if name in ("fsync", "fdatasync"):
            self._count(1, of_log)
        elif name.startswith("pwrite"):
            is_commit = of_log and not re.match(r'(\[\{iov_base=)?"(\\0)+"', rest or "")
            self.commits += is_commit
            self._count(fd in self._durable, is_commit)

    def _count(self, syncs: int, of_commit: bool) -> None:
        if of_commit:
            self.syncs += syncs
        else:
            self.others += syncs


def counter():
    """The best that works here; None if none does."""
    for kind in (PerfCounter, StraceCounter):
        if kind.works():
            return kind
    return None
