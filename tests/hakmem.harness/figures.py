#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
# figures.py - bench/harness on made-up runs: medians, ratios, ties, means, what is read and what is written.
import os
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.environ.get('TOP', '.'), 'bench'))

from harness import engine, figures, page, plots, process, results, svg, syscalls  # noqa: E402
from harness import table, targets, text, workloads  # noqa: E402


def made_up(rounds, allocators=('libhakmem', 'glibc', 'mimalloc'), key='mops', **row):
    """Figures of one workload w; ROUNDS holds a tuple of values, one for each allocator, or None."""
    kept = results.Results()
    kept.about['allocators'] = [{'name': name} for name in allocators]
    for number, values in enumerate(rounds, 1):
        for name, value in zip(allocators, values):
            if value is not None:
                kept.add('w', number, name, {key: value})
    return figures.Figures(kept, [workloads.Workload('w', 'blocks', 'w', 'A workload.', **row)])


class Summaries(unittest.TestCase):
    def test_median_of_odd_and_even(self):
        self.assertEqual(figures.summary([3, 1, 2]).median, 2)
        self.assertEqual(figures.summary([4, 1, 2, 3]).median, 2.5)

    def test_quartiles(self):
        self.assertEqual(figures.summary([1, 2, 3, 4, 5])[:3], (2, 3, 4))

    def test_one_value_has_no_spread(self):
        self.assertEqual(figures.summary([7]), (7, 7, 7, 1))

    def test_no_value(self):
        self.assertIsNone(figures.summary([]))

    def test_geometric_mean(self):
        self.assertAlmostEqual(figures.geometric_mean([1, 4]), 2)
        self.assertAlmostEqual(figures.geometric_mean([0.5, 2, 8]), 2)


class Verdicts(unittest.TestCase):
    def standing(self, ratios, higher=True):
        return figures.standing(figures.summary(ratios), higher)

    def test_more_speed_is_ahead(self):
        self.assertEqual(self.standing([1.1, 1.2, 1.3]), 'ahead')
        self.assertEqual(self.standing([0.7, 0.8, 0.9]), 'behind')

    def test_less_memory_is_ahead(self):
        self.assertEqual(self.standing([0.7, 0.8, 0.9], False), 'ahead')
        self.assertEqual(self.standing([1.1, 1.2, 1.3], False), 'behind')

    def test_one_inside_the_spread_is_a_tie(self):
        self.assertEqual(self.standing([0.9, 1.05, 1.2]), 'tie')
        self.assertEqual(self.standing([1, 1, 1]), 'tie')

    def test_one_outside_the_quartiles_is_none(self):
        self.assertEqual(self.standing([0.9, 1.1, 1.1, 1.1, 1.1]), 'ahead')

    def test_limits(self):
        self.assertEqual(figures.against_limit(1.0, 1.1, 1.2, 1.05, True), 'met')
        self.assertEqual(figures.against_limit(1.0, 1.1, 1.2, 1.15, True), 'within spread')
        self.assertEqual(figures.against_limit(1.0, 1.1, 1.2, 1.3, True), 'missed')
        self.assertEqual(figures.against_limit(1.0, 1.1, 1.2, 1.05, False), 'within spread')


