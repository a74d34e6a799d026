# SPDX-License-Identifier: MIT
# syscalls.py - system calls of a whole process, counted by strace in a run of their own.
import shlex
import shutil
import tempfile

from . import kinds

MEMORY = ('mmap', 'munmap', 'madvise', 'mremap', 'brk', 'mprotect')
LIMIT = 30.0  # seconds for one run: a program that makes millions of calls is not worth more


def parse(text):
    """Call -> count, from the table of strace -c; 'total' is one of its rows."""
    counts = {}
    for line in text.splitlines():
        words = line.split()
        if len(words) >= 5 and words[3].isdigit():
            counts[words[-1]] = int(words[3])
    return counts


def figures(counts):
    """The calls that are about memory, and all together."""
    values = {f'calls_{name}': float(counts.get(name, 0)) for name in MEMORY}
    values['calls_memory'] = sum(values.values())
    values['calls_total'] = float(counts.get('total', 0))
    return values


def traced_command(workload):
    """The command that is counted, '' for none."""
    if workload.traced is not None:
        return workload.traced
    return workload.words(True) if workload.kind == 'program' and '{library}' not in workload.command else ''


def strace(out):
    return [shutil.which('strace'), '-f', '-qq', '-c', '-o', out.name]


def unavailable(runner):
    """Why nothing can be counted, '' if all is well."""
    if not shutil.which('strace'):
        return 'strace is not installed'
    with tempfile.NamedTemporaryFile() as out:
        done = runner.execute(strace(out) + [shutil.which('true')])
        return '' if done.status == 0 else f'strace cannot trace here ({done.errors or done.status})'


def count(runner, workload, allocator):
    """The figures of one run under strace; raises kinds.Failure."""
    with tempfile.TemporaryDirectory(prefix='bench.') as scratch, tempfile.NamedTemporaryFile() as out:
        words, library = kinds.fill_in(runner, shlex.split(traced_command(workload)), allocator, scratch)
        settings = [*allocator.variables] + ([f'LD_PRELOAD={library}'] if library else [])
        settings = [word for one in settings for word in ('-E', one)]
        done = runner.execute(strace(out) + settings + words, limit=LIMIT)
        if done.status != 0:
            raise kinds.Failure(shlex.join(words), f'under strace: {done.status}', done.errors)
        return figures(parse(out.read().decode(errors='replace')))
