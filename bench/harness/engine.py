# SPDX-License-Identifier: MIT
# engine.py - the adaptive engine against fixed settings: libhakmem beside itself, with other variables.
#
# A gain is in per cent of what fixed settings give, and more of it is always better: more speed, less memory.
# Like every ratio it is taken within a round. One thread is timed by its processor time, so that what else
# the machine does counts less, and a burst without the sleeps between them.
import collections
import dataclasses

from . import figures
from . import targets
from . import text

FIXED, HELPER, CONTROL = 'hakmem-fixed', 'hakmem-helper', 'hakmem-control'
VARIANTS = {
    targets.OURS: ('HAKMEM_ACE=1', 'HAKMEM_ACE_THREAD=0'),
    FIXED: ('HAKMEM_ACE=0', 'HAKMEM_ACE_THREAD=0'),
    HELPER: ('HAKMEM_ACE=1', 'HAKMEM_ACE_THREAD=1'),
    CONTROL: ('HAKMEM_ACE=0', 'HAKMEM_ACE_THREAD=0'),  # against FIXED: what is noise
}
WORKLOADS = (  # what changes phase, then what the engine must not harm; patterns
    'burst', 'shift', 'swell', 'swell_park',
    'random_mixed_*', 'mix_*', 'pair_64', 'pair_3000', 'pair_40000', 'pair_2000000', 'calloc_mixed',
    'larson_2', 'handover_mixed', 'fan_in', 'both_ways', 'churn', 'scale_2', 'scale_8', 'realloc_double',
    'vectors', 'frag', 'phases', 'giveback', 'program_gcc', 'program_python_malloc', 'program_sqlite',
    'program_redis', 'program_cxx')
FIRST = 'change'  # the group of workloads that is shown first
LOSS = 0.02  # the engine never loses more
LOSES = 'loses'

Gain = collections.namedtuple('Gain', 'low median high verdict')
Worst = collections.namedtuple('Worst', 'workload target gain')
HEAD = ('Workload', 'Figure', FIXED, targets.OURS, 'Gain', 'Verdict', HELPER, 'Gain')


def measured(data):
    return FIXED in data.columns and targets.OURS in data.columns


def alone(data):
    """Is there nothing else to compare with?"""
    return measured(data) and not any(peer in data.columns for peer in targets.PEERS)


def compared(data, name):
    """Speed, peak memory, what is compared with peers, and each phase of what the engine is for."""
    row, keys = data.workloads[name], data.keys(name)
    speed = dataclasses.replace(targets.speed(row), key='cpu_mops' if row.threads == 1 else 'mops')
    found = ([speed] if row.speed else []) + ([targets.peak(row)] if row.memory else [])
    found += [target for target in row.extra if target.kind == 'ratio' and target.key != 'mops'
              or row.group == FIRST and target.key.endswith(('_kops', '_kb'))]
    return [target for target in found if target.key in keys]


def gain(data, name, target, variant):
    """What VARIANT gains against fixed settings; None where they were not both measured."""
    ratios = data.pairs(name, FIXED, target.key, lambda a, b: a / b, variant)
    if not ratios:
        return None
    kept = figures.against_limit(*ratios[:3], 1 - LOSS if target.higher else 1 + LOSS, target.higher)
    low, median, high = sorted(per_cent(ratio if target.higher else 2 - ratio) for ratio in ratios[:3])
    verdict = figures.TIE if low <= 0 <= high else figures.AHEAD if median > 0 else figures.BEHIND
    if kept != figures.MET:
        verdict = LOSES if kept == figures.MISSED else figures.WITHIN
    return Gain(low, median, high, verdict)


def per_cent(ratio):
    """To one decimal, and never -0.0."""
    return round(100 * (ratio - 1), 1) + 0.0


def kind_of(target):
    return 'speed' if target.higher else 'memory'


def all_compared(data):
    """[(workload, target)], those first that the engine is for."""
    names = sorted(data.workloads, key=lambda name: data.workloads[name].group != FIRST)
    return [(name, target) for name in names for target in compared(data, name)]


def rows(data):
    """A head, then each figure with the gain of the engine, without and with the helper thread."""
    lines = [list(HEAD)]
    for name, target in all_compared(data):
        ours, helper = (gain(data, name, target, variant) for variant in (targets.OURS, HELPER))
        if not ours:
            continue
        medians = [data.summary(name, column, target.key, target.scale)
                   for column in (FIXED, targets.OURS, HELPER)]
        shown = [text.number(one.median) if one else text.NONE for one in medians]
        lines.append([name, target.unit, *shown[:2], in_words(ours), ours.verdict, shown[2],
                      in_words(helper)])
    return lines


def in_words(found):
    """+3.1 % (+2.5 to +3.4)"""
    return f'{found.median:+.1f} % ({found.low:+.1f} to {found.high:+.1f})' if found else text.NONE


def verdicts(data):
    """One line for each variant: its worst losses, and whether the limit is kept everywhere."""
    lines = []
    for variant in (targets.OURS, HELPER, CONTROL):
        found = [Worst(name, target, one) for name, target in all_compared(data)
                 if (one := gain(data, name, target, variant))]
        if not found:
            continue
        losses = [f'{kind} {worst(found, kind)}' for kind in ('speed', 'memory')]
        many = [one.gain.verdict for one in found]
        kept = next((word for word in (LOSES, figures.WITHIN) if word in many), figures.MET)
        words = f'{variant}{" (noise)" if variant == CONTROL else ""}: worst loss: {", ".join(losses)}'
        lines.append(f'{words}. Limit {100 * LOSS:g} %: {figures.MISSED if kept == LOSES else kept}; of {len(many)}'
                     f' figures {many.count(LOSES)} lose more, {many.count(figures.WITHIN)} perhaps')
    return lines


def worst(found, kind):
    """The figure with the least gain, in words."""
    found = [one for one in found if kind_of(one.target) == kind]
    least = min(found, key=lambda one: one.gain.median, default=None)
    if not least or least.gain.median >= 0:
        return 'none'
    low, median, high, _ = least.gain
    return f'{-median:.1f} % ({least.workload}, {least.target.unit}, {0.0 - high:.1f} to {-low:.1f})'
