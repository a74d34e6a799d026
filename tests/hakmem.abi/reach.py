#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
# reach.py LIBRARY ROOT... [-ROOT...] - what of other objects the functions ROOT of a linked x86-64 library reach.
#
# Each instruction that names a function or a variable, to call it, to jump to it or to take its address, counts
# as a way there, and a variable leads to every function that it holds the address of when the library is
# loaded. So a function that is only called by way of a pointer is found where the pointer is made. Behind
# "-ROOT" nothing is looked at. Prints "symbol NAME" for each undefined symbol, "indirect FUNCTION" for each
# function in reach that calls by way of a pointer, and "missing ROOT" for a root that the library has not.
import bisect
import re
import subprocess
import sys


def run(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def plain(name):
    """The name of a function without what the compiler appends to a part of it."""
    return re.split(r"\.(?:cold|part|constprop|isra|lto_priv)\b", name)[0].split("@")[0]


class Library:
    def __init__(self, path):
        self.path = path
        self.things = []  # address, size, name: functions and variables that are defined
        for line in run("nm", "-S", "--defined-only", path).splitlines():
            words = line.split()
            if len(words) == 4 and words[2] in "tTwWidDbBrRvVuU":
                self.things.append((int(words[0], 16), int(words[1], 16), words[3]))
        self.things.sort()
        self.starts = [t[0] for t in self.things]
        self.edges = {}  # start of a thing: what it leads to, starts of things or names of symbols
        self.indirect = set()
        self.read_code()
        self.read_data()

    def at(self, address):
        i = bisect.bisect_right(self.starts, address) - 1
        while i >= 0 and self.things[i][0] + self.things[i][1] <= address and self.starts[i] + 65536 > address:
            i -= 1
        if i >= 0 and self.things[i][0] <= address < self.things[i][0] + self.things[i][1]:
            return self.things[i][0]
        return None

    def lead(self, source, target):
        if source is not None and target is not None and source != target:
            self.edges.setdefault(source, set()).add(target)

    def read_code(self):
        slots = {}  # of the global offset table
        for line in run("readelf", "-rW", self.path).splitlines():
            match = re.match(r"([0-9a-f]+)\s+\S+\s+R_X86_64_(?:GLOB_DAT|JUMP_SLO\w*|64)\s+([0-9a-f]+)\s+(\S+)", line)
            if match:
                defined = int(match[2], 16)
                slots[int(match[1], 16)] = defined if defined else match[3].split("@")[0]
        self.slots = slots
        own = None
        for line in run("objdump", "-dw", "--no-show-raw-insn", self.path).splitlines():
            match = re.match(r"\s*([0-9a-f]+):\s+(.*)", line)
            if not match:
                continue
            own, text = self.at(int(match[1], 16)), match[2]
            if re.match(r"(?:(?:bnd|notrack) )?(?:call|jmp)\w*\s+\*(?!0x[0-9a-f]+\(%rip\))", text) and own is not None:
                self.indirect.add(own)
            stub = re.search(r"<(\w+)@plt>", text)
            if stub:
                self.lead(own, stub[1])
                continue
            named = re.search(r"(?:#\s+|(?:call|j\w+)\s+)([0-9a-f]+)\s+<", text)
            if named:
                address = int(named[1], 16)
                if address in slots:
                    target = slots[address]
                    self.lead(own, target if isinstance(target, str) else self.at(target))
                    if re.match(r"call|jmp", text) and not isinstance(target, str) and self.at(target) is None:
                        self.indirect.add(own)
                else:
                    self.lead(own, self.at(address))
                    if re.match(r"(?:call|jmp)\w*\s+\*", text):
                        self.indirect.add(own)

    def read_data(self):
        for slot, target in self.slots.items():
            self.lead(self.at(slot), target if isinstance(target, str) else self.at(target))
        for line in run("readelf", "-rW", self.path).splitlines():
            match = re.match(r"([0-9a-f]+)\s+\S+\s+R_X86_64_RELATIVE\s+([0-9a-f]+)", line)
            if match:
                self.lead(self.at(int(match[1], 16)), self.at(int(match[2], 16)))

    def named(self, name):
        return [t[0] for t in self.things if plain(t[2]) == name]

    def reach(self, roots, walls):
        seen, todo = set(walls), [r for r in roots if r not in walls]
        while todo:
            node = todo.pop()
            if node not in seen:
                seen.add(node)
                todo += [] if isinstance(node, str) else self.edges.get(node, ())
        return seen - set(walls)


def main(path, *words):
    library = Library(path)
    roots = [w for w in words if not w.startswith("-")]
    walls = [a for w in words if w.startswith("-") for a in library.named(w[1:])]
    for word in words:
        if not library.named(word.lstrip("-")):
            print("missing", word)
    seen = library.reach([a for r in roots for a in library.named(r)], walls)
    for name in sorted(n for n in seen if isinstance(n, str)):
        print("symbol", name)
    names = {}
    for address, _, name in library.things:
        names.setdefault(address, name)
    for name in sorted({plain(names[a]) for a in library.indirect & seen}):
        print("indirect", name)


main(*sys.argv[1:])
