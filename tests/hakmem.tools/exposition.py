# SPDX-License-Identifier: MIT
"""Judge what hakmem metrics printed (test), by the grammar of OpenMetrics as far as integers, these types and labels go,
and by that of Prometheus's text format. Arguments: FILE LABEL,LABEL... [ROW=KIND...]. Prints what is wrong."""
import re
import sys

NAME = "[a-zA-Z_:][a-zA-Z0-9_:]*"
LABEL = r'[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\[\\"n])*"'
SAMPLE = re.compile(r"(%s)(?:\{(%s(?:,%s)*)\})? ([0-9]+)" % (NAME, LABEL, LABEL))
HEAD = re.compile(r"# (TYPE|UNIT|HELP) (%s) (.*)" % NAME)
EXTRA = {"hakmem_library_info": ["version", "mode"], "hakmem_unreadable_processes": None}


def main():
    lines = open(sys.argv[1]).read().split("\n")
    wanted = sys.argv[2].split(",")
    rows = dict(row.split("=") for row in sys.argv[3:])
    if lines[-2:] != ["# EOF", ""]:
        print("no end:", lines[-2:])
    family, kind, words, seen, kinds, samples = None, None, [], set(), {}, set()
    for line in lines[:-2]:
        match = HEAD.fullmatch(line)
        if match:
            word, of, rest = match.groups()
            if of != family:
                if of in seen or word != "TYPE" or rest not in ("counter", "gauge"):
                    print("a head that is none:", line)
                family, kind, words = of, rest, []
                seen.add(of)
                kinds[of] = kind
            elif word in words or (word == "UNIT" and not of.endswith("_" + rest)):
                print("a head twice, or a bad unit:", line)
            words.append(word)
            continue
        match = SAMPLE.fullmatch(line)
        if not match or match.group(1) != "%s%s" % (family, "_total" if kind == "counter" else ""):
            print("no sample of %s:" % family, line)
            continue
        key = line.rsplit(" ", 1)[0]
        if key in samples:
            print("twice:", line)
        samples.add(key)
        names = re.findall(r'([a-zA-Z_][a-zA-Z0-9_]*)="', re.sub(r'\\.', "", match.group(2) or ""))
        more = EXTRA.get(family, [])
        if names != (["reason"] if more is None else wanted + more):
            print("labels:", line)
    for name, row in rows.items():
        if kinds.get("hakmem_" + name) != row.lower():
            print(name, "is", kinds.get("hakmem_" + name), "and not", row)


main()
