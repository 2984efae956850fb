#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""check_pure.py catches each thing it forbids, in objects that are bad on purpose, and nothing else.

Usage: check_pure_test.py COMPILER CHECK_PURE
"""
import concurrent.futures
import pathlib
import subprocess
import sys
import tempfile

BAD = {
    "clock": "#include <ctime>\nlong f() { timespec t{}; clock_gettime(CLOCK_MONOTONIC, &t); return t.tv_sec; }",
    "steady": "#include <chrono>\nlong f() { return std::chrono::steady_clock::now().time_since_epoch().count(); }",
    "system": "#include <chrono>\nlong f() { return std::chrono::system_clock::now().time_since_epoch().count(); }",
    "time": "#include <ctime>\nlong f() { return time(nullptr); }",
    "sleep": "#include <thread>\nvoid f(int n) { std::this_thread::sleep_for(std::chrono::seconds(n)); }",
    "entropy": "#include <random>\nunsigned f() { return std::random_device()(); }",
    "rand": "#include <cstdlib>\nint f() { return rand(); }",
    "getrandom": "#include <sys/random.h>\nlong f(char* p) { return getrandom(p, 8, 0); }",
    "environment": "#include <cstdlib>\nconst char* f() { return getenv(\"HOME\"); }",
    "open": "#include <fcntl.h>\nint f() { return open(\"x\", O_RDONLY); }",
    "read": "#include <unistd.h>\nlong f(char* p) { return read(0, p, 8); }",
    "pwrite": "#include <unistd.h>\nlong f(char* p) { return pwrite(1, p, 8, 0); }",
    "sync": "#include <unistd.h>\nint f() { return fdatasync(1); }",
    "mmap": "#include <sys/mman.h>\nvoid* f() { return mmap(nullptr, 9, PROT_READ, MAP_SHARED, 0, 0); }",
    "fstream": "#include <fstream>\nvoid f() { std::ofstream(\"x\") << 1; }",
    "filesystem": "#include <filesystem>\nbool f() { return std::filesystem::exists(\"x\"); }",
    "printf": "#include <cstdio>\nvoid f(int n) { std::printf(\"%d\\n\", n); }",
    "cout": "#include <iostream>\nvoid f() { std::cout << 1; }",
    "socket": "#include <sys/socket.h>\nint f() { return socket(AF_INET, SOCK_STREAM, 0); }",
    "sendto": "#include <sys/socket.h>\nlong f() { return sendto(1, nullptr, 0, 0, nullptr, 0); }",
    "epoll": "#include <sys/epoll.h>\nint f() { return epoll_create1(0); }",
    "thread": "#include <thread>\nvoid f() { std::thread([] {}).join(); }",
    "lock": "#include <pthread.h>\nvoid f(pthread_mutex_t* m) { pthread_mutex_lock(m); }",
    "fork": "#include <unistd.h>\nint f() { return fork(); }",
    "syscall": "#include <unistd.h>\nlong f() { return syscall(39); }",
    "global": "int counter = 3;\nint f() { return ++counter; }",
    "zeroed": "static int counter;\nint f() { return ++counter; }",
    "local": "int f() { static int counter = 1; return ++counter; }",
    "per-thread": "thread_local int counter = 3;\nint f() { return ++counter; }",
    "static-object": "#include <string>\n#include <vector>\nstd::vector<std::string> names{\"a\", \"b\"};",
}
GOOD = {
    "values": "#include <map>\n#include <string>\nint f(const std::map<std::string, int>& m) { return m.at(\"x\"); }",
    "tables": "static const int table[] = {1, 2, 3};\nint f(int n) { return table[n]; }",
    "virtuals": "struct Port { virtual ~Port() = default; virtual int read(int) = 0; };\n"
                "struct Mine : Port { int read(int n) override; };\nint Mine::read(int n) { return n; }\n"
                "namespace disk { int open(int); }\nint f(Port& p) { return p.read(disk::open(1)); }",
    "text": "#include <sstream>\nstd::string f(int n) { std::ostringstream out; out << n; return out.str(); }",
}


def passes(compiler: str, checker: str, name: str, source: str) -> bool:
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / f"{name}.cc"
        path.write_text(source)
        subprocess.run([compiler, "-std=c++20", "-O1", "-w", "-c", path, "-o", path.with_suffix(".o")], check=True)
        checked = subprocess.run([sys.executable, checker, path.with_suffix(".o")], capture_output=True, check=False)
        return checked.returncode == 0


def main(compiler: str, checker: str) -> int:
    cases = [(name, source, False) for name, source in BAD.items()]
    cases += [(name, source, True) for name, source in GOOD.items()]
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda case: passes(compiler, checker, case[0], case[1]), cases))
    wrong = [case for case, answer in zip(cases, answers) if case[2] != answer]
    for name, source, good in wrong:
        print(f"check_pure.py {'refuses' if good else 'accepts'} {name}:\n{source}", file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
