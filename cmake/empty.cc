// SPDX-License-Identifier: BSD-3-Clause
// A library must have a source file, also while its folder is still empty.
