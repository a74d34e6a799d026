# SPDX-License-Identifier: MIT
# access_log.py - cuts lines up with regular expressions, counts, keeps records, writes JSON.
#
# access_log.py [--lines N]
# The lines of a web server's log are made up here, always the same ones; nothing outside is read.
import argparse
import collections
import json
import re

PATTERN = re.compile(r'(?P<host>[\d.]+) - (?P<user>\S+) \[(?P<time>[^\]]+)\] "(?P<verb>[A-Z]+) (?P<path>\S+)'
                     r' [^"]*" (?P<status>\d{3}) (?P<size>\d+)(?: "(?P<agent>[^"]*)")?')
WORDS = 'account archive basket catalogue delivery engine forum gallery help index journal keyboard'.split()
AGENTS = ['Browser/%d.%d (platform %s; engine)' % (n, n * n % 7, word) for n, word in enumerate(WORDS)]


def numbers(seed):
    """A generator of the script's own: the same numbers under every version of Python."""
    while True:
        seed = (seed * 6364136223846793005 + 1442695040888963407) % 2**64
        yield seed >> 33


def make_lines(count):
    draw = numbers(42)
    for number in range(count):
        host = '.'.join(str(next(draw) % 200 + 1) for _ in range(4))
        user = '-' if next(draw) % 3 else 'user%d' % (next(draw) % 900)
        path = '/' + '/'.join(WORDS[next(draw) % 12] for _ in range(next(draw) % 4 + 1))
        if next(draw) % 4 == 0:
            path += '?id=%d&page=%d' % (next(draw) % 5000, next(draw) % 20)
        yield ('%s - %s [%02d/Mar/2024:%02d:%02d:%02d +0000] "%s %s HTTP/1.1" %d %d "%s"' % (
            host, user, number % 28 + 1, number % 24, number % 60, number % 59,
            'POST' if next(draw) % 9 == 0 else 'GET', path, (200, 200, 200, 304, 404, 500)[next(draw) % 6],
            next(draw) % 90000, AGENTS[next(draw) % 12]))


class Visitor:
    """One user: the pages seen, in order, and how much was sent."""

    def __init__(self, name):
        self.name, self.pages, self.sent = name, [], 0

    def saw(self, record):
        self.pages.append(record['path'].partition('?')[0])
        self.sent += record['size']

    def journey(self):
        return ' > '.join(page.rsplit('/', 1)[-1] for page in self.pages)


def parse(lines):
    records = []
    for line in lines:
        record = PATTERN.match(line).groupdict()
        record['status'], record['size'] = int(record['status']), int(record['size'])
        path, _, query = record['path'].partition('?')
        record['parts'] = path.strip('/').split('/')
        record['query'] = dict(pair.split('=') for pair in query.split('&')) if query else {}
        records.append(record)
    return records


def summarize(records):
    visitors, by_status, words = {}, collections.defaultdict(list), collections.Counter()
    for record in records:
        visitors.setdefault(record['user'], Visitor(record['user'])).saw(record)
        by_status[record['status']].append(record['size'])
        words.update(record['parts'])
    hosts = collections.Counter(record['host'].rsplit('.', 2)[0] for record in records)
    return {
        'status': {str(status): [len(sizes), sum(sizes), sorted(sizes)[len(sizes) // 2]]
                   for status, sizes in sorted(by_status.items())},
        'words': sorted(words.items(), key=lambda item: (-item[1], item[0])),
        'hosts': sorted(hosts.items(), key=lambda item: (-item[1], item[0]))[:10],
        'journeys': {name: len(re.sub(r'(\w+) > \1', r'\1', visitor.journey()))
                     for name, visitor in sorted(visitors.items())},
        'sent': sum(visitor.sent for visitor in visitors.values()),
    }


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('--lines', type=int, default=18000)
    records = parse(make_lines(parser.parse_args().lines))
    copy = json.loads(json.dumps(records, sort_keys=True))
    copy.sort(key=lambda record: (record['path'], record['size'], record['host']))
    print(json.dumps(summarize(copy), indent=1, sort_keys=True))


if __name__ == '__main__':
    main()
