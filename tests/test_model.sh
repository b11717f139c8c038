#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Compares the program with a second implementation of its rules in Python: see test_model.py.
#     make check MODEL_RUNS=5000      MODEL_SEED=N repeats a run

if ! command -v python3 >/dev/null; then
	echo "SKIP: python3 is not installed"
	exit 77
fi
PYTHONDONTWRITEBYTECODE=1
export PYTHONDONTWRITEBYTECODE
exec python3 "${srcdir:-.}/tests/test_model.py" --selftest \
	--runs "${MODEL_RUNS:-500}" ${MODEL_SEED:+--seed "$MODEL_SEED"}
