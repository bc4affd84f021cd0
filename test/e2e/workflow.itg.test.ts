import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { git, temporaryFolder } from '../baseline/repository.ts';
import { type ActionsServices, startActionsServices } from '../github/actions-services.ts';
import { type GitHubEmulator, startGitHub } from '../github/emulator.ts';
import {
  dispatchEvent,
  pullRequestEvent,
  pushEvent,
  scheduleEvent,
  type TestEvent,
} from '../github/payloads.ts';
import { createExampleRepository, type ExampleRepository, quietGuest } from './example-repository.ts';
import { jobOf, runWorkflow, type WorkflowOptions, type WorkflowResult } from './workflow.ts';

let folder: ReturnType<typeof temporaryFolder>;
let github: GitHubEmulator;
let services: ActionsServices;
let repository: ExampleRepository;
beforeAll(async () => {
  folder = temporaryFolder();
  services = await startActionsServices();
  github = await startGitHub({ services });
  repository = createExampleRepository(join(folder.path, 'repository'));
});
afterAll(async () => {
  await github[Symbol.asyncDispose]();
  await services[Symbol.asyncDispose]();
  folder[Symbol.dispose]();
});

let runs = 100;

/** Runs a workflow that is given as text. */
async function run(
  text: string,
  event: TestEvent,
  more: Partial<WorkflowOptions> = {},
): Promise<WorkflowResult> {
  runs += 1;
  const path = join(folder.path, 'workflow.yml');
  writeFileSync(path, text);
  const standard = {
    path,
    folder: folder.path,
    event,
    github,
    services,
    origin: repository.origin,
    runId: runs,
  };
  return await runWorkflow({ ...standard, ...more });
}

const checkout = 'actions/checkout@8e8c483db84b4bee98b60c0593521ed34d9990e8 # v6.0.1';

function pullEvent(more: { fork?: string } = {}): TestEvent & { readonly mergeSha: string } {
  const pull = repository.pullRequest(40, quietGuest);
  return { ...pullRequestEvent({ ...pull, ...more }), mergeSha: pull.mergeSha };
}

it('jobs run after those that they need, with a matrix, outputs, conditions and a tolerated failure', async () => {
  const result = await run(
    `name: all
on: { push: { branches: [main] } }
permissions: {}
jobs:
  last:
    needs: [measure, never]
    if: \${{ always() && needs.measure.result == 'failure' && needs.never.result == 'skipped' }}
    runs-on: ubuntu-24.04
    steps:
      - run: echo "\${{ needs.measure.outputs.said }}"
  never:
    needs: measure
    runs-on: ubuntu-24.04
    steps:
      - run: echo never
  measure:
    runs-on: [self-hosted, kvm]
    strategy:
      fail-fast: false
      matrix:
        size: [small, large]
        include:
          - { size: large, memory: 2GiB }
          - { size: huge }
    outputs:
      said: \${{ steps.say.outputs.word }}
    steps:
      - run: exit 3
        continue-on-error: true
      - id: say
        run: |
          echo "word=\${{ matrix.size }} \${{ matrix.memory }}" >> "$GITHUB_OUTPUT"
          echo "LATER=$RUNNER_ENVIRONMENT" >> "$GITHUB_ENV"
      - run: test "$LATER" = self-hosted
      - run: test \${{ matrix.size }} != large
      - run: echo not reached by large
      - if: failure()
        run: echo only large
`,
    pushEvent({ after: repository.main() }),
  );
  expect(result.conclusion).toBe('failure');
  expect(result.jobs.map(({ name, matrix, conclusion }) => [name, matrix['size'], conclusion])).toEqual([
    ['measure', 'small', 'success'],
    ['measure', 'large', 'failure'],
    ['measure', 'huge', 'success'],
    ['never', undefined, 'skipped'],
    ['last', undefined, 'success'],
  ]);
  const large = jobOf(result, 'measure', { size: 'large' });
  expect(large.outputs).toEqual({ said: 'large 2GiB' });
  expect(large.steps.map(({ conclusion, exitCode }) => [conclusion, exitCode])).toEqual([
    ['failure', 3],
    ['success', 0],
    ['success', 0],
    ['failure', 1],
    ['skipped', undefined],
    ['success', 0],
  ]);
  expect(jobOf(result, 'last').steps[0]?.log).toBe('huge \n');
  expect(result.run).toMatchObject({ conclusion: 'failure', event: 'push', head_sha: repository.main() });
});

