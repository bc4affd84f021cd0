import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { git } from '../baseline/repository.ts';
import type { ActionsServices } from '../github/actions-services.ts';
import { pullRequestEvent, type TestEvent } from '../github/payloads.ts';
import { growing, side } from '../report/samples.ts';
import { testCacheDir } from './cache.ts';
import { type Job, openJob } from './runner.ts';
import { type Annotations, annotationsOf } from './workflow-commands.ts';

/** Commits of a pull request that nobody pushed: records need none. */
export const baseSha = 'a'.repeat(40);
export const headSha = 'b'.repeat(40);

/** The title that a verdict of `fail` has, and its only error. */
export const failedHeadline = 'memfile diff of idle-2s +50.0 % per cycle (fails above +5 %)';

export interface RecordedGate {
  /** Of this run alone. */
  readonly folder: string;
  readonly github: { readonly apiUrl: string; readonly repository: string; readonly token: string };
  readonly pullNumber: number;
  /** Growth of one scenario as a factor; 1.5, which fails, if not given. */
  readonly growth?: number;
  readonly headSha?: string;
  /** A push to the pull request if not given. */
  readonly event?: TestEvent;
  readonly inputs?: Readonly<Record<string, string>>;
  readonly runId?: number;
  readonly attempt?: number;
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly services?: ActionsServices;
  /** The workspace is an empty checkout of this; none if not given. */
  readonly origin?: string;
}

/** A run that has ended, and its post step. */
export interface EndedGate extends Annotations {
  readonly job: Job;
  readonly exitCode: number | null;
  readonly seconds: number;
  readonly log: string;
  readonly post: Annotations & {
    readonly exitCode: number | null;
    readonly seconds: number;
    readonly log: string;
  };
}

/** A step that decides on two records, so that nothing boots: it is over in a second. */
export function openRecordedGate(gate: RecordedGate): Job {
  const { folder, github, pullNumber, services } = gate;
  return openJob({
    folder,
    workspace: writeWorkspace(gate),
    github,
    event: gate.event ?? pullRequestEvent({ number: pullNumber, headSha: gate.headSha ?? headSha, baseSha }),
    inputs: {
      base: 'measurement:base.json',
      head: 'measurement:head.json',
      'cache-dir': testCacheDir,
      ...gate.inputs,
    },
    env: {
      GITHUB_RUN_ID: String(gate.runId ?? 1000),
      GITHUB_RUN_ATTEMPT: String(gate.attempt ?? 1),
      ...gate.env,
    },
    ...(services === undefined ? {} : { services }),
  });
}

export async function runRecordedGate(gate: RecordedGate): Promise<EndedGate> {
  return await endJob(openRecordedGate(gate));
}

/** Runs the step and its post step to their ends. */
export async function endJob(job: Job): Promise<EndedGate> {
  const main = await timed(() => job.main());
  const post = await timed(() => job.post());
  return { job, ...main, post };
}

async function timed(start: () => ReturnType<Job['main']>) {
  const started = performance.now();
  const step = start();
  const exitCode = await step.ended;
  const log = step.log();
  return { exitCode, log, seconds: (performance.now() - started) / 1000, ...annotationsOf(log) };
}

function writeWorkspace({ folder, growth = 1.5, origin }: RecordedGate): string {
  const workspace = join(folder, 'workspace');
  mkdirSync(workspace, { recursive: true });
  if (origin !== undefined) {
    git(workspace, 'init', '--quiet');
    git(workspace, 'remote', 'add', 'origin', origin);
  }
  const records = { base: side('base'), head: side('head', growing({ 'idle-2s': growth })) };
  for (const [name, record] of Object.entries(records))
    writeFileSync(join(workspace, `${name}.json`), JSON.stringify(record));
  return workspace;
}
