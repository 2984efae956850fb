# SPDX-License-Identifier: Apache-2.0
"""A Slurm cluster of one node, and a machine that is reached by ssh: both on this host's loopback, as an ordinary user."""
import contextlib
import getpass
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator

STARTS_WITHIN_S = 60
# Debian has the daemons where an ordinary user's PATH does not look.
PATH = os.environ["PATH"] + ":/usr/sbin:/sbin"


def find(program: str, package: str) -> str:
    found = shutil.which(program, path=PATH)
    if not found:
        sys.exit(f"{program} is missing: apt-get install {package}, or tools/setup.sh ci")
    return found


def free_port() -> int:
    with socket.socket() as end:
        end.bind(("127.0.0.1", 0))
        return end.getsockname()[1]


def wait_until(what: str, holds: Callable[[], bool], logs: list[pathlib.Path]) -> None:
    ends = time.monotonic() + STARTS_WITHIN_S
    while not holds():
        if time.monotonic() > ends:
            said = "\n".join(f"{log}: {log.read_text()[-2000:]}" for log in logs if log.exists())
            raise TimeoutError(f"{what} did not come up within {STARTS_WITHIN_S} s\n{said}")
        time.sleep(0.1)


@contextlib.contextmanager
def running(commands: list[list[str]], folder: pathlib.Path, environment: dict[str, str]) -> Iterator[list[pathlib.Path]]:
    """Daemons in the foreground, each with its output in a file; ended in turn."""
    with contextlib.ExitStack() as stack:
        logs = []
        for command in commands:
            logs.append(folder / (pathlib.Path(command[0]).name + ".out"))
            log = stack.enter_context(logs[-1].open("w"))
            daemon = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environment)
            stack.callback(daemon.wait, 20)
            stack.callback(daemon.terminate)
        yield logs


@contextlib.contextmanager
def slurm(folder: pathlib.Path) -> Iterator[dict[str, str]]:
    """The environment in which sbatch submits to it."""
    find("sbatch", "slurm-client")
    key, end = folder / "munge.key", folder / "munge.socket"
    key.write_bytes(os.urandom(1024))
    key.chmod(0o400)
    host, user = socket.gethostname().split(".")[0], getpass.getuser()
    for name in ("state", "spool"):
        (folder / name).mkdir()
    configuration = folder / "slurm.conf"
    configuration.write_text(f"""ClusterName=sweep
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={free_port()}
SlurmdPort={free_port()}
SlurmUser={user}
SlurmdUser={user}
AuthType=auth/munge
AuthInfo=socket={end}
CredType=cred/munge
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
ProctrackType=proctrack/pgid
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
NodeName={host} NodeAddr=127.0.0.1 CPUs={os.cpu_count()} State=UNKNOWN
PartitionName=all Nodes=ALL Default=YES MaxTime=INFINITE State=UP
""")
    environment = dict(os.environ, SLURM_CONF=str(configuration), PATH=PATH)
    munged = [find("munged", "munge"), "--foreground", "--force", f"--key-file={key}", f"--socket={end}", f"--pid-file={folder}/munged.pid",
              f"--seed-file={folder}/munged.seed", f"--log-file={folder}/munged.log"]
    daemons = [[find("slurmctld", "slurmctld"), "-D", "-i"], [find("slurmd", "slurmd"), "-D", "-N", host]]

    def is_idle() -> bool:
        asked = subprocess.run(["sinfo", "--noheader", "--format=%T"], env=environment, capture_output=True, text=True, check=False)
        return asked.stdout.strip() == "idle"

    with running([munged], folder, environment) as munge_log:
        wait_until("munged", end.exists, munge_log)
        with running(daemons, folder, environment) as logs:
            wait_until("the Slurm node", is_idle, logs)
            yield environment


@contextlib.contextmanager
def machine_by_ssh(folder: pathlib.Path) -> Iterator[tuple[str, str]]:
    """The command that connects, and the machine's name."""
    sshd, port = find("sshd", "openssh-server"), free_port()
    for key in ("host", "user"):
        subprocess.run([find("ssh-keygen", "openssh-client"), "-q", "-t", "ed25519", "-N", "", "-f", str(folder / key)], check=True)
    configuration = folder / "sshd_config"
    configuration.write_text(f"""ListenAddress 127.0.0.1
Port {port}
HostKey {folder}/host
AuthorizedKeysFile {folder}/user.pub
PidFile none
UsePAM no
StrictModes no
PasswordAuthentication no
""")
    (folder / "known_hosts").write_text(f"[127.0.0.1]:{port} {(folder / 'host.pub').read_text()}")
    if os.getuid() == 0:
        pathlib.Path("/run/sshd").mkdir(exist_ok=True)  # Root's sshd insists on it.

    def listens() -> bool:
        with socket.socket() as end:
            return end.connect_ex(("127.0.0.1", port)) == 0

    with running([[sshd, "-D", "-e", "-f", str(configuration)]], folder, dict(os.environ)) as logs:
        wait_until("sshd", listens, logs)
        yield (f"ssh -F none -p {port} -i {folder}/user -o UserKnownHostsFile={folder}/known_hosts -o StrictHostKeyChecking=yes -o BatchMode=yes",
               "127.0.0.1")
