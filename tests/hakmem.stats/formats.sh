#!/bin/sh
# SPDX-License-Identifier: MIT
# formats.sh - the documents of hak_stats_print and malloc_info, read by the programs they are meant for.
set -u

. "$TOP/tests/lib/judge.sh"

dir=$SCRATCH/formats.dir
rm -rf "$dir"
mkdir -p "$dir" && cd "$dir" || exit 1
cat >heap.c <<'END'
#include <hakmem.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
static void *hide(void *p) { __asm__ volatile("" : "+r"(p)); return p; }
int main(int argc, char **argv)
{
    static char *block[3000];
    (void)argc;
    for (int i = 0; i < 3000; i++)
        block[i] = memset(malloc((size_t)i * 40 + 1), 1, (size_t)i * 40 + 1);
    for (int i = 0; i < 3000; i += 2)
        free(block[i]);
    hide(memset(malloc(5000000), 1, 5000000));
    if (hide(malloc((size_t)1 << 60)))
        return 1;
    if (strcmp(argv[1], "xml") == 0)
        return malloc_info(0, stdout);
    void *before = sbrk(0);
    struct hak_stats first, last;
    hak_stats_get(&first, sizeof first);
    int result = hak_stats_print(1, (enum hak_format)atoi(argv[1]));
    hak_stats_get(&last, sizeof last);
    return result || last.allocations != first.allocations || before != sbrk(0);
}
END
if ! $CC -I"$TOP/include" heap.c "$SO" -Wl,-rpath,"$LIBS" -o heap >log 2>&1; then
    cat log
    echo "FAIL: the program is compiled"
    exit 0
fi

# A path that needs escapes in every document.
HAKMEM_STATS_FILE=$(printf '/dev/null/a"b<c>&\\d\tg\303\244\377')
export HAKMEM_STATS_FILE
./heap xml >2.xml || echo "FAIL: malloc_info"
for mode in 2 0; do
    export HAKMEM_TINY_SS_SHARED=$mode
    [ $mode = 0 ] && sed -i 's/1 << 60/0/; s/if (hide(malloc/if (!hide(malloc/' heap.c && {
        $CC -I"$TOP/include" heap.c "$SO" -Wl,-rpath,"$LIBS" -o heap || echo "FAIL: compiled again"; }
    for format in 0 1 2; do
        ./heap $format >$mode.$format 2>log || echo "FAIL: mode $mode prints format $format without allocating: $(cat log)"
    done
done

judge "text fits 80 columns" "$(awk 'length > 80' 2.0 0.0)"
judge "text has every field" "$(sed -n 's/^HAK_STATISTIC(\([a-z_]*\), .*/\1/p' "$TOP/lib/insight/statistics.def" | while read -r name; do
    grep -q "^$name  *[0-9]" 2.0 || echo "$name"
done)"

if ! command -v python3 >/dev/null; then
    echo "UNSUPPORTED: python3 is missing"
    exit 0
fi
fields=$(sed -n 's/^    uint64_t \([a-z_]*\);.*/\1/p; /^#define HAK_STATS_VERSION/q' "$TOP/include/hakmem.h" | sed 1,2d)
cat >judge.py <<'END'
import json, re, sys
import xml.etree.ElementTree as tree

fields = sys.argv[1].split()
path = '/dev/null/a"b<c>&\\d\tg\u00e4\u00ff'


def result(what, good):
    print(('PASS: ' if good else 'FAIL: ') + what)


for mode in '2', '0':
    data = json.load(open(mode + '.1'))
    stats = data['stats']
    result('JSON has every field, in order, mode ' + mode, list(stats) == fields)
    result('JSON: parts add up, mode ' + mode, stats['resident_bytes'] == stats['fragmentation_bytes'] + sum(
        stats['resident_%s_bytes' % part] for part in 'live cached free retained metadata'.split()))
    result('JSON: classes are of live blocks, mode ' + mode,
           sum(c['live_blocks'] for c in data['classes']) <= stats['live_blocks']
           and sum(c['size'] * c['cached_blocks'] for c in data['classes']) == stats['cached_bytes']
           and sum(c['size'] * c['free_blocks'] for c in data['classes']) == stats['free_bytes'])
    result('JSON: options, mode ' + mode, data['options']['tiny_ss_shared'] == int(mode)
           and data['options']['stats_file'] == path)
    result('JSON: mode ' + mode, data['mode'] == {'2': 'pool', '0': 'passive'}[mode])
    result('JSON: failures, mode ' + mode, [f['reason'] for f in data['failures']] == ([] if mode == '0' else ['MapFail']))
    result('JSON: nothing is held in passive mode, mode ' + mode, mode == '2' or stats['live_blocks'] == 0)

