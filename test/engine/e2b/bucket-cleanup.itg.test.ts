import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { closeRun, openRun } from '../../../src/host/cleanup.ts';
import { type FakeInfra, makeFakeInfra } from './stand-ins/fake-infra.ts';

const silent = { info: () => {}, warning: () => {}, detail: () => {} };
const names = ['PATH', 'FAKE_BUCKETS', 'FAKE_CALLS', 'GOOGLE_APPLICATION_CREDENTIALS'];
const before = Object.fromEntries(names.map((name) => [name, process.env[name]]));

let fake: FakeInfra;
beforeAll(() => {
  fake = makeFakeInfra('', '# changed\n');
  for (const name of names) process.env[name] = fake.env[name];
});
afterAll(() => {
  for (const [name, value] of Object.entries(before)) {
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
  }
  rmSync(fake.dir, { recursive: true });
});

describe('builds in a bucket', () => {
  it('of a run that was killed are removed by whoever closes it: its own alone, and each that is there', () => {
    const run = openRun(
      join(fake.dir, 'work'),
      join(fake.dir, 'cache'),
      silent,
      new AbortController().signal,
    );
    const [kept, made, never, removed] = ['1', '2', '3', '4'].map(
      (digit) => `${digit.repeat(8)}-0000-4000-8000-000000000000`,
    );
    for (const id of [kept, made]) mkdirSync(join(fake.buckets, 'my-bucket', id ?? ''));
    const url = (id: string | undefined) => `gs://my-bucket/${id}`;
    for (const id of [made, never, removed]) run.ledger.add({ kind: 'bucket-folder', url: url(id) });
    run.ledger.add({ kind: 'bucket-folder', url: url(removed), gone: true });
    // Not a folder that a run makes: a ledger that says so is not believed.
    run.ledger.add({ kind: 'bucket-folder', url: 'gs://my-bucket' });
    closeRun(run.dir);
    const left = [kept, made].map((id) => existsSync(join(fake.buckets, 'my-bucket', id ?? '')));
    expect(left).toEqual([true, false]);
    const removals = fake.calls().map(({ args }) => args.join(' '));
    expect(removals.some((words) => words.includes(url(removed)))).toBe(false);
    expect(existsSync(run.dir)).toBe(false);
  });
});
