# SPDX-License-Identifier: MIT
# report.py - the results as one page that stands for itself, for readers who never saw the project.
import os

from . import allocators as libraries
from . import engine
from . import figures
from . import machine
from . import plots
from . import prose
from . import svg
from . import table
from . import targets
from . import text
from . import workloads
from .page import Markup, cell, definitions, details, document, figure, join, tag
from .page import table as html_table

FILE = 'report.html'
RESOURCES = (  # key, what it is called, scale
    ('cpu_seconds', 'processor time, s', 1.0),
    ('minflt', 'minor page faults', 1.0),
    ('rss_end_kb', 'resident at the end, MB', targets.MEGABYTE),
    ('calls_memory', 'system calls about memory', 1.0),
    ('calls_total', 'system calls', 1.0))


class ReportError(Exception):
    """The report cannot be written."""


class Report:
    def __init__(self, data, about):
        self.data, self.about = data, about
        self.style = plots.Style(data.columns)
        self.drawn, self.symbols, self.no_plots = {}, '', ''
        self.plots = self.all_plots()
        try:
            self.drawn, self.symbols = svg.draw(self.plots)
        except svg.GnuplotError as error:
            self.no_plots = f'The report is without plots: {error}.'

    def all_plots(self):
        data, style = self.data, self.style
        made = [plots.overview(data, key) for key in plots.OVERVIEWS]
        for name, workload in data.workloads.items():
            made += [plots.scatter(data, style, name)] if workload.speed and workload.memory else []
            made += [plots.latency(data, style, name), plots.timeline(data, style, name)]
        return [plot for plot in made if plot] + plots.scaling(data, style)

    def figures(self, kinds, names):
        """The drawings of these kinds and names, with the title of each as its caption."""
        idents = {f'{kind}-{name}' for kind in kinds for name in names}
        found = [figure(plot.caption, self.drawn[plot.ident]) for plot in self.plots
                 if plot.ident in self.drawn and plot.ident in idents]
        return tag('div', *found, class_='plots') if found else ''

    def legend(self):
        """Which mark is which allocator."""
        if not self.drawn:
            return ''
        items = []
        for name in self.data.columns:
            mark = Markup(f'<svg width="14" height="14" viewBox="-7 -7 14 14" aria-hidden="true">'
                          f'<use xlink:href="#gpPt{self.style.shapes[name] - 1}" transform="scale(5)"'
                          f' color="{self.style.colours[name]}"/></svg>')
            items.append(tag('li', mark, name))
        return tag('ul', *items, class_='legend')

    # --- The page ----------------------------------------------------------------------------------------

    def page(self):
        chapters = table.chapters(self.data)
        links = [('compared', 'What was compared'), ('reading', 'How to read it'), ('summary', 'Summary')]
        links += [('engine', prose.ENGINE)] if engine.measured(self.data) else []
        links += [(f'chapter-{i}', title) for i, (title, _) in enumerate(chapters)]
        links += [('commands', 'Commands')]
        links = [tag('a', words, href='#' + ident) for ident, words in links]
        nav = tag('nav', *links, aria_label='Chapters')
        body = [tag('h1', prose.TITLE), self.opening(), nav, Markup(self.symbols), self.warnings(),
                self.compared(), self.reading(), self.summary(), self.engine()]
        body += [self.chapter(f'chapter-{i}', title, names) for i, (title, names) in enumerate(chapters)]
        return document(prose.TITLE, join(body + [self.commands()], '\n'))

    def opening(self):
        opening = prose.ALONE if engine.alone(self.data) else prose.OPENING
        return tag('p', opening.format(sum(len(names) for _, names in table.chapters(self.data))))

    def warnings(self):
        notes = []
        if self.about.get('quick'):
            notes.append(prose.QUICK)
        if not self.about.get('complete', True):
            notes.append('The run was interrupted; what was measured until then is shown.')
        if self.no_plots:
            notes.append(self.no_plots)
        notes += [note[0].upper() + note[1:] + '.' for note in self.about.get('notes', [])]
        parts = [tag('p', note) for note in notes]
        failures = self.about.get('failures', [])
        if failures:
            parts.append(tag('p', 'These runs failed:'))
            parts.append(tag('ul', *map(failure_item, failures)))
        return tag('div', *parts, class_='note') if parts else ''

    def compared(self):
        about, rows = self.about, []
        for one in about.get('allocators', []):
            words = 'an allocator that only pushes and pops one list: no allocator can be faster' \
                if one['name'] == libraries.FLOOR else one['version']
            rows.append([one['name'], words, tag('code', one['file'] or 'the C library itself')])
        parts = [tag('h2', 'What was compared', id='compared'), html_table('Allocators', [
            'Name', 'Version', 'File'], rows, words=True) if rows else '']
        if 'machine' in about:
            on = about['machine']
            options = ' '.join(about.get('options', [])) or 'none'
            facts = [('Machine', machine.one_line(on)), ('Date', on['date']),
                     ('Rounds', f'{about["rounds"]}' + (', quick' if about['quick'] else
                                                        ', after one that was thrown away')),
                     ('Compiled with', tag('code', about.get('flags', 'unknown'))),
                     ('Huge pages', on['huge_pages']), ('Load before the run', on['load']),
                     ('Options', tag('code', options)),
                     ('Settings of allocators', tag('code', ' '.join(
                         f'{name}={value}' for name, value in on['settings'].items()) or 'none'))]
            parts.append(definitions(facts))
        return join(parts, '\n')

    def reading(self):
        return join([tag('h2', 'How to read it', id='reading'), tag('p', prose.METHOD),
                     definitions(prose.READING)], '\n')

    # --- Summary -----------------------------------------------------------------------------------------

    def summary(self):
        data = self.data
        rows = []
        for kind, verdicts in table.counts(data).items():
            rows.append([kind] + [str(len(verdicts.get(verdict, [])))
                                  for verdict in (figures.AHEAD, figures.TIE, figures.BEHIND)])
        judged = table.judgements(data)
        met = sum(judgement.verdict == figures.MET for _, judgement in judged)
        parts = [tag('h2', 'Summary', id='summary')]
        if rows:
            head = ['Figure', figures.AHEAD, figures.TIE, figures.BEHIND]
            parts += [tag('p', prose.COUNTS), html_table('Verdicts', head, rows)]
        parts += [self.means(), tag('h3', 'Where libhakmem is behind'), self.losses()]
        if judged:
            parts += [tag('h3', 'Targets'), tag('p', f'{met} of {len(judged)} targets are met.'),
                      details('All targets', verdict_table('Targets', table.target_rows(data, True), True))]
        overview = self.figures(['overview'], plots.OVERVIEWS.values())
        if overview:
            parts += [tag('h3', 'All ratios'), tag('p', prose.BARS), overview]
        return join(parts, '\n')

    def means(self):
        rows = table.mean_rows(self.data)
        if len(rows) < 2:
            return ''
        left_out = sorted({name for _, mean in table.means(self.data) for name in mean.left_out})
        words = ('Geometric means over the workloads that every allocator has, as multiples of '
                 f'{self.data.base}' + (f'; without {", ".join(left_out)}' if left_out else '') + ':')
        return join([tag('p', words), verdict_table('Geometric means', rows)])

    def losses(self):
        rows = []
        for name in self.data.workloads:
            for target, compared in table.rows_of(self.data, name):
                found = self.data.compare(name, target) if compared else None
                if found and found.verdict == figures.BEHIND:
                    loss = found.median if not target.higher else 1 / found.median
                    rows.append((loss, [name, table.what(target), text.compared(found),
                                        cell(self.data.workloads[name].about, 'wide')]))
        if not rows:
            return tag('p', 'In no workload, beyond the spread.')
        rows.sort(key=lambda row: -row[0])
        return html_table('Workloads where libhakmem is behind',
                          ['Workload', 'Figure', 'Against the best peer', 'What it is'],
                          [row for _, row in rows], words=True)

    def engine(self):
        if not engine.measured(self.data):
            return ''
        head, *rows = engine.rows(self.data)
        rows = [[*row[:5], cell(row[5], row[5]), *row[6:]] for row in rows]
        return join([tag('h2', prose.ENGINE, id='engine'), tag('p', prose.GAINS), html_table(
            prose.ENGINE, head, rows), *(tag('p', line) for line in engine.verdicts(self.data))], '\n')

    # --- Chapters ----------------------------------------------------------------------------------------

    def chapter(self, ident, title, names):
        group = self.data.workloads[names[0]].group
        drawn = [self.figures(['scaling'], {name.rpartition('_')[0] for name in names}),
                 self.figures(['latency', 'timeline'], names), self.figures(['scatter'], names)]
        hint = tag('p', prose.SCATTER) if drawn[2] else ''
        parts = [tag('h2', title, id=ident), tag('p', workloads.GROUPS[group][1]),
                 definitions([(name, self.data.workloads[name].about) for name in names]),
                 self.judged(title, names), self.legend() if any(drawn) else '', *drawn[:2], hint, drawn[2],
                 details('Processor time, page faults, system calls, memory at the end',
                         self.resources(title, names)),
                 details('Every figure, with its spread', *(join([tag('h3', name), self.all_figures(name)])
                                                            for name in names))]
        return join(parts, '\n')

    def judged(self, title, names):
        head, *rows = table.chapter(self.data, names)
        columns = head[2:-3]
        lines = []
        position = 0
        for name in names:
            for target, _ in table.rows_of(self.data, name) or [(None, False)]:
                row = rows[position]
                position += 1
                cells = [self.value(name, column, target, row[2 + i]) for i, column in enumerate(columns)]
                lines.append([row[0], row[1], *cells, *row[-3:-1], cell(row[-1], row[-1])])
        return html_table(title, [*head[:-3], 'Against glibc', *head[-2:]], lines)

    def value(self, name, column, target, words):
        """A median with its spread below it."""
        found = target and self.data.summary(name, column, target.key, target.scale)
        if not found or text.number(found.low) == text.number(found.high):
            return cell(words, words if words == 'failed' else None)
        return cell(join([words, tag('small', f'{text.number(found.low)}–{text.number(found.high)}')]))

    def resources(self, title, names):
        rows = []
        for name in names:
            for key, words, scale in RESOURCES:
                found = [self.data.summary(name, column, key, scale) for column in self.data.columns]
                if any(found):
                    medians = (text.number(one.median) if one else text.NONE for one in found)
                    rows.append([name, cell(words), *medians])
        return html_table(f'{title}: resources', ['Workload', 'Figure', *self.data.columns], rows)

    def all_figures(self, name):
        head, *rows = table.everything(self.data, name)
        return html_table(f'All figures of {name}', head, rows)

    def commands(self):
        lines = []
        recorded = self.about.get('commands', {})
        for name, workload in self.data.workloads.items():
            if self.data.keys(name):
                lines.append([name, tag('code', recorded.get(name) or workload.command or text.NONE),
                              tag('code', f'bench/compare --only {name}')])
        return join([
            tag('h2', 'Commands', id='commands'),
            tag('p', prose.BY_HAND, ' ', tag('code', 'LD_PRELOAD=FILE bench/COMMAND'), '. ',
                prose.IN_COMMANDS),
            html_table('Commands', ['Workload', 'Command', 'Measured by'], lines, words=True)], '\n')


def failure_item(one):
    return tag('li', f'{one["workload"]} under {one["allocator"]}: {one["status"]}: ',
               tag('code', one['command']), ' ', one['errors'])


def verdict_table(label, rows, words=False):
    """Rows of text whose last cell is a verdict; the first row is the head."""
    return html_table(label, rows[0], [[*row[:-1], cell(row[-1], row[-1])] for row in rows[1:]], words)


def write(data, about, folder):
    """Write the report; returns its path, and why it has no plots if it has none."""
    report = Report(data, about)
    path = os.path.join(folder, FILE)
    try:
        with open(path, 'w', encoding='utf-8') as file:
            file.write(report.page())
    except OSError as error:
        raise ReportError(f'cannot write {path}: {error.strerror}') from error
    return path, report.no_plots