class Comparisons(unittest.TestCase):
    def test_ratios_are_taken_within_a_round(self):
        # Twice as fast in each round, on a machine that becomes slower: medians alone would say 1.
        data = made_up([(2, 1, None), (20, 10, None), (200, 100, None)])
        compared = data.compare('w', targets.best(1.0))
        self.assertEqual((compared.low, compared.median, compared.high), (2, 2, 2))

    def test_the_strictest_peer_counts(self):
        data = made_up([(4, 1, 8), (4, 2, 8)])
        self.assertEqual(data.compare('w', targets.best(1.0)).peer, 'mimalloc')
        data = made_up([(4, 1, 8), (4, 2, 8)], key='rss_peak_kb')
        peak = targets.Target('rss_peak_kb', 'MB', 'ratio', 1.0, targets.PEERS)
        self.assertEqual(data.compare('w', peak).peer, 'glibc')

    def test_rounds_that_one_lacks_do_not_count(self):
        data = made_up([(2, 1, None), (9, None, None), (None, 5, None)])
        self.assertEqual(data.compare('w', targets.best(1.0)).median, 2)

    def test_nothing_to_compare(self):
        self.assertIsNone(made_up([(2, None, None)]).compare('w', targets.best(1.0)))

    def test_other_libraries_are_no_peers(self):
        data = made_up([(2, 1, 100)], ('libhakmem', 'glibc', 'other'))
        self.assertEqual(data.compare('w', targets.best(1.0)).peer, 'glibc')
        self.assertIn('other', data.columns)

    def test_difference_in_its_unit(self):
        data = made_up([(1500, 1000, None)], key='rss_kb')
        target = targets.Target('rss_kb', 'kB', 'difference', 300, ('glibc',))
        self.assertEqual(data.judge('w', target).verdict, 'missed')

    def test_own_figure(self):
        data = made_up([(40.0, 99, 99)], key='instructions')
        self.assertEqual(data.judge('w', targets.at_most('instructions', 'n', 40)).verdict, 'met')

    def test_growth_and_speed_are_derived(self):
        kept = results.Results()
        kept.add('w', 1, 'glibc', {'rss_early_kb': 100.0, 'rss_late_kb': 110.0, 'seconds': 0.5})
        data = figures.Figures(kept, [workloads.Workload('w', 'blocks', 'w', '')])
        self.assertAlmostEqual(data.summary('w', 'glibc', 'growth').median, 1.1)
        self.assertAlmostEqual(data.summary('w', 'glibc', 'mops').median, 2e-6)

    def test_processor_time_only_for_one_thread(self):
        for threads, speed in ((1, 5.0), (2, 3.0)):
            kept = results.Results()
            kept.add('w', 1, 'glibc', {'mops': 3.0, 'cpu_mops': 5.0})
            row = workloads.Workload('w', 'blocks', 'w', '', threads=threads)
            data = figures.Figures(kept, [row], cpu=True)
            self.assertEqual(data.summary('w', 'glibc', 'mops').median, speed)


class Gains(unittest.TestCase):
    def one(self, values, higher=True, variant='libhakmem'):
        names = tuple(engine.VARIANTS)
        key = 'cpu_mops' if higher else 'rss_peak_kb'
        self.data = made_up(values, names, key)
        target, = engine.compared(self.data, 'w')
        return engine.gain(self.data, 'w', target, variant)

    def test_more_speed_and_less_memory_are_gains(self):
        self.assertEqual(self.one([(1.1, 1, 1, 1)] * 3)[:], (10.0, 10.0, 10.0, 'ahead'))
        self.assertEqual(self.one([(0.9, 1, 1, 1)] * 3, False)[:], (10.0, 10.0, 10.0, 'ahead'))
        self.assertEqual(self.one([(1, 1, 1.5, 1)] * 3, True, engine.HELPER)[:3], (50.0, 50.0, 50.0))

    def test_quartiles_are_in_order(self):
        values = [(0.9, 1, 1, 1), (0.8, 1, 1, 1), (0.7, 1, 1, 1)]
        self.assertEqual(self.one(values, False)[:3], (15.0, 20.0, 25.0))

    def test_two_per_cent_may_be_lost(self):
        for value, verdict in ((0.985, 'behind'), (0.97, 'loses'), (1.0001, 'tie'), (0.9999, 'tie')):
            self.assertEqual(self.one([(value, 1, 1, 1)] * 3).verdict, verdict)
        for value, verdict in ((1.015, 'behind'), (1.03, 'loses')):
            self.assertEqual(self.one([(value, 1, 1, 1)] * 3, False).verdict, verdict)
        self.assertEqual(self.one([(0.9, 1, 1, 1), (0.97, 1, 1, 1), (1.2, 1, 1, 1)]).verdict, 'within spread')

    def test_the_worst_loss_is_told(self):
        self.one([(0.97, 1, 1, 1)] * 3)
        lines = engine.verdicts(self.data)
        self.assertIn('libhakmem: worst loss: speed 3.0 % (w, Mop/s, 3.0 to 3.0), memory none.'
                      ' Limit 2 %: missed; of 1 figures 1 lose more', lines[0])
        self.assertIn('speed none, memory none. Limit 2 %: met', lines[1])
        self.assertTrue(lines[2].startswith('hakmem-control (noise)'))
        self.assertIn('loses', table.show(self.data))

    def test_without_fixed_settings_there_are_none(self):
        data = made_up([(2, 1, None)])
        self.assertFalse(engine.measured(data))
        self.assertNotIn('worst loss', table.show(data))

    def test_its_workloads_exist(self):
        self.assertEqual(workloads.select(engine.WORKLOADS)[1], [])
        self.assertTrue(any(workload.group == engine.FIRST for workload in workloads.WORKLOADS))


