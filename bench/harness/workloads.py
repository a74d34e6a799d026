# SPDX-License-Identifier: MIT
# workloads.py - the table of everything that bench/compare runs: one row a workload.
#
# A row says what to run and which real situation it stands for. The first word of a command is a program
# of bench/ if there is one of that name, else it is looked up in PATH. LD_PRELOAD is set for it, unless
# the command has one of these words:
#   {library}   replaced by the library, "-" for glibc; the program itself decides who gets it preloaded
#   {scratch}   replaced by an empty directory, removed after the run
#   {source}    replaced by the bench/ directory of the sources
# A program prints one line of key=value words; bench/README.md lists the keys.
import dataclasses
import fnmatch

from . import programs, targets

# Chapters of the report, in this order: group -> (title, what they have in common).
GROUPS = {
    'blocks': ('Mixed blocks, one thread',
               'One thread allocates and frees blocks of many sizes in random order.'),
    'pairs': ('One block at a time',
              'The same request again and again: the shortest way through an allocator.'),
    'threads': ('Threads',
                'Blocks that are freed by another thread than the one that allocated them, and threads that'
                ' come and go.'),
    'scaling': ('Scaling',
                'The same work for each thread, with one, two and more threads: what sharing costs.'),
    'growth': ('Buffers that grow', 'realloc, by steps and by doubling.'),
    'memory': ('Memory given back',
               'What stays resident when most blocks are freed, or while the sizes in demand change.'),
    'change': ('Work that changes phase',
               'Bursts and quiet phases, other sizes, more and fewer threads: do settings follow?'),
    'latency': ('Latency of single calls',
                'Each call is timed by itself: how long do the slowest ones take?'),
    'programs': ('Real programs', 'Unchanged programs with the library preloaded.'),
    'process': ('The cost of being there',
                'Start of a process, memory of small programs, instructions of the shortest path.'),
}


@dataclasses.dataclass(frozen=True)
class Workload:
    name: str
    group: str          # a key of GROUPS
    command: str        # words as for a shell: quotes count, variables and pipes do not exist
    about: str          # one sentence: which real situation it stands for
    quick: str = ''     # words added to the command for --quick and for counting system calls
    threads: int = 1    # 1: --cpu takes processor time and --pin holds; more: wall time is what counts
    unit: str = 'Mop/s'  # of the speed shown; one of targets.SPEED_UNITS
    floor: bool = False  # also run under floor.so
    timeline: bool = False  # resident memory is polled during the warm-up round and drawn
    speed: bool = True   # speed is compared and judged
    memory: bool = True  # peak memory is compared and judged
    traced: object = None  # counted by strace instead of command; '' for nothing
    needs: tuple = ()    # programs without which the workload is skipped
    extra: tuple = ()    # further targets, see targets.py
    kind: str = 'program'  # how it is run, see kinds.py

    def words(self, quick=False):
        """The command as one line, as it is run."""
        return f'{self.command} {self.quick}'.strip() if quick else self.command


def phase_speed(phase):
    """Speed of one phase of a program, in thousands of operations a second; shown, not judged."""
    return targets.Target(f'{phase}_kops', f'Mop/s {phase}', 'info', higher=True, scale=1e-3)


def resident(key, unit):
    """Resident memory at some moment of a program, held against the best peer."""
    return targets.Target(key, unit, 'ratio', 1.0, targets.PEERS, scale=targets.MEGABYTE)


AWK = "awk -F: '{ sum[$1] += $3 } END { for (name in sum) all += sum[name]; print all }' /etc/passwd"

