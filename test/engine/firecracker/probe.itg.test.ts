import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { EngineReport } from '../../../src/engine/contract.ts';
import { kvmGuest64 } from '../../../src/engine/firecracker/kvm-guest.ts';
import { type ProbeOptions, probeHost } from '../../../src/engine/firecracker/probe.ts';
import type { FirecrackerSettings } from '../../../src/engine/settings.ts';
import { processesOf } from '../../e2e/leftovers.ts';
import { installFakeFirecracker } from '../../fixtures/fake-firecracker/install.ts';
import type { FakeSettings } from '../../fixtures/fake-firecracker/settings.ts';
import { pathWithout } from '../../fixtures/fake-qemu.ts';
import { openBench, type TestBench } from '../guests.ts';

/*
 * The probe of a FAKE Firecracker over a real QEMU, which needs no KVM: another device stands for /dev/kvm.
 */

let bench: TestBench;
beforeEach(() => {
  bench = openBench();
});
afterEach(() => {
  vi.unstubAllEnvs();
  try {
    expect(processesOf(bench.run.id)).toEqual([]);
  } finally {
    bench.close();
  }
});

async function probeFake(
  settings: Partial<FakeSettings>,
  asked: Partial<FirecrackerSettings> = {},
  options: ProbeOptions = {},
): Promise<EngineReport> {
  const { binary } = installFakeFirecracker(join(bench.run.dir, 'fake'), settings);
  const wanted = {
    kind: 'firecracker',
    binary,
    version: undefined,
    jailer: false,
  } as const;
  const probed = await probeHost(bench.run, { ...wanted, ...asked }, '/', {
    device: '/dev/null',
    answerMs: 30_000,
    ...options,
  });
  expect(probed.host === undefined).toBe(!probed.report.ok);
  expect(probed.report.identity === undefined).toBe(!probed.report.ok);
  return probed.report;
}

function failed({ checks }: EngineReport): { what: string; found: string; remedy: string | undefined }[] {
  return checks
    .filter(({ ok, required }) => required && !ok)
    .map(({ what, found, remedy }) => ({ what, found, remedy }));
}

test.each([
  ['1.16.1', 'boots a guest'],
  ['1.12.1', 'boots a guest'],
])('%s that boots a guest is fine, and a fake is seen as one', async (version, found) => {
  const report = await probeFake({ version });
  expect(failed(report)).toEqual([]);
  expect(report.checks.find(({ what }) => what === '/dev/null')?.found).toBe(found);
  expect(report.identity).toEqual({
    engine: 'firecracker',
    version: `Fake Firecracker over QEMU v${version}`,
    accelerator: 'kvm',
    machine: 'microVM',
  });
});

test('before 1.12 and without a QEMU, KVM is not proven, which is said', async () => {
  vi.stubEnv('PATH', pathWithout(bench.run.dir, 'qemu-system-x86_64'));
  const report = await probeFake({ version: '1.11.0' });
  expect(report.checks.find(({ what }) => what === '/dev/null')).toMatchObject({
    ok: true,
    found: 'opens; whether a guest boots only an image will tell',
  });
});

describe('a machine that cannot run guests on it', () => {
  test.each<
    [string, Partial<FakeSettings>, Partial<FirecrackerSettings>, ProbeOptions, string, RegExp, RegExp]
  >([
    [
      'has no device',
      {},
      {},
      { device: '/dev/no-such-kvm' },
      '/dev/no-such-kvm',
      /^there is no \/dev\/no-such-kvm$/,
      /nested.*`engine: qemu`/s,
    ],
    [
      'has a processor that the guest crashes on',
      { cpu: 'qemu32' },
      {},
      {},
      '/dev/null',
      /^a tiny guest crashed under KVM$/,
      /no way to emulate.*`engine: qemu`/s,
    ],
    [
      'has a Firecracker that may not open it',
      {
        faults: [
          {
            at: 'PUT /actions',
            act: {
              kind: 'refuse',
              message:
                'Start microvm error: Kvm error: Error creating KVM object: Permission denied (os error 13)',
            },
          },
        ],
      },
      {},
      {},
      '/dev/null',
      /^in the test of \/dev\/kvm, Firecracker may not open \/dev\/kvm$/,
      /usermod/,
    ],
    [
      'has a Firecracker that hangs',
      { faults: [{ at: 'GET /', act: { kind: 'hang' } }] },
      {},
      { answerMs: 2_000 },
      'Firecracker starts',
      /^Firecracker did not answer GET \/ within \d\.\d s in a test of its start$/,
      /overloaded/,
    ],
    [
      'has a Firecracker that dies',
      { faults: [{ at: 'GET /', act: { kind: 'die', code: 148, stderr: 'bad syscall (55)' } }] },
      {},
      {},
      'Firecracker starts',
      /^Firecracker made a system call that its filter forbids \(exit status 148\) in a test of its start: /,
      /release binary/,
    ],
    [
      'has an old one',
      { version: '1.6.0' },
      {},
      {},
      'Firecracker',
      /v1\.6\.0: it is older than 1\.7\.0/,
      /1\.7\.0 on/,
    ],
  ])('%s', async (_what, settings, asked, options, what, found, remedy) => {
    const failures = failed(await probeFake(settings, asked, options));
    expect(failures).toEqual([
      { what, found: expect.stringMatching(found), remedy: expect.stringMatching(remedy) },
    ]);
  });

  test('lacks a jailer', async () => {
    vi.stubEnv('PATH', pathWithout(bench.run.dir, 'jailer'));
    const root = {
      what: 'root, for the jailer',
      found: 'this user is not root',
      remedy: expect.stringContaining('sudo'),
    };
    expect(failed(await probeFake({}, { jailer: true }))).toEqual([
      ...(process.getuid?.() === 0 ? [] : [root]),
      {
        what: 'jailer',
        found: expect.stringMatching(/^there is no jailer beside \/\S+, nor on the PATH$/),
        remedy: expect.stringContaining('same release'),
      },
    ]);
  });
});

test('without perl nothing tells where a Diff has data, and without tar all works but a release', async () => {
  vi.stubEnv('PATH', pathWithout(bench.run.dir, 'perl', 'tar'));
  expect(failed(await probeFake({}))).toEqual([
    {
      what: 'perl',
      found: 'not installed, or not on the PATH',
      remedy: expect.stringContaining('perl-base'),
    },
  ]);
});

test('the guest that is booted is the one of QEMU’s probe, in a 64-bit ELF', () => {
  const path = join(bench.run.dir, 'guest.elf');
  writeFileSync(path, kvmGuest64());
  const shown = execFileSync('readelf', ['--wide', '--file-header', '--program-headers', '--notes', path], {
    encoding: 'utf8',
  });
  expect(shown).toMatch(/Class: +ELF64/);
  expect(shown).toMatch(/Machine: +Advanced Micro Devices X86-64/);
  expect(shown).toMatch(/Entry point address: +0x100000\n/);
  expect(shown).toMatch(/LOAD +0x[0-9a-f]+ 0x0*100000 0x0*100000 /);
  expect(shown).toMatch(/NOTE +0x[0-9a-f]+ 0x0*1001/);
});
