# SPDX-License-Identifier: MIT
# table.py - the results as text: for a terminal, or as Markdown.
import unicodedata

from . import engine
from . import figures
from . import prose
from . import targets
from . import text
from . import workloads

KINDS = {'mops': 'speed', 'rss_peak_kb': 'peak memory', 'p999_ps': 'latency, 99.9th percentile'}
MORE_FOR_LATENCY = (targets.info('p50_ps', 'ns median'), targets.info('p99_ps', 'ns p99'),
                    targets.Target('max_ps', 'µs slowest', 'info', scale=1e-6))


def rows_of(data, name):
    """[(target, is it compared?)]: the rows of a workload in the table."""
    usual, own = data.targets(name)
    shown = {target.key for target in usual}
    rows = [(target, True) for target in usual]
    if targets.TAIL in usual:
        rows += [(target, False) for target in MORE_FOR_LATENCY]
    return rows + [(target, target.kind == 'ratio') for target in own if target.key not in shown]


def cell(data, name, allocator, target):
    if data.failed(name, allocator):
        return 'failed'
    found = data.summary(name, allocator, target.key, target.scale)
    return text.number(found.median) if found else text.NONE


def row(data, name, target, compared, columns):
    """One line: the medians, ours against the best peer and against glibc, the verdict."""
    cells = [name, target.unit] + [cell(data, name, column, target) for column in columns]
    against, verdict = text.NONE, text.NONE
    judgement = data.judge(name, target)
    if compared:
        comparison = data.compare(name, target)
        against, verdict = text.compared(comparison), comparison.verdict if comparison else text.NONE
    elif judgement:
        against = measured(judgement) if target.kind == 'difference' else target.text()
        verdict = judgement.verdict
    glibc = data.pairs(name, 'glibc', target.key, lambda a, b: a / b) if compared else None
    return cells + [text.ratio(glibc.median) if glibc else text.NONE, against, verdict]


def chapter(data, names):
    """The table of the workloads of a group."""
    columns = data.columns + [extra for extra in data.extras if any(
        data.series(name, extra, target.key) for name in names for target, _ in rows_of(data, name))]
    rows = [['Workload', 'Unit', *columns, '/ glibc', 'Against the best peer', 'Verdict']]
    for name in names:
        lines = [row(data, name, target, compared, columns) for target, compared in rows_of(data, name)]
        if not lines:
            cells = ['failed' if data.failed(name, column) else text.NONE for column in columns]
            lines = [[name, text.NONE, *cells] + [text.NONE] * 3]
        rows += lines
    return rows


def chapters(data):
    """[(title, names)] of the groups that were measured."""
    found = []
    for group, (title, _) in workloads.GROUPS.items():
        names = [name for name, workload in data.workloads.items()
                 if workload.group == group and data.keys(name)]
        if names:
            found.append((title, names))
    return found


def judgements(data):
    """[(workload, judgement)] of everything that has a target."""
    found = []
    for name in data.workloads:
        usual, own = data.targets(name)
        found += [(name, judgement) for target in usual + own if (judgement := data.judge(name, target))]
    return found


def measured(judgement):
    """What was measured, in the words of the target."""
    target = judgement.target
    if judgement.value:
        return f'{text.number(judgement.value.median)} {target.unit}'
    return text.compared(judgement.comparison, target.unit if target.kind == 'difference' else '')


def what(target):
    return 'speed' if target.key == 'mops' else target.unit


def target_rows(data, everything):
    rows = [['Workload', 'Figure', 'Target', 'Measured', 'Verdict']]
    for name, judgement in judgements(data):
        if everything or judgement.verdict != figures.MET:
            target = judgement.target
            rows.append([name, what(target), target.text(), measured(judgement), judgement.verdict])
    return rows


def means(data):
    """[(what, Mean)] of speed and of memory."""
    both = (('speed (more is better)', data.speed_mean()),
            ('peak memory (less is better)', data.memory_mean()))
    return [(words, mean) for words, mean in both if mean]


def mean_rows(data):
    rows = [['Geometric mean', 'Workloads', *data.columns, 'Against the best', 'Target', 'Verdict']]
    for words, mean in means(data):
        sign = '≥' if mean.limit >= 1 else '≤'
        rows.append([words, str(mean.count), *(text.ratio(mean.values[column]) for column in data.columns),
                     f'{text.ratio(mean.ratio)} × {mean.best}' if mean.ratio else text.NONE,
                     f'{sign} {mean.limit:.2f}', mean.verdict or text.NONE])
    return rows


