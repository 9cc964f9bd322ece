#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Many files: folders, lists, shards, what exists already, manifests, audits, removal.
#
#   batch_test.sh FLOWZIP SOURCE_DIRECTORY
set -u
flowzip=$(realpath "$1") source=$(realpath "$2") samples=
command -v python3 >/dev/null || { echo "skipped: no python3"; exit 77; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
export LC_ALL=C
# shellcheck source=tests/cli_lib.sh
. "$source/tests/cli_lib.sh"
python3 "$source/tests/engines/make_pictures.py" 40 photos || exit 1
count=40
tree() { (cd "$1" && find . -type f | sort | tr '\n' ' '); }
says() { grep -qF -- "$1" stderr || fail "no \"$1\": $(cat stderr)"; }

# --- Folders -----------------------------------------------------------------------------------------
touch photos/.hidden.png photos/notes.txt photos/0/Thumbs.db
mkdir photos/.trash && cp photos/0/0/picture-000000.png photos/.trash/x.png
ln -s ../photos photos/loop && ln -s 0/0/picture-000000.png photos/link.png
usage_folder() { expect 1 "$flowzip" encode photos; says 'photos: is a folder; -r goes through it'; }
usage_folder
expect 0 "$flowzip" encode -r photos --output-dir flz
[ "$(find flz -name '*.flz' | wc -l)" -eq $count ] || fail "-r: $(find flz | wc -l) files"
[ "$(tree flz | sed 's/\.flz/.png/g')" = "$(cd photos && find ./[0-9] -name '*.png' | sort | tr '\n' ' ')" ] ||
  fail "the tree is not mirrored: $(tree flz)"
says '; passed over: 2 hidden, 2 links, 2 other files;'
[ "$(wc -l <stderr)" -eq 1 ] || fail "more than the sum on a pipe: $(cat stderr)"
expect 0 "$flowzip" encode -v -r photos --output-dir verbose
[ "$(grep -c 'of the input' stderr)" -eq $count ] || fail "-v is not a line for each file"
expect 0 "$flowzip" encode -q -r --follow-links photos --output-dir followed
[ "$(find followed -name '*.flz' | wc -l)" -eq $((count + 1)) ] || fail "--follow-links: $(tree followed)"
expect 0 "$flowzip" decode -q -r flz --output-dir back
[ "$(find back -name '*.png' | wc -l)" -eq $count ] || fail "decode -r"
expect 0 "$flowzip" encode -q -r back --output-dir again
# The same, but where the PNG file that was written is smaller than what had been made of its pixels.
for file in $(cd flz && find . -name '*.flz'); do
  cmp -s "flz/$file" "again/$file" || [ "$(stat -c %s "again/$file")" -lt "$(stat -c %s "flz/$file")" ] ||
    fail "decode and encode give another file: $file"
done
expect 0 "$flowzip" test -r flz
[ "$(grep -c ': ok$' stdout)" -eq $count ] || fail "test -r: $(wc -l <stdout)"
sort -c stdout || fail "lines are not in the order of the files"
for jobs in 1 5; do
  expect 0 "$flowzip" encode -q -j $jobs -r photos --output-dir "jobs$jobs"
  diff -r flz "jobs$jobs" >/dev/null || fail "other files with -j $jobs"
done
chmod 750 photos/3 && chmod 700 photos
expect 0 "$flowzip" encode -q -r photos --output-dir modes
[ "$(stat -c %a modes/3)" = 750 ] || fail "a folder's permissions: $(stat -c %a modes/3)"
[ "$(stat -c %a modes)" = 700 ] || fail "the output folder's permissions: $(stat -c %a modes)"
expect 0 "$flowzip" encode -q photos/3/*/*.png --output-dir modes2
[ "$(stat -c %a modes2)" = "$(stat -c %a photos/3/0)" ] || fail "the output folder's permissions: $(stat -c %a modes2)"
chmod 755 photos
rm -rf verbose followed again jobs* modes modes2

# --- Lists ---------------------------------------------------------------------------------------------
find photos/1 -name '*.png' | sort >list
expect 0 "$flowzip" encode -q --files-from list --output-dir listed
[ "$(tree listed)" = "$(cd flz && find ./1 -type f | sort | sed 's|^\.|./photos|' | tr '\n' ' ')" ] ||
  fail "--files-from: $(tree listed)"
tr '\n' '\0' <list | "$flowzip" encode -q --files-from0 - --output-dir listed0 || fail "--files-from0 -"
diff -r listed listed0 >/dev/null || fail "--files-from0"
refused 'none.list: No such file' "$flowzip" encode --files-from none.list
usage "$flowzip" encode --output-dir x
rm -rf listed listed0

# --- Shards: each file in one, whatever else there is ------------------------------------------------------
for i in 1 2 3; do expect 0 "$flowzip" encode -q -r photos --shard $i/3 --output-dir shards; done
diff -r flz shards >/dev/null || fail "three shards are not the whole"
expect 0 "$flowzip" encode -q -r photos --shard 2/3 --output-dir shard2
python3 - <<'PYTHON' || fail "shards are not what docs/archive.md says"
import hashlib, os
for folder, _, names in os.walk("shard2"):
    for name in names:
        path = os.path.relpath(os.path.join(folder, name), "shard2")[:-4] + ".png"
        assert int.from_bytes(hashlib.sha256(path.encode()).digest()[:8], "big") % 3 == 1, path
PYTHON
for bad in 0/3 4/3 x 1/0 -1/3 1/3/5; do usage "$flowzip" encode -r photos --shard $bad; done
rm -rf shards shard2

# --- What exists already, by content ------------------------------------------------------------------------
expect 1 "$flowzip" encode -r photos --output-dir flz
[ "$(grep -c 'exists already' stderr)" -eq $count ] || fail "existing files are not refused"
expect 0 "$flowzip" encode -r photos --output-dir flz --skip-existing
[[ "$(cat stderr)" == "0 files, $count done before; passed over: "* ]] || fail "the sum: $(cat stderr)"
one=flz/0/0/picture-000000.flz
cp flz/1/0/picture-000001.flz $one
expect 1 "$flowzip" encode -q -r photos --output-dir flz --skip-existing
says "$one: exists already and holds something else"
expect 0 "$flowzip" encode -q -f -r photos --output-dir flz --skip-existing
cmp -s $one flz/1/0/picture-000001.flz && fail "-f --skip-existing left the wrong file"
echo damaged >$one
expect 0 "$flowzip" encode -q -f -r photos --output-dir flz --skip-existing
expect 0 "$flowzip" decode -q -r flz --output-dir back --skip-existing
cp back/1/0/picture-000001.png back/0/0/picture-000000.png
expect 1 "$flowzip" decode -q -r flz --output-dir back --skip-existing
says 'back/0/0/picture-000000.png: exists already and holds something else'

# Two names that become one: the second is refused, the others are done.
cp photos/0/0/picture-000000.png photos/0/0/picture-000000.PNG
expect 1 "$flowzip" encode -q -r photos --output-dir twice
says 'would be the output of both'
[ "$(find twice -name '*.flz' | wc -l)" -eq $count ] || fail "two of one name: $(find twice | wc -l)"
rm -rf twice photos/0/0/picture-000000.PNG

# --- Manifest, resume, audit ----------------------------------------------------------------------------------
echo 'no picture' >photos/3/0/bad.png
expect 1 "$flowzip" encode -q -r photos --output-dir archive --manifest m.jsonl
python3 - "$count" <<'PYTHON' || fail "manifest: $(head -n 2 m.jsonl)"
import hashlib, json, os, sys, zlib
records = [json.loads(line) for line in open("m.jsonl", encoding="utf-8")]
assert len(records) == int(sys.argv[1]) + 1
for r in records:
    assert r["command"] == "encode" and r["version"], r
    if r["path"].endswith("bad.png"):
        assert r["status"] == "failed" and "output_sha256" not in r and "not a PNG" in r["reason"], r
        continue
    source, output = open(r["path"], "rb").read(), open(r["output"], "rb").read()
    assert r["status"] == "done" and r["effort"] == "standard", r
    assert r["size"] == len(source) and r["sha256"] == hashlib.sha256(source).hexdigest(), r
    assert r["mtime_ns"] == os.stat(r["path"]).st_mtime_ns, r
    assert r["output_size"] == len(output), r
    assert r["output_sha256"] == hashlib.sha256(output).hexdigest(), r
    # The generated files have one IDAT and no filters.
    size = int.from_bytes(source[33:37], "big")
    rows = zlib.decompress(source[41 : 41 + size])
    stride = len(rows) // r["height"]
    pixels = b"".join(rows[i + 1 : i + stride] for i in range(0, len(rows), stride))
    assert r["pixels_sha256"] == hashlib.sha256(pixels).hexdigest(), r
    assert stride - 1 == r["width"] * r["channels"] and r["bit_depth"] == 8, r
PYTHON
expect 1 "$flowzip" audit m.jsonl
says 'bad.png: failed: '
cp photos/0/0/picture-000000.png photos/3/0/bad.png
printf '{"path": "photos/0/0/pict' >>m.jsonl  # a crash in the middle of a line
expect 0 "$flowzip" encode -r photos --output-dir archive --manifest m.jsonl --resume
says "1 file: "
says "$count done before"
[ "$(wc -l <m.jsonl)" -eq $((count + 3)) ] || fail "resume: $(wc -l <m.jsonl) lines"
touch photos/0/0/picture-000000.png  # another time: compared, and found the same
expect 0 "$flowzip" encode -q -r photos --output-dir archive --manifest m.jsonl --resume
[ "$(tail -n 1 m.jsonl | grep -c '"status": "skipped", "reason": "is there already"')" -eq 1 ] || fail "$(tail -n 1 m.jsonl)"
expect 0 "$flowzip" audit --pixels --sources m.jsonl
[ "$(grep -c 'ok$' stdout)" -eq 0 ] || fail "audit prints lines of many files unasked"
expect 0 "$flowzip" audit -v --sample 10% --seed 3 m.jsonl
[ "$(grep -c ': ok$' stdout)" -eq 5 ] || fail "--sample 10%: $(wc -l <stdout)"
expect 0 "$flowzip" audit --json --sample 7 m.jsonl
[ "$(wc -l <stdout)" -eq 7 ] || fail "--sample 7: $(wc -l <stdout)"
for bad in 0 0% 101% x 1x ''; do usage "$flowzip" audit --sample "$bad" m.jsonl; done
refused 'none.jsonl: No such file' "$flowzip" audit none.jsonl
one=archive/1/1/picture-000011.flz
cp $one kept && printf '\377' | dd of=$one bs=1 seek=40 conv=notrunc 2>/dev/null
expect 1 "$flowzip" audit -q m.jsonl
one_line "$one: has not the checksum of the manifest" audit
rm $one
expect 1 "$flowzip" audit -q m.jsonl
one_line "$one: No such file" audit
expect 0 "$flowzip" encode -q -r photos --output-dir archive --manifest m.jsonl --resume
cmp $one kept || fail "resume does not mend what is gone"
usage "$flowzip" encode -r photos --resume
usage "$flowzip" encode -r photos --output-dir none --manifest -
[ ! -e - ] && [ ! -e none ] || fail "--manifest - made a file"

# --- Dry runs and removal --------------------------------------------------------------------------------------
before=$(find . | sort | cksum)
expect 0 "$flowzip" encode --dry-run -r photos --output-dir new --rm
[ "$(grep -c ': would write from photos/' stdout)" -eq $((count + 1)) ] || fail "--dry-run: $(head -n 3 stdout)"
[ "$(find . | sort | cksum)" = "$before" ] || fail "--dry-run did something"
cp -r photos gone && echo none >gone/bad.png
expect 1 "$flowzip" encode -q -r gone --output-dir kept-flz --rm --manifest gone.jsonl
[ -z "$(find gone/[0-9] -name '*.png' -type f)" ] && [ -e gone/bad.png ] || fail "--rm: $(find gone -name '*.png')"
expect 1 "$flowzip" audit -q --pixels gone.jsonl
one_line 'gone/bad.png: failed' audit
expect 0 "$flowzip" decode -q -r kept-flz --output-dir restored --rm
[ -z "$(find kept-flz -name '*.flz')" ] || fail "decode --rm"
[ "$(find restored -name '*.png' | wc -l)" -eq $((count + 1)) ] || fail "decode --rm: outputs"
usage "$flowzip" encode --rm - -o x.flz
usage "$flowzip" encode --rm photos/0/0/picture-000000.png -o -
usage "$flowzip" encode --rm --no-verify photos/0/0/picture-000000.png
usage "$flowzip" encode --rm photos/0/0/picture-000000.png -o /dev/null
[ -e photos/0/0/picture-000000.png ] || fail "--rm removed what it had refused"

# --- JSON lines, efforts by number, environment -------------------------------------------------------------------
expect 0 "$flowzip" encode --json -r photos --output-dir json
expect_json() { python3 -c '
import json, sys
records = [json.loads(line) for line in open("stdout", encoding="utf-8")]
assert len(records) == int(sys.argv[1]) and all(r["command"] == sys.argv[2] for r in records), records[:1]' "$@" || fail "--json of $2"; }
expect_json $((count + 1)) encode
expect 0 "$flowzip" test --json -r json && expect_json $((count + 1)) test
expect 0 "$flowzip" decode --json -r json --output-dir json-back && expect_json $((count + 1)) decode
photo=$source/data/photos/moon-gray.png
for effort in fast standard; do
  "$flowzip" encode -q -f -e $effort "$photo" -o $effort.flz || continue
  case $effort in fast) numbers='1 3' ;; standard) numbers='4 6' ;; esac
  for number in $numbers; do
    "$flowzip" encode -q -f "-$number" "$photo" -o n.flz && cmp n.flz $effort.flz || fail "-$number is not $effort"
    "$flowzip" encode -q -f -e "$number" "$photo" -o n.flz && cmp n.flz $effort.flz || fail "-e $number is not $effort"
    FLOWZIP_EFFORT=$number "$flowzip" encode -q -f "$photo" -o n.flz && cmp n.flz $effort.flz || fail "FLOWZIP_EFFORT=$number"
  done
done
for number in -10 -19 -0 0 10; do
  case $number in -*) usage "$flowzip" encode -f "$number" "$photo" -o out ;;
    *) usage "$flowzip" encode -f -e "$number" "$photo" -o out ;; esac
done
FLOWZIP_EFFORT=slow expect 2 "$flowzip" encode -f "$photo" -o n.flz
FLOWZIP_JOBS=x expect 2 "$flowzip" encode -f "$photo" -o n.flz
expect 0 env FLOWZIP_JOBS=3 "$flowzip" encode -v -f -1 "$photo" -o n.flz
says '; 3 threads'

# --- Progress: one line for all, and only on a terminal -------------------------------------------------------------
if script -qec true /dev/null >/dev/null 2>&1 </dev/null; then
  script -qec "'$flowzip' encode -j1 -r photos --output-dir bar" /dev/null >stdout 2>&1 </dev/null || fail "on a terminal"
  grep -aq "$((count + 1)) files: " stdout || fail "no sum on a terminal: $(cat stdout)"
fi
nothing_left "at the end"
summary
