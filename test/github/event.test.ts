import { describe, expect, test } from 'vitest';
import { pullRequestActions, readEvent, supportedEvents } from '../../src/github/event.ts';
import { SnapgateError } from '../../src/host/error.ts';

const head = 'a'.repeat(40);
const base = 'b'.repeat(40);
const own = { full_name: 'octo/guest' };

function pullRequest(changes: object = {}, more: object = {}): string {
  return JSON.stringify({
    action: 'synchronize',
    pull_request: {
      number: 7,
      head: { sha: head, ref: 'x', repo: own },
      base: { sha: base, ref: 'main', repo: own },
      title: '::error::',
      ...changes,
    },
    ...more,
  });
}

function workflowRun(changes: object = {}): string {
  const run = {
    id: 9,
    run_attempt: 3,
    head_sha: head,
    head_branch: 'x',
    head_repository: own,
    event: 'pull_request',
  };
  return JSON.stringify({
    repository: own,
    workflow_run: { ...run, conclusion: 'success', ...changes },
  });
}

describe('readEvent', () => {
  test('a pull request', () => {
    expect(readEvent('pull_request', pullRequest())).toEqual({
      name: 'pull_request',
      action: 'synchronize',
      number: 7,
      headSha: head,
      baseSha: base,
      baseBranch: 'main',
      isFork: false,
      label: undefined,
    });
  });

  test.each([
    ['another repository', { full_name: 'stranger/guest' }],
    ['a repository that is gone', null],
  ])('a pull request from %s is from a fork', (_, repo) => {
    expect(readEvent('pull_request', pullRequest({ head: { sha: head, repo } }))).toMatchObject({
      isFork: true,
    });
  });

  test.each(pullRequestActions)('a pull request that is %s', (action) => {
    const label = { name: 'grown' };
    expect(readEvent('pull_request', pullRequest({}, { action, label }))).toMatchObject({
      action,
      label: 'grown',
    });
  });

  test.each(['closed', 'edited', 'constructor'])(
    'a pull request that is %s has nothing to measure, and the error names the types that have',
    (action) => {
      expect(() => readEvent('pull_request', pullRequest({}, { action }))).toThrow(
        expect.objectContaining({ code: 'usage', remedy: expect.stringContaining('ready_for_review') }),
      );
    },
  );

  test('a push of a branch, and one that deletes it', () => {
    const push = { ref: 'refs/heads/main', before: base, after: head };
    expect(readEvent('push', JSON.stringify(push))).toEqual({ name: 'push', ref: 'refs/heads/main' });
    expect(() => readEvent('push', JSON.stringify({ ...push, deleted: true }))).toThrow(/nothing to measure/);
  });

  test('a merge group', () => {
    const group = (ref: string) =>
      JSON.stringify({ merge_group: { head_sha: head, base_sha: base, head_ref: ref } });
    const queued = `refs/heads/gh-readonly-queue/main/pr-12-${base}`;
    const expected = { name: 'merge_group', headSha: head, baseSha: base };
    expect(readEvent('merge_group', group(queued))).toEqual({ ...expected, pullRequest: 12 });
    expect(readEvent('merge_group', group('x'))).toEqual({ ...expected, pullRequest: undefined });
  });

  test('a run of another workflow', () => {
    expect(readEvent('workflow_run', workflowRun())).toEqual({
      name: 'workflow_run',
      runId: 9,
      attempt: 3,
      headSha: head,
      headRepository: 'octo/guest',
      headBranch: 'x',
      event: 'pull_request',
      conclusion: 'success',
      isFork: false,
    });
    const gone = readEvent('workflow_run', workflowRun({ head_repository: null, conclusion: null }));
    expect(gone).toMatchObject({ headRepository: undefined, conclusion: undefined, isFork: true });
  });

  test.each(['schedule', 'workflow_dispatch', 'workflow_call'])('%s says nothing of its own', (name) => {
    expect(readEvent(name, '{"inputs":null}')).toEqual({ name });
  });

  test('pull_request_target is read, to be refused, whatever its payload', () => {
    expect(readEvent('pull_request_target', pullRequest())).toEqual({
      name: 'pull_request_target',
      headSha: head,
    });
    expect(readEvent('pull_request_target', '{}')).toMatchObject({ headSha: undefined });
  });

  test.each(['issue_comment', 'release', '', 'constructor', '__proto__'])(
    'the event %j is refused with the list of those that work',
    (name) => {
      expect(() => readEvent(name, '{}')).toThrow(
        expect.objectContaining({
          code: 'usage',
          remedy: `Run it on one of: ${supportedEvents.join(', ')}.`,
        }),
      );
    },
  );

  test.each([
    ['no JSON', 'pull_request', 'no'],
    ['no pull request', 'pull_request', '{}'],
    ['a hash that is an option', 'pull_request', pullRequest({ head: { sha: '--upload-pack=x' } })],
    ['a number that is none', 'pull_request', pullRequest({ number: '7; rm' })],
    ['no ref', 'push', '{}'],
    ['no group', 'merge_group', '{}'],
    ['a run whose number is none', 'workflow_run', workflowRun({ id: '../9' })],
  ])('a payload with %s is an error of use', (_, name, payload) => {
    expect(() => readEvent(name, payload)).toThrow(SnapgateError);
  });
});
