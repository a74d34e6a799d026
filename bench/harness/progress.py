# SPDX-License-Identifier: MIT
# progress.py - one line that says what runs and how much is left: rewritten in place on a terminal, else
# printed every few seconds.
import collections
import shutil
import sys
import time

EVERY = 5.0  # seconds between lines that are not rewritten


class Progress:
    def __init__(self, stream=sys.stderr):
        self.stream, self.terminal = stream, stream.isatty()
        self.todo = collections.Counter()  # what is still to be done, how often
        self.seconds = {}  # how long it took the last time
        self.guess = {}    # and what was thought before
        self.phase, self.printed, self.shown = '', 0.0, False

    def expect(self, what, times, guess):
        self.todo[what] += times
        self.guess[what] = guess

    def done(self, what, seconds=None):
        if self.todo[what] > 0:
            self.todo[what] -= 1
        if seconds is not None:
            self.seconds[what] = seconds

    def drop(self, what):
        """It will not be done again."""
        self.todo[what] = 0

    def left(self):
        """Seconds that are left; what was never done is guessed, as right as the guesses were so far."""
        known = sum(self.seconds.values())
        guessed = sum(self.guess.get(what, 0.0) for what in self.seconds)
        scale = known / guessed if guessed else 1.0
        return sum(count * self.seconds.get(what, self.guess[what] * scale)
                   for what, count in self.todo.items() if count)

    def show(self, workload, allocator):
        text = f'{self.phase}: {workload}, {allocator}; {duration(self.left())} left'
        now = time.monotonic()
        if self.terminal:
            width = shutil.get_terminal_size().columns - 1
            self.stream.write(f'\r{text[:width]}\x1b[K')
            self.shown = True
        elif now - self.printed >= EVERY:
            self.stream.write(f'bench/compare: {text}\n')
            self.printed = now
        self.stream.flush()

    def say(self, message):
        """A message of its own line."""
        self.clear()
        print(f'bench/compare: {message}', file=self.stream, flush=True)

    def clear(self):
        if self.shown:
            self.stream.write('\r\x1b[K')
            self.stream.flush()
            self.shown = False


def duration(seconds):
    minutes, rest = divmod(round(seconds), 60)
    return f'{minutes} min {rest:02} s' if minutes else f'{rest} s'
