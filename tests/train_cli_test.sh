#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# flowzip-train as people meet it: a pack, and one line for every way to fail.
#
#   train_cli_test.sh FLOWZIP_TRAIN SOURCE_DIRECTORY
set -u
train=$1 source=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
export LC_ALL=C
failures=0

# refused TEXT COMMAND...: exit 1, one line on standard error that has TEXT.
refused() {
  local text=$1 status=0
  shift
  "$@" >stdout 2>stderr || status=$?
  if [ $status -ne 1 ] || [ "$(wc -l <stderr)" -ne 1 ] ||
    ! grep -q -- "^flowzip-train: .*$text" stderr; then
    echo "FAILED: exit $status of $* ($(head -c 300 stderr))"
    failures=$((failures + 1))
  fi
}

"$train" pack --data "$source/data/photos" -o photos.pack || failures=1
[ "$(head -c 8 photos.pack)" = FLZPACK1 ] || { echo "FAILED: no pack"; failures=1; }
refused 'cannot open' "$train" train --data none -o out.flzm --steps 1
refused 'one of --steps and --minutes' "$train" train --data photos.pack -o out.flzm
refused 'none.ckpt' "$train" train --data photos.pack -o out.flzm --steps 1 --resume none.ckpt
if "$train" train --data photos.pack -o out.flzm --steps 1 --device gpu 2>stderr; then
  echo "FAILED: a device called gpu"
  failures=$((failures + 1))
fi
if ! command -v nvidia-smi >/dev/null; then
  refused 'no CUDA device' "$train" train --data photos.pack -o out.flzm --steps 1 --device cuda
fi
# A model that codes otherwise, and back: the same but for its name.
tiny=$source/tests/golden/tiny.flzm
"$train" recode --model "$tiny" --name tiny-2 --latent-components -o latent.flzm &&
  "$train" recode --model latent.flzm --name tiny-2 -o plain.flzm &&
  cmp plain.flzm "$tiny" && [ "$(wc -c <latent.flzm)" -eq $(($(wc -c <"$tiny") + 1)) ] ||
  { echo "FAILED: recode"; failures=$((failures + 1)); }
refused 'not a flowzip model' "$train" recode --model photos.pack --name x -o none.flzm
[ ! -e out.flzm ] || { echo "FAILED: a model was written"; failures=1; }

echo "$failures failures"
[ $failures -eq 0 ]