describe('the checkout', () => {
  const workflow = (inputs: string) => `name: checkout
on: { pull_request: , push: , schedule: [{ cron: 1 1 * * 1 }] }
permissions: { contents: read }
jobs:
  one:
    runs-on: ubuntu-24.04
    steps:
      - uses: ${checkout}
        with: { ${inputs} }
`;
  const workspaceOf = async (inputs: string, event: TestEvent) =>
    jobOf(await run(workflow(inputs), event), 'one').workspace;

  it('is the merge commit of a pull request, alone', async () => {
    const { mergeSha, ...event } = pullEvent();
    const workspace = await workspaceOf('persist-credentials: false', event);
    expect(git(workspace, 'rev-parse', 'HEAD')).toBe(mergeSha);
    expect(git(workspace, 'rev-list', '--count', 'HEAD')).toBe('1');
    expect(existsSync(join(workspace, 'guest/root/bin/busybox'))).toBe(true);
    expect(readFileSync(join(workspace, '.git/config'), 'utf8')).not.toMatch(/authorization/i);
  });

  it('has the parents too, where it is asked for two commits', async () => {
    const workspace = await workspaceOf('fetch-depth: 2', pullEvent());
    expect(git(workspace, 'rev-parse', 'HEAD^1')).toBe(repository.main());
    expect(git(workspace, 'rev-list', '--count', 'HEAD')).toBe('3');
    expect(readFileSync(join(workspace, '.git/config'), 'utf8')).toMatch(/authorization: basic/i);
  });

  it('of everything knows the branches', async () => {
    const workspace = await workspaceOf('fetch-depth: 0', scheduleEvent());
    expect(git(workspace, 'rev-parse', 'origin/feature')).toMatch(/^[0-9a-f]{40}$/);
    expect(git(workspace, 'branch', '--show-current')).toBe('main');
  });

  it('of a private repository can fetch nothing more once its credentials are gone', async () => {
    const { jobs } = await run(workflow('persist-credentials: false'), pullEvent(), { isPrivate: true });
    const workspace = jobs[0]?.workspace ?? '';
    expect(() => git(workspace, 'fetch', '--quiet', 'origin', 'main')).toThrow();
    const kept = await run(workflow('fetch-depth: 2'), pullEvent(), { isPrivate: true });
    expect(git(kept.jobs[0]?.workspace ?? '', 'fetch', '--quiet', 'origin', 'main')).toBe('');
  });

  it('is another commit where the step says so', async () => {
    const workspace = await workspaceOf('ref: main', pullEvent());
    expect(git(workspace, 'rev-parse', 'HEAD')).toBe(repository.main());
  });
});

it('what would change the machine is only recorded', async () => {
  const { jobs } = await run(
    `name: fakes
on: { push: }
permissions: {}
jobs:
  one:
    runs-on: ubuntu-24.04
    steps:
      - run: |
          echo a rule | sudo tee /etc/udev/rules.d/none
          sudo udevadm trigger --name-match=kvm
          qm start
`,
    pushEvent({ after: repository.main() }),
    { fakes: ['qm'] },
  );
  expect(jobs[0]?.conclusion).toBe('success');
  expect(jobs[0]?.fakeCalls).toEqual([
    'sudo tee /etc/udev/rules.d/none',
    '< a rule',
    'sudo udevadm trigger --name-match=kvm',
    'qm start',
  ]);
});

