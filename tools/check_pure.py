#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Fails if a library's object code refers to the operating system.

Source searches can be fooled by macros and aliases; undefined symbols cannot. A pure library may
use memory and the language, and nothing that reads a clock, entropy, files, sockets, the
environment, or starts a thread. Nor may it keep mutable state outside of its objects.
"""
import re
import subprocess
import sys

FORBIDDEN = re.compile(
    r"\b(clock_gettime|gettimeofday|time|nanosleep|usleep|getrandom|rand|random|getenv|open|read"
    r"|write|fsync|socket|send|recv|connect|epoll_\w+|pthread_\w+|fopen|system)(@|$)"
    r"|std::(random_device|thread|condition_variable|this_thread|filesystem)"
    r"|std::chrono::_V2::\w+::now|std::basic_[io]?fstream|std::cout|std::cerr")


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
