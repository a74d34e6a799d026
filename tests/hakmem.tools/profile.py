# SPDX-License-Identifier: MIT
"""What hakmem profile --format json says: python3 profile.py FILE CHECK...

CHECK is "FUNCTION TYPE LEAST MOST": the sum of TYPE over the stacks whose innermost function of the program is
FUNCTION, or "all" of them, is between the two. Prints what is not so.
"""

import json
import sys

data = json.load(open(sys.argv[1]))
types = [t["name"] for t in data["types"]]
names = data["functions"]
for check in sys.argv[2:]:
    function, kind, least, most = check.split()
    total = sum(
        values[types.index(kind)]
        for values, frames in data["stacks"]
        if function == "all" or (frames and function in [names[f] for f in frames])
    )
    if not float(least) <= total <= float(most):
        print(f"{check}: {total}")
if not data["stacks"] or data["dropped"]:
    print(len(data["stacks"]), "stacks", data["dropped"], "dropped")
