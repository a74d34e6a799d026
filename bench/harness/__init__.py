# SPDX-License-Identifier: MIT
# harness - the parts of bench/compare, one file a noun.