# OpenMetrics, by the grammar of its specification as far as integers and these types go.
name, label = '[a-zA-Z_:][a-zA-Z0-9_:]*', '[a-zA-Z_][a-zA-Z0-9_]*'
labels = r'\{(%s="([^"\\\n]|\\[\\"n])*"(,%s="([^"\\\n]|\\[\\"n])*")*)?\}' % (label, label)
sample = re.compile(r'(%s)(%s)? (\d+)' % (name, labels))
head = re.compile(r'# (TYPE|UNIT|HELP) (%s) (.*)' % name)
for mode in '2', '0':
    lines = open(mode + '.2').read().split('\n')
    result('OpenMetrics ends with # EOF and a newline, mode ' + mode, lines[-2:] == ['# EOF', ''])
    family, kind, seen, wrong, samples = None, None, set(), [], {}
    for line in lines[:-2]:
        match = head.fullmatch(line)
        if match:
            word, of, rest = match.groups()
            if of != family:
                if of in seen or word != 'TYPE' or rest not in ('counter', 'gauge', 'info'):
                    wrong.append(line)
                family, kind = of, rest
                seen.add(of)
            elif word == 'TYPE' or (word == 'UNIT' and (not of.endswith('_' + rest) or kind == 'info')):
                wrong.append(line)
            continue
        match = sample.fullmatch(line)
        suffix = {'counter': '_total', 'gauge': '', 'info': '_info'}.get(kind)
        if not match or match.group(1) != family + suffix or line.split(' ')[0] in samples:
            wrong.append(line)
        else:
            samples[line.split(' ')[0]] = int(match.group(match.lastindex))
    result('OpenMetrics follows the grammar, mode %s %s' % (mode, wrong[:3]), not wrong and len(samples) > len(fields))
    result('OpenMetrics has every field, mode ' + mode,
           all('hakmem_' + f in seen for f in fields) and all(s.startswith('hakmem_') for s in seen))
    result('OpenMetrics says bytes where they are, mode ' + mode,
           all(('# UNIT hakmem_%s bytes' % f in lines) == f.endswith('_bytes') for f in fields))

# malloc_info: what programs that know glibc's document look for, then our part.
root = tree.parse('2.xml').getroot()
result('XML: root', root.tag == 'malloc' and root.get('version') == '1')


def totals(element):
    return {(e.tag, e.get('type')): (int(e.get('count', 0)), int(e.get('size')))
            for e in element if e.tag in ('total', 'system', 'aspace')}


heap, whole, held = root.findall('heap'), totals(root), totals(root.find('heap'))
wanted = {('total', 'fast'), ('total', 'rest'), ('system', 'current'), ('system', 'max'), ('aspace', 'total'),
          ('aspace', 'mprotect')}
result('XML: one heap with the totals of glibc', len(heap) == 1 and heap[0].get('nr') == '0' and set(held) == wanted)
result('XML: the totals of all, with mmap', set(whole) == wanted | {('total', 'mmap')})
result('XML: the order of glibc', [e.tag for e in root] == ['heap'] + ['total'] * 3 + ['system'] * 2 + ['aspace'] * 2 + ['hakmem'])
sizes = [{k: int(v) for k, v in e.attrib.items()} for e in root.findall('heap/sizes/size')]
result('XML: sizes', len(sizes) > 5 and all(s['from'] <= s['to'] and s['total'] == s['to'] * s['count'] for s in sizes))
ours = root.find('hakmem')
stat = {e.get('name'): int(e.get('value')) for e in ours.findall('stat')}
result('XML: every field', list(stat) == fields)
result('XML: current less fast and rest is what is live',
       whole['system', 'current'][1] - whole['total', 'fast'][1] - whole['total', 'rest'][1]
       == stat['live_bytes'] - stat['large_bytes'])
result('XML: max is the most', whole['system', 'max'][1] >= whole['system', 'current'][1])
result('XML: mmap', whole['total', 'mmap'] == (stat['large_blocks'], stat['large_bytes']) and stat['large_blocks'] == 1)
result('XML: classes', sum(int(c.get('live')) for c in ours.findall('classes/class')) > 300)
slabs = {k: int(v) for k, v in ours.find('slabs').attrib.items()}
result('XML: slabs by state', slabs['active'] * 65536 + slabs['empty'] * 65536 == stat['slab_bytes']
       and sum(slabs.values()) == stat['superslabs'] * 32)
option = {e.get('name'): e.get('value') for e in ours.findall('options/option')}
engine = ours.find('engine').attrib
result('XML: what the engine decided', int(engine['retain_bytes']) == 262144 and int(engine['decisions']) > 0)
result('XML: options', option['HAKMEM_TINY_SS_SHARED'] == '2' and option['HAKMEM_STATS_FILE'] == path.replace('\t', '?'))
result('XML: failures', [(e.get('reason'), e.get('call')) for e in ours.findall('failures/failure')] == [('MapFail', 'mmap')])
END
python3 judge.py "$fields" || echo "FAIL: judge.py"

# The words of the table are those of the header.
judge "the table says what the header says" "$(python3 - "$TOP" <<'END'
import re, sys
top = sys.argv[1]
header = open(top + '/include/hakmem.h').read()
struct = re.search(r'struct hak_stats \{(.*?)\n\};', header, re.S).group(1)
want = [(n, ' '.join(c.split())) for n, c in re.findall(r'uint64_t\s+(\w+);\s*/\* (.*?) \*/', struct, re.S)][2:]
text = open(top + '/lib/insight/statistics.def').read()
have = re.findall(r'^HAK_STATISTIC\((\w+),.*?"([^"]*)"\)$', text, re.M | re.S)
for a, b in zip(want, have):
    if a != b:
        print(a, b)
if len(want) != len(have) or len(want) < 30:
    print(len(want), len(have))
END
)"
cd "$SCRATCH" && rm -rf "$dir"
exit 0
