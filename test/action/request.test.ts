import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { readRequest } from '../../src/action/request.ts';
import { inputs } from '../../src/config/inputs.ts';
import { temporaryFolder, writeFiles } from '../baseline/repository.ts';

let folder: ReturnType<typeof temporaryFolder>;
beforeEach(() => {
  folder = temporaryFolder();
});
afterEach(() => folder[Symbol.dispose]());

/** Reads a request as on a runner: action.yml's defaults, then what `given` says. */
function request(given: Record<string, string> = {}, env: Record<string, string> = {}, event: object = {}) {
  const path = join(folder.path, 'event.json');
  writeFileSync(path, JSON.stringify(event));
  const defaults = Object.fromEntries(inputs.map((input) => [input.name, input.actionDefault]));
  const texts: Record<string, string> = {
    ...defaults,
    'github-token': 'tok',
    rootfs: 'guest.ext4',
    ...given,
  };
  const runner = {
    GITHUB_WORKSPACE: folder.path,
    GITHUB_EVENT_NAME: 'workflow_dispatch',
    GITHUB_EVENT_PATH: path,
    GITHUB_REPOSITORY: 'octo/guest',
    GITHUB_API_URL: 'http://127.0.0.1:1/api',
    RUNNER_TEMP: '/runner/temp',
    HOME: '/home/runner',
    ...env,
  };
  return readRequest(runner, (name) => texts[name] ?? '');
}

const sha = 'c'.repeat(40);
const pull = { pull_request: { number: 12, head: { sha }, base: { sha } } };

describe('readRequest', () => {
  test('takes folders from the runner', () => {
    const { workDir, config, workspace } = request();
    expect({ workDir, workspace, outputDir: config.outputDir }).toEqual({
      workDir: '/runner/temp',
      workspace: folder.path,
      outputDir: join(folder.path, 'snapgate-report'),
    });
  });

  test('folders that were given stand', () => {
    const { workDir, cacheDir } = request({ 'work-dir': 'scratch', 'cache-dir': '/var/cache/snapgate' });
    expect([workDir, cacheDir]).toEqual([join(folder.path, 'scratch'), '/var/cache/snapgate']);
  });

  test('a pull request is told of itself, a dispatch of what it names, others nobody', () => {
    expect(request({}, { GITHUB_EVENT_NAME: 'pull_request' }, pull).pullRequest).toBe(12);
    expect(request({ 'pr-number': '9' }).pullRequest).toBe(9);
    expect(request().pullRequest).toBeUndefined();
  });

  test('knows where it runs', () => {
    const runner = {
      GITHUB_RUN_ID: '123',
      GITHUB_RUN_ATTEMPT: '2',
      GITHUB_SERVER_URL: 'https://ghe.example/',
    };
    expect(request({}, runner).context).toMatchObject({
      apiUrl: 'http://127.0.0.1:1/api',
      owner: 'octo',
      repo: 'guest',
      repositoryUrl: 'https://ghe.example/octo/guest',
      runId: 123,
      attempt: 2,
      runUrl: 'https://ghe.example/octo/guest/actions/runs/123/attempts/2',
      githubHosted: false,
    });
    expect(request({}, { RUNNER_ENVIRONMENT: 'github-hosted' }).context.githubHosted).toBe(true);
  });

  test.each([
    ['a repository that is none', { GITHUB_REPOSITORY: 'octo' }],
    ['a repository with a path in it', { GITHUB_REPOSITORY: 'octo/guest/../x' }],
    ['an address that is none', { GITHUB_SERVER_URL: 'javascript:alert(1)' }],
    ['an address that would end a link', { GITHUB_SERVER_URL: 'https://x.example/)[a](b' }],
  ])('%s is an error of use', (_, env) => {
    expect(() => request({}, env)).toThrow(expect.objectContaining({ code: 'usage' }));
  });

  test.each([
    [{ mode: 'comment' }, /mode: comment was run on workflow_dispatch/],
    [{ entries: 'a', mode: 'measure' }, /entries is given in mode: measure/],
    [{ entry: 'a' }, /entry is given in mode: gate/],
    [{ shard: '1', mode: 'measure' }, /shard is given without entry/],
    [{ side: 'head' }, /side is given in mode: gate/],
    [{ side: 'both', mode: 'gate' }, /side is given in mode: gate/],
  ])('what does not fit its mode is found before anything begins: %j', (given, message) => {
    expect(() => request(given)).toThrow(message);
  });

  test.each(['0', '-1', '1e3', '7/../../x'])('pr-number %j is an error of use', (number) => {
    expect(() => request({ 'pr-number': number })).toThrow(expect.objectContaining({ code: 'usage' }));
  });

  test('pr-number is checked where it is not used, and refused where it means nothing', () => {
    const on = (name: string, number: string, payload: object = {}) =>
      request({ 'pr-number': number }, { GITHUB_EVENT_NAME: name }, payload).pullRequest;
    const refused = expect.objectContaining({ code: 'usage' });
    const push = { ref: 'refs/heads/main' };
    expect(() => on('pull_request', 'twelve', pull)).toThrow(/pr-number: "twelve"/);
    expect(() => on('pull_request', '13', pull)).toThrow(refused);
    expect(on('pull_request', '12', pull)).toBe(12);
    expect(() => on('push', '12', push)).toThrow(/pr-number is given on push/);
    expect(() => on('schedule', '12')).toThrow(refused);
    expect([on('push', '', push), on('workflow_call', '12')]).toEqual([undefined, 12]);
  });

  test('an event that cannot be read is an error of use, no bug', () => {
    const unreadable = expect.objectContaining({ code: 'usage', message: expect.stringMatching(/event/i) });
    expect(() => request({}, { GITHUB_EVENT_PATH: join(folder.path, 'gone.json') })).toThrow(unreadable);
    expect(() => request({}, { GITHUB_EVENT_PATH: folder.path })).toThrow(unreadable);
    expect(() => request({}, { GITHUB_EVENT_PATH: '' })).toThrow(expect.objectContaining({ code: 'usage' }));
  });

  test('snapgate.yml is found in the workspace, in either place, or where config says', () => {
    writeFiles(folder.path, {
      '.github/snapgate.yml': 'defaults:\n  boots: 7\n',
      'other.yml': 'defaults:\n  boots: 9\n',
    });
    expect(request().config.measure.boots).toBe(7);
    expect(request({ config: 'other.yml' }).config.measure.boots).toBe(9);
    writeFiles(folder.path, { 'snapgate.yml': 'defaults:\n  boots: 3\n' });
    expect(request().config.measure.boots).toBe(3);
    expect(request({ boots: '2' }).config.measure.boots).toBe(2);
  });

  test('a config file that is not there is an error of use', () => {
    expect(() => request({ config: 'gone.yml' })).toThrow(expect.objectContaining({ code: 'usage' }));
  });
});