describe('a job’s token', () => {
  const workflow = `name: token
on: { pull_request: }
permissions: { pull-requests: write, checks: read }
jobs:
  one:
    runs-on: ubuntu-24.04
    steps:
      - run: |
          for each in issues/1/comments check-runs; do
            curl -s -o /dev/null -w '%{http_code} ' -H "authorization: token \${{ github.token }}" -d '{"body":"x"}' \${{ github.api_url }}/repos/\${{ github.repository }}/$each
          done
`;
  it.each([
    ['may what the workflow declares', {}, '201 403 '],
    ['of a fork’s pull request may write nothing', { fork: 'mallory' }, '403 403 '],
  ])('%s', async (_, more, answers) => {
    const { jobs } = await run(workflow, pullEvent(more));
    expect(jobs[0]?.steps[0]?.log).toBe(answers);
  });
});

it('a run step sees no services and no inputs', async () => {
  const { jobs } = await run(
    'name: env\non: { push: }\npermissions: {}\njobs: { one: { runs-on: ubuntu-24.04, steps: [{ run: env }] } }\n',
    pushEvent({ after: repository.main() }),
  );
  expect(jobs[0]?.steps[0]?.log).toMatch(/^GITHUB_SHA=[0-9a-f]{40}$/m);
  expect(jobs[0]?.steps[0]?.log).not.toMatch(/^(ACTIONS_|INPUT_|STATE_)/m);
});

it('only what failed runs again, and what needs it', async () => {
  const flag = join(folder.path, 'flag');
  const text = `name: again
on: { push: }
permissions: {}
jobs:
  one:
    runs-on: ubuntu-24.04
    strategy: { matrix: { include: [{ name: a }, { name: b }] } }
    steps: [{ run: 'echo \${{ matrix.name }} >> ${flag}.log; test \${{ matrix.name }} = a || test -e ${flag}' }]
  two:
    needs: one
    if: always()
    runs-on: ubuntu-24.04
    steps: [{ run: 'echo two $GITHUB_RUN_ATTEMPT >> ${flag}.log' }]
  apart:
    runs-on: ubuntu-24.04
    steps: [{ run: echo apart >> ${flag}.log }]
`;
  const event = pushEvent({ after: repository.main() });
  const first = await run(text, event, { runId: 77 });
  expect(first.conclusion).toBe('failure');
  mkdirSync(flag);
  const second = await run(text, event, { runId: 77, rerunOf: first });
  expect([second.attempt, second.conclusion]).toEqual([2, 'success']);
  expect(readFileSync(`${flag}.log`, 'utf8').split('\n')).toEqual([
    'a',
    'b',
    'two 1',
    'apart',
    'b',
    'two 2',
    '',
  ]);
});

describe('it is an error', () => {
  const text = (on: string, steps: string, more = '') =>
    `name: wrong\non: ${on}\npermissions: {}\njobs: { one: { runs-on: ubuntu-24.04, ${more} steps: [${steps}] } }\n`;
  it.each([
    [
      'to run a workflow on what does not start it',
      text('{ push: }', '{ run: "true" }'),
      /does not run on this event/,
    ],
    [
      'to use an action that is not known',
      text('{ schedule: [] }', '{ uses: a/b@main }'),
      /no way to run a\/b@main/,
    ],
    [
      'to use a key that is not known',
      text('{ schedule: [] }', '{ run: "true" }', 'container: x,'),
      /container/,
    ],
    [
      'to name a context that is not there',
      text('{ schedule: [] }', `{ run: "\${{ x.y }}" }`),
      /no context x/,
    ],
  ])('%s', async (_, workflow, why) => {
    await expect(run(workflow, scheduleEvent())).rejects.toThrow(why);
  });

  it('to fill an input in that a dispatch does not have', async () => {
    const workflow = text('{ workflow_dispatch: { inputs: { boots: { default: 5 } } } }', '{ run: "true" }');
    await expect(run(workflow, dispatchEvent({ bots: '1' }))).rejects.toThrow(/no input bots/);
    expect((await run(workflow, dispatchEvent())).conclusion).toBe('success');
  });
});
