// SPDX-License-Identifier: BSD-3-Clause
// For the linker only: the names that web/src/wasm.js gives to the modules.
mergeInto(LibraryManager.library, { flw_progress: function () {} });
