# SPDX-License-Identifier: MIT
# prose.py - the sentences of the report that are the same in each.

TITLE = 'libhakmem beside other memory allocators'
OPENING = (
    'libhakmem is a library that takes the place of malloc, the part of every C and C++ program that'
    ' hands out memory. This page compares it with the allocator of the C library and with others that'
    ' can be put in its place in the same way, on {} workloads, on one machine, at one time. Rows where'
    ' libhakmem loses are shown like all others.')
ALONE = (
    'libhakmem is a library that takes the place of malloc, the part of every C and C++ program that'
    ' hands out memory. It watches its own work and moves its settings while a program runs. This page'
    ' compares that with settings that stay, on {} workloads, on one machine, at one time.')
QUICK = (
    'This was a quick run, made to see that everything works: short runs, few rounds, no warm-up. Its'
    ' figures are rough.')
METHOD = (
    'In each round every workload runs once under every allocator, one after the other, in an order that'
    ' changes from round to round. All run the same unchanged program; the library is put in place by'
    ' LD_PRELOAD. A figure is the median over all rounds.')
READING = (
    ('ratio',
     'libhakmem divided by the peer that is hardest to beat in that row. Both ran soon after each other,'
     ' in the same round; the median of these ratios over all rounds is shown, and behind it, in brackets,'
     ' its spread: the range between the quartiles.'),
    ('ahead, tie, behind',
     'which side of 1 the ratio is on. If the spread contains 1 it is a tie: another run might say the'
     ' opposite.'),
    ('speed',
     'operations in wall time. More is better. Best peer: the best of glibc, mimalloc, jemalloc and'
     ' tcmalloc.'),
    ('MB peak',
     'the highest resident memory of the whole process, in 10⁶ bytes. Less is better. It is compared with'
     ' the leanest of mimalloc, jemalloc and tcmalloc, which like libhakmem bring a library of their own'
     ' into the process; for real programs with glibc, which does not.'),
    ('ns p99.9',
     'one call in a thousand took longer than this. Less is better.'),
    ('targets',
     'what libhakmem is held against: at least the speed of the best peer, at most the memory of the'
     ' leanest, on each workload, and better than that over all. A target inside the spread is neither met'
     ' nor missed for certain.'))
COUNTS = (
    'Number of workloads in which libhakmem is ahead of the best peer, level with it, or behind it:')
BARS = (
    'One bar for each workload, the best at the top: blue is ahead, grey a tie, red behind. The thin line'
    ' is the spread.')
SCATTER = (
    'Speed against memory: the best place is at the top on the left. Axes do not begin at zero; crosses'
    ' are spreads.')
ENGINE = 'The adaptive engine against fixed settings'
GAINS = (
    'The same library, with the adaptive engine and without its thread (libhakmem), with fixed'
    ' settings (hakmem-fixed: HAKMEM_ACE=0), and with the helper thread, too (hakmem-helper:'
    ' HAKMEM_ACE_THREAD=1); hakmem-control are fixed settings once more, which tells the noise.'
    ' A gain is in per cent of fixed settings, more speed or less memory, with its quartiles. Verdict'
    ' "loses": more than 2 % are lost; "within spread": the median says so, but 2 % lie between the'
    ' quartiles. One thread is timed by its processor time.')
BY_HAND = 'The programs of bench/ can be run by hand in the build directory, with the library in front:'
IN_COMMANDS = (
    'In a command, {library} stands for the file of the allocator or - for glibc, {source} for the bench'
    ' directory of the sources, {scratch} for an empty directory, {repository} for a git repository made'
    ' by programs/repository.py. The last column measures the row again under all allocators.')
