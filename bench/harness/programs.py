# SPDX-License-Identifier: MIT
# programs.py - real programs: how one is run under an allocator, what it gets to work on, what it must print.
#
# bench/footprint runs the command and reads time and memory of all its processes. Words of a command:
#   NAME=VALUE     in front of it: a variable for it
#   python3        the interpreter that runs the harness
#   {scratch}      an empty directory, removed after the run
#   {source}       the bench/ directory of the sources
#   {repository}   a git repository, made once for all runs, only read
# What it prints and the files it leaves in {scratch} must be the same under each allocator.
import hashlib
import os
import shlex
import shutil
import socket
import subprocess
import sys
import tempfile
import time

from . import kinds
from . import process

REAL, REDIS = 'real', 'redis'  # kinds of workloads
PATIENCE = 10.0  # seconds for a server to start or to end


def real(runner, workload, allocator):
    """One run of a command."""
    variables, words = split(workload.words(runner.options.quick))
    with tempfile.TemporaryDirectory(prefix='bench.') as scratch:
        words = fill_in(runner, words, scratch)
        command = footprint(runner, allocator, os.path.join(scratch, 'output'), variables) + words
        done = kinds.execute(runner, command, pin=workload.threads == 1, timeline=workload.timeline)
        values = process.pairs(done.output)
        if values.get('status') != 0:
            raise kinds.Failure(shlex.join(command), ended(values), done.errors)
        check_output(workload, allocator, command, digest(scratch))
    return values


def ended(values):
    return f'what it ran ended with status {values.get("status", -1):.0f}'


def split(command):
    """The NAME=VALUE words in front of a command, and the others."""
    words = shlex.split(command)
    count = next(i for i, word in enumerate(words) if '=' not in word)
    return words[:count], words[count:]


def fill_in(runner, words, scratch):
    replace = {'{scratch}': scratch, '{source}': runner.source}
    if any('{repository}' in word for word in words):
        replace['{repository}'] = Repository.path(runner)
    for name, value in replace.items():
        words = [word.replace(name, value) for word in words]
    program = sys.executable if words[0] == 'python3' else runner.path(words[0])
    if not program:
        raise kinds.Skipped(f'no {words[0]}')
    return [program] + words[1:]


def footprint(runner, allocator, output, variables=(), without='-'):
    """The command of footprint, up to the program it is to run."""
    command = [runner.path('footprint'), '--output', output]
    for variable in ('LC_ALL=C', *allocator.variables, *variables):
        command += ['--env', variable]
    return command + [allocator.file or without]


# --- Does the allocator change what a program does? ------------------------------------------------------

OUTPUTS = {}  # workload -> {allocator: digest of what it printed and wrote}


def digest(folder):
    """Of all files below FOLDER, and of their names."""
    total = hashlib.sha256()
    for top, folders, files in os.walk(folder):
        folders.sort()
        for name in sorted(files):
            path = os.path.join(top, name)
            total.update(os.path.relpath(path, folder).encode() + b'\0')
            if os.path.isfile(path):
                with open(path, 'rb') as file:
                    total.update(hashlib.sha256(file.read()).digest())
    return total.hexdigest()


def check_output(workload, allocator, command, found):
    """Under glibc it is right; until glibc had its turn, what was seen first is."""
    known = OUTPUTS.setdefault(workload.name, {})
    right = allocator.name if allocator.name == 'glibc' and 'glibc' not in known else \
        'glibc' if 'glibc' in known else next(iter(known), allocator.name)
    known.setdefault(allocator.name, found)
    if known[right] != found:
        known[allocator.name] = found
        other = 'before' if right == allocator.name else f'under {right}'
        raise kinds.Failure(shlex.join(command), f'its output or its files are not the same as {other}')


# --- What is made once -----------------------------------------------------------------------------------

class Repository:
    """A git repository with 300 commits, from a made-up history."""
    folder = None

    @classmethod
    def path(cls, runner):
        if cls.folder is None:
            folder = tempfile.TemporaryDirectory(prefix='bench.')  # removed when the harness ends
            cls.make(folder.name, os.path.join(runner.source, 'programs', 'repository.py'))
            cls.folder = folder
        return cls.folder.name

    @staticmethod
    def make(folder, script):
        environment = {name: value for name, value in os.environ.items()
                       if not name.startswith(('GIT_', 'LD_'))}
        environment.update(HOME=folder, GIT_DIR=folder, GIT_CONFIG_NOSYSTEM='1')
        for command, source in ((['git', 'init', '-q', '--bare', '-b', 'main', folder], None),
                                (['git', 'fast-import', '--quiet', '--done'],
                                 [sys.executable, '-B', script, '300', '120'])):
            text = subprocess.run(source, stdout=subprocess.PIPE, check=True).stdout if source else b''
            done = subprocess.run(command, input=text, env=environment, stdout=subprocess.DEVNULL,
                                  stderr=subprocess.PIPE, check=False)
            if done.returncode:
                raise kinds.Failure(shlex.join(command), f'status {done.returncode}',
                                    done.stderr.decode(errors='replace')[-process.TAIL:])


# --- A server under load ---------------------------------------------------------------------------------

