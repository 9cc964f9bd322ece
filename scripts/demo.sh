#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Encodes and decodes one bundled photograph and shows that the pixels are the same.
#
#   scripts/demo.sh build/flowzip build/png_samples [IMAGE.png]
set -euo pipefail
flowzip=$1
samples=$2
photo=${3:-data/photos/colorado.png}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

"$flowzip" encode --quiet "$photo" -o "$work/photo.flz"
"$flowzip" decode --quiet "$work/photo.flz" -o "$work/photo.png"

# The samples alone, whatever filters and compression the two PNG files use.
"$samples" "$photo" >"$work/before.raw"
"$samples" "$work/photo.png" >"$work/after.raw"
cmp "$work/before.raw" "$work/after.raw"
echo "$photo: the decoded pixels are identical"

raw=$(stat -c %s "$work/before.raw")
show() {  # name, bytes
  awk -v n="$1" -v b="$2" -v r="$raw" \
    'BEGIN { printf "  %-24s %8d bytes  %6.3f bits per sub-pixel\n", n, b, 8 * b / r }'
}
show "samples" "$raw"
if command -v zstd >/dev/null; then
  show "zstd -19 of the samples" "$(zstd -q -19 -c "$work/before.raw" | wc -c)"
fi
show "PNG as bundled" "$(stat -c %s "$photo")"
show "flowzip" "$(stat -c %s "$work/photo.flz")"
