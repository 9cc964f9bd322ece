#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Couplings compared at equal cost and equal training (docs/flows.md, "Borrowed bits"): additive
# (default filters only), adaptive (filters fitted to the picture), affine (adaptive, and a scale
# on the stack), and the mixture's component as a latent variable (the adaptive model, recoded).
# On photographs, and on 32 x 32 pictures made of them by down-sampling.
#
#   scripts/ablation-couplings.sh TRAIN TEST [STEPS]
#
# TRAIN and TEST are folders of PNGs; STEPS of training for each variant, 400 if not said. Prints
# a Markdown table; models and files stay in build/ablation. Needs flowzip, flowzip-train, and
# python3 with PIL for the small pictures (left out where it is missing). BUILD names another
# build folder. One network is trained at a time, with OMP_NUM_THREADS threads.
set -euo pipefail
cd "$(dirname "$0")/.."
[ $# -ge 2 ] || { sed -n '3,15p' "$0" >&2; exit 2; }
train=$1 test=$2 steps=${3:-400}
build=${BUILD:-build}
out=$build/ablation
mkdir -p "$out"

# Whole pictures and their quarters at 32 x 32: for training in mosaics of 8 x 8, since crops
# must fit; for the test one by one.
small() {
  python3 - "$1" "$2" "$3" <<'E2'
import sys
from pathlib import Path

from PIL import Image

source, target, mosaic = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3] == "mosaic"
target.mkdir(parents=True, exist_ok=True)
pictures = []
for path in sorted(source.glob("*.png")):
    picture = Image.open(path).convert("RGB")
    picture.info.clear()  # no colour profile with 3 KB of samples
    side = min(picture.size)
    half = side // 2
    boxes = [(0, 0, side, side)] + [(x, y, x + half, y + half) for y in (0, half) for x in (0, half)]
    for number, box in enumerate(boxes):
        part = picture.resize((32, 32), Image.Resampling.BOX, box)
        if mosaic:
            pictures.append(part)
        else:
            part.save(target / f"{path.stem}-{number}.png")
# Neighbours in a mosaic are of different pictures.
count = len(pictures) // 64
for m in range(count):
    page = Image.new("RGB", (256, 256))
    for i in range(64):
        page.paste(pictures[m + i * count], (i % 8 * 32, i // 8 * 32))
    page.save(target / f"{m:03}.png")
E2
}

# variant SET DATA NAME [train options]
variant() {
  local set=$1 data=$2 name=$3
  shift 3
  [ -e "$out/$set-$name.flzm" ] ||
    "$build/flowzip-train" train --data "$data" -o "$out/$set-$name.flzm" --name "$set-$name" \
      --log "$out/$set-$name.csv" --steps "$steps" --width 12 --inner 12 --head 12 --blocks 1 0 0 \
      --coarse-width 12 --coarse-inner 12 --coarse-head 12 --coarse-blocks 1 0 0 --pool 30 \
      --warmup 50 --ema 0.98 --quantise-share 0.1 --augment "$augment" --validation 4 --crop "$crop" \
      --coarse-crop "$coarse" --report 60 --seed 1 "$@" 2>"$out/$set-$name.txt"
}

# measure SET FOLDER NAME: a row of the table. Bytes are those of the streams, by the model alone
# (`flowzip score`); processor time of decoding the first few files, the least of three.
measure() {
  local set=$1 folder=$2 name=$3 best= spent
  local model=$out/$set-$name.flzm files=$out/$set-$name
  rm -rf "$files"
  mkdir -p "$files"
  local few=("$folder"/*.png)
  few=("${few[@]:0:$timed}")
  "$build/flowzip" encode -q -f --no-verify --strip --no-recover-colour -j 1 --model "$model" \
    --output-dir "$files" "${few[@]}"
  for _ in 1 2 3; do
    spent=$( { TIMEFORMAT=%U; time "$build/flowzip" test -q -j 1 --model "$model" \
      "$files"/*.flz >/dev/null; } 2>&1 )
    best=$(printf '%s\n' ${best:+"$best"} "$spent" | sort -g | head -1)
  done
  "$build/flowzip" score -q --json -j 1 --model "$model" "$folder"/*.png >"$out/score.json"
  python3 - "$out/score.json" "$set" "$name" "$best" "$timed" <<'E2'
import json
import sys

scores, kind, name, seconds, timed = sys.argv[1:]
images = json.load(open(scores))
size = sum(i["file_bytes"] - i["framing_bytes"] for i in images)
dimensions = sum(i["width"] * i["height"] * i["channels"] for i in images)
timed_pixels = sum(i["width"] * i["height"] for i in images[:int(timed)])
print(f"| {kind} ({len(images)}) | {name} | {8 * size / dimensions:.4f} | {size} | "
      f"{timed_pixels / 1e6 / float(seconds):.2f} |", flush=True)
E2
}

echo "| pictures | coupling | bits per sub-pixel | bytes | decodes MP/s |"
echo "|---|---|---|---|---|"
for set in photographs small; do
  if [ $set = small ]; then
    python3 -c 'import PIL' 2>/dev/null || { echo "no PIL: small pictures left out" >&2; break; }
    [ -d "$out/small-train" ] || small "$train" "$out/small-train" mosaic
    [ -d "$out/small-test" ] || small "$test" "$out/small-test" single
    data=$out/small-train folder=$out/small-test augment=0 crop=32 coarse=16 timed=64
  else
    data=$train folder=$test augment=1 crop=48 coarse=32 timed=4
  fi
  variant $set "$data" additive --adaptive-levels 0
  variant $set "$data" adaptive
  variant $set "$data" affine --affine
  "$build/flowzip-train" recode --model "$out/$set-adaptive.flzm" --latent-components \
    --name "$set-latent" -o "$out/$set-latent.flzm"
  for name in additive adaptive affine latent; do measure $set "$folder" $name; done
done | tee "$out/rows.txt"
