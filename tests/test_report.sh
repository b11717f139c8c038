#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Makes reports of a bank that is always the same, whose names and notes are HTML, and opens them in
# Chromium (tests/report/test_report.py). Checks what is written where, and what is left alone.
CLOCKED=${CLOCKED:-./tests/screens/clocked}
FILL=${CLOCKED%/screens/clocked}/report/fill
srcdir=$(cd "${srcdir:-.}" && pwd) || exit 99
if ! command -v chromium >/dev/null || ! command -v chromedriver >/dev/null; then
	echo 'skipped: needs chromium and chromedriver (Debian: chromium-driver)'
	exit 77
fi
dir=$(mktemp -d "${TMPDIR:-/tmp}/subank-report.XXXXXX") || exit 99
dir=$(cd "$dir" && pwd -P)
# Chromium makes a socket below its TMPDIR: the path of one is at most 107 bytes (unix(7)).
scratch=$(mktemp -d /tmp/subank-web.XXXXXX) || exit 99
trap 'rm -rf "$dir" "$scratch"' EXIT
trap 'exit 99' HUP INT TERM
export TZ=UTC LC_ALL=C.UTF-8 SUBANK_CLOCK="$dir/clock" PYTHONDONTWRITEBYTECODE=1
unset SUBANK_BANK

# shellcheck source=tests/tally.sh
. "$srcdir/tests/tally.sh"

subank() {
	echo 1795338000000000 >"$dir/clock" # 2026-11-22T09:00:00Z
	"$CLOCKED" -c "$dir/subank.yaml" "$@"
}
mode() {
	stat -c %a "$1"
}

"$FILL" "$dir/bank" hostile || exit 99
printf 'bank: %s\nclusters: [dev]\nmeter: jobs\n' "$dir/bank" >"$dir/subank.yaml"
site=$dir/site
is 'a report is made' subank report -o "$site" >"$dir/said"
head=$(sed -n 's/^wrote 17 pages to .*; head //p' "$dir/said")
is 'the folder and the pages are for owner and group' \
	[ "$(mode "$site") $(mode "$site/index.html") $(mode "$site/physics.html")" = '750 640 640' ]
is 'every name became a file of its own' [ "$(find "$site" -type f | wc -l)" = 17 ]
is 'and none is hidden, or outside' [ -z "$(find "$site" -name '.*')$(find "$dir" -maxdepth 1 -name '*.html')" ]
exact=$(subank balance physics --json | sed -n '1,/available_seconds/s/.*"available_seconds": *\(-*[0-9]*\).*/\1/p')
is 'the page has the exact amount' grep -q "<dd><data value=\"$exact\">" "$site/physics.html"
is 'every page names the head' [ "$(grep -lF "subank verify --head $head<" "$site"/*.html | wc -l)" = 17 ]
is 'which verify accepts' subank verify --head "$head" >"$dir/said"

# What a report did not write is left alone.
echo mine >"$site/notes.html"
ln -s "$dir/elsewhere" "$site/link"
cp "$site/physics.html" "$site/gone.html"
is 'a report of unknown accounts fails' not subank report nosuch -o "$dir/none" 2>/dev/null
is 'and makes no folder' [ ! -e "$dir/none" ]
is 'a report of one account' subank report physics -o "$site" >"$dir/said"
is 'leaves the other pages' [ "$(find "$site" -name '*.html' -type f | wc -l)" = 19 ]
is 'and reports none removed' not grep -q removed "$dir/said"
is 'a report of all accounts' subank report -o "$site" >"$dir/said"
is 'removes pages of no account' [ ! -e "$site/gone.html" ]
is 'and reports it' grep -qx 'removed 1 page of an earlier report' "$dir/said"
is 'other files stay' [ "$(cat "$site/notes.html")" = mine ]
is 'a locked folder' not flock "$site" "$CLOCKED" -c "$dir/subank.yaml" report -o "$site" 2>"$dir/said"
is 'is being written to' grep -q 'another report is being written to' "$dir/said"
is 'seconds are refused' not subank --seconds report -o "$site" 2>/dev/null
ln -s "$site" "$dir/to-site"
is 'a link of the same user is followed' subank -Q report -o "$dir/to-site"
if [ "$(id -u)" = 0 ]; then
	chown -h 65534 "$dir/to-site"
	is 'a link of another user is not' not subank -Q report -o "$dir/to-site" 2>/dev/null
	is 'nor with a slash' not subank -Q report -o "$dir/to-site/" 2>/dev/null
fi
echo mine >"$dir/target"
ln -sf "$dir/target" "$site/physics.html"
is 'a link is not followed' not subank -Q report physics -o "$site" 2>/dev/null
is 'nor what it points to changed' [ "$(cat "$dir/target")" = mine ]
rm "$site/physics.html"
echo mine >"$site/index.html"
is 'a file that no report wrote is not replaced' not subank -Q report physics -o "$site" 2>/dev/null
is 'it is whole' [ "$(cat "$site/index.html")" = mine ]
chmod 770 "$site"
is 'a folder that others can write is refused' not subank -Q report -o "$site" 2>/dev/null

folders=$dir/folders
is 'a folder for each account' subank -Q report -o "$folders" --by-account
is 'with a page' [ "$(mode "$folders/physics") $(mode "$folders/physics/index.html")" = '750 640' ]
is 'and one of all' [ -f "$folders/ALL/index.html" ]
is 'the account pages name no other folder' [ -z "$(grep -l 'href=' "$folders"/[a-z]*/index.html)" ]
is 'with Unix groups' subank report -o "$folders" --by-account --unix-groups >/dev/null 2>"$dir/said"
is 'a folder that the groups cannot pass is reported' grep -q 'run chmod o+x' "$dir/said"
is 'a new one they can' subank -Q report -o "$dir/groups" --by-account --unix-groups
is 'but not list' [ "$(mode "$dir/groups")" = 711 ]
is 'an account without a group is for the owner alone' [ "$(mode "$folders/chemistry") $(mode "$folders/ALL")" = '700 700' ]
is 'a flat report replaces the folders' subank -Q report -o "$folders"
is 'none is left' [ -z "$(find "$folders" -mindepth 1 -type d)" ]

subank -Q report -o "$dir/pages" >/dev/null
is 'the browser' python3 "$srcdir/tests/report/test_report.py" "$dir/pages" "$scratch" >"$dir/found"
grep '^FAIL' "$dir/found"
tally