def redis(runner, workload, allocator):
    """The server has the allocator, the load comes from redis-benchmark, which has not.

    Debian's server is linked with libjemalloc.so.2. Whatever is preloaded comes before that, glibc's malloc
    too if libc.so.6 itself is preloaded; jemalloc remains in memory and takes the same few pages under
    each. The load draws its keys anew each time, so values of our own are written before and read after."""
    with tempfile.TemporaryDirectory(prefix='bench.') as scratch:
        address = os.path.join(scratch, 'socket')
        command = footprint(runner, allocator, os.path.join(scratch, 'log'), without='libc.so.6')
        command += [redis_server(scratch), '--port', '0', '--unixsocket', address, '--dir', scratch,
                    '--save', '', '--appendonly', 'no', '--daemonize', 'no']
        with Server(command, address) as server:
            server.ask(*(('SET', f'kept:{i}', text_of(i)) for i in range(500)))
            load = [shutil.which('redis-benchmark'), '-s', address, '--csv']
            done = kinds.execute(runner, load + split(workload.words(runner.options.quick))[1][1:])
            if server.ask(*(('GET', f'kept:{i}') for i in range(500))) != [text_of(i) for i in range(500)]:
                raise kinds.Failure(shlex.join(command), 'a value was not read as it had been written')
            values = server.end()
    if not values or values.get('status') != 0:
        raise kinds.Failure(shlex.join(command), ended(values), server.errors)
    return rates(values, done.output, requests_of(workload.words(runner.options.quick)))


def text_of(number):
    """A value of 0 to 5,000 bytes."""
    return (f'{number:06d} ' * 700)[:number * 37 % 5000].encode()


def redis_server(scratch):
    """Debian's redis-tools have the server under another name: it looks at how it was called."""
    server, other = shutil.which('redis-server'), shutil.which('redis-check-rdb')
    if server:
        return server
    if not other:
        raise kinds.Skipped('no redis-server')
    link = os.path.join(scratch, 'redis-server')
    os.symlink(other, link)
    return link


def requests_of(command):
    """The number after the last -n."""
    words = shlex.split(command)
    return int([after for word, after in zip(words, words[1:]) if word == '-n'][-1])


def rates(values, table, requests):
    """Requests a second over all tests of redis-benchmark, in place of the run time of the server."""
    rows = [line.split(',') for line in table.splitlines()[1:]]
    seconds = sum(requests / float(row[1].strip('"')) for row in rows)
    ops = requests * len(rows)
    if not ops:
        raise kinds.Failure('redis-benchmark', 'printed no figures', table[-process.TAIL:])
    values.update(ops=float(ops), seconds=seconds, mops=ops / seconds * 1e-6,
                  cpu_mops=ops / values['cpu_seconds'] * 1e-6)
    return values


class Server:
    """A server that speaks the protocol of redis on a socket; ended with the block, whatever happens."""

    def __init__(self, command, address):
        self.command, self.address, self.errors = command, address, ''
        self.process = self.connection = None

    def __enter__(self):
        self.process = subprocess.Popen(self.command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, text=True, start_new_session=True)
        try:
            self.connect(time.monotonic() + PATIENCE)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *unused):
        if self.connection:
            self.connection.close()
        self.kill()

    def connect(self, until):
        while True:
            connection = socket.socket(socket.AF_UNIX)
            try:
                connection.connect(self.address)
                connection.settimeout(PATIENCE)
                self.connection = connection
                return
            except OSError as error:
                connection.close()
                if self.process.poll() is not None or time.monotonic() > until:
                    raise kinds.Failure(shlex.join(self.command), f'the server did not start ({error})',
                                        self.kill()) from None
                time.sleep(0.002)

    def kill(self):
        """End it if it is still there; its standard error."""
        if self.process.poll() is None:
            self.process.terminate()  # footprint then ends the server, and waits for it
        return (self.process.communicate()[1] or '').strip()[-process.TAIL:]

    def ask(self, *requests):
        """Send all REQUESTS, then read one reply for each: bytes, or the line of any other reply."""
        self.connection.sendall(b''.join(map(encode, requests)))
        replies = []
        with self.connection.makefile('rb') as stream:
            for _ in requests:
                line = stream.readline().rstrip(b'\r\n')
                replies.append(stream.read(int(line[1:]) + 2)[:-2] if line.startswith(b'$') else line)
        return replies

    def end(self):
        """Shut it down; what footprint printed about it."""
        self.connection.sendall(encode(('SHUTDOWN', 'NOSAVE')))
        try:
            output, self.errors = self.process.communicate(timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            raise kinds.Failure(shlex.join(self.command), 'the server did not end') from None
        return process.pairs(output)


def encode(words):
    raw = [word if isinstance(word, bytes) else word.encode() for word in words]
    return b'*%d\r\n' % len(raw) + b''.join(b'$%d\r\n%s\r\n' % (len(word), word) for word in raw)


kinds.KINDS.update({REAL: kinds.each(real), REDIS: kinds.each(redis)})
kinds.PROGRAMS.update({REAL: ('footprint',), REDIS: ('footprint',)})
