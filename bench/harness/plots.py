# SPDX-License-Identifier: MIT
# plots.py - what is drawn: scripts for gnuplot, made from figures.
import re
import statistics

from . import figures
from . import targets
from . import text
from .svg import Plot, quote

# Told apart by those who do not see all colours, on white and on black; the shapes differ, too.
COLOURS = {'libhakmem': '#D55E00', 'glibc': '#808080', 'mimalloc': '#0072B2', 'jemalloc': '#009E73',
           'tcmalloc': '#CC79A7'}
OTHER_COLOURS = ('#E69F00', '#56B4E9', '#9A7D0A', '#8E63CE')
SHAPES = {'libhakmem': 7, 'glibc': 5, 'mimalloc': 9, 'jemalloc': 11, 'tcmalloc': 13}
OTHER_SHAPES = (15, 4, 6, 8)
VERDICTS = {figures.AHEAD: '#4393C3', figures.TIE: '#808080', figures.BEHIND: '#D6604D'}
OVERVIEWS = {'mops': 'speed', 'rss_peak_kb': 'memory', 'p999_ps': 'latency'}
GRID = "set grid lc rgb '#80808080' lw 0.5 dt 1\nset border 3 lw 0.7\nset tics nomirror scale 0.4\nset key off\n"
SMALL = (300, 220)
WIDE = (620, 320)
LOG_FROM = 20.0  # values that differ more than that are drawn on a logarithmic axis


class Style:
    """Colour and shape of each allocator, the same in all plots."""

    def __init__(self, columns):
        others = [name for name in columns if name not in COLOURS]
        self.colours = COLOURS | {name: OTHER_COLOURS[i % len(OTHER_COLOURS)] for i, name in enumerate(others)}
        self.shapes = SHAPES | {name: OTHER_SHAPES[i % len(OTHER_SHAPES)] for i, name in enumerate(others)}

    def of(self, name):
        weight = 2.2 if name == targets.OURS else 1.3
        return f"lc rgb '{self.colours[name]}' pt {self.shapes[name]} lw {weight}"


def block(name, rows):
    return f'${name} << EOD\n' + ''.join(' '.join(map(word_of, row)) + '\n' for row in rows) + 'EOD\n'


def word_of(value):
    return value if isinstance(value, str) else f'{value:.6g}'


def axis(letter, values, pad=0.12):
    """The range of an axis: logarithmic for values far apart, else such that small differences look small."""
    low, high = min(values), max(values)
    if low > 0 and high / low > LOG_FROM:
        return f'set logscale {letter}\nset {letter}range [{low / 1.5:.6g}:{high * 1.5:.6g}]\n'
    room = max(pad * (high - low), 0.08 * high) or 1.0
    return f'set {letter}range [{max(0.0, low - room):.6g}:{high + room:.6g}]\n'


# --- Speed against memory --------------------------------------------------------------------------------

def scatter(data, style, name):
    """One point for each allocator: memory to the right, speed upwards. None without both."""
    speed, peak = targets.speed(data.workloads[name]), targets.peak(data.workloads[name])
    points = {}
    for column in data.columns:
        y, x = (data.summary(name, column, one.key, one.scale) for one in (speed, peak))
        if x and y and x.median > 0 and y.median > 0:
            points[column] = (x, y)
    if len(points) < 2:
        return None
    script = (GRID + axis('x', [x.median for x, _ in points.values()])
              + axis('y', [y.median for _, y in points.values()])
              + "set xtics font ',10'\nset ytics font ',10'\n"
              + f"set xlabel 'peak memory, MB' font ',10'\nset ylabel {quote(speed.unit)} font ',10'\n")
    order = [column for column in points if column != targets.OURS] + [c for c in points if c == targets.OURS]
    for index, column in enumerate(order):
        x, y = points[column]
        script += block(f'p{index}', [(x.median, y.median, x.low, x.high, y.low, y.high)])
    script += 'plot ' + ', '.join(f'$p{i} using 1:2:3:4:5:6 with xyerrorbars {style.of(column)} ps 0.9'
                                  for i, column in enumerate(order)) + '\n'
    desc = '; '.join(f'{column}: {text.number(y.median)} {speed.unit} at {text.number(x.median)} MB'
                     for column, (x, y) in points.items())
    return Plot(f'scatter-{name}', f'{name}: speed against peak memory', desc, *SMALL, script)


