import { describe, expect, test } from 'vitest';
import { explainRestore, explainSave, readLine, type Said } from '../../src/github/cache-call.ts';

/** What @actions/cache 6.3 writes, line by line. */
function said(...lines: string[]): Said[] {
  return lines.map(readLine);
}

describe('a line of the log', () => {
  test.each([
    ['plain text', { level: 'info', text: 'plain text' }],
    ['::warning::50%25 of%0Ait', { level: 'warning', text: '50% of\nit' }],
    ['::error file=a%3Ab,line=1::gone', { level: 'error', text: 'gone' }],
    ['::debug::a%2525', { level: 'debug', text: 'a%25' }],
    [' ::warning::not a command', { level: 'info', text: ' ::warning::not a command' }],
  ])('%j', (line, expected) => {
    expect(readLine(line)).toEqual(expected);
  });
});

describe('what a restore came to', () => {
  test.each([
    ['a hit', 'key', [], { outcome: 'restored', key: 'key' }],
    ['a hit with a warning on the way', 'key', ['::warning::slow'], { outcome: 'restored', key: 'key' }],
    ['a miss', undefined, ['::debug::Cache not found for version x'], { outcome: 'nothing' }],
    [
      'a service that is down',
      undefined,
      [
        'Attempt 1 of 5 failed with error: Failed request: (503) x. Retrying request in 3000 ms...',
        '::warning::Failed to restore: Failed to make request after 5 attempts: Failed request: (503) x',
      ],
      {
        outcome: 'failed',
        reason: 'Failed to restore: Failed to make request after 5 attempts: Failed request: (503) x',
      },
    ],
    [
      'a download that failed, said as an error',
      undefined,
      ['::error::Failed to restore: Cache service responded with 500'],
      { outcome: 'failed', reason: 'Failed to restore: Cache service responded with 500' },
    ],
    [
      'an archive that is none',
      undefined,
      [
        `::warning::Failed to restore: "/usr/bin/tar" failed with error: The process '/usr/bin/tar' failed with exit code 2`,
      ],
      { outcome: 'unreadable' },
    ],
    [
      'no tar',
      undefined,
      ['::warning::Failed to restore: Unable to locate executable file: tar.'],
      { outcome: 'failed', reason: 'Failed to restore: Unable to locate executable file: tar.' },
    ],
    [
      'a mode that reads nothing',
      undefined,
      [`Cache restore skipped: the effective cache-mode 'write-only' does not permit reads.`],
      { outcome: 'denied', reason: `the effective cache-mode 'write-only' does not permit reads.` },
    ],
    [
      'a token that reads nothing',
      undefined,
      ['::warning::Failed to restore: Failed to x: (403) Forbidden: cache read denied: no scopes'],
      { outcome: 'denied', reason: 'cache read denied: no scopes' },
    ],
  ])('%s', (_, key, lines, expected) => {
    expect(explainRestore(key, said(...lines))).toEqual(expected);
  });
});

const conflict =
  'Failed to save: Unable to reserve cache with key k, another job may be creating this cache.';

describe('what a save came to', () => {
  test.each([
    ['done', 42, [], { outcome: 'saved' }],
    [
      'an entry of this key',
      -1,
      [
        '::debug::Failed to reserve cache: Error: Failed to CreateCacheEntry: Received non-retryable error: Failed request: (409) Conflict: cache entry with the same key, version, and scope already exists',
        conflict,
      ],
      { outcome: 'exists' },
    ],
    [
      'an entry of this key, on an Enterprise Server',
      -1,
      [`${conflict} More details: Cache already exists. Scope: refs/heads/main`],
      { outcome: 'exists' },
    ],
    [
      'a service that is down, which the library calls a conflict',
      -1,
      [
        '::debug::Failed to reserve cache: Error: Failed to CreateCacheEntry: Failed to make request after 5 attempts: Failed request: (503) x',
        conflict,
      ],
      {
        outcome: 'failed',
        reason:
          'Failed to reserve cache: Error: Failed to CreateCacheEntry: Failed to make request after 5 attempts: Failed request: (503) x',
      },
    ],
    [
      'a token made read-only',
      -1,
      [
        '::warning::Failed to save: Unable to reserve cache with key k. More details: cache write denied: why',
      ],
      { outcome: 'denied', reason: 'cache write denied: why' },
    ],
    [
      'a token made read-only, said by a 403, which the library calls a conflict',
      -1,
      [
        '::debug::Failed to reserve cache: Error: Failed request: (403) Forbidden: cache write denied: why',
        conflict,
      ],
      { outcome: 'denied', reason: 'cache write denied: why' },
    ],
    [
      'an upload that failed',
      -1,
      ['::warning::uploadCacheArchiveSDK: internal error', '::warning::Failed to save: full'],
      { outcome: 'failed', reason: 'Failed to save: full' },
    ],
    ['nothing said', -1, [], { outcome: 'failed', reason: 'nothing was said' }],
  ])('%s', (_, id, lines, expected) => {
    expect(explainSave(id, said(...lines))).toEqual(expected);
  });
});
