#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# One experiment: trains a variant on a fixed number of pixels, measures it, and appends a row to
# docs/experiments.md.
#
#   scripts/experiment.sh NAME "what was changed" MEGAPIXELS DATA [SET...] -- [train options]
#
# DATA is a folder of PNGs or a pack file; each SET is a folder of PNGs on which real files are
# measured (given with the option --no-recover-colour too, so that the network itself is compared).
# The model, its log and the measurements stay in build/experiments/NAME*.
set -euo pipefail
cd "$(dirname "$0")/.."
[ $# -ge 4 ] || { sed -n '3,11p' "$0" >&2; exit 2; }
name=$1 what=$2 megapixels=$3 data=$4
shift 4
sets=()
while [ $# -gt 0 ] && [ "$1" != -- ]; do sets+=("$1"); shift; done
[ "${1:-}" = -- ] && shift

out=build/experiments
mkdir -p "$out"
# A step sees 16 crops of 96 x 96 pixels of level 0, the trainer's defaults.
steps=$(( megapixels * 1000000 / (16 * 96 * 96) ))
build/flowzip-train train --data "$data" -o "$out/$name.flzm" --name "$name" --steps "$steps" \
  --log "$out/$name.csv" "$@"

row=$(python3 - "$out/$name.csv" <<'E2'
import csv, sys
rows = list(csv.DictReader(open(sys.argv[1])))
last = rows[-1]
level = [sum(float(v) for k, v in last.items() if k.startswith(f"l{l}g")) for l in range(5)]
print(f"val {float(last['validation']):.4f} (levels {' '.join(f'{v:.3f}' for v in level)}), "
      f"{float(last['gigapixels']):.2f} Gpx at {float(last['pixels_per_second']) / 1e6:.2f} Mpx/s")
E2
)
for set in "${sets[@]}"; do
  build/flowzip bench "$set" --only "flowzip-$name" --model "$out/$name.flzm" \
    --no-recover-colour --repeats 1 --json "$out/$name-$(basename "$set").json" --quiet
  row+=$(python3 - "$out/$name-$(basename "$set").json" "$name" <<'E2'
import json, sys
report = json.load(open(sys.argv[1]))
for codec in report["codecs"]:
    if codec["name"].startswith("flowzip-" + sys.argv[2]):
        print(f"; {sys.argv[1].rsplit('-', 1)[1][:-5]} {codec['bits_per_sub_pixel']:.4f}", end="")
E2
)
done
cost=$(build/flowzip info --model "$out/$name.flzm" 2>/dev/null | sed -n 's/.*: *\([0-9.]*\) kMAC.*/\1/p')
echo "| $(date +%F) | $name: $what | $row | ${cost:-} | |" | tee -a docs/experiments.md
