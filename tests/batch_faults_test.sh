#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Many files where things go wrong: what --rm must not remove, names of all kinds, links in circles,
# folders that nobody may read, disks that are full.
#
#   batch_faults_test.sh FLOWZIP SOURCE_DIRECTORY
set -u
flowzip=$(realpath "$1") source=$(realpath "$2") samples=
command -v python3 >/dev/null || { echo "skipped: no python3"; exit 77; }
work=$(mktemp -d)
chmod 755 "$work"
mounted=
cleanup() {
  [ -z "$mounted" ] || umount "$work/small"
  chmod -R u+rwx "$work"
  rm -rf "$work"
}
trap cleanup EXIT
cd "$work" || exit 1
export LC_ALL=C
# shellcheck source=tests/cli_lib.sh
. "$source/tests/cli_lib.sh"
python3 "$source/tests/engines/make_pictures.py" 12 made || exit 1
mkdir some && find made -name '*.png' -exec cp -p {} some ';'
a=some/picture-000000.png b=some/picture-000001.png
says() { grep -qF -- "$1" stderr || fail "no \"$1\": $(cat stderr)"; }
there() { for name; do [ -e "$name" ] || fail "$name is gone"; done; }
gone() { for name; do [ ! -e "$name" ] || fail "$name is still there"; done; }

