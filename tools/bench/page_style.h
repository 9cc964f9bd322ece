// SPDX-License-Identifier: BSD-3-Clause
// The style sheet of the page: wide and narrow screens, dark ones, and paper.
#pragma once

namespace flowzip::bench {

inline constexpr const char kPageStyle[] = R"css(
:root { --paper: #fff; --ink: #1b1f24; --soft: #5b6470; --line: #e3e6ea; --panel: #f6f7f9;
  --ours: #c8371b; --jxl: #1f6fb5; --webp: #16866b; --png: #6d7480; --zstd: #7d55c7;
  --j2k: #9a6700; --jls: #b8327f; --other: #1b1f24; }
@media (prefers-color-scheme: dark) { :root { --paper: #14171b; --ink: #e8eaed;
  --soft: #a3abb6; --line: #30363d; --panel: #1d2127; --ours: #ff7a5c; --jxl: #6cb2f2;
  --webp: #4cc3a4; --png: #a6aebb; --zstd: #b497f2; --j2k: #d9a441; --jls: #ee7fbd;
  --other: #e8eaed; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 1060px; padding: 20px 16px 48px; background: var(--paper);
  color: var(--ink); font: 16px/1.5 system-ui, "Segoe UI", Roboto, "DejaVu Sans", sans-serif;
  overflow-wrap: break-word; }
h1 { font-size: 1.7em; margin: 0 0 .2em; line-height: 1.2; }
h2 { font-size: 1.25em; margin: 2em 0 .4em; }
p { margin: .4em 0; color: var(--soft); }
p b { color: var(--ink); }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(150px, 1fr));
  gap: 12px; margin: 16px 0; }
.tile { background: var(--panel); border-radius: 8px; padding: 10px 14px; }
.tile span { display: block; font-size: .82em; color: var(--soft); }
.tile b { font-size: 1.6em; line-height: 1.3; font-weight: 650; }
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 400px), 1fr));
  gap: 24px; }
.bars svg { max-width: 520px; }
svg { display: block; width: 100%; height: auto; }
svg text { font: 12px system-ui, "Segoe UI", Roboto, "DejaVu Sans", sans-serif;
  fill: var(--ink); }
svg .tick, svg .title { fill: var(--soft); font-size: 11.5px; }
svg .label, svg .ours { paint-order: stroke; stroke: var(--paper); stroke-width: 3px; }
svg .ours { font-weight: 700; fill: var(--ours); }
svg .good { fill: var(--webp); } svg .bad { fill: var(--soft); }
.grid { stroke: var(--line); } .axis { stroke: var(--soft); }
.front { fill: none; stroke: var(--soft); stroke-width: 1.2; stroke-dasharray: 4 3; }
.dot { stroke: var(--paper); stroke-width: 1.5; }
svg .bar { fill: var(--ours); opacity: .82; } svg .mark { fill: var(--ink); }
.f-flowzip { --c: var(--ours); } .f-JPEGXL { --c: var(--jxl); } .f-WebP { --c: var(--webp); }
.f-PNG { --c: var(--png); } .f-zstd { --c: var(--zstd); } .f-JPEG2000 { --c: var(--j2k); }
.f-JPEG-LS { --c: var(--jls); } .f-external { --c: var(--other); }
.dot { fill: var(--c); }
.legend { display: flex; flex-wrap: wrap; gap: 2px 18px; font-size: .88em; }
.legend i { display: inline-block; width: 11px; height: 11px; border-radius: 50%;
  margin-right: 6px; background: var(--c); }
.legend i.stairs { width: 20px; height: 0; border-radius: 0; background: none;
  border-top: 2px dashed var(--soft); vertical-align: 4px; }
.legend i.bar { background: var(--ours); border-radius: 0; width: 18px; height: 9px; }
.legend i.mark { background: var(--ink); border-radius: 0; width: 3px; height: 15px;
  vertical-align: -2px; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-size: .86em; font-variant-numeric: tabular-nums;
  width: 100%; margin: 8px 0; }
table.narrow { width: auto; }
th, td { padding: 4px 9px; text-align: right; border-bottom: 1px solid var(--line);
  white-space: nowrap; font-weight: 400; }
thead th { color: var(--soft); vertical-align: bottom; line-height: 1.25; }
th:first-child { text-align: left; }
thead tr + tr th:first-child { text-align: right; }
thead th[colspan] { text-align: center; }
tr.ours th, tr.ours td { font-weight: 650; color: var(--ours); }
.words th, .words td { text-align: left; vertical-align: top; white-space: normal;
  overflow-wrap: anywhere; min-width: 6em; }
.words th { white-space: nowrap; }
pre { background: var(--panel); padding: 10px 12px; border-radius: 6px; font-size: .85em;
  white-space: pre-wrap; overflow-wrap: anywhere; }
ul { color: var(--soft); padding-left: 1.2em; } li { margin: .2em 0; }
figure { margin: 14px 0 20px; }
.pair { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 300px), 1fr));
  gap: 6px; }
img { display: block; width: 100%; height: auto; border-radius: 4px; }
figcaption { font-size: .88em; color: var(--soft); margin-top: 4px; }
.scale { display: flex; align-items: center; gap: 8px; font-size: .85em; color: var(--soft);
  max-width: 480px; margin: 8px 0; }
.scale i { flex: 1; height: 12px; border-radius: 3px; border: 1px solid var(--line); }
@media (max-width: 520px) { svg text { font-size: 13.4px; } svg .tick, svg .title { font-size: 12.6px; }
  th, td { padding: 4px 6px; } table.narrow { font-size: .8em; }
  tbody th:first-child { position: sticky; left: 0; background: var(--paper); } }
@media print {
  @page { margin: 14mm; }
  :root { --paper: #fff; --ink: #000; --soft: #444; --line: #ccc; --panel: #f2f2f2;
    --ours: #c8371b; --jxl: #1f6fb5; --webp: #16866b; --png: #6d7480; --zstd: #7d55c7;
    --j2k: #9a6700; --jls: #b8327f; --other: #000; }
  body { font-size: 10pt; padding: 0; max-width: none; }
  * { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  table { font-size: 7.6pt; } th, td { padding: 2px 4px; }
  .scroll { overflow: visible; }
  .charts, .pair { grid-template-columns: 1fr 1fr; }
  .pair img { max-height: 80mm; width: auto; max-width: 100%; }
  h2, p, .legend { break-after: avoid; } figure, tr, .charts, .tiles { break-inside: avoid; }
}
)css";

}  // namespace flowzip::bench
