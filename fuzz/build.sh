#!/bin/bash
# Builds every fuzz target in OSS-Fuzz's shape: from $CC, $CFLAGS and
# $LIB_FUZZING_ENGINE into $OUT, each with its seed corpus as a zip and its
# dictionary. Objects are kept in $WORK. Without those variables: clang,
# libFuzzer, ASan and UBSan, into build-fuzz/.
set -eu
top=$(cd "$(dirname "$0")/.." && pwd -P)
export CC=${CC:-clang}
default="-g -O1 -fno-omit-frame-pointer -fsanitize=address,undefined
	-fsanitize=fuzzer-no-link -fno-sanitize-recover=all"
export CFLAGS=${CFLAGS:-$(echo $default)}
engine=${LIB_FUZZING_ENGINE:--fsanitize=fuzzer}
OUT=${OUT:-$top/build-fuzz/out}
WORK=${WORK:-$top/build-fuzz/work}

mkdir -p "$OUT" "$WORK"
if [[ ! -f $WORK/meson/build.ninja ]]; then
	meson setup "$WORK/meson" "$top" --buildtype=plain -Dsandbox=off \
	    -Dstatic_providers=false -Db_lundef=false -Db_pie=false \
	    -Dtests=enabled "-Dfuzz_engine=$engine" >"$WORK/setup.log" ||
	    { cat "$WORK/setup.log" >&2; exit 1; }
fi
ninja -C "$WORK/meson" fuzzers >"$WORK/build.log" ||
    { tail -n 40 "$WORK/build.log" >&2; exit 1; }

for corpus in "$top"/fuzz/corpus/*/; do
	target=$(basename "$corpus")
	cp "$WORK/meson/fuzz/fuzz_$target" "$OUT/$target"
	dictionary=$top/fuzz/dictionaries/$target.dict
	[[ ! -e $dictionary ]] || cp "$dictionary" "$OUT/$target.dict"
	if command -v zip >/dev/null; then
		rm -f "$OUT/${target}_seed_corpus.zip"
		(cd "$corpus" && zip -q -r "$OUT/${target}_seed_corpus.zip" .)
	fi
done
