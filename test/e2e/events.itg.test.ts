import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  commitFiles,
  createOrigin,
  git,
  type PullRequest,
  pushPullRequest,
  shallowCheckout,
} from '../baseline/repository.ts';
import {
  dispatchEvent,
  mergeGroupEvent,
  type PullRequestOptions,
  pullRequestEvent,
  pushEvent,
  scheduleEvent,
  workflowRunEvent,
} from '../github/payloads.ts';
import { type EventCase, eventCases, type Place } from './event-cases.ts';
import { guest, noisyChange, quickInputs } from './guest-repository.ts';
import { type EndedStep, openScene, type Scene, type StepOptions } from './scene.ts';

/** One boot says nothing of growth, but enough of a cap. */
const inputs = { ...quickInputs, boots: '1', cycles: '1', warmup: '0', 'max-memfile-written': '2MiB' };
const label = 'snapshot-growth-accepted';
const fork = 'stranger';

let scene: Scene;
/** Commits of main, the second of which grows. */
let base: string;
let grown: string;
let quiet: PullRequest;
let noisy: PullRequest;
const places: Record<string, string> = {};

beforeAll(async () => {
  scene = await openScene();
  const { url, clone } = createOrigin(scene.folder);
  git(clone, 'checkout', '--quiet', '-b', 'main');
  base = commitFiles(clone, guest, 'guest');
  quiet = pushPullRequest(clone, 1, base, { 'README.md': 'x\n' });
  noisy = pushPullRequest(clone, 2, base, noisyChange);
  git(clone, 'checkout', '--quiet', 'main');
  grown = commitFiles(clone, noisyChange, 'noise');
  git(clone, 'push', '--quiet', 'origin', 'main');
  const checkout = (name: string, pull: PullRequest) => {
    places[name] = shallowCheckout(join(scene.folder, name), url, pull);
  };
  checkout('quiet', quiet);
  checkout('noisy', noisy);
  checkout('quiet-head', { ...quiet, mergeSha: quiet.headSha });
  checkout('main', { ...quiet, mergeSha: base });
  checkout('main-grown', { ...quiet, mergeSha: grown });
  // Stored once, it is the base of whatever is compared with that commit.
  await scene.step(push('main', 'refs/heads/main').step);
});
afterAll(() => scene[Symbol.asyncDispose]());

/** What a case runs, after what has to have run before it; and the commits that must have been compared. */
interface Arranged {
  readonly step: StepOptions;
  readonly compared?: { readonly head: string; readonly base: string | undefined };
  /** The commit that must have the check, and the pull request that must have the comment. */
  readonly checked?: string;
  readonly commented?: number;
}

type Arrange = () => Promise<Arranged> | Arranged;

function at(place: string): string {
  return places[place] ?? '';
}

/** Each case has a pull request of its own: labels and comments stay on it. */
async function pullRequest(
  pull: PullRequest,
  place: string,
  more: Partial<StepOptions> = {},
  change: Partial<PullRequestOptions> = {},
): Promise<Arranged & { readonly commented: number }> {
  const { headSha, mergeSha, baseSha } = pull;
  const { fork: from, headRef } = change;
  const opened = { headSha, mergeSha, baseSha, ...(from && { fork: from }), ...(headRef && { headRef }) };
  const number = change.number ?? (await scene.github.openPullRequest(opened));
  return {
    step: {
      event: pullRequestEvent({ ...pull, number, ...change }),
      workspace: at(place),
      inputs,
      ...more,
    },
    compared: { head: mergeSha, base },
    checked: headSha,
    commented: number,
  };
}

function push(place: string, ref: string, more: Readonly<Record<string, string>> = {}): Arranged {
  const after = place === 'main' ? base : grown;
  return {
    step: {
      event: pushEvent({ before: base, after, ref }),
      workspace: at(place),
      inputs: { ...inputs, ...more },
    },
    compared: { head: after, base: place === 'main' ? undefined : base },
    checked: after,
  };
}

/** A branch of its own for each case, so that they do not see each other's baselines. */
async function afterFirstPush(ref: string, more: Readonly<Record<string, string>> = {}): Promise<Arranged> {
  await scene.step(push('main', ref).step);
  return push('main-grown', ref, more);
}

