import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { SnapgateError } from '../../host/error.ts';
import { hasCommand } from '../../host/process.ts';
import type { Run } from '../../host/run.ts';
import { formatDuration } from '../../host/units.ts';
import { probeKvm } from '../vm/kvm-probe/boots.ts';
import { checkDevice, type KvmVerdict } from '../vm/kvm-probe/device.ts';
import { qemuCommand } from '../vm/qemu-command.ts';
import { powerOn } from './boot.ts';
import { saidOf } from './errors.ts';
import type { FirecrackerHost } from './host.ts';
import { kvmGuest64 } from './kvm-guest.ts';
import { bootsPvh } from './version.ts';

/** A working KVM needs ten milliseconds, an emulated one minutes. */
const limitMs = 5_000;
const remedy =
  'Firecracker needs KVM, and has no way to emulate. The host may lack nested virtualisation: use a machine whose type has it, or `engine: qemu`, which works everywhere, slower.';

export interface KvmFinding {
  readonly verdict: KvmVerdict;
  /** What was found where it works. */
  readonly found: string;
}

/**
 * Whether guests run under KVM here: by a tiny one in Firecracker itself, or, where that is too old to boot it, in a QEMU if there is one.
 */
export async function proveKvm(run: Run, host: FirecrackerHost, device: string): Promise<KvmFinding> {
  const closed = checkDevice(device);
  if (closed !== undefined)
    return { verdict: { ...closed, remedy: `${closed.remedy} ${remedy}` }, found: '' };
  if (bootsPvh(host.version)) return { verdict: await bootsGuest(run, host), found: 'boots a guest' };
  if (hasCommand(qemuCommand))
    return { verdict: await probeKvm(run, device), found: 'boots a guest, in QEMU' };
  return { verdict: { ok: true }, found: 'opens; whether a guest boots only an image will tell' };
}

async function bootsGuest(run: Run, host: FirecrackerHost): Promise<KvmVerdict> {
  const dir = mkdtempSync(join(run.dir, 'kvm-'));
  const kernelPath = join(dir, 'kernel.elf');
  writeFileSync(kernelPath, kvmGuest64(), { mode: 0o600 });
  try {
    const said = await firstWord(run, host, dir, kernelPath);
    return said === 'K' ? { ok: true } : { ok: false, reason: said, remedy };
  } catch (error) {
    run.signal.throwIfAborted();
    if (!(error instanceof SnapgateError)) throw error;
    // An end before its word is the guest's: a triple fault.
    const reason = error.code === 'guest' ? 'a tiny guest crashed under KVM' : saidOf(error);
    return { ok: false, reason, remedy: error.code === 'guest' ? remedy : error.remedy };
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

/** `K`, or why it was not said. */
async function firstWord(run: Run, host: FirecrackerHost, dir: string, kernelPath: string): Promise<string> {
  const machine = await powerOn(run, host, {
    dir,
    memoryBytes: 64 * 1024 ** 2,
    vcpus: 1,
    kernelPath,
    initrdPath: undefined,
    bootArgs: 'console=ttyS0',
    hasDisk: false,
    activity: 'in the test of /dev/kvm',
  });
  try {
    // It ends right after its word.
    const heard = () => machine.consoleLines(400).includes('K');
    const end = machine.guard(delay(limitMs, false, { signal: run.signal })).catch((error: unknown) => {
      if (heard()) return true;
      throw error;
    });
    const listening = Promise.withResolvers<true>();
    machine.serial.on('data', () => heard() && listening.resolve(true));
    if (heard() || (await Promise.race([end, listening.promise]))) return 'K';
    return `a tiny guest did not come to its end under KVM within ${formatDuration(limitMs)}`;
  } finally {
    await machine.close();
  }
}
