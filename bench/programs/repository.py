# SPDX-License-Identifier: MIT
# repository.py - a made-up history of a project, as git fast-import reads it: always the same one.
#
# repository.py COMMITS FILES
# Each commit changes, adds or removes lines in some files; a few move a file; some branches are merged.
import sys

WORDS = ('buffer cursor driver engine filter handle iterator journal kernel ledger mapper notifier option'
         ' parser queue reader scanner token upload vector writer').split()


def numbers(seed):
    while True:
        seed = (seed * 6364136223846793005 + 1442695040888963407) % 2**64
        yield seed >> 33


class Project:
    """The files as they are now, lists of lines by path."""

    def __init__(self, count):
        self.draw = numbers(7)
        self.files = {self.path(number): [self.line() for _ in range(30 + self.below(150))]
                      for number in range(count)}

    def below(self, limit):
        return next(self.draw) % limit

    def path(self, number):
        folder = '/'.join(WORDS[self.below(21)] for _ in range(self.below(3)))
        return f'{folder}/{WORDS[number % 21]}_{number}.c'.lstrip('/')

    def line(self):
        depth = self.below(4)
        words = [WORDS[self.below(21)] + '(;=,.'[self.below(5)] for _ in range(self.below(7) + 1)]
        return '    ' * depth + ' '.join(words)

    def change(self, path):
        lines = self.files[path]
        for _ in range(1 + self.below(3)):
            where, length = self.below(len(lines) + 1), self.below(6)
            lines[where:where + self.below(5)] = [self.line() for _ in range(length)]


def data(text):
    raw = text.encode()
    return b'data %d\n%s\n' % (len(raw), raw)


def write(out, project, path):
    out.write(b'M 100644 inline %s\n' % path.encode() + data('\n'.join(project.files[path]) + '\n'))


def commit(out, project, number, branch, merged):
    who = f'Author {number % 9} <author{number % 9}@example.org> {1700000000 + number * 3600} +0000'
    out.write(f'commit refs/heads/{branch}\nmark :{number}\nauthor {who}\ncommitter {who}\n'.encode())
    out.write(data(f'{project.line().strip()}\n\n{project.line()}\n'))
    if number > 1:
        out.write(b'from :%d\n' % (number - 1))
    if merged:
        out.write(b'merge :%d\n' % merged)


def main():
    commits, count = (int(word) for word in sys.argv[1:3])
    project, out = Project(count), sys.stdout.buffer
    for number in range(1, commits + 1):
        commit(out, project, number, 'main', number - 7 if number % 20 == 8 else 0)
        paths = sorted(project.files)
        chosen = paths if number == 1 else {paths[0]} | {paths[project.below(len(paths))] for _ in range(4)}
        for path in sorted(chosen):
            if number > 1:
                project.change(path)
            write(out, project, path)
        if number % 25 == 0:
            old = paths[1 + project.below(len(paths) - 1)]
            new = 'moved_' + old.replace('/', '_')
            project.files[new] = project.files.pop(old)
            out.write(f'R {old} {new}\n'.encode())
        out.write(b'\n')
    out.write(b'done\n')


if __name__ == '__main__':
    main()
