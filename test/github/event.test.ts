import { describe, expect, test } from 'vitest';
import { readEvent } from '../../src/github/event.ts';
import { SnapgateError } from '../../src/host/error.ts';

const head = 'a'.repeat(40);
const base = 'b'.repeat(40);

function pullRequest(changes: object = {}): string {
  return JSON.stringify({
    action: 'synchronize',
    pull_request: {
      number: 7,
      head: { sha: head, ref: 'x' },
      base: { sha: base },
      title: '::error::',
      ...changes,
    },
  });
}

describe('readEvent', () => {
  test('a pull request', () => {
    expect(readEvent('pull_request', pullRequest())).toEqual({
      name: 'pull_request',
      number: 7,
      headSha: head,
      baseSha: base,
    });
  });

  test('a push, and one that makes a branch', () => {
    expect(readEvent('push', JSON.stringify({ before: base }))).toEqual({ name: 'push', before: base });
    expect(readEvent('push', JSON.stringify({ before: '0'.repeat(40) }))).toEqual({
      name: 'push',
      before: undefined,
    });
  });

  test('a dispatch', () => {
    expect(readEvent('workflow_dispatch', '{"inputs":null}')).toEqual({ name: 'workflow_dispatch' });
  });

  test.each(['issue_comment', 'pull_request_target', '', 'constructor', '__proto__'])(
    'the event %j is refused with the list of those that work',
    (name) => {
      expect(() => readEvent(name, '{}')).toThrow(
        expect.objectContaining({
          code: 'usage',
          remedy: 'Run it on one of: pull_request, push, workflow_dispatch.',
        }),
      );
    },
  );

  test.each([
    ['no JSON', 'pull_request', 'no'],
    ['no pull request', 'pull_request', '{}'],
    ['a hash that is an option', 'pull_request', pullRequest({ head: { sha: '--upload-pack=x' } })],
    ['a number that is none', 'pull_request', pullRequest({ number: '7; rm' })],
    ['no before', 'push', '{}'],
  ])('a payload with %s is an error of use', (_, name, payload) => {
    expect(() => readEvent(name, payload)).toThrow(SnapgateError);
  });
});
