import { spawn } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import { copySnapshot, type FirecrackerSnapshot } from '../../../src/engine/firecracker/snapshot.ts';
import { SnapgateError } from '../../../src/host/error.ts';
import { allProcesses, processesOf } from '../../e2e/leftovers.ts';
import type { Fault, FaultAct } from '../../fixtures/fake-firecracker/settings.ts';
import { buildOracle64 } from '../../oracle/build.ts';
import { bootFirecrackerOracle, firecrackerOracleCycle } from '../../oracle/firecracker.ts';
import { firstFreePage } from '../../oracle/model.ts';
import { contiguous, type Order } from '../../oracle/order.ts';
import { openBench } from '../guests.ts';
import { hashesOf } from '../hashes-of.ts';
import { fakeHost } from './bench.ts';

/*
 * What goes wrong in a FAKE Firecracker over a real QEMU, at each call of a cycle and of a boot: one sentence, the parent as it was, and nothing left.
 */

const answerMs = 4_000;
const bench = openBench();
const { run } = bench;
const { fake, host } = fakeHost(bench, 'fake', {}, answerMs);
const elf = await buildOracle64(run, run.dir);
const memoryBytes = 16 * 1024 * 1024;
const patient = { ...host, answerMs: 60_000 };
const { snapshot } = await bootFirecrackerOracle(run, patient, {
  elf,
  memoryBytes,
  dir: join(run.dir, 'base'),
});
const order: Order = { operation: 'noise', walk: contiguous(firstFreePage, 5), salt: 1 };

afterEach(() => {
  fake.configure({ faults: [] });
  expect(processesOf(run.id)).toEqual([]);
});
afterAll(() => bench.close());

/** The error of a cycle with a fault, after which the snapshot is as it was and has a cycle without one. */
async function failedCycle(fault: Fault, chain: FirecrackerSnapshot = snapshot): Promise<unknown> {
  const before = hashesOf(chain.dir);
  fake.configure({ faults: [fault] });
  const error = await firecrackerOracleCycle(run, host, chain, (line) => line.order(order)).then(
    () => 'it went well',
    (reason: unknown) => reason,
  );
  expect(processesOf(run.id)).toEqual([]);
  expect(hashesOf(chain.dir)).toEqual(before);
  return error;
}

const calls = ['PUT /snapshot/load', 'PATCH /vm', 'PUT /snapshot/create'];

test.each(calls)('who hangs at %s is not waited for, and its log is shown', async (at) => {
  expect(await failedCycle({ at, act: { kind: 'hang' } })).toMatchObject({
    code: 'host',
    message: expect.stringMatching(
      new RegExp(`^Firecracker did not answer ${at} within \\d\\.\\d s in an oracle cycle$`),
    ),
    details: { lines: expect.arrayContaining([expect.stringContaining('Running Fake Firecracker')]) },
  });
});

const acts: readonly [string, FaultAct, string | RegExp][] = [
  [
    'dies',
    { kind: 'die', code: 1, stderr: 'Error: something' },
    'Firecracker gave up (exit status 1) in an oracle cycle',
  ],
  [
    'dies of a forbidden system call',
    { kind: 'die', code: 148 },
    'Firecracker made a system call that its filter forbids (exit status 148) in an oracle cycle',
  ],
  [
    'answers what is no HTTP',
    { kind: 'garbage' },
    /^the API of Firecracker broke off at P(UT|ATCH) \/\S+ in an oracle cycle, and its process lives$/,
  ],
  [
    'refuses in words that nobody knows',
    { kind: 'refuse', message: 'Quux error: 7' },
    /^Firecracker refused P(UT|ATCH) \/\S+ in an oracle cycle: Quux error: 7$/,
  ],
  [
    'has no room',
    {
      kind: 'refuse',
      message: 'Create snapshot error: Cannot write memory file: No space left on device (os error 28)',
    },
    /^the disk of this machine is full at .*base, where the guest's memory and disk are kept$/,
  ],
  [
    'answers with another status',
    { kind: 'answer', status: 500, body: 'x'.repeat(5000) },
    /^Firecracker refused P(UT|ATCH) \/\S+ in an oracle cycle: an answer with status 500: x{50,}\.\.\.$/,
  ],
];