def counts(data):
    """Figure -> verdict -> names of workloads, for what is compared with the peers."""
    found = {}
    for name in data.workloads:
        for target in data.targets(name)[0]:
            comparison = data.compare(name, target)
            if comparison:
                found.setdefault(KINDS[target.key], {}).setdefault(comparison.verdict, []).append(name)
    return found


def everything(data, name):
    """Each figure of a workload with its spread: [[figure, one cell for each allocator]]."""
    columns = data.columns + [extra for extra in data.extras if data.series(name, extra, 'mops')]
    rows = [['Figure', *columns]]
    for key in data.keys(name):
        if key == 'failed' or key.startswith('resident_at_'):
            continue
        rows.append([key, *(spread(data.summary(name, column, key)) for column in columns)])
    return rows


def spread(found):
    """A median, and its quartiles if they are not the same."""
    if not found:
        return text.NONE
    low, median, high = map(text.number, found[:3])
    return median if low == high else f'{median} ({low}–{high})'


# --- Printing --------------------------------------------------------------------------------------------

def width(word):
    return sum(2 if unicodedata.east_asian_width(letter) in 'WF' else 1 for letter in word)


def is_number(word):
    return word[:1].isdigit() or word[:2].lstrip('+-').isdigit() or word in (text.NONE, 'failed')


def lay_out(rows, markdown):
    """Lines of a table; numbers are set to the right; a name is not repeated on a terminal."""
    widths = [max(width(row[i]) for row in rows) for i in range(len(rows[0]))]
    right = [len(rows) > 1 and all(is_number(row[i]) for row in rows[1:]) for i in range(len(rows[0]))]
    lines, before = [], None
    for index, cells in enumerate(rows):
        shown = list(cells)
        if not markdown and cells[0] == before:
            shown[0] = ''
        before = cells[0]
        padded = [' ' * (size - width(word)) + word if to_right else word + ' ' * (size - width(word))
                  for word, size, to_right in zip(shown, widths, right)]
        lines.append(f'| {" | ".join(padded)} |' if markdown else '  '.join(padded).rstrip())
        if index == 0:
            rule = ['-' * (size + 1) + (':' if to_right else '-') for size, to_right in zip(widths, right)]
            lines.append(f'|{"|".join(rule)}|' if markdown else '-' * (sum(widths) + 2 * len(widths) - 2))
    return lines


def listing(chosen, markdown):
    """The workloads and what they stand for; on a terminal with their commands."""
    lines = []
    for group, (title, _) in workloads.GROUPS.items():
        members = [workload for workload in chosen if workload.group == group]
        if markdown and members:
            rows = [[title, 'Stands for']] + [[workload.name, workload.about] for workload in members]
            lines += lay_out(rows, True) + ['']
        elif members:
            lines += [title, '']
            for workload in members:
                lines += [f'{workload.name:22} {workload.about}', f'{"":22}   {workload.command}'.rstrip()]
            lines.append('')
    return '\n'.join(lines).rstrip()


def summary_lines(data):
    lines = []
    for kind, verdicts in counts(data).items():
        parts = [f'{verdict} {len(verdicts.get(verdict, []))}'
                 for verdict in (figures.AHEAD, figures.TIE, figures.BEHIND)]
        lines.append(f'{kind}: {", ".join(parts)}')
    return lines


def show(data, markdown=False, details=False):
    """The whole text."""
    if not any(data.rounds.values()):
        return 'Nothing was measured.'
    title = (lambda words: [f'### {words}', '']) if markdown else (lambda words: [words, ''])
    lines = []
    if engine.measured(data):
        lines += title(prose.ENGINE) + lay_out(engine.rows(data), markdown) + ['', *engine.verdicts(data), '']
        if engine.alone(data) and not details:
            return '\n'.join(lines).rstrip()
    for words, names in chapters(data):
        lines += title(words) + lay_out(chapter(data, names), markdown) + ['']
        for name in names if details else ():
            lines += title(f'All figures of {name}') + lay_out(everything(data, name), markdown) + ['']
    judged = judgements(data)
    met = sum(judgement.verdict == figures.MET for _, judgement in judged)
    missed = target_rows(data, details)
    if judged:
        few = len(missed) > 1 and not details
        lines += title(f'Targets: {met} of {len(judged)} met'
                       + ('; these are not, or not for certain:' if few else ''))
        lines += lay_out(missed, markdown) + [''] if len(missed) > 1 else []
    if means(data):
        lines += title('All workloads together, as multiples of ' + data.base)
        lines += lay_out(mean_rows(data), markdown) + ['']
    compared = summary_lines(data)
    if compared:
        lines += [f'{targets.OURS} against the best peer:']
        lines += ([''] if markdown else []) + [('- ' if markdown else '  ') + line for line in compared]
    return '\n'.join(lines).rstrip()
