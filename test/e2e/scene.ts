import { join } from 'node:path';
import { temporaryFolder } from '../baseline/repository.ts';
import { type ActionsServices, startActionsServices } from '../github/actions-services.ts';
import { type GitHubEmulator, startGitHub } from '../github/emulator.ts';
import type { TestEvent } from '../github/payloads.ts';
import { testCacheDir } from './cache.ts';
import { type Job, openJob } from './runner.ts';

/** One step with the action: what is not said is as in an ordinary run. */
export interface StepOptions {
  readonly event: TestEvent;
  readonly workspace: string;
  /** The step's `with:`. */
  readonly inputs?: Readonly<Record<string, string>>;
  readonly token?: string;
  readonly runId?: number;
  readonly attempt?: number;
  readonly env?: Readonly<Record<string, string | undefined>>;
}

/** A step that has ended, its post step too. */
export interface EndedStep {
  readonly job: Job;
  readonly exitCode: number | null;
  readonly log: string;
  /** Messages of `::warning` and `::error` commands, as they are shown. */
  readonly warnings: readonly string[];
  readonly errors: readonly string[];
}

/** A GitHub with its services, whose repository is at `origin.git` in the folder once it is made, and runners that run the committed dist/ against it. */
export interface Scene extends AsyncDisposable {
  readonly folder: string;
  readonly github: GitHubEmulator;
  readonly services: ActionsServices;
  step(options: StepOptions): Promise<EndedStep>;
}

export async function openScene(): Promise<Scene> {
  const folder = temporaryFolder();
  const services = await startActionsServices();
  const github = await startGitHub({ services, gitFolder: join(folder.path, 'origin.git') });
  let steps = 0;
  return {
    folder: folder.path,
    github,
    services,
    step: async ({ event, workspace, inputs = {}, token = github.token, runId, attempt, env = {} }) => {
      steps += 1;
      const job = openJob({
        folder: join(folder.path, `job-${steps}`),
        workspace,
        event,
        inputs: { 'cache-dir': testCacheDir, ...inputs },
        github: { apiUrl: github.apiUrl, repository: github.repository, token },
        services,
        env: {
          GITHUB_RUN_ID: String(runId ?? 1000 + steps),
          GITHUB_RUN_ATTEMPT: String(attempt ?? 1),
          ...env,
        },
      });
      return await runToEnd(job);
    },
    [Symbol.asyncDispose]: async () => {
      await github[Symbol.asyncDispose]();
      await services[Symbol.asyncDispose]();
      folder[Symbol.dispose]();
    },
  };
}

async function runToEnd(job: Job): Promise<EndedStep> {
  const main = job.main();
  const exitCode = await main.ended;
  const post = job.post();
  if ((await post.ended) !== 0) throw new Error(`the post step failed: ${post.log()}`);
  const log = main.log();
  return {
    job,
    exitCode,
    log,
    warnings: messagesOf(log, 'warning'),
    errors: messagesOf(log, 'error'),
  };
}

/** docs.github.com, "Workflow commands": the message with its escapes undone. */
function messagesOf(log: string, level: 'warning' | 'error'): string[] {
  const lines = log.matchAll(new RegExp(`^::${level}(?: [^\\n]*?)?::(.*)$`, 'gm'));
  return [...lines].map(([, text = '']) =>
    text.replaceAll('%0A', '\n').replaceAll('%0D', '\r').replaceAll('%25', '%'),
  );
}
