import { expect, it } from 'vitest';
import {
  dispatchEvent,
  mergeGroupEvent,
  pullRequestEvent,
  pushEvent,
  scheduleEvent,
  workflowRunEvent,
} from '../github/payloads.ts';
import { refsOf } from './runner.ts';

const sha = 'a'.repeat(40);
const pull = { number: 7, headSha: sha, baseSha: sha, headRef: 'fix', baseRef: 'v2' };

it.each([
  ['a pull request', pullRequestEvent(pull), 'refs/pull/7/merge'],
  ['a pull request’s base', pullRequestEvent(pull, 'pull_request_target'), 'refs/heads/v2'],
  ['a push', pushEvent({ after: sha, ref: 'refs/heads/v2' }), 'refs/heads/v2'],
  [
    'a merge group',
    mergeGroupEvent({ headSha: sha, baseSha: sha }),
    `refs/heads/gh-readonly-queue/main/pr-1-${sha}`,
  ],
  ['a dispatch', dispatchEvent({}, 'refs/heads/v2'), 'refs/heads/v2'],
  ['a schedule', scheduleEvent(), 'refs/heads/main'],
  ['the end of another workflow', workflowRunEvent({ head_branch: 'fix' }), 'refs/heads/main'],
])('%s runs on its ref', (_, event, ref) => {
  expect(refsOf(event).ref).toBe(ref);
});

it('a pull request has the branches that it goes from and to', () => {
  expect(refsOf(pullRequestEvent(pull))).toMatchObject({ GITHUB_HEAD_REF: 'fix', GITHUB_BASE_REF: 'v2' });
  expect(refsOf(pushEvent({ after: sha }))).toEqual({ ref: 'refs/heads/main' });
});
