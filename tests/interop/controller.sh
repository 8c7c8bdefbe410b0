#!/bin/bash
# A complete controller out of ssh-keygen and redis-cli: asks every known host for uptime (or $1). AMIRAL_* as for amiral.
# ssh-keygen's verifier is laxer than amiral's own (security keys without touch, say): for a script it will do.
set -euo pipefail
case $AMIRAL_REDIS in unix://*) server=(-s "${AMIRAL_REDIS#unix://}") ;; *) server=(-u "$AMIRAL_REDIS") ;; esac
work=$(mktemp -d) && trap 'rm -r "$work"' EXIT
awk '/^[a-z0-9]/ { print $1, "namespaces=\"amiral-reply-v1\"", $2, $3 }' "$AMIRAL_KNOWN_HOSTS" >"$work/signers"

# The request, its identity, and its signature as one line.
now=$(date +%s%3N) expires=$(($(date +%s%3N) + 10000)) reply_to=$(cat /proc/sys/kernel/random/uuid)
request=$(printf '{"version":1,"fleet":"%s","reply_to":"%s","operator":"%s","signatures":1,"issued":%s,"expires":%s,"match":{"all":true},"command":{"provider":"%s"}}' \
	"$AMIRAL_FLEET" "$reply_to" "$AMIRAL_OPERATOR" "$now" "$expires" "${1:-uptime}")
digest=$(printf %b "$(printf %s "$request" | sha256sum | cut -c 1-64 | sed 's/../\\x&/g')" | base64)
line=$(printf %s "$request" | ssh-keygen -q -Y sign -n amiral-request-v1 -f "$AMIRAL_KEY" | sed /^-/d | tr -d '\n')

# Reply stream, log and channel in one go (redis-cli reads \n and \" between quotes).
key=amiral:$AMIRAL_FLEET envelope="\"$line\\n\\n${request//\"/\\\"}\"" stream=amiral:$AMIRAL_FLEET:reply:$reply_to
printf '%s\n' MULTI "XADD $stream * m \"\"" "PEXPIREAT $stream $((expires + 660000))" "XADD $key:log MAXLEN 1000 * m $envelope" \
	"XTRIM $key:log MINID $((now - 3600000))" "PUBLISH $key:requests $envelope" EXEC | redis-cli "${server[@]}" >"$work/published"

# One entry at a time: stream, id, field, signature, empty line, payload.
at=0-0 status=0 waiting=" $(cut -d ' ' -f 1 "$work/signers" | sort -u | tr '\n' ' ')"
while [[ $waiting == *[a-z0-9]* ]]; do
	mapfile -t entry < <(redis-cli "${server[@]}" XREAD COUNT 1 BLOCK 500 STREAMS "$stream" "$at")
	(($(date +%s%3N) < expires)) || { echo "no answer:$waiting" >&2; exit $((status == 4 ? 4 : 3)); }
	at=${entry[1]:-$at} payload=${entry[5]:-}
	[[ $payload =~ '"hostname":"'([^'"']*)'"' ]] || continue
	host=${BASH_REMATCH[1]}
	printf '%s\n' '-----BEGIN SSH SIGNATURE-----' "$(fold -w 70 <<<"${entry[3]}")" '-----END SSH SIGNATURE-----' >"$work/signature"
	if ! ssh-keygen -q -Y verify -n amiral-reply-v1 -f "$work/signers" -I "$host" -s "$work/signature" \
		< <(printf %s "$payload") >"$work/verified" || [[ $payload != *'"request":"'"$digest"'"'* ]]; then
		echo "does not verify: $(cat -v <<<"$payload")" >&2 && status=4 && continue
	fi
	cat -v <<<"$payload"
	[[ $payload =~ '"status":"'(complete|noop)'","seq"' ]] || continue
	[[ ${BASH_REMATCH[1]} == complete ]] || status=$((status == 4 ? 4 : 2))
	waiting=${waiting/ "$host" / }
done
exit $status