describe.each(calls)('at %s', (at) => {
  test.each(acts)('who %s is told', async (_what, act, message) => {
    expect(await failedCycle({ at, act })).toMatchObject({
      code: 'host',
      message: typeof message === 'string' ? message : expect.stringMatching(message),
    });
  });
});

test.each(['PUT /machine-config', 'PUT /boot-source', 'PUT /actions', 'PUT /snapshot/create'])(
  'a boot that fails at %s leaves nothing but the folder that it was given',
  async (at) => {
    const dir = join(run.dir, `boot-${at.replaceAll(/\W/g, '-')}`);
    fake.configure({ faults: [{ at, act: { kind: 'die', code: 150 } }] });
    await expect(bootFirecrackerOracle(run, host, { elf, memoryBytes, dir })).rejects.toMatchObject({
      code: 'host',
      message: 'Firecracker was ended by SIGSEGV (exit status 150) in boot',
    });
    expect(readdirSync(dir)).toEqual([]);
  },
);

test('a state file of another making is told', async () => {
  const chain = await copySnapshot(run, snapshot, bench.folder('damaged'));
  const state = readFileSync(join(chain.dir, 'state'));
  state.writeUInt8(state.readUInt8(40) ^ 0xff, 40);
  writeFileSync(join(chain.dir, 'state'), state);
  const error = await firecrackerOracleCycle(run, host, chain, (line) => line.order(order)).catch(
    (reason: unknown) => reason,
  );
  expect(error).toMatchObject({
    code: 'host',
    message: expect.stringMatching(/^in an oracle cycle, Firecracker .* state file/),
  });
});

test.each([0, 50, 300, 700])('a run that is over after %i ms ends a cycle at once', async (afterMs) => {
  const abort = new AbortController();
  const reason = new SnapgateError('interrupted', 'interrupted by a test', 'none');
  const dir = bench.folder(`abort-${afterMs}`);
  const chain = await copySnapshot(run, snapshot, dir);
  const before = readdirSync(dir);
  const ended = { ...run, signal: abort.signal };
  setTimeout(() => abort.abort(reason), afterMs);
  await expect(
    firecrackerOracleCycle(ended, host, chain, () => delay(60_000, undefined, { ref: false })),
  ).rejects.toBe(reason);
  expect(processesOf(run.id)).toEqual([]);
  expect(readdirSync(dir).filter((name) => name !== 'serial-input')).toEqual(before);
});

test('a snapgate that is killed takes its Firecracker with it', async () => {
  const chain = await copySnapshot(run, snapshot, bench.folder('killed'));
  const script = join(run.dir, 'resume.ts');
  const from = (path: string) => JSON.stringify(join(import.meta.dirname, '../../../', path));
  writeFileSync(
    script,
    `import { openRun } from ${from('src/host/cleanup.ts')};
import { firecrackerOracleCycle } from ${from('test/oracle/firecracker.ts')};
const [dir = '', chain = '', host = ''] = process.argv.slice(2);
const quiet = { info: () => {}, warning: () => {}, detail: () => {} };
const run = openRun(dir, dir, quiet, new AbortController().signal);
const parent = { ...JSON.parse(chain), floor: new Uint32Array() };
await firecrackerOracleCycle(run, JSON.parse(host), parent, async (_line, machine) => {
  console.log(machine.pid);
  await new Promise((resolve) => setTimeout(resolve, 60_000));
});`,
  );
  const work = bench.folder('killed-work');
  mkdirSync(work, { recursive: true });
  const args = [script, work, JSON.stringify(chain), JSON.stringify(patient)];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const pid = await new Promise<number>((resolve, reject) => {
    child.stdout.once('data', (text) => resolve(Number(text)));
    child.once('exit', (code) => reject(new Error(`it exited ${code} before it said a pid`)));
  });
  // What has ended and was not waited for yet has no command.
  const alive = () => allProcesses().filter((each) => each.pid === pid && each.command !== '').length;
  expect(alive()).toBe(1);
  child.kill('SIGKILL');
  for (let tries = 0; tries < 100 && alive() > 0; tries += 1) await delay(50);
  expect(alive()).toBe(0);
});
