import { availableMemoryBytes } from '../host/memory.ts';
import { hasCommand, packageOf } from '../host/process.ts';
import { formatBytes } from '../host/units.ts';
import { autoCommands, imageCommands } from '../image/commands.ts';
import type { HostCheck } from './contract.ts';
import type { KvmVerdict } from './vm/kvm-probe/device.ts';

const freeMemoryBytes = 1024 ** 3;

/** Whether nothing is missing that measuring takes. */
export function allOk(checks: readonly HostCheck[]): boolean {
  return checks.every(({ ok, required }) => ok || !required);
}

/** Whether a command is there, and the package that has it. */
export function commandCheck(name: string, required: boolean): HostCheck {
  const ok = hasCommand(name);
  return {
    what: name,
    ok,
    found: ok ? 'installed' : 'not installed, or not on the PATH',
    remedy: ok ? undefined : packageOf(name),
    required,
  };
}

/** Whether guests run under KVM. @param found what was seen where they do */
export function kvmCheck(device: string, verdict: KvmVerdict, found: string, required: boolean): HostCheck {
  return {
    what: device,
    ok: verdict.ok,
    found: verdict.ok ? found : verdict.reason,
    remedy: verdict.ok ? undefined : verdict.remedy,
    required,
  };
}

/** What making an image of snapgate's own takes. */
export function imageChecks(): HostCheck[] {
  return [
    ...imageCommands.map((name) => commandCheck(name, true)),
    ...autoCommands.map((name) => commandCheck(name, false)),
  ];
}

/** A warning only: what the guests really need is checked where their size is known. */
export function memoryCheck(): HostCheck {
  const free = availableMemoryBytes();
  const ok = free >= freeMemoryBytes;
  return {
    what: 'memory',
    ok,
    found: `${formatBytes(free)} available`,
    remedy: ok ? undefined : 'Two guests of 512 MiB want more than 1 GiB: free some, or lower `memory-size`.',
    required: false,
  };
}
