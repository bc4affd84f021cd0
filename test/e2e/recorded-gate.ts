import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ActionsServices } from '../github/actions-services.ts';
import { pullRequestEvent, type TestEvent } from '../github/payloads.ts';
import { growing, side } from '../report/samples.ts';
import { testCacheDir } from './cache.ts';
import { type Job, openJob } from './runner.ts';
import { type Annotations, annotationsOf } from './workflow-commands.ts';

/** Commits of a pull request that nobody pushed: records need no checkout. */
export const baseSha = 'a'.repeat(40);
export const headSha = 'b'.repeat(40);

export interface RecordedGate {
  /** Folder of this run alone. */
  readonly folder: string;
  readonly github: { readonly apiUrl: string; readonly repository: string; readonly token: string };
  readonly pullNumber: number;
  /** Growth of one scenario as a factor; 1.5, which fails, if not given. */
  readonly growth?: number;
  readonly headSha?: string;
  /** The pull request's `synchronize` if not given. */
  readonly event?: TestEvent;
  readonly inputs?: Readonly<Record<string, string>>;
  readonly runId?: number;
  readonly attempt?: number;
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly services?: ActionsServices;
}

/** A run that has ended, its post step too. */
export interface EndedGate extends Annotations {
  readonly job: Job;
  readonly exitCode: number | null;
  readonly seconds: number;
  readonly log: string;
  readonly post: { readonly exitCode: number | null; readonly log: string; readonly seconds: number };
}

/** A step that decides on two records, so that nothing boots: it is over in a second. Its workspace is no checkout. */
export function openRecordedGate(gate: RecordedGate): Job {
  const { folder, github, pullNumber, growth = 1.5, services } = gate;
  const workspace = join(folder, 'workspace');
  mkdirSync(workspace, { recursive: true });
  const records = { base: side('base'), head: side('head', growing({ 'idle-2s': growth })) };
  for (const [name, record] of Object.entries(records))
    writeFileSync(join(workspace, `${name}.json`), JSON.stringify(record));
  return openJob({
    folder,
    workspace,
    github,
    event:
      gate.event ?? pullRequestEvent({ number: pullNumber, headSha: gate.headSha ?? headSha, baseSha }),
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

/** Runs the step and its post step. */
export async function endJob(job: Job): Promise<EndedGate> {
  const started = performance.now();
  const main = job.main();
  const exitCode = await main.ended;
  const ended = performance.now();
  const post = job.post();
  const postExitCode = await post.ended;
  return {
    job,
    exitCode,
    seconds: (ended - started) / 1000,
    log: main.log(),
    post: { exitCode: postExitCode, log: post.log(), seconds: (performance.now() - ended) / 1000 },
    ...annotationsOf(main.log()),
  };
}
