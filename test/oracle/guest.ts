import { truncateSync, writeFileSync } from 'node:fs';
import { runCycle } from '../../src/engine/qemu/run-cycle.ts';
import { type QemuSnapshot, ramPathOf, statePathOf } from '../../src/engine/qemu/snapshot.ts';
import { startVm, type Vm } from '../../src/engine/qemu/vm.ts';
import { SnapgateError } from '../../src/host/error.ts';
import type { Run } from '../../src/host/run.ts';
import { type OracleLine, type Order, openLine } from './order.ts';

export type Accelerator = 'kvm' | 'tcg';

export interface OracleOptions {
  readonly elf: string;
  readonly accelerator: Accelerator;
  readonly ramBytes: number;
  /** An empty folder for the snapshot. */
  readonly dir: string;
  /** Done before the first pause; none. */
  readonly orders?: readonly Order[];
}

/** Powers the oracle guest on, lets it do the first orders, and pauses it into a snapshot. */
export async function bootOracle(run: Run, options: OracleOptions): Promise<QemuSnapshot> {
  const { elf, accelerator, ramBytes, dir, orders = [] } = options;
  const path = ramPathOf(dir);
  writeFileSync(path, '');
  truncateSync(path, ramBytes);
  const parts = { accelerator, ...cpuOf(accelerator), vcpus: 1, agent: false };
  const ram = { path, bytes: ramBytes, shared: true };
  const vm = await startVm(run, { ...parts, ram, boot: { kernelPath: elf }, activity: 'in boot' });
  try {
    const line = openLine(vm.serial);
    await vm.guard(line.ready());
    for (const order of orders) await vm.guard(line.order(order));
    await vm.pause(statePathOf(dir));
  } finally {
    await vm.close();
  }
  return { dir, machine: { ...parts, ramBytes, diskBytes: 0 } };
}

/** One cycle by snapgate's own way; what the guest does in it is `talk`. The snapshot becomes the next one. */
export function oracleCycle(
  run: Run,
  snapshot: QemuSnapshot,
  talk: (line: OracleLine) => Promise<unknown>,
): ReturnType<typeof runCycle> {
  const drive = async (vm: Vm) => {
    await talk(openLine(vm.serial));
  };
  return runCycle(run, snapshot, { advance: true, activity: 'in an oracle cycle' }, drive);
}

/** bootOracle, or the reason why the guest does not boot within the limit: not every accelerator runs everywhere. */
export async function tryBootOracle(
  run: Run,
  options: OracleOptions,
  limitMs: number,
): Promise<QemuSnapshot | string> {
  const late = AbortSignal.timeout(limitMs);
  const limited = { ...run, signal: AbortSignal.any([run.signal, late]) };
  try {
    return await bootOracle(limited, options);
  } catch (error) {
    if (!(error instanceof SnapgateError)) return String(error);
    return [error.message, ...(error.details?.lines ?? [])].join(': ');
  }
}

/** The memory file of a snapshot. */
export function oracleRam(snapshot: QemuSnapshot): string {
  return ramPathOf(snapshot.dir);
}

/**
 * Under KVM a model that every host can give, and no kvmclock: the firmware switches it on where it sees one, and the host then
 * writes the time into a page of the guest's at each resume.
 */
function cpuOf(accelerator: Accelerator): { cpu?: string } {
  return accelerator === 'kvm' ? { cpu: 'qemu64,-kvmclock' } : {};
}
