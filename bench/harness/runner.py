# SPDX-License-Identifier: MIT
# runner.py - runs the workloads: rounds, the order within a round, what is measured apart, failures.
#
# Every round runs each workload once under each allocator, in turn, and the next round begins with the next
# allocator. The times of the warm-up round are thrown away. What is not timed comes last.
import os
import shutil
import time

from . import allocators as libraries
from . import kinds
from . import process
from . import syscalls
from .progress import duration

FULL, QUICK = (6, 0.4), (2, 0.07)  # rounds, and about how long one run takes
GUESS = {'start': 4.0, 'fastpath': 3.0, 'tls': 0.01, 'footprint': 0.03}
POLL, POLL_QUICK = 0.005, 0.002
POINTS = 250  # of a timeline


class RunnerError(Exception):
    """Nothing can be measured."""


class Runner:
    def __init__(self, options, programs, source, found, results, progress):
        self.options, self.programs, self.source = options, programs, source
        self.allocators, self.results, self.progress = dict(found), results, progress
        self.child = process.Child()
        self.usual = QUICK if options.quick else FULL
        self.rounds = options.rounds or self.usual[0] * (2 if options.ace and not options.quick else 1)
        self.broken, self.skipped, self.failures, self.notes = set(), set(), [], []
        self.warming = False

    # --- What the kinds of workloads use -----------------------------------------------------------------

    def path(self, name):
        """A program or module of bench/, else a program of the system."""
        for folder in (self.programs, os.path.join(self.programs, '.libs')):
            path = os.path.join(folder, name)
            if os.path.isfile(path):
                return path
        return shutil.which(name)

    def execute(self, words, library='', pin=False, timeline=False, limit=None, variables=()):
        poll = 0.0
        if timeline and (self.warming or self.options.quick):
            poll = POLL_QUICK if self.options.quick else POLL
        done = self.child.run(words, library, limit or self.options.limit,
                              self.options.pin if pin else None, poll, variables)
        done.timeline[:] = done.timeline[::len(done.timeline) // POINTS + 1]
        return done

    def timed(self, workload, name, measure):
        begun = time.monotonic()
        values = measure()
        self.progress.done((workload.name, name), time.monotonic() - begun)
        return values

    def failed(self, workload, name, failure):
        """Told once, kept for the table and the report, and not tried again."""
        if self.child.stopped:
            return
        self.broken.add((workload.name, name))
        self.progress.drop((workload.name, name))
        self.progress.say(f'{workload.name} failed under {name}: {failure.status}: {failure.command}'
                          + (f'\n    {failure.errors}' if failure.errors else ''))
        self.failures.append({'workload': workload.name, 'allocator': name, 'status': str(failure.status),
                              'command': failure.command, 'errors': failure.errors})
        self.results.add(workload.name, 0, name, {'failed': 1.0})

    # --- All of it ---------------------------------------------------------------------------------------

    def check(self, workloads):
        """Leave out what cannot run here; complain about programs that are not built."""
        missing, chosen = set(), []
        for workload in workloads:
            absent = [name for name in workload.needs if not shutil.which(name)]
            if absent:
                self.note(f'{workload.name} is left out: no {" and no ".join(absent)} here')
                continue
            if workload.kind == 'start' and any(one.variables for one in self.allocators.values()):
                self.note(f'{workload.name} is left out: one process starts it under all of the settings')
                continue
            chosen.append(workload)
            wanted = kinds.programs_of(workload) + (('floor.so',) if workload.floor else ())
            missing.update(name for name in wanted if not self.path(name))
        if missing:
            raise RunnerError(f'not built in {self.programs}: {", ".join(sorted(missing))}'
                              ' (make bench-programs builds all, --programs DIR says where they are)')
        if any(workload.floor for workload in chosen):
            floor = os.path.realpath(self.path('floor.so'))
            self.allocators[libraries.FLOOR] = libraries.Allocator(libraries.FLOOR, floor, 'pushes and pops')
        return chosen

    def note(self, text):
        self.notes.append(text)
        self.progress.say(text)

    def run(self, workloads):
        """Measure; returns early when it was stopped."""
        trace = [workload for workload in workloads if syscalls.traced_command(workload)]
        refused = syscalls.unavailable(self) if trace and not self.options.no_strace else ''
        if refused:
            self.note(f'system calls are not counted: {refused}')
        if refused or self.options.no_strace:
            trace = []
        warm = 0 if self.options.quick else 1
        self.expect(workloads, trace, warm)
        self.progress.say(f'{len(workloads)} workloads, {len(self.compared())} allocators,'
                          f' {warm} + {self.rounds} rounds: about {duration(self.progress.left())}')
        for number in range(1 - warm, self.rounds + 1):
            self.warming = number == 0
            self.progress.phase = f'round {number} of {self.rounds}' if number else 'warm-up round'
            for workload in workloads:
                self.one(workload, number)
        self.warming = False
        self.progress.phase = 'counting system calls'
        for workload in trace:
            self.trace(workload)
        self.progress.clear()

    def compared(self):
        return [name for name in self.allocators if name != libraries.FLOOR]

    def expect(self, workloads, trace, warm):
        for workload in workloads:
            guess = GUESS.get(workload.kind, self.usual[1])
            times = 1 if workload.kind in kinds.ONCE else self.rounds + warm
            if workload.kind == 'start':
                self.progress.expect((workload.name, 'all'), times, guess / (10 if self.options.quick else 1))
                continue
            for name in self.names(workload):
                self.progress.expect((workload.name, name), times, guess)
        for workload in trace:
            for name in self.compared():
                self.progress.expect((workload.name, name, 'strace'), 1, 2 * QUICK[1])

    def names(self, workload):
        return [name for name in self.allocators if name != libraries.FLOOR or workload.floor]

    def one(self, workload, number):
        """One workload under each allocator, in the order of this round."""
        if self.child.stopped or workload.name in self.skipped:
            return
        if workload.kind in kinds.ONCE and number != 1:
            return
        names = self.names(workload)
        names = names[number % len(names):] + names[:number % len(names)]
        chosen = [self.allocators[name] for name in names if (workload.name, name) not in self.broken]
        try:
            measured = self.measure(workload, chosen)
        except kinds.Skipped as reason:
            self.skipped.add(workload.name)
            for name in ['all', *self.allocators]:
                self.progress.drop((workload.name, name))
            self.note(f'{workload.name} is left out: {reason}')
            return
        for name, values in measured.items():
            resident = {key: value for key, value in values.items() if key.startswith('resident_at_')}
            if resident and not self.child.stopped and (number < 2):
                self.results.add(workload.name, 0, name, resident)
            if number:
                self.results.add(workload.name, number, name,
                                 {key: value for key, value in values.items() if key not in resident})

    def measure(self, workload, chosen):
        kind = kinds.KINDS[workload.kind]
        if workload.kind != 'start':
            return kind(self, workload, chosen)
        self.progress.show(workload.name, 'all in turn')
        return self.timed(workload, 'all', lambda: kind(self, workload, chosen))

    def trace(self, workload):
        for name in self.compared():
            if self.child.stopped or workload.name in self.skipped or (workload.name, name) in self.broken:
                continue
            self.progress.show(workload.name, name)
            begun = time.monotonic()
            try:
                counted = syscalls.count(self, workload, self.allocators[name])
                self.results.add(workload.name, 0, name, counted)
            except kinds.Failure as failure:
                if not self.child.stopped:
                    self.note(f'system calls of {workload.name} under {name} are not counted:'
                              f' {failure.status}: {failure.errors}'.rstrip(': '))
            self.progress.done((workload.name, name, 'strace'), time.monotonic() - begun)


def find_programs(source):
    """Where the programs of bench/ are built: here, in ./bench, or beside their sources."""
    for folder in (os.getcwd(), os.path.join(os.getcwd(), 'bench'), source):
        if os.path.exists(os.path.join(folder, 'random_mixed')):
            return folder
    return source