class Means(unittest.TestCase):
    def two(self, second):
        kept = results.Results()
        names = ('libhakmem', 'glibc', 'mimalloc')
        kept.about['allocators'] = [{'name': name} for name in names]
        for workload, values in (('a', (4, 1, 2)), ('b', second)):
            for name, value in zip(names, values):
                if value is not None:
                    kept.add(workload, 1, name, {'mops': float(value)})
        return figures.Figures(kept, [workloads.Workload(name, 'blocks', name, '') for name in 'ab'])

    def test_multiples_of_glibc_and_of_the_best(self):
        mean = self.two((9, 1, 8)).speed_mean()
        self.assertAlmostEqual(mean.values['libhakmem'], 6)
        self.assertAlmostEqual(mean.values['mimalloc'], 4)
        self.assertEqual((mean.best, mean.verdict), ('mimalloc', 'met'))
        self.assertAlmostEqual(mean.ratio, 1.5)

    def test_only_workloads_that_all_have(self):
        mean = self.two((9, None, 8)).speed_mean()
        self.assertEqual((mean.count, mean.left_out), (1, ['b']))


class Reading(unittest.TestCase):
    def test_results_come_back(self):
        with tempfile.TemporaryDirectory() as folder:
            kept = results.Results()
            kept.keep_in(folder)
            kept.add('w', 1, 'glibc', {'mops': 1.25, 'rss_peak_kb': 100.0})
            kept.file.close()
            found = results.load([folder, os.path.join(folder, results.TABLE)])
            self.assertEqual(found.rounds['w'][1], {'glibc': {'mops': 1.25, 'rss_peak_kb': 100.0}})
            self.assertEqual(sorted(found.rounds['w']), [1, 2])

    def test_bad_files_are_named(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, results.TABLE)
            head = '\t'.join(results.HEADER)
            for content, words in (('nonsense\n', 'first line'), (head + '\nw\t1\n', 'line 2')):
                with open(path, 'w', encoding='utf-8') as file:
                    file.write(content)
                with self.assertRaisesRegex(results.ResultsError, words):
                    results.load([path])
        with self.assertRaisesRegex(results.ResultsError, 'cannot read'):
            results.load(['/nonexistent/results.tsv'])

    def test_key_value_words(self):
        self.assertEqual(process.pairs('workload=w ops=3 mops=1.5 x'), {'ops': 3.0, 'mops': 1.5})

    def test_table_of_strace(self):
        counts = syscalls.parse('% time seconds usecs/call calls errors syscall\n------ ---\n'
                                ' 60.00 0.000300 30 10 mmap\n 40.00 0.000200 20 10 2 openat\n'
                                '100.00 0.000500 25 20 2 total\n')
        found = syscalls.figures(counts)
        self.assertEqual((found['calls_mmap'], found['calls_memory'], found['calls_total']), (10, 10, 20))

    def test_percentiles_and_timelines(self):
        points, slowest = figures.percentiles(
            {'p50_ps': 2000.0, 'p999_ps': 9000.0, 'max_ps': 1e6, 'pages_ps': 1.0})
        self.assertEqual((points, slowest), ([(0.5, 2.0), (0.999, 9.0)], 1000.0))
        points = figures.timeline({'resident_at_12.5_ms_kb': 1000.0, 'resident_at_2.5_ms_kb': 500.0})
        self.assertEqual([when for when, _ in points], [0.0025, 0.0125])


