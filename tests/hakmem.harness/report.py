#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
# report.py - is a report well-formed, self-contained, usable by those who do not see it? Prints the faults.
import html.parser
import sys

VOID = ('meta', 'br', 'link', 'img', 'input', 'hr')


class Reader(html.parser.HTMLParser):
    def __init__(self):
        super().__init__()
        self.open, self.ids, self.links, self.faults = [], set(), set(), []
        self.wanted = None  # the ids of title and desc that the svg before named

    def fault(self, words):
        self.faults.append(f'line {self.getpos()[0]}: {words}')

    def handle_startendtag(self, tag, attributes):
        self.look(tag, dict(attributes))

    def handle_starttag(self, tag, attributes):
        self.look(tag, dict(attributes))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.fault(f'</{tag}> closes something else')

    def look(self, tag, attributes):
        ident = attributes.get('id')
        if ident is not None:
            if ident in self.ids:
                self.fault(f'id {ident} a second time')
            self.ids.add(ident)
        self.links.update(attributes.get('aria-labelledby', '').split())
        for key in ('href', 'src', 'xlink:href'):
            link = attributes.get(key)
            if link is not None and not link.startswith('#'):
                self.fault(f'<{tag}> needs {link}')
            elif link is not None:
                self.links.add(link[1:])
        if tag == 'script' or any(key.startswith('on') for key in attributes):
            self.fault(f'a script in <{tag}>')
        if tag == 'th' and 'scope' not in attributes:
            self.fault('<th> without scope')
        if tag == 'svg' and 'aria-hidden' not in attributes and attributes.get('role') != 'img':
            self.fault('<svg> without role')


def main():
    with open(sys.argv[1], encoding='utf-8') as file:
        text = file.read()
    reader = Reader()
    reader.feed(text)
    reader.close()
    faults = reader.faults + [f'<{tag}> is not closed' for tag in reader.open]
    faults += [f'nothing has the id {link}' for link in sorted(reader.links - reader.ids)]
    faults += [] if text.startswith('<!DOCTYPE html>') else ['no <!DOCTYPE html>']
    for fault in faults:
        print(fault)


if __name__ == '__main__':
    main()
