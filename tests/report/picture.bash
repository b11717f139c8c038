#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Makes the picture of a report in README.md: the page of an account, of the bank of tests/report/fill,
# in Chromium. Run it by hand in the root of the tree, after `make check TESTS=` in build/:
#
#     tests/report/picture.bash >tests/report.png

set -euo pipefail

here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd -P)
build=$(realpath -- "${BUILD:-build}")
scratch=$(mktemp -d /tmp/subank-picture.XXXXXX)
trap 'rm -rf -- "$scratch"' EXIT
export TZ=UTC SUBANK_CLOCK=$scratch/clock
echo 1795338000000000 >"$SUBANK_CLOCK" # 2026-11-22T09:00:00Z
"$build/tests/report/fill" "$scratch/bank"
printf 'bank: %s\nclusters: [dev]\nmeter: jobs\n' "$scratch/bank" >"$scratch/subank.yaml"
"$build/tests/screens/clocked" -c "$scratch/subank.yaml" -Q report -o "$scratch/site"
PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=$here python3 - "$scratch" <<'END'
import sys
from browser import Browser

scratch = sys.argv[1]
browser = Browser(scratch)
try:
    browser.size(1000, 760)
    browser.open(scratch + "/site/chemistry.html")
    browser.shot(scratch + "/picture.png", whole=False)
finally:
    browser.close()
END
cat "$scratch/picture.png"
