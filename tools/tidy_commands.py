# SPDX-License-Identifier: Apache-2.0
"""tidy_commands.py FROM TO: a compile_commands.json with each source once, for clang-tidy.

Many sources are compiled twice: for what users run, and with SEAWORTHY_BROKEN for the servers that are wrong on purpose. The
second has every line of the first and more. Where sources are united (preset tidy, which defines SEAWORTHY_BROKEN
everywhere) the servers' own copies say nothing new, and headers are read with the sources that include them.
"""
import json
import sys

once = {}
with open(sys.argv[1], encoding="utf-8") as commands:
    for command in json.load(commands):
        if "/broken_raftkv.dir/Unity/" in command["file"] or "_verify_interface_header_sets" in command["file"]:
            continue
        if command["file"] not in once or "-DSEAWORTHY_BROKEN" in command["command"]:
            once[command["file"]] = command
with open(sys.argv[2], "w", encoding="utf-8") as commands:
    json.dump(list(once.values()), commands, indent=1)
