# SPDX-License-Identifier: Apache-2.0
"""The scenarios of the document that the C interface follows, with drivers on loopback.

    scenarios_test.py DRIVER DRIVER_FLAKY [test...]

Each says what it saw; the rates of a bad network are those of LOSSY.
"""
import collections
import contextlib
import pathlib
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest

DRIVER = ""
DRIVER_FLAKY = ""
LOSSY = ("--loss", "0.2", "--dup", "0.05", "--reorder", "0.1", "--corrupt", "0.02")
VERY_LOSSY = ("--loss", "0.7", *LOSSY[2:])  # A leader of three often hears nobody for a whole election timeout.
PATIENCE = 20  # Seconds that a thing may take before it counts as not happening.
ELECTION = 0.6  # Seconds: the longest election timeout of the configuration.


def free_ports(count: int) -> list[int]:
    with contextlib.ExitStack() as stack:
        ports = []
        while len(ports) < count:
            tcp = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
            udp = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
            with contextlib.suppress(OSError):
                udp.bind(tcp.getsockname())
                ports.append(tcp.getsockname()[1])
        return ports


class Cluster:
    """Drivers, their files, and what they printed."""

    def __init__(self, count: int = 5, flaky: tuple[str, ...] = ()):
        self.folder = tempfile.TemporaryDirectory(prefix="driver-")
        self.path = pathlib.Path(self.folder.name)
        self.flaky = flaky
        self.count = count
        lines = [f"{i} 127.0.0.1:{port}\n" for i, port in enumerate(free_ports(count), 1)]
        (self.path / "cluster").write_text("".join(lines), encoding="ascii")
        self.processes: dict[int, subprocess.Popen] = {}
        self.lives: collections.Counter = collections.Counter()

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        for node in list(self.processes):
            self.kill(node)
        self.folder.cleanup()

    def start(self, node: int, recover: bool = False) -> None:
        self.lives[node] += 1
        program = [DRIVER_FLAKY, *self.flaky] if self.flaky else [DRIVER]
        words = ["-R"] if recover else []
        words += ["--applied", str(self.path / f"applied{node}"), str(node), str(self.path / "cluster"),
                  str(self.path / f"persist{node}"), str(100 + node)]
        with open(self.output(node), "wb") as out, open(self.path / f"errors{node}", "ab") as errors:
            self.processes[node] = subprocess.Popen([*program, *words], stdout=out, stderr=errors)

    def kill(self, node: int) -> None:
        process = self.processes.pop(node)
        process.send_signal(signal.SIGKILL)
        process.wait()

    def output(self, node: int) -> pathlib.Path:
        return self.path / f"output{node}.{self.lives[node]}"

    def lines(self, node: int, pattern: str) -> list[str]:
        """What the present life of a node printed, as far as it matches."""
        text = self.output(node).read_text(encoding="ascii")
        return re.findall(rf"^(?:{pattern})$", text[:text.rfind("\n") + 1], re.MULTILINE)

    def leader(self) -> int | None:
        """Of the latest term that anybody said it leads."""
        best = (0, None)
        for node in self.processes:
            terms = [int(term) for term in self.lines(node, r"leader term=(\d+)")]
            lost = [int(term) for term in self.lines(node, r"follower term=(\d+).*")]
            if terms and (not lost or max(lost) <= max(terms)):
                best = max(best, (max(terms), node))
        return best[1]

    def elections(self) -> int:
        return sum(len(self.lines(node, r"leader term=\d+")) for node in range(1, self.count + 1)
                   if self.lives[node] > 0)

    def done(self) -> int:
        """Writes and reads that clients were told are done, in the present lives."""
        return sum(len(self.lines(node, r"(?:write|read) .* done")) for node in self.processes)

    def applied(self, node: int) -> list[int]:
        return [int(index) for index in self.lines(node, r"apply (\d+) .*")]

    def alive(self) -> None:
        for node, process in self.processes.items():
            if process.poll() is not None:
                errors = (self.path / f"errors{node}").read_text(encoding="utf-8")
                raise AssertionError(f"driver {node} ended with {process.returncode}: {errors[-500:]}")

    def wait(self, what: str, condition, patience: float = PATIENCE):
        end = time.monotonic() + patience
        while time.monotonic() < end:
            self.alive()
            found = condition()
            if found:
                return found
            time.sleep(0.02)  # Between two looks.
        raise AssertionError(f"not within {patience} s: {what}")

    def elect(self) -> int:
        return self.wait("a leader", self.leader)

    def go_on(self, operations: int) -> None:
        """Waits until so many more operations are done."""
        before = self.done()
        self.wait(f"{operations} more operations", lambda: self.done() >= before + operations)

    def never(self, what: str, condition) -> None:
        end = time.monotonic() + 5 * ELECTION
        while time.monotonic() < end:
            self.alive()
            if condition():
                raise AssertionError(what)
            time.sleep(0.02)  # Between two looks.

    def check_applied(self) -> None:
        """All records agree (docs/formats/applied.md)."""
        hashes: dict[int, str] = {}
        for node in range(1, self.count + 1):
            record = self.path / f"applied{node}"
            text = record.read_text(encoding="ascii") if record.exists() else ""
            for line in text[:text.rfind("\n") + 1].splitlines():
                if line.startswith("#"):
                    continue
                index, _, command = line.split()
                if hashes.setdefault(int(index), command) != command:
                    raise AssertionError(f"two commands were applied at {index}")


