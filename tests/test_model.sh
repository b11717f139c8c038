#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Compares the program with a second implementation of its rules in Python: see test_model.py.
#     make check MODEL_RUNS=5000 MODEL_SEED=$(date +%s)      other and more commands
# The seed is fixed by default, so that a failure comes from a change and not from chance. With
# TESTS_SHORT=yes there are few runs, and the comparison is not tested itself.

if ! command -v python3 >/dev/null; then
	echo "SKIP: python3 is not installed"
	exit 77
fi
PYTHONDONTWRITEBYTECODE=1
export PYTHONDONTWRITEBYTECODE
selftest=yes runs=500
[ -z "${TESTS_SHORT-}" ] || selftest='' runs=50
exec python3 "${srcdir:-.}/tests/test_model.py" ${selftest:+--selftest} \
	--runs "${MODEL_RUNS:-$runs}" --seed "${MODEL_SEED:-1}"
