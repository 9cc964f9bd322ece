#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# flowzip-train from end to end: a training of seconds, resumed, exported, and used.
#
#   train_cli_test.sh TRAINER FLOWZIP SOURCE_DIR
set -u
train=$1 flowzip=$2 source=$3
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
fail() { echo "FAILED: $*" >&2; exit 1; }

photos=$source/data/photos
small="--width 32 --blocks 1 --components 2 --runs 8 --pool 4 --seed 3"
"$train" train --data "$photos" --validation "$photos" -o tiny.flzm --name tiny $small \
  --megapixels 0.05 --checkpoint tiny.ckpt >out 2>&1 || fail "train: $(cat out)"
grep -q 'validation [0-9]' out || fail "no validation: $(cat out)"
"$train" export --checkpoint tiny.ckpt -o again.flzm --name tiny >/dev/null || fail export
cmp tiny.flzm again.flzm || fail "another model from the checkpoint"
"$train" train --data "$photos" -o more.flzm --name more --resume tiny.ckpt --runs 8 --pool 4 \
  --megapixels 0.06 >/dev/null 2>&1 || fail resume
cmp -s tiny.flzm more.flzm && fail "nothing was learnt"

"$train" train --data "$photos" -o narrow.flzm --name narrow --resume tiny.ckpt --runs 8 --pool 4 \
  --widths 32,16,16,0,0 --first-plane 1 --megapixels 0.01 --checkpoint narrow.ckpt >out 2>&1 || fail "narrow: $(cat out)"
(($(stat -c %s narrow.flzm) < $(stat -c %s tiny.flzm))) || fail "not narrower"
"$train" export --checkpoint narrow.ckpt -o again.flzm --name narrow >/dev/null || fail "export of different widths"
cmp narrow.flzm again.flzm || fail "another model from the checkpoint of different widths"

"$flowzip" encode -q "$photos/dunes.png" -o other.flz || fail "encode by the default model"
"$flowzip" decode -q other.flz -o other.ppm || fail "decode by the default model"
for model in more narrow; do
  "$flowzip" encode -q --model $model.flzm "$photos/dunes.png" -o dunes.flz || fail "encode by $model"
  "$flowzip" decode -q --model $model.flzm dunes.flz -o dunes.ppm || fail "decode by $model"
  cmp dunes.ppm other.ppm || fail "other pixels by $model"
  rm dunes.flz dunes.ppm
done

mkdir empty
refused() { # refused TEXT ARGUMENTS: one line that says so
  local text=$1; shift
  "$train" "$@" >out 2>err && fail "accepted: $*"
  grep -q "$text" err || fail "no \"$text\": $* ($(cat err))"
}
refused 'no usable training pictures' train --data empty -o x.flzm --name x
refused 'not a multiple of 16' train --data "$photos" -o x.flzm --name x --width 17
refused 'not a checkpoint' export --checkpoint tiny.flzm -o x.flzm --name x
refused 'cannot open the checkpoint' export --checkpoint none -o x.flzm --name x
[[ ! -e x.flzm ]] || fail "a model after all"
