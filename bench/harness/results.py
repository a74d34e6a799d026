# SPDX-License-Identifier: MIT
# results.py - every figure that was measured, in memory and in a directory: results.tsv and about.json.
#
# A row of results.tsv is written and flushed as soon as its run has ended, so that nothing is lost. Round 0
# holds what is not timed: system calls, and the resident memory of the warm-up round.
import json
import os

TABLE, ABOUT = 'results.tsv', 'about.json'
HEADER = ('workload', 'round', 'allocator', 'metric', 'unit', 'value')
UNITS = (('_kb', 'kB'), ('_ps', 'ps'), ('_us', 'us'), ('_ns', 'ns'), ('_s', 's'), ('seconds', 's'),
         ('mops', 'Mop/s'), ('kops', 'op/ms'), ('flt', 'faults'), ('nivcsw', 'switches'),
         ('status', 'status'), ('tls', 'bytes'), ('instructions', 'instructions'))


class ResultsError(Exception):
    """A file of results cannot be read or written."""


def unit(key):
    """Keys say their unit by how they end."""
    if key.startswith('calls_'):
        return 'calls'
    return next((name for end, name in UNITS if key.endswith(end)), '1')


class Results:
    """workload -> round -> allocator -> key -> value, and what is known about the run."""

    def __init__(self):
        self.rounds, self.about = {}, {}
        self.folder = self.file = None

    def keep_in(self, folder):
        """Write all that is added from now on to FOLDER."""
        self.folder = folder
        try:
            os.makedirs(folder, exist_ok=True)
            self.file = open(os.path.join(folder, TABLE), 'w', encoding='utf-8')
            print(*HEADER, sep='\t', file=self.file, flush=True)
            self.write_about()
        except OSError as error:
            raise ResultsError(f'cannot write to {folder}: {error.strerror}') from error

    def copy_to(self, folder):
        """Write all there is to FOLDER, which may be the one it was read from."""
        self.keep_in(folder)
        rounds, self.rounds = self.rounds, {}
        for workload, numbers in rounds.items():
            for number, values in numbers.items():
                for allocator, figures in values.items():
                    self.add(workload, number, allocator, figures)

    def write_about(self):
        if self.folder:
            with open(os.path.join(self.folder, ABOUT), 'w', encoding='utf-8') as file:
                json.dump(self.about, file, indent=1, ensure_ascii=False)
                file.write('\n')

    def add(self, workload, number, allocator, values):
        kept = self.rounds.setdefault(workload, {}).setdefault(number, {}).setdefault(allocator, {})
        kept.update(values)
        if self.file:
            self.file.writelines(f'{workload}\t{number}\t{allocator}\t{key}\t{unit(key)}\t{value:.9g}\n'
                                 for key, value in values.items())
            self.file.flush()

    def allocators(self):
        """Their names in the order in which they were compared."""
        names = [one['name'] for one in self.about.get('allocators', [])]
        seen = {name for rounds in self.rounds.values() for values in rounds.values() for name in values}
        return [name for name in names if name in seen] + sorted(seen - set(names))


def load(paths):
    """The results of several runs as one; each path is a directory or a results.tsv."""
    merged = Results()
    rounds = 0
    for path in paths:
        folder = path if os.path.isdir(path) else os.path.dirname(path) or '.'
        about = read_about(os.path.join(folder, ABOUT))
        rounds = read_table(os.path.join(path, TABLE) if os.path.isdir(path) else path, merged, rounds)
        if not merged.about:
            merged.about = about
        else:
            names = {one['name'] for one in merged.about.get('allocators', [])}
            merged.about.setdefault('allocators', []).extend(
                one for one in about.get('allocators', []) if one['name'] not in names)
            for key in ('failures', 'notes'):
                merged.about.setdefault(key, []).extend(about.get(key, []))
    return merged


def read_about(path):
    try:
        with open(path, encoding='utf-8') as file:
            return json.load(file)
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise ResultsError(f'cannot read {path}: {error}') from error


def read_table(path, results, shift):
    """Add the rows of PATH, its rounds counted on from SHIFT; returns the highest round."""
    highest = shift
    try:
        with open(path, encoding='utf-8') as lines:
            if tuple(next(lines, '').rstrip('\n').split('\t')) != HEADER:
                raise ResultsError(f'{path}: the first line is not that of a results.tsv')
            for count, line in enumerate(lines, 2):
                words = line.rstrip('\n').split('\t')
                try:
                    workload, number, allocator, key, _, value = words
                    number, value = int(number), float(value)
                except ValueError as error:
                    raise ResultsError(f'{path}: line {count} is not a row of six columns') from error
                number += shift if number else 0
                highest = max(highest, number)
                results.add(workload, number, allocator, {key: value})
    except OSError as error:
        raise ResultsError(f'cannot read {path}: {error.strerror}') from error
    return highest
