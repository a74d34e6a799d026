# SPDX-License-Identifier: MIT
# text.py - how numbers and ratios are written: three digits, the same everywhere.
import math

NONE = '–'


def number(value):
    """Three digits, but never an exponent, and whole numbers in full."""
    if value is None:
        return NONE
    if value == int(value) and abs(value) < 1e9:
        return f'{value:.0f}'
    size = float(f'{abs(value):.3g}')
    if size < 0.001:
        return f'{value:.2g}'
    return f'{value:.{max(0, 2 - math.floor(math.log10(size)))}f}'


def ratio(value):
    """A ratio near 1 needs more decimals than a large one."""
    if value != 1 and abs(value - 1) < 0.01:
        return f'{value:.3f}'
    return f'{value:.2f}' if abs(value) < 10 else f'{value:.1f}' if abs(value) < 100 else f'{value:.0f}'


def compared(comparison, unit=''):
    """A comparison with its spread: 1.03 × tcmalloc (1.01–1.05)."""
    if comparison is None:
        return NONE
    low, median, high = comparison.low, comparison.median, comparison.high
    if unit:  # a difference
        return f'{median:+.0f} {unit} to {comparison.peer} ({low:+.0f} to {high:+.0f})'
    spread = '' if ratio(low) == ratio(high) else f' ({ratio(low)}–{ratio(high)})'
    return f'{ratio(median)} × {comparison.peer}{spread}'