class Writing(unittest.TestCase):
    def test_numbers_have_three_digits(self):
        for value, words in ((0, '0'), (12345, '12345'), (1.25999, '1.26'), (0.05678, '0.0568'),
                             (99.96, '100'), (9.996, '10.0'), (123.4, '123'), (2632.0, '2632'),
                             (-1.5, '-1.50'), (None, '–')):
            self.assertEqual(text.number(value), words)

    def test_ratios(self):
        for value, words in ((1, '1.00'), (1.004, '1.004'), (0.996, '0.996'), (1.034, '1.03'),
                             (34.56, '34.6')):
            self.assertEqual(text.ratio(value), words)

    def test_failed_runs_are_shown(self):
        kept = results.Results()
        kept.add('w', 1, 'libhakmem', {'mops': 1.0})
        kept.add('w', 0, 'glibc', {'failed': 1.0})
        data = figures.Figures(kept, [workloads.Workload('w', 'blocks', 'w', '')])
        self.assertIn('failed', table.show(data))

    def test_nothing_measured(self):
        self.assertEqual(table.show(made_up([])), 'Nothing was measured.')

    def test_html_is_escaped(self):
        self.assertEqual(page.tag('p', '<b> & "', title='"'), '<p title="&quot;">&lt;b&gt; &amp; &quot;</p>')

    def test_gnuplot_strings_expand_nothing(self):
        self.assertEqual(svg.quote("it's `x`\n"), "'it''s `x` '")

    def test_marks_of_an_axis(self):
        for span in (0.003, 1, 7.7, 99, 12345):
            self.assertLessEqual(span / plots.step(span), 6.0001)

    def test_rows_of_the_table_are_sound(self):
        names = [workload.name for workload in workloads.WORKLOADS]
        self.assertEqual(len(names), len(set(names)))
        for workload in workloads.WORKLOADS:
            self.assertIn(workload.group, workloads.GROUPS)
            self.assertIn(workload.unit, targets.SPEED_UNITS)
            self.assertTrue(workload.about.endswith(('.', '?')), workload.name)


class Children(unittest.TestCase):
    def test_status_output_and_limit(self):
        child = process.Child()
        done = child.run(['/bin/sh', '-c', 'echo a=1; echo wrong >&2; exit 3'])
        self.assertEqual((done.status, done.output, done.errors), (3, 'a=1\n', 'wrong'))
        self.assertEqual(child.run(['/bin/sh', '-c', 'kill -SEGV $$']).status, 'killed by SIGSEGV')
        self.assertEqual(child.run(['/bin/sleep', '60'], limit=0.05).status, 'not done after 0.05 s')
        self.assertIn('cannot be started', child.run(['/nonexistent/program']).status)

    def test_variables_are_for_the_child_alone(self):
        done = process.Child().run(['/bin/sh', '-c', 'echo a=$HAKMEM_ACE'], variables=('HAKMEM_ACE=3',))
        self.assertEqual((done.output, os.environ.get('HAKMEM_ACE') == '3'), ('a=3\n', False))

    def test_memory_over_time(self):
        done = process.Child().run(['/bin/sleep', '0.1'], poll=0.01)
        self.assertTrue(done.timeline and done.timeline[0][1] > 0)

    def test_nothing_runs_after_a_stop(self):
        child = process.Child()
        child.stop()
        self.assertEqual(child.run(['/bin/true']).status, 'interrupted')


class Results(unittest.TextTestResult):
    """Says PASS and FAIL as the test suite reads it."""

    def addSuccess(self, test):
        super().addSuccess(test)
        print(f'PASS: {test.id().removeprefix("__main__.")}')

    def addError(self, test, error):
        super().addError(test, error)
        print(f'FAIL: {test.id().removeprefix("__main__.")}')

    addFailure = addError


if __name__ == '__main__':
    unittest.main(testRunner=unittest.TextTestRunner(resultclass=Results, verbosity=0))