class Reliable(unittest.TestCase):
    FLAKY: tuple[str, ...] = ()

    def cluster(self, *started: int) -> Cluster:
        cluster = self.enterContext(Cluster(flaky=self.FLAKY))
        for node in started:
            cluster.start(node)
        return cluster

    def test_one_of_five_never_leads(self):
        self.never_elects(self.cluster(1))

    def test_two_of_five_never_elect_a_leader(self):
        self.never_elects(self.cluster(1, 2))

    def never_elects(self, cluster: Cluster):
        cluster.never("there is a leader without a majority", cluster.leader)

    def test_three_of_five_elect_a_leader_and_work(self):
        cluster = self.cluster(1, 2, 3)
        cluster.elect()
        cluster.go_on(50)
        cluster.check_applied()

    def test_when_the_leader_is_killed_another_goes_on(self):
        cluster = self.cluster(1, 2, 3, 4, 5)
        first = cluster.elect()
        cluster.go_on(50)
        cluster.kill(first)
        second = cluster.wait("another leader", lambda: cluster.leader() not in (None, first))
        self.assertTrue(second)
        cluster.go_on(50)
        cluster.check_applied()

    def test_without_a_majority_all_halts_and_resumes_when_one_is_back(self):
        cluster = self.cluster(1, 2, 3)
        cluster.elect()
        cluster.go_on(50)
        leader = cluster.leader()
        gone = [node for node in (1, 2, 3) if node != leader]
        for node in gone:
            cluster.kill(node)
        # What had a majority before the others died may still be answered.
        cluster.wait("that the leader gives up", lambda: cluster.lines(leader, r"follower term=.*"))
        before = cluster.done()
        cluster.never("something was done without a majority", lambda: cluster.done() > before)
        for node in gone:
            cluster.start(node, recover=True)
        cluster.elect()
        cluster.go_on(20)
        cluster.check_applied()

    # No count-down by one before it: "A server that comes late" in src/raft/testdata/scenarios/repair.txt.
    def test_a_late_joiner_catches_up_in_a_burst(self):
        cluster = self.cluster(1, 2, 3)
        cluster.elect()
        cluster.go_on(200)
        cluster.start(5)
        wanted = max(cluster.applied(1) + cluster.applied(2) + cluster.applied(3))
        cluster.wait("that the late one has all", lambda: cluster.applied(5)[-1:] >= [wanted])
        applied = cluster.applied(5)
        self.assertEqual(applied, sorted(applied))
        self.assertGreaterEqual(len(applied), 100)
        cluster.check_applied()

    def test_a_server_that_recovers_replays_its_whole_log(self):
        cluster = self.cluster(1, 2, 3)
        leader = cluster.elect()
        cluster.go_on(100)
        node = 1 if leader != 1 else 2
        before = cluster.applied(node)
        cluster.kill(node)
        before = cluster.applied(node)
        cluster.start(node, recover=True)
        cluster.wait("that it applied again what it had", lambda: len(cluster.applied(node)) >= len(before))
        self.assertEqual(cluster.applied(node)[:len(before)], before)
        cluster.check_applied()

    def test_all_recover_after_all_were_killed(self):
        cluster = self.cluster(1, 2, 3)
        cluster.elect()
        cluster.go_on(50)
        for node in (1, 2, 3):
            cluster.kill(node)
        for node in (1, 2, 3):
            cluster.start(node, recover=True)
        cluster.elect()
        cluster.go_on(50)
        cluster.check_applied()


