#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Follows the README as a new user does: types commands into a terminal of 80x24 (tmux) and compares
# the screens with tests/screens/NAME.screens. Lines of such a file:
#
#   $ COMMAND    is typed on a clear screen; the screen after it follows, indented by four blanks
#   > TEXT       is typed when the command asks ("[y/N]")
#   + SECONDS    advances the clock, which otherwise advances by a second with each command
#   ! COMMAND    is run outside the terminal: `use ACCOUNT SECONDS` adds use in Slurm
#   # as root    skips the file for other users, whose screens differ
#
# SCREENS=rewrite tests/test_screens.sh [NAME...] (with CLOCKED=build/tests/screens/clocked) rewrites
# the files: read the difference before you commit it. Hashes and the name of the folder vary and are
# masked. Slurm is the fake in tests/fake.
srcdir=${srcdir:-.}
CLOCKED=${CLOCKED:-./tests/screens/clocked}
case $CLOCKED in
/*) ;;
*) CLOCKED=$(pwd)/$CLOCKED ;;
esac
screens=$(cd "$srcdir/tests/screens" && pwd) || exit 99
PATH=$(cd "$srcdir/tests/fake" && pwd):$PATH
patience=${SCREENS_PATIENCE:-120}

if ! command -v tmux >/dev/null || ! command -v bash >/dev/null; then
	echo 'skipped: needs tmux and bash'
	exit 77
fi
# Bars and cuts are not ASCII.
for locale in C.UTF-8 C.utf8 en_US.UTF-8 ''; do
	[ "$(LC_ALL=$locale locale charmap 2>/dev/null)" != UTF-8 ] || break
done
if [ -z "$locale" ]; then
	echo 'skipped: needs a locale with UTF-8'
	exit 77
fi
# The path always has the same length, so that lines always break at the same place.
dir=$(mktemp -d /tmp/subank.XXXXXX) || exit 99
# A tmux server that is shutting down still accepts a session and loses it, so each file has its own server.
screens_run=0
in_tmux() {
	tmux -u -S "$dir/socket.$screens_run" -f "$dir/tmux.conf" "$@"
}
finish() {
	in_tmux kill-server 2>/dev/null
	rm -rf "$dir"
}
trap finish EXIT
trap 'exit 99' HUP INT TERM
unset SUBANK_BANK TMUX TMUX_PANE NO_COLOR COLUMNS LINES
# tmux starts programs through $SHELL, and ~/.inputrc may change readline's prompt.
export LC_ALL="$locale" TZ=UTC PATH FAKE_STATE="$dir/state" SLURM_CONF="$dir/state" SUBANK_CLOCK="$dir/clock" \
	JOURNAL_STREAM=none SHELL=/bin/sh INPUTRC=/dev/null CLOCKED
cat >"$dir/tmux.conf" <<END
set -g default-terminal screen
set -g status off
set -g history-limit 0
END
# The prompt signals that a command has ended.
cat >"$dir/profile" <<END
subank() { "\$CLOCKED" -c "$dir/subank.yaml" "\$@"; }
PS1='\$ '
unset PROMPT_COMMAND # an array, if the machine's bashrc made one
PROMPT_COMMAND='tmux wait-for -S ready'
set +o history
bind 'set enable-bracketed-paste off' 2>/dev/null
cd "$dir/home"
END

give_up() {
	{
		echo "FAILED: $1; the screen is:"
		in_tmux capture-pane -p
	} >&2
	exit 1
}

# until_so FAILURE COMMAND...: waits until the command succeeds; gives up with that text.
until_so() {
	waited=$1
	shift
	deadline=$(($(date +%s) + patience))
	until "$@"; do
		[ "$(date +%s)" -lt "$deadline" ] || give_up "$waited"
		sleep 0.05
	done
}

# Succeeds if the last line is the prompt alone.
at_prompt() {
	in_tmux capture-pane -p | sed '/^$/d' | tail -n 1 | grep -qx '\$'
}
is_asked() {
	in_tmux capture-pane -p -J | sed '/^$/d' | tail -n 1 | grep -q '\[y/N\] *$'
}

ready() {
	timeout "$patience" tmux -S "$dir/socket.$screens_run" wait-for ready || give_up "no prompt after: $1"
	until_so "no prompt after: $1" at_prompt
}

type_in() {
	in_tmux send-keys -l -- "$1"
	in_tmux send-keys Enter
}

# use ACCOUNT SECONDS: adds to the account's RawUsage.
use() {
	sed -i "s/^RawUsage=.*/RawUsage=$(($(sed -n 's/^RawUsage=//p' "$FAKE_STATE/dev/$1") + $2))/" \
		"$FAKE_STATE/dev/$1"
}

