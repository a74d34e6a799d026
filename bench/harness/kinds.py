# SPDX-License-Identifier: MIT
# kinds.py - how the workloads of each kind are run, and what their figures are.
#
# A kind is a function (runner, workload, allocators) that gives allocator name -> figures. Those that run
# one program under one allocator at a time are made by each().
import os
import shlex
import shutil
import struct
import sys
import tempfile

from . import process

PAIRS = 20000  # of fastpath; it runs with this many and with twice as many
SKIPPED = 77   # exit status of a program that cannot run here


class Failure(Exception):
    """A run went wrong: command and status in words, the end of its standard error."""

    def __init__(self, command, status, errors=''):
        super().__init__(command, status, errors)
        self.command, self.status, self.errors = command, status, errors


class Skipped(Exception):
    """A program cannot run on this machine, and says why."""


# --- The usual kind --------------------------------------------------------------------------------------

def program(runner, workload, allocator):
    command = shlex.split(workload.words(runner.options.quick))
    with tempfile.TemporaryDirectory(prefix='bench.') as scratch:
        words, library = fill_in(runner, command, allocator, scratch)
        done = execute(runner, words, library, workload.threads == 1, workload.timeline, allocator.variables)
    values = process.pairs(done.output)
    if not values:
        raise Failure(shlex.join(words), 'printed no figures', done.errors)
    if values.get('status'):
        raise Failure(shlex.join(words), f'status {values["status"]:.0f} of what it ran', done.errors)
    for seconds, resident in done.timeline:
        values[f'resident_at_{seconds * 1e3:.1f}_ms_kb'] = resident
    return values


def fill_in(runner, command, allocator, scratch):
    """The words of COMMAND as they are run, and the library to preload."""
    replace = {'{library}': allocator.file or '-', '{scratch}': scratch, '{source}': runner.source}
    words = [replace.get(word, word) for word in command]
    for name, value in replace.items():
        words = [word.replace(name, value) for word in words]
    words[0] = runner.path(words[0])
    return words, '' if any('{library}' in word for word in command) else allocator.file


def execute(runner, words, library='', pin=False, timeline=False, variables=()):
    done = runner.execute(words, library, pin, timeline, variables=variables)
    if done.status == SKIPPED:
        raise Skipped(done.errors or f'{words[0]} cannot run here')
    if done.status != 0:
        status = f'status {done.status}' if isinstance(done.status, int) else done.status
        raise Failure(shlex.join(words), status, done.errors)
    return done


# --- The start of a process ------------------------------------------------------------------------------

def start(runner, workload, allocators):
    """All libraries inside one run of the program, so that neighbours in time are a millisecond apart."""
    libraries = [runner.path('empty.so')] * 2 + [allocator.file or '-' for allocator in allocators]
    command = [runner.path('start'), '--rounds', '20' if runner.options.quick else '200', *libraries, '--']
    try:
        done = execute(runner, command + shlex.split(workload.command))
    except Failure as failure:
        for allocator in allocators:
            runner.failed(workload, allocator.name, failure)
        return {}
    names = ['empty', 'control'] + [allocator.name for allocator in allocators]
    return dict(zip(names, map(process.pairs, done.output.splitlines())))


# --- Memory of a small program at its exit ---------------------------------------------------------------

def footprint(runner, workload, allocator):
    """Once as it is, once more under ulimit -v 65536."""
    words = [word for one in allocator.variables for word in ('--env', one)]
    words += [allocator.file or '-'] + shlex.split(workload.command)
    values = process.pairs(execute(runner, [runner.path('footprint')] + words).output)
    if values.get('status'):
        raise Failure(shlex.join(words), f'status {values["status"]:.0f}')
    limited = runner.execute([runner.path('footprint'), '--limit', '65536'] + words)
    values['limited_status'] = process.pairs(limited.output).get('status', -1.0)
    return values


# --- Instructions of a warm pair -------------------------------------------------------------------------

def fastpath(runner, _workload, allocator):
    """What 2 N pairs execute outside of the program more than N pairs do."""
    few, many = (count(runner, allocator, pairs) for pairs in (PAIRS, 2 * PAIRS))
    each_pair = {function: (many[function] - few.get(function, 0)) / PAIRS for function in many}
    if runner.options.verbose:
        for (where, function), cost in sorted(each_pair.items(), key=lambda item: -item[1]):
            if cost > 0.05:
                print(f'{os.path.basename(where)} {function}: {cost:.2f} instructions', file=sys.stderr)
    return {'instructions': round(sum(each_pair.values()), 1)}  # start-up varies by a few


def count(runner, allocator, pairs):
    with tempfile.NamedTemporaryFile() as out:
        valgrind = [shutil.which('valgrind'), '--tool=callgrind', '--compress-strings=no',
                    '--compress-pos=no', f'--callgrind-out-file={out.name}']
        execute(runner, valgrind + [runner.path('fastpath'), '--pairs', str(pairs)], allocator.file,
                variables=allocator.variables)
        return self_costs(out.name)


def self_costs(path):
    """(object, function) -> instructions executed in it, without those of fastpath itself."""
    costs, where, function, skip = {}, '', '', False
    with open(path, encoding='utf-8', errors='replace') as lines:
        for line in lines:
            if line.startswith('ob='):
                where = line[3:].strip()
            elif line.startswith('fn='):
                function = line[3:].strip()
            elif line.startswith('calls='):
                skip = True  # the next line is the cost of the callee
            elif line[:1].isdigit():
                if not skip and os.path.basename(where) != 'fastpath':
                    key = (where, function)
                    costs[key] = costs.get(key, 0) + int(line.split()[1])
                skip = False
    return costs


# --- Thread-local storage --------------------------------------------------------------------------------

def tls(_runner, _workload, allocator):
    """Size of the PT_TLS segment (ELF, 64 bits, little endian)."""
    if not allocator.file:
        return {}
    with open(allocator.file, 'rb') as file:
        image = file.read()
    first, = struct.unpack_from('<Q', image, 32)
    size, headers = struct.unpack_from('<HH', image, 54)
    for header in range(first, first + size * headers, size):
        if struct.unpack_from('<I', image, header)[0] == 7:
            return {'tls': float(struct.unpack_from('<Q', image, header + 40)[0])}
    return {'tls': 0.0}


# --- The table -------------------------------------------------------------------------------------------

def each(measure):
    """A kind that runs under one allocator after the other."""
    def all_of_them(runner, workload, allocators):
        measured = {}
        for allocator in allocators:
            name = allocator.name
            runner.progress.show(workload.name, name)
            try:
                values = runner.timed(workload, name, lambda a=allocator: measure(runner, workload, a))
            except Failure as failure:
                runner.failed(workload, name, failure)
                continue
            if values:
                measured[name] = values
        return measured
    return all_of_them


KINDS = {'program': each(program), 'start': start, 'footprint': each(footprint), 'fastpath': each(fastpath),
         'tls': each(tls)}
ONCE = ('fastpath', 'tls')  # the same each time: measured in one round only
PROGRAMS = {'start': ('start', 'empty.so'), 'footprint': ('footprint',), 'fastpath': ('fastpath',), 'tls': ()}


def programs_of(workload):
    """The programs and modules that have to be built for a workload."""
    return PROGRAMS[workload.kind] if workload.kind in PROGRAMS else (shlex.split(workload.command)[0],)