class Flaky(Reliable):
    """The same over a network that loses, doubles, reorders and corrupts."""
    FLAKY = LOSSY

    def test_a_bad_network_costs_throughput(self):
        rates = {}
        for name, flaky in (("reliable", ()), ("flaky", LOSSY)):
            with Cluster(3, flaky) as cluster:
                for node in (1, 2, 3):
                    cluster.start(node)
                cluster.elect()
                begin = time.monotonic()
                cluster.go_on(300)
                rates[name] = 300 / (time.monotonic() - begin)
                print(f"{name}: {rates[name]:.0f} operations/s, {cluster.elections()} elections",
                      file=sys.stderr)
                cluster.check_applied()
        self.assertLess(rates["flaky"], rates["reliable"])

    def test_a_very_bad_network_costs_elections_too(self):
        """Two clusters side by side, until the one over the bad network has had four elections; the other one stops when
        it has done enough. (When one message of five is lost, pre-votes and repeated questions keep a leader in office:
        that costs no elections.)"""
        with contextlib.ExitStack() as stack:
            clusters = {}
            for name, flaky in (("reliable", ()), ("very flaky", VERY_LOSSY)):
                clusters[name] = stack.enter_context(Cluster(3, flaky))
                for node in (1, 2, 3):
                    clusters[name].start(node)
            good, bad = clusters.values()
            begin = time.monotonic()
            good.wait("operations", lambda: good.done() >= 1000)
            took = {"reliable": time.monotonic() - begin}
            for process in good.processes.values():
                process.send_signal(signal.SIGSTOP)
            bad.wait("four elections", lambda: bad.elections() >= 4, patience=90)
            took["very flaky"] = time.monotonic() - begin
            rates = {name: cluster.done() / took[name] for name, cluster in clusters.items()}
            for name, cluster in clusters.items():
                print(f"{name}: {cluster.elections()} elections and {cluster.done()} operations in {took[name]:.0f} s",
                      file=sys.stderr)
            self.assertLess(good.elections(), bad.elections())
            self.assertLess(rates["very flaky"], rates["reliable"])
            for cluster in clusters.values():
                cluster.alive()
                cluster.check_applied()


class Usage(unittest.TestCase):
    def test_fresh_on_what_exists_and_recovery_of_nothing_are_refused(self):
        with Cluster(1) as cluster:
            config, persist = cluster.path / "cluster", cluster.path / "persist"
            gone = subprocess.run([DRIVER, "-R", "1", config, persist, "1"], capture_output=True, text=True,
                                  timeout=PATIENCE)
            self.assertEqual(gone.returncode, 3)
            self.assertIn("does not exist", gone.stderr)
            persist.write_text("x", encoding="ascii")
            there = subprocess.run([DRIVER, "1", config, persist, "1"], capture_output=True, text=True,
                                   timeout=PATIENCE)
            self.assertEqual(there.returncode, 3)
            self.assertIn("exists", there.stderr)
            persist.rename(cluster.path / "persist.0000000000000001-0000000000000001.snapshot")
            former = subprocess.run([DRIVER, "1", config, persist, "1"], capture_output=True, text=True,
                                    timeout=PATIENCE)
            self.assertEqual(former.returncode, 3)
            self.assertIn("former server", former.stderr)

    def test_the_file_of_another_server_is_named_as_the_user_did(self):
        with Cluster(2) as cluster:
            cluster.start(1)
            cluster.start(2)
            cluster.wait("a leader", cluster.leader)
            cluster.kill(1)
            cluster.kill(2)
            persist = cluster.path / "persist1"
            other = subprocess.run([DRIVER, "-R", "2", cluster.path / "cluster", persist, "1"], capture_output=True,
                                   text=True, timeout=PATIENCE)
            self.assertEqual(other.returncode, 3, other.stderr)
            self.assertIn(f"{persist}: belongs to node 1, but this is node 2: the id or the file is wrong", other.stderr)

    def test_what_the_environment_refuses_is_no_fault_of_the_disk(self):
        with Cluster(1) as cluster:
            config = cluster.path / "cluster"
            for words in (["--applied", "/nonexistent/applied", "1", config, cluster.path / "a", "1"],
                          ["1", config, "/proc/persist", "1"]):
                run = subprocess.run([DRIVER, *words], capture_output=True, text=True, timeout=PATIENCE)
                self.assertEqual(run.returncode, 3, run.stderr)

    def test_wrong_words_are_named(self):
        with Cluster(1) as cluster:
            bad = cluster.path / "bad"
            for text, complaint in (("1 nowhere\n", "bad:1"), ("trnsport udp\n", "did you mean 'transport'"),
                                    ("", "no line"), ("1 127.0.0.1:1\n1 127.0.0.1:2\n", "bad:2"),
                                    ("1 a:1\nheartbeat-ms 50\nheartbeat-ms 60\n", "bad:3: 'heartbeat-ms' is there twice"),
                                    ("1 a:1\ntransport tcp\ndatagram-bytes 512\n", "datagram-bytes: only for transport udp")):
                bad.write_text(text, encoding="ascii")
                run = subprocess.run([DRIVER, "1", bad, cluster.path / "p", "1"], capture_output=True,
                                     text=True, timeout=PATIENCE)
                self.assertEqual(run.returncode, 3, text)
                self.assertIn(complaint, run.stderr)

    def test_wrong_options_are_named_in_one_sentence_of_the_driver(self):
        for words, named in ((["--frob", "1"], "--frob"), (["-Rx", "1"], "-x"), (["1", "--applied"], "--applied"),
                             (["--help=1"], "--help=1")):
            run = subprocess.run([DRIVER, *words], capture_output=True, text=True, timeout=PATIENCE)
            self.assertEqual(run.returncode, 3, words)
            self.assertRegex(run.stderr, rf"\Adriver: .* {named}; see driver --help\n\Z")


if __name__ == "__main__":
    DRIVER, DRIVER_FLAKY = sys.argv[1:3]
    unittest.main(argv=[sys.argv[0], *sys.argv[3:]])
