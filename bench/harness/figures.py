# SPDX-License-Identifier: MIT
# figures.py - from runs to figures: medians, spreads, ratios pair by pair, verdicts, geometric means.
#
# A ratio is taken within a round, between runs that were neighbours in time; its median and its quartiles
# are reported. That survives a machine whose speed drifts. The spread is the range between the quartiles.
import collections
import math
import statistics

from . import allocators as libraries
from . import targets

AHEAD, TIE, BEHIND = 'ahead', 'tie', 'behind'
MET, WITHIN, MISSED = 'met', 'within spread', 'missed'

Summary = collections.namedtuple('Summary', 'low median high count')
Comparison = collections.namedtuple('Comparison', 'peer low median high verdict')
Judgement = collections.namedtuple('Judgement', 'target comparison value verdict')
Mean = collections.namedtuple('Mean', 'count values best ratio verdict limit left_out')


def summary(values):
    """Median and quartiles of VALUES; None of nothing."""
    values = sorted(values)
    if not values:
        return None
    if len(values) == 1:
        return Summary(values[0], values[0], values[0], 1)
    low, middle, high = statistics.quantiles(values, n=4, method='inclusive')
    return Summary(low, middle, high, len(values))


def geometric_mean(values):
    return math.exp(statistics.fmean(map(math.log, values)))


def standing(ratios, higher):
    """ahead, tie or behind, from the summary of ours / theirs; 1 inside the spread is a tie."""
    if ratios.low <= 1 <= ratios.high:
        return TIE
    return AHEAD if (ratios.median > 1) == higher else BEHIND


def against_limit(low, median, high, limit, higher):
    """Is LIMIT kept? A limit that lies inside the spread is neither met nor missed for certain."""
    if median >= limit if higher else median <= limit:
        return MET
    return WITHIN if low <= limit <= high else MISSED


class Figures:
    """The figures of all runs of RESULTS; with CPU, speed is that of processor time where that is fair."""

    def __init__(self, results, workloads, cpu=False):
        self.workloads = {workload.name: workload for workload in workloads}
        self.rounds = {name: results.rounds.get(name, {}) for name in self.workloads}
        self.columns = [name for name in results.allocators() if name not in libraries.NOT_COMPARED]
        self.extras = [name for name in results.allocators() if name in (libraries.FLOOR, 'control')]
        self.base = next((name for name in ('glibc', *self.columns) if name in self.columns), '')
        for name, workload in self.workloads.items():
            for values in (one for number in self.rounds[name].values() for one in number.values()):
                derive(values, cpu and workload.threads == 1)

    def series(self, workload, allocator, key):
        """Round -> value."""
        return {number: values[allocator][key] for number, values in self.rounds[workload].items()
                if key in values.get(allocator, ())}

    def summary(self, workload, allocator, key, scale=1.0):
        return summary(value * scale for value in self.series(workload, allocator, key).values())

    def keys(self, workload):
        """All keys that were measured, in the order of the programs' output."""
        return list(dict.fromkeys(key for values in self.rounds[workload].values()
                                  for one in values.values() for key in one))

    def measured(self, workload, key):
        """The allocators that have this figure."""
        return [name for name in self.columns if self.series(workload, name, key)]

    def failed(self, workload, allocator):
        return bool(self.series(workload, allocator, 'failed'))

    def targets(self, workload):
        """The usual targets of a workload and its own; figures without a target are not among them."""
        keys = self.keys(workload)
        row = self.workloads[workload]
        return targets.usual(row, keys), [target for target in row.extra if target.key in keys]

    def pairs(self, workload, other, key, combine, one=None):
        """That of ONE (ours) combined with that of OTHER, within each round both have."""
        ours, theirs = self.series(workload, one or targets.OURS, key), self.series(workload, other, key)
        return summary(combine(ours[number], theirs[number]) for number in ours
                       if number in theirs and theirs[number] > 0)

    def compare(self, workload, target):
        """Against the peer that is hardest to beat; None where nothing can be compared."""
        combine = (lambda a, b: (a - b) * target.scale) if target.kind == 'difference' else lambda a, b: a / b
        found = {peer: pairs for peer in target.peers
                 if (pairs := self.pairs(workload, peer, target.key, combine))}
        if not found:
            return None
        peer = (min if target.higher else max)(found, key=lambda name: found[name].median)
        low, median, high, _ = found[peer]
        verdict = standing(found[peer], target.higher) if target.kind != 'difference' else ''
        return Comparison(peer, low, median, high, verdict)

    def judge(self, workload, target):
        """What a target says about our figures; None where there is nothing to judge."""
        if target.kind == 'info':
            return None
        if target.kind == 'value':
            value = self.summary(workload, targets.OURS, target.key, target.scale)
            if not value:
                return None
            return Judgement(target, None, value, against_limit(*value[:3], target.limit, target.higher))
        compared = self.compare(workload, target)
        if not compared:
            return None
        verdict = against_limit(compared.low, compared.median, compared.high, target.limit, target.higher)
        return Judgement(target, compared, None, verdict)

    def mean(self, key, eligible, peers, higher, limit):
        """Geometric means over the workloads that all allocators have, as multiples of the base's."""
        names = [name for name, workload in self.workloads.items()
                 if eligible(workload) and self.measured(name, key)]
        shared = [name for name in names if len(self.measured(name, key)) == len(self.columns)]
        if not shared:
            return None
        base = self.base
        median = {(name, column): self.summary(name, column, key).median
                  for name in shared for column in self.columns}
        shared = [name for name in shared if all(median[name, column] > 0 for column in self.columns)]
        if not shared:
            return None
        values = {column: geometric_mean([median[name, column] / median[name, base] for name in shared])
                  for column in self.columns}
        rivals = {peer: values[peer] for peer in peers if peer in values}
        best = (max if higher else min)(rivals, key=rivals.get) if rivals else None
        ratio = values[targets.OURS] / rivals[best] if best and targets.OURS in values else None
        verdict = ratio and against_limit(ratio, ratio, ratio, limit, higher)
        return Mean(len(shared), values, best, ratio, verdict, limit, [n for n in names if n not in shared])

    def speed_mean(self):
        return self.mean('mops', lambda workload: workload.speed, targets.PEERS, True, targets.MEAN_SPEED)

    def memory_mean(self):
        return self.mean('rss_peak_kb', lambda workload: workload.memory, targets.LEAN, False,
                         targets.MEAN_MEMORY)


def derive(values, cpu):
    """Add the figures that are computed from others."""
    if values.get('rss_early_kb'):
        values['growth'] = values['rss_late_kb'] / values['rss_early_kb']
    if 'mops' not in values and values.get('seconds'):
        values['mops'] = values.get('ops', 1.0) / values['seconds'] * 1e-6
    if cpu and 'cpu_mops' in values:
        values['mops'] = values['cpu_mops']


def percentiles(values):
    """[(share of the calls, ns)] from the keys p50_ps, p999_ps, ... of a run, and its slowest call."""
    points = []
    for key, value in values.items():
        if key.startswith('p') and key.endswith('_ps') and key[1:-3].isdigit():
            points.append((float('0.' + key[1:-3]), value * 1e-3))
    return sorted(points), values.get('max_ps', 0.0) * 1e-3


def timeline(values):
    """[(seconds, MB)] from the keys resident_at_SECONDS_ms_kb of a run."""
    points = []
    for key, value in values.items():
        if key.startswith('resident_at_'):
            points.append((float(key.split('_')[2]) * 1e-3, value * targets.MEGABYTE))
    return sorted(points)