# screen COMMAND: prints the screen, indented and masked, without the command and the prompt below.
screen() {
	in_tmux capture-pane -p | awk -v command="\$ $1" '
	{ line[NR] = $0 }
	END {
		for (last = NR; last > 0 && (line[last] == "" || line[last] == "$"); last--)
			if (line[last] == "$") { last--; break }
		if (line[1] == command)
			first = 2
		else {
			first = 1
			print "    [...]"
		}
		for (i = first; i <= last; i++)
			print "    " line[i]
	}' | sed -E -e "s|$dir|/tmp/subank.screen|g" -e 's/[0-9a-f]{32}/HASHHASHHASHHASHHASHHASHHASHHASH/g' \
		-e 's/([0-9]+:)[0-9a-f]{16}/\1HASHHASHHASHHASH/g' -e 's/ +$//' -e 's/[0-9]+ MiB$/NNNN MiB/'
}

fresh() {
	rm -rf "${dir:?}/bank" "${dir:?}/home" "$FAKE_STATE" "$dir/subank.yaml"
	mkdir -p "$FAKE_STATE/dev" "$dir/home"
	: >"$FAKE_STATE/dev/root"
	printf 'RawUsage=0\nUsers=alice,slurm\n' >"$FAKE_STATE/dev/physics"
	printf 'RawUsage=0\n' >"$FAKE_STATE/dev/chemistry"
	printf 'RawUsage=0\nParent=physics\n' >"$FAKE_STATE/dev/theory"
	printf 'RawUsage=0\n' >"$FAKE_STATE/dev/biology"
	printf 'bank: %s\nclusters: [dev]\n' "$dir/bank" >"$dir/subank.yaml"
	echo 1795338000000000 >"$SUBANK_CLOCK" # 2026-11-22T09:00:00
}

# run_file FILE: plays the file, and prints it with the screens that were found.
run_file() {
	typed=''
	fresh
	in_tmux new-session -d -x 80 -y 24 "bash --noprofile --rcfile '$dir/profile'" || exit 99
	ready start
	while IFS= read -r line; do
		case $line in
		'    '* | '') continue ;;
		esac
		if [ -n "$typed" ]; then
			case $line in
			'> '*)
				until_so "no question from: $typed" is_asked
				printf '%s\n' "$line"
				type_in "${line#> }"
				continue
				;;
			esac
			ready "$typed"
			screen "$typed"
			typed=''
		fi
		printf '%s\n' "$line"
		case $line in
		'$ '*)
			typed=${line#\$ }
			type_in clear
			ready clear
			type_in "$typed"
			;;
		'+ '*) echo $(($(cat "$SUBANK_CLOCK") + ${line#+ } * 1000000)) >"$SUBANK_CLOCK" ;;
		'! '*) (cd "$dir/home" && eval "${line#! }") || exit 99 ;;
		esac
	done <"$1"
	if [ -n "$typed" ]; then
		ready "$typed"
		screen "$typed"
	fi
}

[ $# -gt 0 ] || set -- "$screens"/*.screens
status=0
for file; do
	[ -f "$file" ] || file=$screens/$file.screens
	if [ "$(id -u)" -ne 0 ] && grep -qx '# as root' "$file"; then
		echo "skip  ${file##*/} (needs root)"
		continue
	fi
	run_file "$file" >"$dir/found"
	in_tmux kill-server 2>/dev/null
	screens_run=$((screens_run + 1))
	if [ "${SCREENS-}" = rewrite ]; then
		cp "$dir/found" "$file"
	elif cmp -s "$file" "$dir/found"; then
		echo "ok    ${file##*/}"
	else
		status=1
		echo "FAIL  ${file##*/}: expected (-) and found (+); SCREENS=rewrite accepts what was found"
		diff -U 200 "$file" "$dir/found"
	fi
done
exit $status
