import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { EngineReport } from '../../src/engine/contract.ts';
import { createQemuEngine } from '../../src/engine/qemu/engine.ts';
import { probeHost } from '../../src/engine/qemu/probe.ts';
import { bootsGuest, probeKvm } from '../../src/engine/vm/kvm-probe/boots.ts';
import { probeGuestBase64 } from '../../src/engine/vm/kvm-probe/guest.ts';
import { processesOf } from '../e2e/leftovers.ts';
import {
  brokenQemu,
  type FakeQemu,
  pathWithFake,
  pathWithout,
  qemuWithKvm,
  strangeQemu,
  talkingQemu,
} from '../fixtures/fake-qemu.ts';
import { guestOptions, openBench, type TestBench } from './guests.ts';

let bench: TestBench;
beforeEach(() => {
  bench = openBench();
});
afterEach(() => {
  vi.unstubAllEnvs();
  expect(processesOf(bench.run.id)).toEqual([]);
  bench.close();
});

function useFake(fake: FakeQemu): void {
  vi.stubEnv('PATH', pathWithFake(bench.folder('fake'), fake));
}

function failed(report: EngineReport): string[] {
  return report.checks
    .filter(({ ok, required }) => required && !ok)
    .map(({ what, found }) => `${what}: ${found}`);
}

test('this machine runs guests under TCG', async () => {
  const report = await probeHost(bench.run, 'tcg');
  expect(failed(report)).toEqual([]);
  expect(report).toMatchObject({ ok: true, fallback: undefined });
  expect(report.identity).toEqual({
    engine: 'qemu',
    version: expect.stringMatching(/^QEMU \d+\.\d+\.\d+$/),
    accelerator: 'tcg',
    machine: 'q35',
  });
});

const saves = 'xen-save-devices-state';
const noSave = 'QEMU saves the state of devices: built without xen-save-devices-state';

describe('a machine without a QEMU of use', () => {
  test.each<[string, () => void, string, RegExp]>([
    [
      'none on the PATH',
      () => vi.stubEnv('PATH', pathWithout(bench.run.dir, 'qemu-system-x86_64')),
      'QEMU: not installed, or not on the PATH',
      /apt-get install .*qemu-system-x86/,
    ],
    ['too old', () => useFake(talkingQemu([6, 1, 9], [saves])), 'QEMU: 6.1.9', /QEMU 6\.2 or later/],
    [
      'built without a command that is needed',
      () => useFake(talkingQemu([9, 2, 0], ['stop', 'cont'])),
      noSave,
      /QEMU of Debian or Ubuntu/,
    ],
    ['both', () => useFake(talkingQemu([2, 11, 1], [])), `QEMU: 2.11.1; ${noSave}`, /QEMU 6\.2 or later/],
    [
      'that does not start',
      () => useFake(brokenQemu),
      'QEMU: does not start: error while loading shared libraries: libfdt.so.1: cannot open shared object file',
      /apt-get install/,
    ],
    ['that says what is not QMP', () => useFake(strangeQemu), 'QEMU: does not start', /apt-get install/],
    [
      'but not all that goes with it',
      () => vi.stubEnv('PATH', pathWithout(bench.run.dir, 'fakeroot')),
      'fakeroot: not installed, or not on the PATH',
      /apt-get install .*fakeroot/,
    ],
    [
      'and without what starts it',
      () => vi.stubEnv('PATH', pathWithout(bench.run.dir, 'setpriv')),
      'QEMU: not tried without setpriv; setpriv: not installed, or not on the PATH',
      /^sudo apt-get install \S+ \S+ util-linux$/,
    ],
    [
      'and without two more things',
      () => vi.stubEnv('PATH', pathWithout(bench.run.dir, 'qemu-img', 'busybox')),
      'qemu-img: not installed, or not on the PATH; busybox: not installed, or not on the PATH',
      /^sudo apt-get install .* qemu-utils; sudo apt-get install .* busybox-static$/,
    ],
  ])('%s: one error, which says so', async (_what, arrange, found, remedy) => {
    arrange();
    const engine = createQemuEngine(bench.run, { accel: 'tcg' });
    const report = await engine.probe();
    expect(report).toMatchObject({ ok: false, identity: undefined });
    expect(failed(report).join('; ')).toBe(found);
    await expect(engine.prepare(noImage, guestOptions, bench.folder('boot'))).rejects.toMatchObject({
      name: 'SnapgateError',
      code: 'host',
      message: `this machine cannot run guests: ${found}`,
      remedy: expect.stringMatching(remedy),
    });
  });

  test('6.2 is enough', async () => {
    useFake(talkingQemu([6, 2, 0], [saves]));
    expect((await probeHost(bench.run, 'tcg')).identity?.version).toBe('QEMU 6.2.0');
  });
});

