# SPDX-License-Identifier: MIT
# targets.py - what a figure of a workload is held against.
#
# Every workload that is compared has the usual targets (usual()); a row of the table may add its own with
# the short functions below.
import dataclasses

MEGABYTE = 1024 / 1e6  # kB of 1024 bytes -> MB of 10^6 bytes
SPEED_UNITS = {'Mop/s': 1.0, 'op/ms': 1e3, 'op/s': 1e6, 'runs/s': 1e6}  # unit -> factor for the key mops
OURS = 'libhakmem'
PEERS = ('glibc', 'mimalloc', 'jemalloc', 'tcmalloc')  # of these the best one is the measure
LEAN = ('mimalloc', 'jemalloc', 'tcmalloc')  # of these the leanest: they bring a library of their own, too
REAL = 'programs'  # the group of real programs, held against glibc


@dataclasses.dataclass(frozen=True)
class Target:
    """The figure KEY, shown in UNIT (times SCALE), compared with that of one of PEERS, the strictest.

    kind: ratio: ours / theirs; difference: ours - theirs; value: ours alone; info: shown, not judged.
    higher: true if more is better; then LIMIT is the least that is good enough, else the most."""
    key: str
    unit: str
    kind: str
    limit: float = 0.0
    peers: tuple = ()
    higher: bool = False
    scale: float = 1.0

    def text(self):
        sign = '≥' if self.higher else '≤'
        return {
            'ratio': f'{sign} {self.limit:g} × {against(self)}',
            'difference': f'{sign} {against(self)} + {self.limit:g} {self.unit}',
            'value': f'{sign} {self.limit:g} {self.unit}',
            'info': '–',
        }[self.kind]


def against(target):
    """The peers of a target in words."""
    if len(target.peers) == 1:
        return target.peers[0]
    return 'best peer' if target.peers == PEERS else 'leanest of ' + ', '.join(target.peers)


# --- For rows of the table -------------------------------------------------------------------------------

def best(limit):
    """Speed: at least LIMIT times the best peer."""
    return Target('mops', '', 'ratio', limit, PEERS, True)


def glibc(limit):
    """Speed: at least LIMIT times glibc."""
    return Target('mops', '', 'ratio', limit, ('glibc',), True)


def floor(limit):
    """Speed: at least LIMIT times the allocator that does nothing."""
    return Target('mops', '', 'ratio', limit, ('floor',), True)


def scale_of(key):
    """Keys say their unit at the end; memory is shown in MB, times of calls in ns."""
    return MEGABYTE if key.endswith('_kb') else 1e-3 if key.endswith('_ps') else 1.0


def info(key, unit):
    """Shown, not judged."""
    return Target(key, unit, 'info', scale=scale_of(key))


def at_most(key, unit, limit):
    """Our own figure: no more than LIMIT."""
    return Target(key, unit, 'value', limit, scale=scale_of(key))


def footprint(mapped=None):
    """A small program at its exit: near glibc, and content with 64 MiB of address space."""
    rows = (Target('rss_kb', 'kB', 'difference', 300, ('glibc',)),
            Target('limited_status', 'status under ulimit -v 65536', 'value', 0))
    return rows + ((Target('address_space_kb', 'kB mapped', 'value', mapped),) if mapped else ())


GROWTH = Target('growth', '× early', 'value', 1.05)


# --- Those that every workload has -----------------------------------------------------------------------

def speed(workload):
    return Target('mops', workload.unit, 'ratio', 1.0, PEERS, True, SPEED_UNITS[workload.unit])


def peak(workload):
    if workload.group == REAL:
        return Target('rss_peak_kb', 'MB peak', 'ratio', 1.03, ('glibc',), scale=MEGABYTE)
    return Target('rss_peak_kb', 'MB peak', 'ratio', 1.0, LEAN, scale=MEGABYTE)


TAIL = Target('p999_ps', 'ns p99.9', 'ratio', 1.0, PEERS, scale=1e-3)


def usual(workload, keys):
    """Speed, peak memory and the tail of latency, as far as the workload has them among KEYS."""
    found = [speed(workload)] if workload.speed else []
    found += [peak(workload)] if workload.memory else []
    found += [TAIL]
    return [target for target in found if target.key in keys]


# --- Those of all workloads together: geometric means against the best peer's ----------------------------

MEAN_SPEED = 1.10
MEAN_MEMORY = 0.95
