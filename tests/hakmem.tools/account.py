# SPDX-License-Identifier: MIT
"""Judge the JSON of hakmem explain (test). Arguments: FILE RSS [holder LINE]. Prints what is wrong."""
import json
import sys

HEAP = ["live", "cached", "free_in_slabs", "retained", "metadata", "fragmentation"]
REST = ["program", "libraries", "stacks", "heap_brk", "files", "shared_memory", "other_anonymous"]

PARTS = {"resident_live_bytes": "live", "resident_cached_bytes": "cached", "resident_free_bytes": "free_in_slabs",
         "resident_retained_bytes": "retained", "fragmentation_bytes": "fragmentation"}


def main():
    data = json.load(open(sys.argv[1]))
    rss = int(sys.argv[2])
    parts = data["parts"]
    if sorted(parts) != sorted(HEAP + REST):
        print("parts:", sorted(parts))
    if sum(parts.values()) != data["accounted_bytes"]:
        print("the parts are", sum(parts.values()), "the sum", data["accounted_bytes"])
    if abs(data["accounted_bytes"] - data["resident_bytes"]) > data["resident_bytes"] / 50:
        print("accounted", data["accounted_bytes"], "of", data["resident_bytes"])
    if rss and abs(data["accounted_bytes"] - rss) > rss / 50:
        print("accounted", data["accounted_bytes"], "where smaps_rollup has", rss)
    if rss and data["mode"] == "pool" and sum(parts[name] for name in HEAP) < rss / 10:
        print("the heap's share is too small:", parts)
    if sys.argv[3:] == []:
        return
    words = sys.argv[4].split()
    for name, value in zip(words[::2], words[1::2]):
        if name in PARTS:
            mine, slack = parts[PARTS[name]], data["resident_bytes"] / 50
            if name == "resident_live_bytes":  # mincore, which the library asks, counts pages of zeros, too
                mine += 8 << 20
        else:
            mine, slack = {**data["heap"], **data["counters"]}[name], 0
        if abs(mine - int(value)) > slack:
            print(name, "is", mine, "and the library says", value)
    if not 1 << 20 <= parts["shared_memory"] < 2 << 20:
        print("shared memory", parts["shared_memory"])
    if not 4096 <= parts["stacks"] < 8 << 20:
        print("stacks", parts["stacks"])
    if data["heap"]["threads"] != 4:
        print("threads", data["heap"]["threads"])
    if sum(c["live"] * c["size"] for c in data["classes"]) > data["heap"]["live_bytes"]:
        print("classes hold more than is in use")


main()
