# SPDX-License-Identifier: MIT
"""What two parsers that others wrote make of hakmem metrics (test). Argument: FILE. Prints what is wrong; status 77
where they are missing."""
import sys

try:
    from prometheus_client import parser as text
    from prometheus_client.openmetrics import parser as openmetrics
except ImportError:
    sys.exit(77)


def samples(parser):
    families = list(parser.text_string_to_metric_families(open(sys.argv[1]).read()))
    return {(s.name, tuple(sorted(s.labels.items()))): s.value for f in families for s in f.samples}


as_openmetrics, as_text = samples(openmetrics), samples(text)
if as_openmetrics != as_text or len(as_text) < 40:
    print(len(as_openmetrics), "samples as OpenMetrics,", len(as_text), "as Prometheus's text")
    print(set(as_openmetrics.items()) ^ set(as_text.items()))
