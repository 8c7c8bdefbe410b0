#!/bin/bash
# Shows that the targets find what they are there for: plants one bug after
# the other in a scratch copy and expects a crash within SECONDS (60).
# usage: fuzz/planted.sh [SECONDS]
set -eu
top=$(cd "$(dirname "$0")/.." && pwd -P)
seconds=${1-60}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
status=0

# plant TARGET FILE SED WHAT
plant()
{
	local target=$1 file=$2 change=$3 what=$4 start=$SECONDS
	cp "$top/$file" "$work/tree/$file"
	sed -i "$change" "$work/tree/$file"
	if cmp -s "$top/$file" "$work/tree/$file"; then
		echo "not ok - $what: the sed of fuzz/planted.sh changes nothing"
		status=1
		return
	fi
	"$work/tree/fuzz/build.sh" >"$work/log" 2>&1 || { cat "$work/log"; exit 1; }
	start=$SECONDS
	if "$work/out/$target" "-max_total_time=$seconds" -max_len=8192 \
	    "-dict=$top/fuzz/dictionaries/$target.dict" \
	    "-artifact_prefix=$work/" "$work/tree/fuzz/corpus/$target" \
	    >"$work/log" 2>&1; then
		echo "not ok - $what: $target found nothing in $seconds s"
		status=1
	else
		echo "ok - $what: $target after $((SECONDS - start)) s:" \
		    "$(grep -E -m 1 'does not hold|SUMMARY' "$work/log" | sed 's/.*: //')"
	fi
	cp "$top/$file" "$work/tree/$file"
}

mkdir "$work/tree"
tar -C "$top" --exclude=./.git --exclude='./build*' -c . | tar -C "$work/tree" -x
export OUT=$work/out WORK=$work/objects
plant link privsep/link.c \
    '/^rule_for_received/,/^}/s/len > rule->max/len > rule->max + 1/' \
    'a frame one byte too long'
plant envelope wire/verify/layout.c \
    's/name_len != strlen(name)/name_len == 0/; s/memcmp(blob + at.name, name, name_len)/memcmp(blob + at.name, name, 0)/' \
    'no look at the namespace'
plant admit wire/json.c \
    's/json_typeof(value) != row->type/json_is_null(value)/' \
    'a type that nobody checks'
plant escape base/escape.c 's/{ 0x200b, 0x200f }/{ 0x200c, 0x200f }/' \
    'a hole in what is escaped'
plant admit agent/gate/admit.c \
    '/^static enum verdict (\*const steps/,/^}/{s/step_policy,/step_swapped,/; s/fresh_begun,/step_policy,/; s/step_swapped,/fresh_begun,/}' \
    'policy before freshness'
exit $status
