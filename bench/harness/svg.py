# SPDX-License-Identifier: MIT
# svg.py - lets gnuplot draw, and fits what it drew into a page: colours of the page, no ids twice, a title
# and a description for those who cannot see it.
import dataclasses
import html
import os
import re
import shutil
import subprocess
import tempfile

LIMIT = 120  # seconds for all plots
FONT = 'sans-serif,12'


@dataclasses.dataclass(frozen=True)
class Plot:
    ident: str   # unique within the page
    title: str
    desc: str    # what can be seen, in words
    width: int
    height: int
    script: str  # for gnuplot; ends with a plot command


class GnuplotError(Exception):
    """No plots, and why."""


def quote(word):
    """A string of gnuplot in which nothing is expanded."""
    return "'" + ''.join(letter if letter.isprintable() else ' ' for letter in word).replace("'", "''") + "'"


def draw(plots):
    """ident -> svg element, for all PLOTS, and the symbols they share."""
    gnuplot = shutil.which('gnuplot')
    if not gnuplot:
        raise GnuplotError('gnuplot is not installed')
    with tempfile.TemporaryDirectory(prefix='bench.') as folder:
        script = '\n'.join(full_script(plot) for plot in plots)
        try:
            done = subprocess.run([gnuplot, '-'], input=script.encode(), cwd=folder, timeout=LIMIT,
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True, check=False)
        except subprocess.TimeoutExpired as error:
            raise GnuplotError(f'gnuplot was not done after {LIMIT} s') from error
        drawn, symbols = {}, ''
        for plot in plots:
            try:
                with open(os.path.join(folder, plot.ident + '.svg'), encoding='utf-8') as file:
                    text = file.read()
            except OSError:
                text = ''
            if '</svg>' not in text:
                words = [line.strip() for line in done.stderr.decode(errors='replace').splitlines() if line.strip()]
                raise GnuplotError(f'gnuplot failed at {plot.title}: {words[-1] if words else done.returncode}')
            symbols = symbols or symbols_of(text)
            drawn[plot.ident] = fit(text, plot)
    return drawn, symbols


def full_script(plot):
    return (f'reset\nset terminal svg size {plot.width},{plot.height} dynamic font {quote(FONT)} noenhanced\n'
            f'set output {quote(plot.ident + ".svg")}\n{plot.script}\nunset output\n')


def symbols_of(text):
    """The shapes of points, which every plot would bring along, as one invisible element."""
    shapes = re.findall(r"<(?:circle|path|rect|use)\b[^>]*\bid='gp\w+'[^>]*/>", text)
    return ('<svg width="0" height="0" aria-hidden="true" class="symbols"><defs>' + ''.join(shapes) + '</defs></svg>')


def fit(text, plot):
    """The body of a drawing without what belongs to a file of its own."""
    body = text[text.index('>', text.index('<svg')) + 1:text.rindex('</svg>')]
    body = re.sub(r'<(title|desc|defs|script)\b.*?</\1>', '', body, flags=re.S)
    body = re.sub(r'''\s(id|class)=("[^"]*"|'[^']*')''', '', body)
    body = re.sub(r"<use [^>]*color='white'/>", '', body)  # halos of points, which hide what is below
    body = re.sub(r'<rect [^>]*fill="none"/>', '', body)
    body = re.sub(r'''=(["'])(black|rgb\( *0, *0, *0\))\1''', '="currentColor"', body)
    before = None
    while before != body:
        before, body = body, re.sub(r'<g\b[^>]*>\s*</g>', '', body)
    body = re.sub(r'\s*\n\s*', '\n', body)
    return (f'<svg viewBox="0 0 {plot.width} {plot.height}" width="{plot.width}" height="{plot.height}" role="img"'
            f' aria-labelledby="{plot.ident}-t {plot.ident}-d"><title id="{plot.ident}-t">{html.escape(plot.title)}'
            f'</title><desc id="{plot.ident}-d">{html.escape(plot.desc)}</desc>{body.strip()}</svg>')
