#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The manual has every verb, option and setting of the program (SUBANK), and formatters accept it;
# bash, zsh and fish complete with their scripts. MAN is the folder of the built pages. Formatters and
# shells that are not installed are skipped, with a message.
subank=${SUBANK:-./subank}
pages=${MAN:-man}
source=${srcdir:-.}
dir=$(mktemp -d "${TMPDIR:-/tmp}/subank-manual.XXXXXX") || exit 99
trap 'rm -rf "$dir"' EXIT
trap 'exit 99' HUP INT TERM

# shellcheck source=tests/tally.sh
. "${srcdir:-.}/tests/tally.sh"

# has PAGE TEXT: the page, without roff's markup, has a line with TEXT.
has() {
	is "$1 has $2" grep -qF -- "$2" "$dir/$1"
}
for page in "$pages"/*.[157] "$source"/cmd/*.7; do
	sed 's/\\f[BIR]//g; s/\\-/-/g' "$page" >"$dir/${page##*/}"
done

# ---- pages ----
"$subank" help >"$dir/help"
verbs=$(sed -n '/^Verbs:/,/^$/s/^  \([a-z]*\) .*/\1/p' "$dir/help")
is 'there are verbs' [ "$(echo "$verbs" | wc -l)" -ge 20 ]
for verb in $verbs; do
	page=subank-$verb.1
	has subank.1 ".B $verb"
	"$subank" help "$verb" >"$dir/help"
	is "there is $page" [ -s "$pages/$page" ]
	# shellcheck disable=SC2013
	for option in $(sed -n '/^Options:/,$s/^ .*\(--[a-z0-9-]*\).*/\1/p' "$dir/help"); do
		has "$page" "$option"
	done
	# shellcheck disable=SC2013
	for word in $(sed -n '1s/^usage: subank [a-z]* \[OPTIONS\] //p' "$dir/help"); do
		has "$page" "$word"
	done
	for status in 0 1 2 3 4; do
		has "$page" ".B $status"
	done
	sed -n 's/^  \(subank .*\)/\1/p' "$dir/help" >"$dir/examples"
	while read -r line; do
		has "$page" "$(printf '%s\n' "$line" | sed 's/"/\\(dq/g; s/~/\\(ti/g')"
	done <"$dir/examples"
done
sed -n '/^Verbs that list/{n;p;}' "$dir/subank.1" | tr -d ' ' | tr , '\n' | sort >"$dir/lists"
for verb in $verbs; do
	"$subank" help "$verb" | sed '1,/^Options:/d' | grep -q -- --csv && echo "$verb"
done | sort >"$dir/json"
is 'subank.1 names the verbs that have forms for programs' cmp "$dir/lists" "$dir/json"
is 'no page is of a verb that is not there' [ "$(find "$pages" -name 'subank-*.1' | wc -l)" \
	-eq "$(echo "$verbs" | wc -l)" ]
sed -n 's/^\.B \(subank .*\)/\1/p' "$dir/subank.7" "$dir/subank-submit.7" >"$dir/named"
is 'subank.7 names commands' [ -s "$dir/named" ]
while read -r _ verb option; do
	is "subank.7: there is a verb $verb" [ -s "$pages/subank-$verb.1" ]
	[ -z "$option" ] || has "subank-$verb.1" "$option"
done <"$dir/named"
keys=$(sed -n 's/^#\([a-z_]*\): .*/\1/p' "$pages/subank.yaml")
is 'there are settings' [ "$(echo "$keys" | wc -l)" -ge 18 ]
for key in $keys; do
	has subank.yaml.5 "$key: "
done
for kind in $("$subank" complete -- journal --kind ''); do
	has subank-journal.5 ".SS $kind"
done
"$subank" -c "$pages/subank.yaml" -b /nowhere balance 2>"$dir/err"
is 'the example of the settings is read' grep -q 'no bank\|/nowhere' "$dir/err"
is 'and nothing else is said' [ "$(wc -l <"$dir/err")" -eq 1 ]
for page in "$pages"/*.[157] "$source"/cmd/*.7; do
	if command -v mandoc >/dev/null; then
		mandoc -T lint -W warning "$page" >"$dir/lint" 2>&1
		is "mandoc: $page: $(cat "$dir/lint")" [ ! -s "$dir/lint" ]
	fi
	if command -v groff >/dev/null; then
		groff -ww -man -z "$page" >"$dir/lint" 2>&1
		is "groff: $page: $(cat "$dir/lint")" [ ! -s "$dir/lint" ]
	fi
done
command -v mandoc >/dev/null || echo 'skipped: mandoc (not installed)'
command -v groff >/dev/null || echo 'skipped: groff (not installed)'

# ---- completion ----
PATH=$(cd "$(dirname "$subank")" && pwd):$PATH
export PATH SUBANK_BANK="$dir/bank"
"$subank" init >/dev/null 2>&1
"$subank" balance >/dev/null || exit 99
cat >"$dir/drive.bash" <<'END'
# Prints the completions of the last word; the words are split as bash does.
source "$1"
COMP_WORDS=("${@:2}")
COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
_subank "$2"
printf '%s\n' "${COMPREPLY[@]}"
END
# completes SHELL WORDS: completes the last of WORDS, which spaces separate; a space at the end begins
# a new word.
completes() {
	shell=$1
	line=$2
	case $shell in
	bash)
		# shellcheck disable=SC2086 # words
		bash "$dir/drive.bash" "$source/cmd/shell/subank" $line ${3:+"$3"}
		;;
	fish)
		fish --no-config -c "source '$source/cmd/shell/subank.fish'; complete -C '$line'" |
			sed 's/	.*//'
		;;
	esac >"$dir/offered" 2>"$dir/err"
	is "$shell is silent: $line" [ ! -s "$dir/err" ]
}
offers() {
	is "$shell completes '$line' to $1: $(tr '\n' ' ' <"$dir/offered")" grep -qxF -- "$1" "$dir/offered"
}
if command -v bash >/dev/null; then
	completes bash 'subank dep' && offers deposit
	for verb in $verbs; do
		completes bash "subank $verb -" && offers --bank
	done
	completes bash 'subank export --format = c' && offers csv
	completes bash 'subank export --format =' && offers beancount
	completes bash 'subank journal -k deposit,ch' && offers deposit,charge
	"$subank" open htc@free --later >/dev/null 2>&1
	completes bash 'subank deposit ht' && offers htc@free
	completes bash 'subank deposit htc @ f' && offers free
	completes bash 'subank check -A bio,htc @' && offers free
	completes bash "subank export $dir/b" && offers "$dir/bank"
	completes bash "subank backup $dir/b" && offers "$dir/bank"
	mkdir "$dir/foreign"
	printf '#!/bin/sh\ntouch "%s/started"\n' "$dir" >"$dir/foreign/subank"
	chmod 755 "$dir/foreign/subank"
	completes bash "$dir/foreign/subank dep" && offers deposit
	is 'a program in some folder is not started' [ ! -e "$dir/started" ]
	completes bash 'subank nosuch x'
	is 'nothing is offered for what is not there' [ -z "$(cat "$dir/offered")" ]
	SUBANK_BANK=/nowhere
	completes bash 'subank deposit x'
	is 'nothing is offered without a bank' [ -z "$(cat "$dir/offered")" ]
	SUBANK_BANK=$dir/bank
else
	echo 'skipped: bash (not installed)'
fi
if command -v fish >/dev/null; then
	completes fish 'subank dep' && offers deposit
	completes fish 'subank ' && offers balance
	completes fish 'subank export --format=c' && offers --format=csv
	completes fish "subank backup --bank=$dir/b" && offers "--bank=$dir/bank/"
else
	echo 'skipped: fish (not installed)'
fi
cat >"$dir/drive.zsh" <<'END'
# Runs zsh at a terminal of its own. timeout ends it if it does not complete.
zmodload zsh/zpty || exit 1
zpty shell zsh -f -i
zpty -w shell "fpath=(${1:A} \$fpath); autoload -U compinit; compinit -D -u; print rea''dy"
zpty -r -m shell shown '*ready*'
zpty -w -n shell $'subank dep\t--no\t'
zpty -r -m shell shown '*subank deposit*--no*'
zpty -w -n shell $'\x15subank export --format=c\t'
zpty -r -m shell shown '*--format=csv*'
END
if command -v zsh >/dev/null; then
	is 'zsh reads its script' zsh -n "$source/cmd/shell/_subank"
	is 'zsh completes' timeout 120 zsh -f "$dir/drive.zsh" "$source/cmd/shell" >/dev/null
else
	echo 'skipped: zsh (not installed)'
fi
tally