/** Never looked at: the machine is. */
const noImage = {
  kind: 'rootfs',
  rootfsPath: '/none',
  rootfsSha256: '',
  rootfsBytes: 0,
  kernelPath: '/none',
  kernelVersion: '',
  kernelSha256: '',
  initrdPath: undefined,
  initrdSha256: undefined,
  init: 'none',
  kernelArgs: [],
} as const;

describe('a /dev/kvm', () => {
  const crash = qemuWithKvm('exit 0');
  test.each<[string, () => string, string, RegExp]>([
    ['that is not there', () => join(bench.run.dir, 'kvm'), 'there is no ', /nested/],
    ['that is something else', () => bench.run.dir, 'does not open (EISDIR)', /accel: tcg/],
    [
      'whose QEMU fails',
      () =>
        deviceBefore(qemuWithKvm("echo 'qemu-system-x86_64: error: failed to set MSR 0x10a' >&2; exit 134")),
      'QEMU exited 134 under KVM: error: failed to set MSR 0x10a',
      /nested virtualisation/,
    ],
    ['whose guest crashes', () => deviceBefore(crash), 'a tiny guest crashed under KVM', /nested/],
    [
      'whose guest goes on for ever',
      () => deviceBefore(qemuWithKvm('exec sleep 60')),
      'a tiny guest did not come to its end under KVM within 1 s',
      /nested/,
    ],
  ])(
    '%s: TCG with one line of why, or an error where KVM was asked for',
    async (_what, arrange, reason, remedy) => {
      const device = arrange();
      const auto = await probeHost(bench.run, 'auto', device);
      expect(auto).toMatchObject({ ok: true, identity: { accelerator: 'tcg' } });
      expect(auto.fallback).toMatch(/^emulating \(TCG\), since [^\n]+$/);
      expect(auto.fallback).toContain(reason);
      const kvm = await probeHost(bench.run, 'kvm', device);
      expect(kvm).toMatchObject({ ok: false, identity: undefined, fallback: undefined });
      const [check, ...others] = kvm.checks.filter(({ ok, required }) => required && !ok);
      expect(others).toEqual([]);
      expect(check).toMatchObject({
        found: expect.stringContaining(reason),
        remedy: expect.stringMatching(remedy),
      });
    },
  );

  /** A device that opens, though it is none: QEMU is told nothing of it. */
  function deviceBefore(fake: FakeQemu): string {
    useFake(fake);
    return '/dev/null';
  }

  test('that this user may not open says how to be permitted', async () => {
    const device = join(bench.run.dir, 'kvm');
    writeFileSync(device, '', { mode: 0 });
    expect(await asOrdinaryUser(() => probeKvm(bench.run, device))).toEqual({
      ok: false,
      reason: `this user may not open ${device}`,
      remedy: expect.stringContaining('sudo usermod -aG kvm "$USER"'),
    });
  });
});

/** To root nothing is forbidden. */
async function asOrdinaryUser<T>(work: () => Promise<T>): Promise<T> {
  const own = process.geteuid?.() ?? 0;
  if (own === 0) process.seteuid?.(65534);
  try {
    return await work();
  } finally {
    process.seteuid?.(own);
  }
}

describe('the guest of the probe', () => {
  test.each(['max', 'qemu64'])('comes to its end on a processor %s that can do all of it', async (cpu) => {
    expect(await bootsGuest(bench.run, 'tcg', cpu)).toEqual({ ok: true });
  });

  test('crashes on one that cannot', async () => {
    const verdict = await bootsGuest(bench.run, 'tcg', 'qemu32');
    expect(verdict).toMatchObject({ ok: false, reason: expect.stringContaining('crashed') });
  });

  test('is what its source says', () => {
    const source = join(import.meta.dirname, '../../src/engine/vm/kvm-probe');
    const object = join(bench.run.dir, 'guest.o');
    const elf = join(bench.run.dir, 'guest.elf');
    execFileSync('as', ['--32', '-o', object, join(source, 'guest.S')]);
    const link = ['-m', 'elf_i386', '-n', '-s', '--build-id=none', '--no-warn-rwx-segments'];
    execFileSync('ld', [...link, '-T', join(source, 'guest.ld'), '-o', elf, object]);
    expect(probeGuestBase64).toBe(readFileSync(elf).toString('base64'));
  });
});