WORKLOADS = [
    # --- Mixed blocks, one thread -----------------------------------------------------------------------
    Workload('random_mixed_256', 'blocks', 'random_mixed --slots 256 --ops 20000000',
             'A program with a small working set: 256 blocks of 16 to 1039 bytes, replaced at random.',
             '--ops 2000000', floor=True, extra=(targets.floor(0.95),)),
    Workload('random_mixed_8192', 'blocks', 'random_mixed --slots 8192 --ops 20000000',
             'An interpreter or a parser: 8,192 blocks, about 4 MB, that just fit the cache of a core.',
             '--ops 2000000', floor=True, extra=(targets.best(1.05), targets.glibc(1.5))),
    Workload('random_mixed_131072', 'blocks', 'random_mixed --slots 131072 --ops 20000000',
             'A busy in-memory index: 131,072 blocks, far more than the caches hold.',
             '--ops 2000000', extra=(targets.best(1.15),)),
    Workload('random_mixed_1000000', 'blocks', 'random_mixed --slots 1000000 --ops 10000000',
             'A large heap: a million blocks, where nearly each step misses cache and TLB.',
             '--ops 1000000'),
    Workload('mix_compiler', 'blocks', 'mix --file {source}/mixes/compiler.mix --ops 12000000',
             'Sizes and lifetimes of the blocks of a C++ compiler, recorded and replayed.',
             '--ops 1000000', timeline=True),
    Workload('mix_interpreter', 'blocks', 'mix --file {source}/mixes/interpreter.mix --ops 7600000',
             'Sizes and lifetimes of the blocks of a Python script, recorded and replayed.',
             '--ops 600000', timeline=True),
    Workload('mix_database', 'blocks', 'mix --file {source}/mixes/database.mix',
             'Sizes and lifetimes of the blocks of a Redis server under load, recorded and replayed.',
             '--ops 600000', timeline=True),
    Workload('first_touch', 'blocks', 'first_touch --mb 512',
             'Loading a data set: 512 MB of small blocks, written to for the first time and kept.',
             '--mb 64'),
    Workload('large', 'blocks', 'large',
             'Pictures and matrices: eight blocks of 1 to 64 MB, replaced at random, each page written.',
             '--ms 60', unit='op/s'),
    Workload('large_ends', 'blocks', 'large --pages 0',
             'Large buffers that are hardly used: eight of 1 to 64 MB, first and last byte written.',
             '--ms 60', unit='op/ms'),

    # --- One block at a time ----------------------------------------------------------------------------
    *(Workload(f'pair_{size}', 'pairs', f'pairs --size {size}', about, '--ms 60') for size, about in (
        (16, 'A node of a list or a short string: 16 bytes allocated, written, freed.'),
        (64, 'A small temporary object: 64 bytes allocated, written, freed.'),
        (256, 'A formatted line of 256 bytes.'),
        (1024, 'A record of 1,024 bytes.'),
        (3000, 'A message buffer of 3,000 bytes, allocated and freed for each message.'),
        (20000, 'A buffer of 20,000 bytes for each call of a function.'),
        (40000, 'A buffer of 40,000 bytes for each read of a file.'),
        (100000, 'A decompression window of 100,000 bytes.'),
        (300000, 'A picture or a packet batch of 300,000 bytes at a time.'),
        (900000, 'A frame of 900,000 bytes at a time.'),
        (2000000, 'An uncompressed picture of 2 MB at a time.'),
        (25000000, 'A large matrix of 25 MB, allocated anew for each step of a computation.'))),
    *(Workload(f'calloc_{size}', 'pairs', f'pairs --zeroed 1 --size {size}', about, '--ms 60',
               unit='op/ms' if size > 50000 else 'Mop/s') for size, about in (
        (64, 'A small object of 64 bytes that has to begin as zeros.'),
        (1000, 'A record of 1,000 bytes that has to begin as zeros.'),
        (10000, 'A table of 10,000 bytes that has to begin as zeros.'),
        (100000, 'A table of 100,000 bytes that has to begin as zeros, and is written at its ends only.'),
        (4000000, 'A sparse table of 4 MB that has to begin as zeros, of which little is used.'))),
    Workload('memalign_64', 'pairs', 'pairs --align 64 --size 200',
             'Objects that start on a cache line, one at a time.', '--ms 60'),
    Workload('memalign_64_hold', 'pairs', 'pairs --align 64 --size 200 --hold 1000',
             'Objects that start on a cache line, a thousand alive at a time.', '--ms 60'),
    Workload('aligned_mixed', 'pairs', 'requests --align 4096 --ops 8000000',
             'Buffers for vector code and direct input: alignments of 16 to 4096, sizes of 16 to 4096 bytes.',
             '--ops 400000', extra=(targets.at_most('misaligned', 'blocks misaligned', 0),)),
    Workload('calloc_mixed', 'pairs', 'requests --largest 32768 --ops 2000000',
             'Zeroed records and tables of 16 bytes to 32 KiB, small ones as often as large ones.',
             '--ops 200000'),

    # --- Threads ----------------------------------------------------------------------------------------
    Workload('larson_1', 'threads', 'larson --threads 1 --ops 20000000',
             'A server with one worker at a time that leaves its connections to a successor and ends.',
             '--ops 2000000', threads=2, extra=(targets.GROWTH,)),
    Workload('larson_2', 'threads', 'larson --threads 2 --ops 10000000',
             'A server with two workers at a time that leave their connections to successors and end.',
             '--ops 1000000', threads=2, extra=(targets.GROWTH,)),
    Workload('handover_64', 'threads', 'handover --size 64',
             'A pipeline: one thread makes messages of 64 bytes, another one consumes and frees them.',
             '--ops 1000000', threads=2, extra=(targets.GROWTH,)),
    Workload('handover_mixed', 'threads', 'handover --size 0',
             'A pipeline with messages of 16 to 1039 bytes.',
             '--ops 1000000', threads=2, extra=(targets.GROWTH,)),
    Workload('free_only', 'threads', 'handover --size 0 --batch 100000',
             'Results of a job that a thread tears down which never allocated anything.',
             '--ops 2000000', threads=2, extra=(targets.GROWTH,)),
    Workload('fan_in', 'threads', 'exchange --producers 3 --consumers 1',
             'A logger: three threads make messages of 16 to 1039 bytes, one consumes and frees them.',
             '--ms 60', threads=4, extra=(targets.GROWTH,)),
    Workload('fan_out', 'threads', 'exchange --producers 1 --consumers 3',
             'A dispatcher: one thread makes messages of 16 to 1039 bytes, three consume and free them.',
             '--ms 60', threads=4, extra=(targets.GROWTH,)),
    Workload('both_ways', 'threads', 'exchange --circle 2 --size 64',
             'Requests and replies of 64 bytes: two threads, each frees what the other one allocated.',
             '--ms 60', threads=2, extra=(targets.GROWTH,)),
    Workload('sharing_active', 'threads', 'sharing',
             'Counters that two threads allocate for themselves and write to all the time.',
             '--ms 60', threads=2),
    Workload('sharing_passive', 'threads', 'sharing --passive 1',
             'Counters that a main thread allocated side by side for two workers, who then replace them.',
             '--ms 60', threads=2),
    Workload('churn', 'threads', 'churn --ops 6000',
             'A server with a thread for each request: 300 blocks each, a third of them freed by others.',
             '--ops 600', threads=2, unit='op/ms', extra=(targets.GROWTH,)),

    # --- Scaling: names end in _THREADS, the report draws those with the same beginning as one curve -----
    *(Workload(f'circle_{threads}', 'scaling', f'exchange --circle {threads}',
               f'{threads} threads in a circle, each frees what the one before it allocated.',
               '--ms 60', threads=threads) for threads in (2, 4, 8)),
    *(Workload(f'scale_{threads}', 'scaling', f'random_mixed --slots 8192 --ops 20000000 --threads {threads}',
               f'Independent workers, each with 8,192 slots of its own: {threads} in all.',
               '--ops 2000000', threads=threads) for threads in (1, 2, 4, 8)),

    # --- Buffers that grow ------------------------------------------------------------------------------
    Workload('realloc_step', 'growth', 'grow --first 262144 --step 262144 --repeats 4',
             'A download of unknown length: a buffer that grows to 64 MB by steps of 256 KiB.',
             '--repeats 1', unit='op/ms'),
    Workload('realloc_double', 'growth', 'grow --repeats 10',
             'A vector that doubles until it holds 64 MB.', '--repeats 2', unit='op/ms'),
    Workload('vectors', 'growth', 'vectors --ops 8000000',
             'Containers and strings of a program: 2,000 vectors that double from 16 to 4,096 bytes.',
             '--ops 500000'),

    # --- Memory given back ------------------------------------------------------------------------------
    Workload('frag', 'memory', 'frag',
             'After the rush: 300,000 blocks, of which only one in a thousand, at random, is still needed.',
             speed=False, timeline=True, extra=(
                 targets.info('rss_full_kb', 'MB full'),
                 targets.at_most('rss_freed_kb', 'MB freed', 26),
                 targets.at_most('rss_trimmed_kb', 'MB trimmed', 8))),
    Workload('phases', 'memory', 'phases',
             'A program whose work changes: six phases, each with blocks of other sizes, a tenth is kept.',
             '--mb 6', timeline=True, extra=(
                 targets.info('live_kb', 'MB alive'),
                 targets.Target('rss_phase6_kb', 'MB at the end', 'ratio', 1.0, targets.PEERS,
                                scale=targets.MEGABYTE))),
    Workload('giveback', 'memory', 'giveback',
             'A server after a burst: 200 MB allocated and freed, then a little work, then none.',
             '--mb 40 --work 10 --idle 20', timeline=True, extra=(
                 *(targets.Target(f'rss_{when}_kb', f'MB {when}', 'ratio', 1.0, targets.PEERS,
                                  scale=targets.MEGABYTE) for when in ('freed', 'idle')),
                 targets.info('rss_trimmed_kb', 'MB trimmed'))),

    # --- Work that changes phase: what the adaptive engine is for, see engine.py -------------------------
    Workload('burst', 'change', 'burst',
             'A server with rushes: 100 MB of mixed blocks, nearly all freed at random, then a few requests.',
             '--mb 8 --replace 20000 --rounds 2 --requests 4 --idle 4 --sleep 2', timeline=True,
             extra=(resident('rss_idle_kb', 'MB idle'), targets.info('rss_quiet_kb', 'MB quiet'),
                    targets.info('quiet_cpu_us', 'µs CPU quiet'))),
    Workload('shift', 'change', 'shift',
             'A program that moves on to other data: six phases, each works on 32 MB of other sizes.',
             '--mb 4 --ops 200000', timeline=True,
             extra=(resident('rss_phases_kb', 'MB phases'),
                    *(phase_speed(f'phase{number}') for number in range(1, 7)),
                    *(targets.info(f'rss_phase{number}_kb', f'MB phase{number}') for number in range(1, 7)))),
    *(Workload(name, 'change', command, about, '--many 16 --ops 800000', timeline=True, threads=64,
               extra=(*(phase_speed(phase) for phase in ('few', 'many', 'again')),
                      targets.info('rss_few_kb', 'MB few'), targets.info('rss_many_kb', 'MB many'),
                      resident('rss_again_kb', 'MB again')))
      for name, command, about in (
          ('swell', 'swell', 'A server whose load swells: 2 threads work, then 64, of which 62 end, then 2.'),
          ('swell_park', 'swell --park 1', 'The same, but the 62 threads stay and sleep.'))),

    # --- Latency of single calls: programs that print p50_ps ... max_ps ---------------------------------
    Workload('latency_small', 'latency', 'latency',
             'How long a request to a server may be held up by a single call: 8,192 slots, 16 to 1039 bytes.',
             '--ops 500000'),
    Workload('latency_mid', 'latency',
             'latency --slots 1024 --smallest 1024 --largest 32768 --ops 3000000',
             'Single calls for message buffers of 1 to 32 KiB, a thousand slots.', '--ops 250000'),
    Workload('latency_span', 'latency',
             'latency --slots 64 --smallest 32768 --largest 1048576 --ops 1500000',
             'Single calls for large buffers of 32 KiB to 1 MiB, 64 slots.', '--ops 100000'),
    Workload('latency_threads', 'latency', 'latency --threads 2',
             'Single calls of two threads with a common table: half of the blocks are from the other one.',
             '--ops 500000', threads=2),
    Workload('latency_burst', 'latency', 'latency --burst 100000 --ops 3000000',
             'A request that needs 100,000 blocks, then drops them all: single calls while the heap grows.',
             '--ops 400000'),

    # --- Real programs ----------------------------------------------------------------------------------
    Workload('program_gcc', 'programs', 'gcc -O1 -c -o {scratch}/out.o {source}/programs/translation.c',
             'Building a C program: the compiler with a large file.', '-DSMALL',
             unit='runs/s', needs=('gcc',), kind=programs.REAL,
             traced='gcc -O1 -c -DSMALL -o {scratch}/out.o {source}/programs/translation.c'),
    Workload('program_gxx', 'programs', 'g++ -std=c++17 -c -o {scratch}/out.o {source}/programs/templates.cc',
             'Building a C++ program: the compiler with many templates.', '-DSMALL -fsyntax-only',
             unit='runs/s', needs=('g++',), kind=programs.REAL),
    Workload('program_python', 'programs', 'PYTHONHASHSEED=0 python3 -B {source}/programs/access_log.py',
             'A Python script that reads a log: small objects come from the allocator of Python itself.',
             '--lines 2000', unit='runs/s', kind=programs.REAL),
    Workload('program_python_malloc', 'programs',
             'PYTHONHASHSEED=0 PYTHONMALLOC=malloc python3 -B {source}/programs/access_log.py',
             'The same Python script, all of its objects from malloc.',
             '--lines 2000', unit='runs/s', kind=programs.REAL),
    Workload('program_perl', 'programs', 'PERL_HASH_SEED=0 perl {source}/programs/words.pl',
             'A Perl script that counts and rearranges the words of a text.', '1500',
             unit='runs/s', needs=('perl',), kind=programs.REAL,
             traced='env PERL_HASH_SEED=0 perl {source}/programs/words.pl 1500'),
    Workload('program_sqlite', 'programs',
             "sqlite3 -batch -cmd 'CREATE TABLE size AS SELECT 45000 AS n' :memory:"
             " '.read \"{source}/programs/orders.sql\"'",
             'A database in memory: tables filled, indexed, joined, grouped, changed.',
             "-cmd 'UPDATE size SET n = 6000'", unit='runs/s', needs=('sqlite3',), kind=programs.REAL,
             traced="sqlite3 -batch -cmd 'CREATE TABLE size AS SELECT 6000 AS n' :memory:"
             " '.read \"{source}/programs/orders.sql\"'"),
    Workload('program_redis', 'programs', 'redis-benchmark -t set,get,incr,lpush,rpop,sadd,hset,zadd -n 40000'
             ' -r 60000 -d 200 -c 10 -P 16',
             'A Redis server under load: requests a second, memory of the server.', '-n 6000', threads=2,
             unit='op/ms', needs=('redis-benchmark',), kind=programs.REDIS),
    Workload('program_git', 'programs', 'sh {source}/programs/history.sh {repository} {scratch}',
             'git at work: log, blame, grep, fsck, and the packing and unpacking of a fetch.', '20',
             threads=2, unit='runs/s', needs=('git',), kind=programs.REAL),
    Workload('program_cxx', 'programs', 'containers 250',
             'A C++ program made of containers: an order book, an index of words, a graph, a tree.',
             '25', threads=2, unit='runs/s', kind=programs.REAL, traced='containers 25'),

    # --- The cost of being there ------------------------------------------------------------------------
    Workload('start_ls', 'process', '/bin/ls /',
             'A script that starts thousands of short programs: the start of ls against an empty library.',
             speed=False, memory=False, kind='start', extra=(
                 targets.at_most('wall_ratio', '× empty', 1.04),
                 targets.at_most('cpu_ratio', '× empty (CPU)', 1.04))),
    Workload('cat', 'process', 'cat /etc/passwd', 'The smallest everyday program: its memory at exit.',
             speed=False, memory=False, kind='footprint', extra=targets.footprint(mapped=65536)),
    Workload('ls', 'process', 'ls -l /usr/bin', 'A listing of a large directory: its memory at exit.',
             speed=False, memory=False, kind='footprint', extra=targets.footprint()),
    Workload('awk', 'process', AWK, 'A one-line script: its memory at exit.',
             speed=False, memory=False, kind='footprint', extra=targets.footprint()),
    Workload('fastpath', 'process', 'fastpath',
             'Instructions of a warm pair of malloc and free of 64 bytes, as callgrind counts them.',
             speed=False, memory=False, kind='fastpath', needs=('valgrind',),
             extra=(targets.at_most('instructions', 'instructions', 40),)),
    Workload('lookup', 'process', 'lookup',
             'Is this pointer one of ours: asking the kernel, the byte before the block, or the class map.',
             '--ops 1000000', speed=False, memory=False, extra=tuple(
                 targets.info(way + '_ps', 'ns ' + way) for way in ('mincore', 'hybrid', 'classmap'))),
    Workload('tls', 'process', '', 'Thread-local storage of the library itself, taken by each thread.',
             speed=False, memory=False, kind='tls', extra=(targets.at_most('tls', 'bytes', 64),)),
]


def select(patterns):
    """The workloads whose names match one of PATTERNS (all without any), and the patterns without a match."""
    names = [workload.name for workload in WORKLOADS]
    unknown = [pattern for pattern in patterns if not fnmatch.filter(names, pattern)]
    chosen = [workload for workload in WORKLOADS
              if not patterns or any(fnmatch.fnmatchcase(workload.name, pattern) for pattern in patterns)]
    return chosen, unknown
