// SPDX-License-Identifier: BSD-3-Clause
// Tables that functions of ours fill:
//
//   FLOWZIP_MADE Table MakeTable() { ... }
//   FLOWZIP_TABLE Table kTable = MakeTable();
//
// They are constants of the program, but for WebAssembly, where the function is a few hundred bytes
// to be fetched and the table tens of thousands: there they are made when the module starts (no
// compiler may then compute them, which it does wherever it can). Not for tables that other tables
// are made of, nor for those that anything reads before main().
#pragma once

#ifdef __wasm__
#define FLOWZIP_MADE inline
#define FLOWZIP_TABLE const
#else
#define FLOWZIP_MADE constexpr
#define FLOWZIP_TABLE constinit const
#endif
