// SPDX-License-Identifier: BSD-3-Clause
// Before emscripten 3.1.6's own loader, in the test programs: it takes a global fetch() for a
// browser's, and node has one by now that opens no files.
var fetch;
