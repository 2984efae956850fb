#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Fails if a library's object code refers to the operating system.

Source searches can be fooled by macros and aliases; undefined symbols cannot. A pure library may
use memory and the language, and nothing that reads a clock, entropy, files, sockets, the
environment, or starts a thread. Nor may it keep mutable state outside of its objects.
A table that g++ 12 reports though it is constexpr: write std::array<T, N> in full; with deduced
arguments it lands in writable memory. tests/lint/check_pure_test.py proves that each of these is caught.
"""
import re
import subprocess
import sys

FORBIDDEN = re.compile(
    # Functions of C: their names stand alone, where those of C++ have arguments.
    r"^(clock_gettime|clock_nanosleep|clock|gettimeofday|time|localtime(_r)?|gmtime(_r)?|nanosleep|u?sleep"
    r"|timerfd_\w+|getrandom|getentropy|rand|rand_r|srand|random|srandom|[delmn]rand48|arc4random\w*"
    r"|getenv|secure_getenv|setenv|environ|getpid|gethostname"
    r"|f?open(at|64)?|creat|close|f?read|f?write|p?readv?(64)?|p?writev?(64)?|fsync|fdatasync|msync|mmap(64)?"
    r"|f?l?stat(at|64)?|statx|unlink|rename|mkdir|opendir|readdir|ftruncate(64)?"
    r"|socket|socketpair|bind|listen|accept4?|connect|send(to|msg|mmsg)?|recv(from|msg|mmsg)?|poll|ppoll|select"
    r"|epoll_\w+|eventfd|pipe2?|fork|vfork|clone3?|exec[lv]p?e?|posix_spawnp?|kill|waitpid|signal|sigaction"
    r"|syscall|ioctl|system|popen|pthread_\w+|sem_\w+|printf|puts|putchar|fputs|fputc|fprintf|stdout|stderr|stdin"
    r"|__(f?printf|read|open)\w*_chk|exit|_exit|quick_exit)(@|$)"
    # Of C++.
    r"|std::(random_device|thread|condition_variable|this_thread|filesystem|__basic_file)"
    r"|std::chrono::\w+::\w+::now|std::chrono::\w+::now"
    r"|std::(__cxx11::)?basic_[io]?fstream|std::basic_filebuf|std::c(out|err|log|in)\b|std::ios_base::Init")


# A line of `objdump --syms`: section, size, name. Undefined symbols are in section *UND*.
SYMBOL = re.compile(r"^[0-9a-f]{16} .{7} (\S+)\s+[0-9a-f]+\s+(?:\.hidden )?(.*)$")
MUTABLE = re.compile(r"^\.(data|bss|tdata|tbss)(?!\.rel\.ro)")


def main(library: str) -> int:
    listing = subprocess.run(["objdump", "--syms", "--demangle", library], check=True,
                             capture_output=True, text=True).stdout
    symbols = {match.groups() for match in map(SYMBOL.match, listing.splitlines()) if match}
    bad = {f"uses {name}" for section, name in symbols
           if section == "*UND*" and FORBIDDEN.search(name)}
    bad |= {f"mutable global {name}" for section, name in symbols
            if MUTABLE.match(section) and not name.startswith((".", "DW.ref."))}
    for complaint in sorted(bad):
        print(f"{library}: {complaint}", file=sys.stderr)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