# --- --rm: what is not safe stays ------------------------------------------------------------------
# An output that holds another picture may be all that is left of that.
cp $a a.png && "$flowzip" encode -q $b -o a.flz && cp a.flz before.flz
expect 1 "$flowzip" encode -q --rm a.png
says 'a.flz: exists already'
expect 1 "$flowzip" encode -q -f --rm a.png
says 'a.flz: exists already and holds something else; --rm does not overwrite it'
there a.png && cmp a.flz before.flz || fail "--rm -f overwrote another picture"
cp $a b.png && "$flowzip" encode -q b.png -o b.flz
expect 0 "$flowzip" encode -q -f --rm b.png
there b.flz && gone b.png
cp $b a-back.png && cp $a other.png
"$flowzip" encode -q other.png && cp other.png c.png && cp other.flz c.flz && cp $b d.png && cp other.flz d.flz
expect 1 "$flowzip" decode -q -f --rm d.flz
says 'd.png: exists already and holds something else; --rm does not overwrite it'
there d.flz && cmp $b d.png || fail "decode --rm -f overwrote another picture"
expect 0 "$flowzip" decode -q --skip-existing --rm c.flz
there c.png && gone c.flz
# Two sources of one name in a folder: only the first has become the output.
mkdir two && cp $a two/x.png && printf 'P5 1 1 255\n9' >two/x.pgm
expect 1 "$flowzip" encode -q -r --rm two
says 'would be the output of both'
there two/x.flz && [ "$(ls two | wc -l)" -eq 2 ] || fail "two sources of one output: $(ls two)"
# A format that does not hold all that is there.
cp other.flz e.flz
expect 1 "$flowzip" decode -q --rm --format ppm e.flz
says 'e.flz: --rm: only for the kind of file that it was made of, .png'
there e.flz && gone e.ppm
# A source of which something was left out.
python3 "$source/tests/odd_files.py"
expect 0 "$flowzip" encode --rm in-iend.png
says 'warning: 3 bytes inside IEND left out; not removed'
there in-iend.png in-iend.flz
expect 0 "$flowzip" encode --rm --repair bad-text.png
there bad-text.png bad-text.flz
expect 1 "$flowzip" encode -q --rm half.png
there half.png && gone half.flz
# A link goes, what it leads to stays.
cp $a target.png && ln -s target.png link.png && ln target.png hard.png
expect 0 "$flowzip" encode -q --rm link.png hard.png
there target.png link.flz hard.flz && gone link.png hard.png
# A source that is written to while it is encoded.
cp "$source/data/photos/colorado.png" busy.png
"$flowzip" encode -q --rm -j1 -e best busy.png 2>stderr &
for _ in $(seq 2000); do compgen -G '.flowzip-*' >/dev/null && break; sleep 0.01; done
touch busy.png
wait $! && fail "a source that changed was no failure"
says 'busy.png: not removed: it has changed meanwhile'
there busy.png busy.flz
rm -f ./*.flz ./*.png

# --- Names of all kinds -------------------------------------------------------------------------------
mkdir -p "odd/a folder
of two lines"
python3 - <<'PYTHON'
import os, shutil
picture = "some/picture-000000.png"
names = [b"-dash.png", b"-", b"--.png", b" .png", b"new\nline.png", b"\xff\xfe.png", b"caf\xc3\xa9.png", b"caf\xe9.png",
         b"'quote\".png", b"$(touch broken).png", b"a;b|c&d.PNG", b"*?[x].png", b"back\\slash.png", b"\x1b[31mred.png",
         b"x" * 251 + b".png", b"a.b.c.png", b"~.png", b"#.png", b"a folder\nof two lines/in\tner.png"]
for name in names:
    shutil.copy(picture, os.path.join(b"odd", name))
PYTHON
count=18  # "-" has no picture's extension
expect 0 "$flowzip" encode -v -r odd --output-dir odd-flz --manifest odd.jsonl
[ "$(find odd-flz -name '*.flz' -printf x | wc -c)" -eq $count ] || fail "odd names: $(ls -b odd-flz)"
[ "$(grep -c 'of the input' stderr)" -eq $count ] && [ "$(grep -c '^  ' stderr)" -eq $((2 * count)) ] ||
  fail "lines of odd names: $(cat -v stderr)"
! grep -q $'\x1b' stderr || fail "a name sent a terminal's control characters"
expect 0 "$flowzip" audit -q --pixels --sources odd.jsonl
expect 0 "$flowzip" encode -q -r odd --output-dir odd-flz --manifest odd.jsonl --resume
[ "$(wc -l <odd.jsonl)" -eq $count ] || fail "odd names are not resumed: $(wc -l <odd.jsonl) lines"
expect 0 "$flowzip" decode -q -r odd-flz --output-dir odd-back
mv odd/a\;b\|c\&d.PNG odd/a\;b\|c\&d.png && rm odd/-
[ "$(cd odd-back && find . -print0 | sort -z | cksum)" = "$(cd odd && find . -print0 | sort -z | cksum)" ] ||
  fail "odd names do not come back: $(ls -b odd-back)"
find odd -name '*.png' -print0 >list0
expect 0 "$flowzip" encode -q --files-from0 list0 --output-dir odd-listed
[ "$(find odd-listed -name '*.flz' -printf x | wc -c)" -eq $count ] || fail "--files-from0 of odd names"
expect 0 "$flowzip" test -q -r odd-flz
expect 0 "$flowzip" test --json -r odd-flz
python3 -c 'import json; [json.loads(l) for l in open("stdout", encoding="utf-8")]' || fail "JSON of odd names"
(cd odd && "$flowzip" encode -q -- -dash.png --.png) || fail "names with dashes after --"
gone broken odd/broken
# A name that leaves no room for another extension.
mkdir long && cp some/picture-000000.png "long/$(printf 'x%.0s' $(seq 255))"
expect 1 "$flowzip" encode -q "long/$(printf 'x%.0s' $(seq 255))"
says 'File name too long'
rm -rf odd* long list0

# --- Links in circles, folders that are shut, what is no file ----------------------------------------------
mkdir -p ring/inner && cp $a ring/inner && ln -s ../../ring ring/inner/up && ln -s inner ring/again && ln -s nowhere ring/dead.png
mkfifo ring/pipe.png
expect 0 "$flowzip" encode -q -r --follow-links ring --output-dir ring-flz
[ "$(find ring-flz -name '*.flz' | wc -l)" -eq 2 ] || fail "links in a circle: $(find ring-flz -name '*.flz')"
expect 0 "$flowzip" encode -r ring --output-dir ring2
says '; passed over: 3 links, 1 other files;'
nobody=()
if [ "$(id -u)" -eq 0 ] && command -v setpriv >/dev/null; then
  nobody=(setpriv --reuid=65534 --regid=65534 --clear-groups)
fi
if [ "$(id -u)" -ne 0 ] || { [ ${#nobody[@]} -gt 0 ] && "${nobody[@]}" "$flowzip" --version >/dev/null 2>&1; }; then
  mkdir -p mixed/shut open && cp $a mixed && cp $b mixed/shut && cp $b mixed/secret.png
  chmod 777 open && chmod 000 mixed/shut mixed/secret.png
  expect 1 ${nobody[@]+"${nobody[@]}"} "$flowzip" encode -q -r mixed --output-dir open/flz --manifest open/m.jsonl
  [ "$(wc -l <stderr)" -eq 2 ] || fail "shut folder and file: $(cat stderr)"
  says 'mixed/shut: Permission denied'
  says 'mixed/secret.png: Permission denied'
  there open/flz/picture-000000.flz
  # A folder whose files may be read but not removed.
  chmod 755 mixed/shut mixed/secret.png && chmod 555 mixed/shut
  expect 1 ${nobody[@]+"${nobody[@]}"} "$flowzip" encode -q --rm mixed/shut/picture-000001.png -o open/x.flz
  says 'not removed: Permission denied'
  there mixed/shut/picture-000001.png open/x.flz
else
  echo "skipped: nobody cannot run $flowzip here"
fi

# --- A disk that gets full in the middle, and has room again --------------------------------------------------
mkdir small
if mount -t tmpfs -o size=64k tmpfs small 2>/dev/null; then
  mounted=1
  mkdir big && cp "$source"/data/photos/*.png big && cp some/*.png big
  expect 1 "$flowzip" encode -q -e fast -r big --output-dir small/flz --manifest m.jsonl
  # The photographs, and small ones that were written while a photograph took all there was.
  for photo in "$source"/data/photos/*.png; do says "$(basename "$photo" .png).flz: No space left"; done
  full=$(grep -c 'No space left' stderr)
  [ "$(wc -l <stderr)" -eq "$full" ] && [ "$(find small -name '*.flz' | wc -l)" -eq $((16 - full)) ] ||
    fail "full disk: $(cat stderr)"
  [ -z "$(find small -name '.flowzip-*')" ] || fail "temporary files on a full disk"
  expect 0 "$flowzip" test -q -r small/flz
  # Neither is a source removed whose result or manifest did not get there.
  cp big/colorado.png keep.png
  expect 1 "$flowzip" encode -q --rm keep.png --output-dir small/flz
  there keep.png
  head -c 1M /dev/zero >small/filler 2>/dev/null
  cp some/picture-000000.png keep2.png
  expect 1 "$flowzip" encode -q --rm keep2.png -o kept2.flz --manifest small/m.jsonl
  says 'small/m.jsonl: No space left'
  there keep2.png
  rm small/filler && mount -o remount,size=4M small
  expect 0 "$flowzip" encode -q -e fast -r big --output-dir small/flz --manifest m.jsonl --resume
  [ "$(find small -name '*.flz' | wc -l)" -eq 16 ] || fail "resumed after a full disk: $(find small -name '*.flz')"
  expect 0 "$flowzip" audit -q --pixels m.jsonl
else
  echo "skipped: no right to mount a small tmpfs"
fi
nothing_left "at the end"
summary
