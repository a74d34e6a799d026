# SPDX-License-Identifier: MIT
# process.py - one child process: started in a group of its own, watched, ended with all it started.
#
# Its output goes to files, so that no pipe has to be emptied while it is timed; this process sleeps until
# the child has ended, unless its memory is to be polled.
import dataclasses
import os
import select
import signal
import subprocess
import tempfile
import time

PAGE_KB = os.sysconf('SC_PAGE_SIZE') // 1024
TAIL = 400  # characters of its standard error that are kept


class Sleeper:
    """Sleeps until a child ends, without waking up in between where the kernel can do that."""

    def __init__(self, process):
        self.process, self.descriptor = process, None
        try:
            self.descriptor = os.pidfd_open(process.pid)
        except (AttributeError, OSError):
            return
        self.poller = select.poll()
        self.poller.register(self.descriptor, select.POLLIN)

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        if self.descriptor is not None:
            os.close(self.descriptor)

    def ended_within(self, seconds):
        if self.descriptor is not None:
            return bool(self.poller.poll(1000 * seconds))
        try:
            self.process.wait(seconds)
            return True
        except subprocess.TimeoutExpired:
            return False


@dataclasses.dataclass
class Outcome:
    """How a run ended."""
    status: object  # its exit status, or what went wrong in words
    output: str
    errors: str
    seconds: float
    timeline: list  # (seconds since the start, resident kB)


class Child:
    """Runs one command at a time. stop() may be called from a signal handler."""

    def __init__(self):
        self.process = None
        self.stopped = False

    def stop(self):
        """End the child that runs now, and start none from here on."""
        self.stopped = True
        self.kill()

    def kill(self):
        process = self.process
        if process is not None and process.returncode is None:
            try:
                os.killpg(process.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass

    def run(self, command, library='', limit=120.0, cpu=None, poll=0.0, variables=()):
        """Run COMMAND with LIBRARY preloaded and VARIABLES (NAME=VALUE) set, for LIMIT seconds; look at its
        memory every POLL seconds."""
        if self.stopped:
            return Outcome('interrupted', '', '', 0.0, [])
        environment = {name: value for name, value in os.environ.items() if name != 'LD_PRELOAD'}
        if library:
            environment['LD_PRELOAD'] = library
        environment.update(word.split('=', 1) for word in variables)
        with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
            begun = time.monotonic()
            try:
                self.process = subprocess.Popen(
                    command, env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=errors,
                    start_new_session=True,
                    preexec_fn=None if cpu is None else lambda: os.sched_setaffinity(0, {cpu}))
            except (OSError, subprocess.SubprocessError) as error:
                return Outcome(f'cannot be started: {error}', '', '', 0.0, [])
            if self.stopped:  # the signal came while it was being started
                self.kill()
            timeline, ended = self.watch(begun, limit, poll)
            seconds = time.monotonic() - begun
            status = self.finish(ended, limit)
            return Outcome(status, read(output), read(errors).strip()[-TAIL:], seconds, timeline)

    def watch(self, begun, limit, poll):
        """Wait for the end. Returns what was seen of its memory, and whether it ended in time."""
        points = []
        with Sleeper(self.process) as sleeper:
            while (left := begun + limit - time.monotonic()) > 0:
                if sleeper.ended_within(min(poll, left) if poll else left):
                    return points, True
                resident = resident_kb(self.process.pid) if poll else 0
                if resident:  # a process that is about to end has none any more
                    points.append((time.monotonic() - begun, resident))
        return points, False

    def finish(self, ended, limit):
        if not ended:
            self.kill()
        status = self.process.wait()
        if self.stopped:
            return 'interrupted'
        if not ended:
            return f'not done after {limit:g} s'
        if status < 0:
            return f'killed by {signal.Signals(-status).name}'
        return status


def read(file):
    file.seek(0)
    return file.read().decode(errors='replace')


def resident_kb(pid):
    """Resident memory of a process and of all those below it."""
    try:
        with open(f'/proc/{pid}/statm', encoding='ascii') as file:
            total = int(file.read().split()[1]) * PAGE_KB
        with open(f'/proc/{pid}/task/{pid}/children', encoding='ascii') as file:
            return total + sum(resident_kb(int(child)) for child in file.read().split())
    except (OSError, ValueError, IndexError):
        return 0


def pairs(text):
    """The numbers of key=value words."""
    values = {}
    for word in text.split():
        key, _, value = word.partition('=')
        try:
            values[key] = float(value)
        except ValueError:
            pass
    return values
