import type { Measurement } from '../../src/measure/record.ts';
import type { ActionsServices } from '../github/actions-services.ts';
import type { GitHubEmulator } from '../github/emulator.ts';
import { type TestEvent, workflowRunEvent } from '../github/payloads.ts';
import { type ZipEntry, zipOf } from '../github/zip.ts';
import { growing, side } from '../report/samples.ts';

/** Commits of a pull request from a fork: GitHub has tried its merge out. */
export const commits = {
  base: 'a'.repeat(40),
  head: 'b'.repeat(40),
  merge: 'e'.repeat(40),
  unrelated: 'd'.repeat(40),
} as const;

/** The run of the fork's workflow that has measured. */
export const measuringRun = 9001;

/** A fork's pull request on a GitHub, and the run that measured it. */
export interface ForkedPull {
  readonly number: number;
  /** What mode: comment is run on. */
  readonly event: TestEvent;
}

export async function openForkedPull(github: GitHubEmulator): Promise<ForkedPull> {
  const { base, head, merge } = commits;
  const headRef = 'topic';
  const number = await github.openPullRequest({ headSha: head, headRef, fork: 'stranger', mergeSha: merge });
  const knows = (path: RegExp, body: object) => github.fault({ method: 'GET', path, status: 200, body });
  github.fault({ path: /\/(?:git\/commits|compare)\//, status: 404 });
  knows(new RegExp(`/git/commits/${merge}`), { sha: merge, parents: [{ sha: base }, { sha: head }] });
  knows(new RegExp(`/git/commits/${head}`), { sha: head, parents: [{ sha: commits.unrelated }] });
  knows(new RegExp(`/compare/main\\.\\.\\.${base}`), { status: 'behind' });
  const run = {
    id: measuringRun,
    headSha: head,
    headBranch: headRef,
    fork: 'stranger',
    conclusion: 'failure',
  };
  return { number, event: workflowRunEvent(github.putRun(run)) };
}

/** What an honest run uploads, but for what is given; `undefined` leaves a file out. */
export interface UploadedFiles {
  readonly record?: object;
  readonly base?: object | undefined;
  readonly head?: object | undefined;
}

/** Both sides as they were measured: one scenario has grown by half. */
export const measured = {
  base: side('base'),
  head: merged(side('head', growing({ 'idle-2s': 1.5 }))),
} as const;

export function merged(head: Measurement): Measurement {
  return { ...head, subject: { label: 'what it says', commit: commits.merge } };
}

export function uploadedFiles({ number }: ForkedPull, changes: UploadedFiles = {}): ZipEntry[] {
  const { base, head } = { ...measured, ...changes };
  const record = {
    schema: 'snapgate/upload',
    version: 1,
    kind: 'gate',
    key: 'default',
    pullRequest: number,
    headSha: commits.head,
    ...changes.record,
  };
  const files = { 'upload.json': record, 'measurement-base.json': base, 'measurement-head.json': head };
  return Object.entries(files).flatMap(([name, value]) =>
    value === undefined ? [] : [jsonFile(name, value)],
  );
}

export function jsonFile(name: string, value: object): ZipEntry {
  return { name, content: JSON.stringify(value) };
}

/** Puts a zip of these files where the run's artifact is. */
export function plantArtifact(
  { artifacts }: ActionsServices,
  entries: readonly ZipEntry[],
  more: { readonly claimedBytes?: number } = {},
): void {
  artifacts.plant({ runId: measuringRun, name: 'snapgate-default', zip: zipOf(entries), ...more });
}
