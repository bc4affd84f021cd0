import { readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type Files, git, type PullRequest, temporaryFolder } from '../baseline/repository.ts';
import { type ActionsServices, startActionsServices } from '../github/actions-services.ts';
import { type GitHubEmulator, startGitHub } from '../github/emulator.ts';
import { pullRequestEvent, pushEvent, type TestEvent } from '../github/payloads.ts';
import { exampleFolder } from '../workflows/workflow-file.ts';
import {
  createExampleRepository,
  type ExampleRepository,
  exampleEnvironment,
  type Settings,
} from './example-repository.ts';
import { type JobResult, runWorkflow, type WorkflowOptions, type WorkflowResult } from './workflow.ts';

/** A push to the pull request, with the event that GitHub sends of it. */
export interface PushedPullRequest extends PullRequest {
  readonly event: TestEvent;
}

export interface PullRequestPush {
  /** First parent of the merge commit: main as it is now if not given. */
  readonly base?: string;
  /** Where the branch left main: `base` if not given. */
  readonly forkPoint?: string;
  /** Account of the fork that the branch is in. */
  readonly fork?: string;
}

type RunMore = Partial<WorkflowOptions>;

/** A repository as the example workflows expect one, private, with one open pull request, on a GitHub that has its services. */
export interface WorkflowWorld extends AsyncDisposable {
  readonly folder: string;
  readonly github: GitHubEmulator;
  readonly services: ActionsServices;
  readonly repository: ExampleRepository;
  /** Pushes to the open pull request: its branch is then one commit with these files changed. */
  pushPullRequest(files: Files, more?: PullRequestPush): PushedPullRequest;
  /** Pushes to main. */
  pushMain(files: Files): { readonly commit: string; readonly event: TestEvent };
  /** Runs a file of examples/workflows/. */
  run(file: string, event: TestEvent, more?: RunMore): Promise<WorkflowResult>;
  /** Runs a workflow that is given as text. */
  runText(text: string, event: TestEvent, more?: RunMore): Promise<WorkflowResult>;
}

export async function openWorkflowWorld(settings: Settings = {}): Promise<WorkflowWorld> {
  const folder = temporaryFolder();
  const services = await startActionsServices();
  const repository = createExampleRepository(join(folder.path, 'repository'), settings);
  const gitFolder = new URL(repository.origin).pathname;
  const github = await startGitHub({ services, gitFolder, isPrivate: true });
  let runs = 1000;
  const run = async (path: string, event: TestEvent, more: RunMore) => {
    runs += 1;
    const world = { folder: folder.path, github, services, origin: repository.origin, isPrivate: true };
    const { runId } = more.rerunOf ?? { runId: runs };
    return await runWorkflow({ ...world, path, event, runId, env: exampleEnvironment(), ...more });
  };
  return {
    folder: folder.path,
    github,
    services,
    repository,
    pushPullRequest: (files, more = {}) => pushTo(github, repository, files, more),
    pushMain: (files) => {
      const before = repository.main();
      const commit = repository.push(files);
      return { commit, event: pushEvent({ before, after: commit }) };
    },
    run: (file, event, more = {}) => run(`${exampleFolder}/${file}`, event, more),
    runText: async (text, event, more = {}) => {
      const path = join(folder.path, `workflow-${runs + 1}.yml`);
      writeFileSync(path, text);
      return await run(path, event, more);
    },
    [Symbol.asyncDispose]: async () => {
      await github[Symbol.asyncDispose]();
      await services[Symbol.asyncDispose]();
      folder[Symbol.dispose]();
    },
  };
}

function pushTo(
  github: GitHubEmulator,
  repository: ExampleRepository,
  files: Files,
  { base, forkPoint, fork }: PullRequestPush,
): PushedPullRequest {
  const pull = repository.pullRequest(github.pullNumber, files, base, forkPoint);
  const { number, headSha, baseSha, mergeSha } = pull;
  const from = fork === undefined ? {} : { fork };
  github.changePullRequest(number, { headSha, baseSha, mergeSha, ...from });
  return { ...pull, event: pullRequestEvent({ ...pull, ...from }) };
}

/** What a job has left behind: in the runner's folder for temporary files, and of changes in its checkout. */
export function leftBy({ workspace }: JobResult): string[] {
  const changed = git(workspace, 'status', '--porcelain');
  return [...readdirSync(join(dirname(workspace), 'temp')), ...(changed === '' ? [] : [changed])];
}

/** The sides that were booted, by the log. */
export function bootedSides(log: string): string[] {
  return [...new Set(log.match(/^(?:base|head)(?= boot \d+ of \d+: starts)/gm))].toSorted();
}
