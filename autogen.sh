#!/bin/sh
# SPDX-License-Identifier: MIT
# autogen.sh - make configure and the Makefile.in files, in a checkout.
set -e
cd "$(dirname -- "$0")"
exec autoreconf -fi "$@"