const readOnly = () => ({ token: scene.github.readOnlyToken });
const fromFork = { fork };

const arrangements: Readonly<Record<string, Arrange>> = {
  'pull-request-passes': () => pullRequest(quiet, 'quiet'),
  'pull-request-fails': () => pullRequest(noisy, 'noisy'),
  'pull-request-head': async () => {
    const arranged = await pullRequest(quiet, 'quiet-head');
    return { ...arranged, compared: { head: quiet.headSha, base } };
  },
  'pull-request-no-permission': () => {
    const token = scene.github.newToken({ contents: 'read' });
    return pullRequest(noisy, 'noisy', { token });
  },
  'pull-request-labeled': async () => {
    const { step, commented: number } = await pullRequest(noisy, 'noisy');
    await scene.step(step);
    scene.github.setRole('maintainer', 'write');
    await scene.github.label(number, label, { by: 'maintainer' });
    return await pullRequest(noisy, 'noisy', {}, { number, action: 'labeled', label });
  },
  'fork-hosted': () => pullRequest(noisy, 'noisy', readOnly(), fromFork),
  'fork-self-hosted': () =>
    pullRequest(noisy, 'noisy', { ...readOnly(), env: { RUNNER_ENVIRONMENT: 'self-hosted' } }, fromFork),
  'fork-allowed': () =>
    pullRequest(
      noisy,
      'noisy',
      {
        ...readOnly(),
        env: { RUNNER_ENVIRONMENT: 'self-hosted' },
        inputs: { ...inputs, 'allow-forks': 'true' },
      },
      fromFork,
    ),
  dependabot: () => pullRequest(quiet, 'quiet', { ...readOnly(), env: { GITHUB_ACTOR: 'dependabot[bot]' } }),
  'workflow-run-comment': async () => {
    const [id, headBranch] = [77_001, 'topic'];
    const { step, ...arranged } = await pullRequest(noisy, 'noisy', readOnly(), {
      fork,
      headRef: headBranch,
    });
    await scene.step({ ...step, runId: id });
    const run = scene.github.putRun({ id, headSha: noisy.headSha, headBranch, fork });
    return {
      ...arranged,
      step: { event: workflowRunEvent(run), workspace: at('main'), inputs: { ...inputs, mode: 'comment' } },
    };
  },
  'workflow-run-fork-head': () => {
    const run = scene.github.putRun({ id: 77_002, headSha: noisy.headSha, headBranch: 'feature', fork });
    return { step: { event: workflowRunEvent(run), workspace: at('noisy'), inputs } };
  },
  'pull-request-target': () => ({
    step: { event: pullRequestEvent(noisy, 'pull_request_target'), workspace: at('main'), inputs },
  }),
  'merge-group': () => ({
    step: {
      event: mergeGroupEvent({ headSha: quiet.mergeSha, baseSha: base }),
      workspace: at('quiet'),
      inputs,
    },
    compared: { head: quiet.mergeSha, base },
    checked: quiet.mergeSha,
  }),
  'push-first': () => push('main', 'refs/heads/first'),
  'push-grows': () => afterFirstPush('refs/heads/grows'),
  'push-fails': () => afterFirstPush('refs/heads/fails', { 'on-push': 'fail' }),
  schedule: () => ({
    step: { event: scheduleEvent(), workspace: at('main-grown'), inputs },
    compared: { head: grown, base },
    checked: grown,
  }),
  dispatch: () => dispatch(),
  'dispatch-comment': async () => {
    const { commented } = await pullRequest(quiet, 'quiet');
    return { ...dispatch({ 'pr-number': String(commented) }), commented };
  },
  call: () => {
    const { step, ...arranged } = dispatch();
    return { ...arranged, step: { ...step, event: { ...step.event, name: 'workflow_call' } } };
  },
  other: () => ({ step: { event: { name: 'issue_comment', payload: {} }, workspace: at('main'), inputs } }),
};

function dispatch(more: Readonly<Record<string, string>> = {}): Arranged {
  const both = { base: `ref:${base}`, head: `ref:${noisy.mergeSha}` };
  return {
    step: { event: dispatchEvent(), workspace: at('noisy'), inputs: { ...inputs, ...both, ...more } },
    compared: { head: noisy.mergeSha, base },
    checked: noisy.mergeSha,
  };
}

