# SPDX-License-Identifier: MIT
# page.py - pieces of HTML: elements, tables, the style sheet. All text is escaped here and nowhere else.
import html

STYLE = '''
:root { color-scheme: light dark; --ink: #1c1c1c; --dim: #5a5a5a; --paper: #fff; --soft: #f4f4f2;
  --line: #d4d4d0; --ahead: #1f5f95; --behind: #a83226; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e6e3; --dim: #a8a8a4; --paper: #161616; 
  --soft: #232322; --line: #3f3f3c; --ahead: #7db8e8; --behind: #f0907f; } }
body { font: 16px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); margin: 0 auto;
  max-width: 76rem; padding: 1rem 1.5rem 4rem; }
p, li, dd { max-width: 48rem; }
h1 { font-size: 1.7rem; line-height: 1.2; margin: .8rem 0; }
h2 { font-size: 1.3rem; margin: 2.6rem 0 .6rem; padding-top: .6rem; border-top: 1px solid var(--line); }
h3 { font-size: 1.05rem; margin: 1.6rem 0 .4rem; }
nav { font-size: .9rem; display: flex; flex-wrap: wrap; gap: .2rem 1rem; }
a { color: inherit; }
code { font: .86em/1.4 ui-monospace, monospace; overflow-wrap: anywhere; }
.scroll { overflow-x: auto; margin: .6rem 0 1rem; }
table { border-collapse: collapse; font-size: .86rem; font-variant-numeric: tabular-nums; }
th, td { padding: .22rem .6rem; text-align: right; white-space: nowrap; border-bottom: 1px solid var(--line);
  vertical-align: top; }
thead th { border-bottom-width: 2px; }
tbody th { font-weight: 600; }
th:first-child, .words, .words td, .words th { text-align: left; }
td.wide { white-space: normal; overflow-wrap: anywhere; min-width: 12rem; }
td small { color: var(--dim); display: block; font-size: .78rem; line-height: 1.1; }
.ahead, .met { color: var(--ahead); }
.behind, .missed, .failed, .loses { color: var(--behind); font-weight: 600; }
.note { border-left: 4px solid var(--behind); background: var(--soft); padding: .5rem 1rem; margin: 1rem 0; }
.plots { display: flex; flex-wrap: wrap; gap: 1rem 1.2rem; }
figure { margin: 0; }
figcaption { font-size: .85rem; font-weight: 600; }
figure svg { max-width: 100%; height: auto; color: var(--ink); }
.symbols { position: absolute; }
.legend { font-size: .86rem; margin: .6rem 0; padding: 0; list-style: none; display: flex;
  flex-wrap: wrap; gap: .2rem 1.2rem; }
.legend svg { vertical-align: -2px; margin-right: .35rem; }
summary { cursor: pointer; margin: .5rem 0; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .15rem 1.2rem; }
dt { font-weight: 600; }
dd { margin: 0; }
@media (max-width: 40rem) { dl { display: block; } dd { margin: 0 0 .5rem 1rem; } }
'''


class Markup(str):
    """Text that is HTML already."""


def escape(content):
    return content if isinstance(content, Markup) else Markup(html.escape(str(content)))


def tag(name, *contents, **attributes):
    """An element. class_ is class, aria_label is aria-label."""
    words = ''.join(f' {key.rstrip("_").replace("_", "-")}="{html.escape(str(value))}"'
                    for key, value in attributes.items() if value is not None)
    return Markup(f'<{name}{words}>{"".join(map(escape, contents))}</{name}>')


def join(parts, between=''):
    return Markup(between.join(map(escape, parts)))


def cell(content, class_=None):
    return tag('td', content, class_=class_ or None)


def table(label, head, rows, words=False):
    """A table whose first cell in each row names the row. Cells are text, or markup of a whole td."""
    lines = []
    for first, *rest in rows:
        heading = first if is_cell(first) else tag('th', first, scope='row')
        lines.append(tag('tr', heading, *(one if is_cell(one) else cell(one) for one in rest)))
    top = tag('thead', tag('tr', *(tag('th', one, scope='col') for one in head)))
    parts = join(['', top, tag('tbody', join(lines, '\n'))], '\n')
    whole = tag('table', parts, class_='words' if words else None)
    return tag('div', whole, class_='scroll', role='region', aria_label=label, tabindex='0')


def is_cell(content):
    return isinstance(content, Markup) and content.startswith(('<td', '<th'))


def definitions(rows):
    return tag('dl', *(join([tag('dt', name), tag('dd', words)]) for name, words in rows))


def details(summary, *contents):
    return tag('details', tag('summary', summary), *contents)


def figure(caption, svg):
    return tag('figure', tag('figcaption', caption), Markup(svg))


def document(title, body):
    return (f'<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
            f'<meta name="viewport" content="width=device-width, initial-scale=1">\n'
            f'{tag("title", title)}\n<style>{STYLE}</style>\n</head>\n<body>\n{body}\n</body>\n</html>\n')
