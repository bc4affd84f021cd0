import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { readConfig } from '../../src/config/config.ts';
import { packageOf } from '../../src/host/process.ts';
import { prerequisitesOf } from '../../src/job/prerequisites.ts';
import {
  dispatchEvent,
  mergeGroupEvent,
  type PullRequestOptions,
  pullRequestEvent,
  pushEvent,
  scheduleEvent,
  type TestEvent,
  workflowRunEvent,
} from '../github/payloads.ts';
import { holds, interpolate, type Scope } from './expression.ts';
import { isTriggered } from './trigger.ts';
import { exampleFolder, ownFolder, parseWorkflow, readWorkflowText } from './workflow-file.ts';

const sha = 'a'.repeat(40);

function scopeOf({ name, payload }: TestEvent): Scope {
  const event = z.json().parse(payload);
  const github = { event, event_name: name, repository: 'octo/guest', ref: 'refs/heads/main' };
  return { status: 'success', contexts: { github, inputs: {}, needs: {} } };
}

/** Names of the jobs that an event makes GitHub run, of those that need no other. */
function jobsOn(path: string, event: TestEvent): string[] {
  const workflow = parseWorkflow(readWorkflowText(path));
  if (!isTriggered(workflow, event)) return [];
  return Object.entries(workflow.jobs).flatMap(([name, job]) =>
    job.needs === undefined && holds(job.if, scopeOf(event)) ? [name] : [],
  );
}

function pull(more: Partial<PullRequestOptions> = {}): TestEvent {
  return pullRequestEvent({ number: 7, headSha: sha, baseSha: sha, ...more });
}

function ended(run: { event?: string; conclusion?: string; name?: string }): TestEvent {
  return workflowRunEvent({
    name: 'snapgate (measure)',
    event: 'pull_request',
    conclusion: 'success',
    ...run,
  });
}

const accept = 'snapshot-growth-accepted';
const events = {
  opened: pull({ action: 'opened' }),
  'a push to it': pull(),
  'a draft': pull({ draft: true }),
  'ready for review': pull({ action: 'ready_for_review' }),
  closed: pull({ action: 'closed' }),
  'of a fork': pull({ fork: 'mallory' }),
  'of a fork that is gone': pull({ fork: null }),
  'the accepting label': pull({ action: 'labeled', label: accept }),
  'the accepting label, removed': pull({ action: 'unlabeled', label: accept }),
  'another label': pull({ action: 'labeled', label: 'bug' }),
  'on pull_request_target': pullRequestEvent(
    { number: 7, headSha: sha, baseSha: sha },
    'pull_request_target',
  ),
  'a merge queue': mergeGroupEvent({ headSha: sha, baseSha: sha }),
  'a push to main': pushEvent({ after: sha }),
  'a push elsewhere': pushEvent({ after: sha, ref: 'refs/heads/other' }),
  'a schedule': scheduleEvent(),
  'a dispatch': dispatchEvent(),
  'a measuring that ended': ended({}),
  'a measuring that failed': ended({ conclusion: 'failure' }),
  'a measuring that was cancelled': ended({ conclusion: 'cancelled' }),
  'a measuring that was skipped': ended({ conclusion: 'skipped' }),
  'a measuring of a push': ended({ event: 'push' }),
  'the end of another workflow': ended({ name: 'ci' }),
};

const labels = ['the accepting label', 'the accepting label, removed'];
const pulls = ['opened', 'a push to it', 'ready for review'];
const forks = ['of a fork', 'of a fork that is gone'];

/** By file: the events on which it does something. */
const expected: Readonly<Record<string, readonly string[]>> = {
  [`${exampleFolder}/pull-request.yml`]: [...pulls, ...labels, 'a merge queue'],
  [`${exampleFolder}/cloud-hypervisor.yml`]: ['opened', 'a push to it'],
  [`${exampleFolder}/virsh.yml`]: ['opened', 'a push to it'],
  [`${exampleFolder}/github-hosted.yml`]: [...pulls, ...forks, ...labels],
  [`${exampleFolder}/fork-measure.yml`]: [...pulls, ...forks, ...labels],
  [`${exampleFolder}/fork-comment.yml`]: ['a measuring that ended', 'a measuring that failed'],
  [`${exampleFolder}/baseline.yml`]: ['a push to main', 'a schedule'],
  [`${exampleFolder}/dispatch.yml`]: ['a dispatch'],
  [`${exampleFolder}/matrix.yml`]: pulls,
  [`${ownFolder}/snapgate.yml`]: [...pulls, ...forks, ...labels],
};

describe.each(Object.entries(expected))('%s', (path, which) => {
  it.each(Object.entries(events))(`on %s`, (name, event) => {
    const does = jobsOn(path, event).length > 0;
    expect(does).toBe(which.includes(name));
  });
});

/** A group is the repository's: fork-measure.yml stands beside one of the others, which it must not end. */
describe.each([
  ['pull-request', 'snapgate-7'],
  ['github-hosted', 'snapgate-7'],
  ['fork-measure', 'snapgate-measure-7'],
])('a label in %s.yml', (name, group) => {
  const { jobs } = parseWorkflow(readWorkflowText(`${exampleFolder}/${name}.yml`));
  const concurrency = jobs['snapshots']?.concurrency;

  it.each([
    ['waits for the measuring, and does not end it', events['the accepting label'], 'false'],
    ['removed neither', events['the accepting label, removed'], 'false'],
    ['is not a push, which does', events['a push to it'], 'true'],
  ])('%s', (_, event, cancels) => {
    expect(interpolate(concurrency?.['cancel-in-progress'] ?? '', scopeOf(event))).toBe(cancels);
    expect(interpolate(concurrency?.group ?? '', scopeOf(event))).toBe(group);
  });
});

it('a merge queue’s runs do not end one another', () => {
  const { jobs } = parseWorkflow(readWorkflowText(`${exampleFolder}/pull-request.yml`));
  const group = jobs['snapshots']?.concurrency?.group ?? '';
  expect(interpolate(group, scopeOf(events['a merge queue']))).toBe('snapgate-refs/heads/main');
});

it('github-hosted.yml installs what the action calls, beside the docker that is there', () => {
  const { jobs } = parseWorkflow(readWorkflowText(`${exampleFolder}/github-hosted.yml`));
  const script = jobs['snapshots']?.steps.map(({ run = '' }) => run).join('\n');
  const installed = /apt-get install .*--no-install-recommends ((?:[\w-]+|\s|\\\n)+)/.exec(script ?? '')?.[1];
  const commands = prerequisitesOf(readConfig({ rootfs: 'guest.tar' }, undefined));
  const needed = new Set(commands.map((command) => packageOf(command).split(' ').at(-1)));
  expect(
    installed
      ?.split(/[\s\\]+/)
      .filter((name) => name !== '')
      .toSorted(),
  ).toEqual([...needed].toSorted());
});
