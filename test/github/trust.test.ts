import { describe, expect, test } from 'vitest';
import { readConfig } from '../../src/config/config.ts';
import type { Mode } from '../../src/config/inputs.ts';
import type { TriggerEvent } from '../../src/github/event.ts';
import { readEvent } from '../../src/github/event.ts';
import { requireTrusted } from '../../src/github/trust.ts';

const head = 'a'.repeat(40);
const base = 'b'.repeat(40);
const merge = 'c'.repeat(40);
const own = { full_name: 'octo/guest' };
const fork = { full_name: 'stranger/guest' };

const fromFork = readEvent(
  'pull_request',
  JSON.stringify({
    pull_request: { number: 7, head: { sha: head, repo: fork }, base: { sha: base, repo: own } },
  }),
);
const target = readEvent('pull_request_target', JSON.stringify({ pull_request: { head: { sha: head } } }));
const runOfFork = readEvent(
  'workflow_run',
  JSON.stringify({
    repository: own,
    workflow_run: { id: 1, head_sha: head, head_repository: fork, event: 'pull_request' },
  }),
);

const runOfOwn = readEvent(
  'workflow_run',
  JSON.stringify({
    repository: own,
    workflow_run: { id: 1, head_sha: head, head_repository: own, event: 'push' },
  }),
);

interface Case {
  readonly hosted?: boolean;
  readonly checkout?: { readonly commit: string; readonly parents: readonly string[] };
  readonly inputs?: Readonly<Record<string, string>>;
  readonly mode?: Mode;
}

function trust(event: TriggerEvent, { hosted = false, checkout, inputs = {}, mode = 'gate' }: Case = {}) {
  const config = readConfig(inputs, undefined);
  return () =>
    requireTrusted(
      event,
      { githubHosted: hosted },
      checkout ?? { commit: merge, parents: [base, head] },
      config.github,
      mode,
    );
}

describe('what a stranger has written', () => {
  test('is not run on a machine that others use after it, unless that is asked for', () => {
    expect(trust(fromFork)).toThrow(
      expect.objectContaining({ code: 'refused', remedy: expect.stringContaining('allow-forks: true') }),
    );
    expect(trust(fromFork, { mode: 'measure' })).toThrow(/self-hosted/);
    expect(trust(fromFork, { hosted: true })).not.toThrow();
    expect(trust(fromFork, { inputs: { 'allow-forks': 'true' } })).not.toThrow();
    // Nothing of the fork is built or booted by a job that only decides.
    expect(trust(fromFork, { inputs: { entries: 'all' } })).not.toThrow();
  });

  test.each([
    ['its tip', { commit: head, parents: [base] }],
    ['its merge', { commit: merge, parents: [base, head] }],
  ])('is not run with the secrets of the base: %s on pull_request_target', (_, checkout) => {
    const more = { checkout, hosted: true, inputs: { 'allow-forks': 'true' } };
    expect(trust(target, more)).toThrow(
      expect.objectContaining({ code: 'refused', message: expect.stringContaining('is checked out') }),
    );
  });

  test('pull_request_target is refused without the head too, and says what to use', () => {
    expect(trust(target, { checkout: { commit: base, parents: [] } })).toThrow(
      expect.objectContaining({ code: 'refused', remedy: expect.stringContaining('workflow_run') }),
    );
  });

  test('nothing is built on workflow_run of a fork, whatever is checked out or named; telling of it is not building', () => {
    expect(trust(runOfFork, { hosted: true })).toThrow(expect.objectContaining({ code: 'refused' }));
    expect(trust(runOfFork, { mode: 'comment' })).not.toThrow();
    expect(trust(runOfFork, { hosted: true, checkout: { commit: base, parents: [] } })).toThrow(/secrets/);
    expect(trust(runOfOwn, { hosted: true })).not.toThrow();
  });
});
