// SPDX-License-Identifier: BSD-3-Clause
// The one error type: a code for programs, a sentence for people.

// By flz_status (include/flowzip/flowzip.h).
const CODES = ['ok', 'invalid-argument', 'unsupported', 'truncated', 'corrupt', 'unknown-model',
  'limit', 'io', 'out-of-memory', 'cancelled', 'internal', 'truncated', 'end', 'internal'];

export class FlowzipError extends Error {
  constructor(code, message) {
    super(message);
    this.name = 'FlowzipError';
    this.code = code;
  }

  static of(status, message) {
    return new FlowzipError(CODES[status] ?? 'internal', message);
  }
}

export const invalid = (message) => new FlowzipError('invalid-argument', message);
export const cancelled = () => new FlowzipError('cancelled', 'cancelled');