# --- Overview of ratios ----------------------------------------------------------------------------------

def overview(data, key):
    """A bar for each workload: ours against the best peer. None if there is nothing to compare."""
    rows = []
    for name in data.workloads:
        for target in data.targets(name)[0]:
            comparison = data.compare(name, target) if target.key == key else None
            if comparison and comparison.low > 0:
                rows.append((name, comparison, target.higher))
    if not rows:
        return None
    higher = rows[0][2]
    rows.sort(key=lambda row: row[1].median, reverse=not higher)  # the best one on top
    script = (GRID + 'set grid noytics\nunset border\nset border 1 lw 0.7\nset style fill solid 0.85 noborder\n'
              + f'set yrange [-0.7:{len(rows) - 0.3:.1f}]\n' + ratio_axis([row[1] for row in rows])
              + tics('y', [(row[0], index) for index, row in enumerate(rows)])
              + f'set y2range [-0.7:{len(rows) - 0.3:.1f}]\n'
              + tics('y2', [(f'{text.ratio(row[1].median)} × {row[1].peer}', index) for index, row in enumerate(rows)])
              + "set arrow from 1, graph 0 to 1, graph 1 nohead lc rgb '#808080' lw 1.2\n")
    parts = []
    for verdict, colour in VERDICTS.items():
        chosen = [(c.median, i, min(1, c.median), max(1, c.median), i - 0.36, i + 0.36, c.low, c.high)
                  for i, (_, c, _) in enumerate(rows) if c.verdict == verdict]
        if chosen:
            script += block(verdict, chosen)
            parts += [f"${verdict} using 1:2:3:4:5:6 with boxxyerror lc rgb '{colour}'",
                      f"${verdict} using 1:2:7:8 with xerrorbars pt 0 lw 0.8 lc rgb 'black'"]
    script += 'plot ' + ', '.join(parts) + '\n'
    kind = OVERVIEWS[key]
    desc = '; '.join(f'{name}: {text.compared(c)}, {c.verdict}' for name, c, _ in reversed(rows))
    better = 'more' if higher else 'less'
    return Plot(f'overview-{kind}', f'{kind} of libhakmem against the best peer; {better} is better', desc,
                760, 60 + 19 * len(rows), script)


def ratio_axis(comparisons):
    low = min([0.9] + [comparison.low for comparison in comparisons]) / 1.06
    high = max([1.1] + [comparison.high for comparison in comparisons]) * 1.06
    step = 1 if high / low < 100 else 2
    places = [0.5, 0.7, 0.8, 0.9, 1, 1.1, 1.2, 1.4, 2] if high / low < 3 else [
        2.0 ** power for power in range(-20, 21) if power % step == 0]
    marks = [(f'{place:g}', place) for place in places if low <= place <= high]
    return f'set logscale x 2\nset xrange [{low:.6g}:{high:.6g}]\n' + tics('x', marks)


def tics(letter, marks):
    words = ', '.join(f'{quote(label)} {place:.6g}' for label, place in marks)
    return f'set {letter}tics ({words})\n'


# --- Latency ---------------------------------------------------------------------------------------------