test('every row of the table is run', () => {
  expect(eventCases.map(({ id }) => id).toSorted()).toEqual(Object.keys(arrangements).toSorted());
});

test.each(eventCases)('$event, $situation', async (row) => {
  const { step, compared, checked, commented } = (await arrangements[row.id]?.()) ?? {};
  if (step === undefined) throw new Error(`no arrangement of ${row.id}`);
  const before = await tellings(commented);
  const ended = await scene.step(step);

  expect(ended.exitCode, ended.log).toBe(row.exitCode);
  const after = await tellings(commented);
  expect(placesTold(ended, before, after), ended.log).toEqual(row.told);
  const check = after.checks.at(-1);
  if (row.told.includes('check'))
    expect(check).toMatchObject({ headSha: checked, conclusion: row.conclusion });
  if (compared !== undefined) expectCompared(ended, compared);
  requireWords(row, ended);
});

interface Tellings {
  readonly checks: ReturnType<Scene['github']['checks']>;
  readonly comments: readonly { readonly id: number; readonly body: string }[];
  readonly artifacts: number;
}

async function tellings(commented: number | undefined): Promise<Tellings> {
  return {
    checks: [...scene.github.checks()],
    comments: commented === undefined ? [] : await scene.github.comments(commented),
    artifacts: scene.services.artifacts.all().length,
  };
}

function placesTold({ job }: EndedStep, before: Tellings, after: Tellings): Place[] {
  const changed = JSON.stringify(before.comments) !== JSON.stringify(after.comments);
  const told: Readonly<Record<Place, boolean>> = {
    summary: job.summary() !== '',
    check: after.checks.length > before.checks.length,
    comment: changed,
    artifact: after.artifacts > before.artifacts,
  };
  return (['summary', 'check', 'comment', 'artifact'] as const).filter((place) => told[place]);
}

/** The record has the commits, and the report links them; a run that was refused wrote none. */
function expectCompared(
  { job, exitCode, log }: EndedStep,
  { head, base: ofBase }: { readonly head: string; readonly base: string | undefined },
): void {
  if (exitCode !== null && exitCode >= 64) return;
  const comparison = JSON.parse(readFileSync(job.output('comparison') ?? '', 'utf8'));
  expect(comparison.head.commit, log).toBe(head);
  expect(comparison.base?.commit).toBe(ofBase);
  const linked = [head, ofBase].filter((commit) => commit !== undefined);
  for (const commit of linked)
    expect(job.summary()).toContain(`https://github.com/octo/guest/commit/${commit}`);
  expect(
    log.split('\n').find((line) => /^(Compares|Tells) /.test(line)),
    log,
  ).toBeDefined();
}

/** What the table says in words, where the places do not show it. */
function requireWords({ id }: EventCase, { log, warnings, errors, job }: EndedStep): void {
  const words: Readonly<Record<string, () => void>> = {
    'pull-request-head': () => expect(job.summary()).toContain('not the merge commit'),
    'pull-request-no-permission': () => {
      expect(warnings.filter((text) => text.includes('checks: write'))).toHaveLength(1);
      expect(warnings.filter((text) => text.includes('pull-requests: write'))).toHaveLength(1);
    },
    'pull-request-labeled': () => {
      expect(log).not.toMatch(/boot 1 of/);
      expect(job.output('outcome')).toBe('accepted');
      expect(job.summary()).toContain('maintainer');
    },
    dependabot: () => expect(warnings.join('\n')).toContain('checks: write'),
    'push-first': () => expect(job.output('outcome')).toBe('no-baseline'),
    'push-grows': () => expect(job.output('verdict')).toBe('fail'),
    schedule: () => expect(job.output('verdict')).toBe('fail'),
    'fork-self-hosted': () => expect(errors.join('\n')).toContain('allow-forks'),
    'workflow-run-comment': () => expect(log).not.toMatch(/boot 1 of/),
    other: () => expect(errors.join('\n')).toContain('merge_group'),
  };
  words[id]?.();
}