def latency(data, style, name):
    """The time of a call (upwards) that all but one in 1/(1-p) calls (to the right) kept below."""
    curves = {}
    for column in data.columns:
        runs = [values[column] for values in data.rounds[name].values() if 'p999_ps' in values.get(column, {})]
        if runs:
            middle = {key: statistics.median(run[key] for run in runs if key in run) for key in runs[0]}
            points, slowest = figures.percentiles(middle)
            curves[column] = [(1 / (1 - share), max(value, 0.5)) for share, value in points if 0.2 <= share < 1]
            if slowest and middle.get('ops', 0) > curves[column][-1][0]:
                curves[column].append((middle['ops'], slowest))
    if not curves:
        return None
    far = max(points[-1][0] for points in curves.values())
    marks = [('50 %', 2), ('90 %', 10)] + [(f'{100 - 100 / 10 ** n:.{n - 2}f} %', 10 ** n) for n in range(2, 9)]
    script = (GRID + 'set logscale xy\n' + f'set xrange [1.25:{far * 1.3:.6g}]\n'
              + tics('x', [mark for mark in marks if mark[1] <= far * 1.3])
              + "set ylabel 'ns'\nset format y '%g'\nset xlabel 'part of the calls that took less'\n")
    return lines_plot(f'latency-{name}', f'{name}: latency of single calls', curves, style, script, WIDE,
                      lambda points: f'{text.number(points[0][1])} to {text.number(points[-1][1])} ns')


# --- Lines of each allocator -----------------------------------------------------------------------------

def lines_plot(ident, title, curves, style, script, size, describe, dense=False):
    order = [column for column in curves if column != targets.OURS] + [c for c in curves if c == targets.OURS]
    parts = []
    for index, column in enumerate(order):
        script += block(f'c{index}', curves[column])
        every = f' pi {max(1, len(curves[column]) // 8)}' if dense else ''
        parts.append(f'$c{index} using 1:2 with linespoints {style.of(column)} ps 0.6{every}')
    desc = '; '.join(f'{column}: {describe(points)}' for column, points in curves.items())
    return Plot(ident, title, desc, *size, script + 'plot ' + ', '.join(parts) + '\n')


def timeline(data, style, name):
    """Resident memory over the time of one run."""
    curves = {}
    for column in data.columns:
        points = figures.timeline(data.rounds[name].get(0, {}).get(column, {}))
        if len(points) > 2:
            curves[column] = points
    if not curves:
        return None
    end = max(points[-1][0] for points in curves.values())
    script = (GRID + f"set xrange [0:{end * 1.02:.6g}]\nset yrange [0:*]\nset xlabel 'seconds since the start'\n"
              "set ylabel 'resident memory, MB'\n")
    return lines_plot(f'timeline-{name}', f'{name}: resident memory over time', curves, style, script, WIDE,
                      lambda points: f'at most {text.number(max(y for _, y in points))} MB, at the end'
                      f' {text.number(points[-1][1])} MB', dense=True)


def scaling(data, style):
    """Speed over the number of threads: one plot for workloads NAME_1, NAME_2, ... of the group scaling."""
    families = {}
    for name, workload in data.workloads.items():
        found = re.fullmatch(r'(.+)_(\d+)', name)
        if found and workload.group == 'scaling' and data.measured(name, 'mops'):
            families.setdefault(found[1], []).append((int(found[2]), name))
    plots = []
    for family, members in families.items():
        if len(members) < 2:
            continue
        target = targets.speed(data.workloads[members[0][1]])
        curves = {}
        for column in data.columns:
            points = [(threads, data.summary(name, column, 'mops', target.scale)) for threads, name in sorted(members)]
            curves[column] = [(threads, found.median) for threads, found in points if found]
        curves = {column: points for column, points in curves.items() if points}
        counts = sorted(threads for threads, _ in members)
        script = (GRID + 'set logscale x 2\n' + f'set xrange [{counts[0] / 1.15:.4g}:{counts[-1] * 1.15:.4g}]\n'
                  + tics('x', [(str(count), count) for count in counts])
                  + f"set yrange [0:*]\nset xlabel 'threads'\nset ylabel {quote(target.unit)}\n")
        plots.append(lines_plot(f'scaling-{family}', f'{family}: speed over the number of threads', curves, style,
                                script, WIDE, lambda points: ', '.join(
                                    f'{text.number(y)} with {x}' for x, y in points)))
    return plots
