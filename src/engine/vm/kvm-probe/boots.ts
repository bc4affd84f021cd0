import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { endOf, runCommand } from '../../../host/process.ts';
import type { Run } from '../../../host/run.ts';
import { plainWords } from '../guest-failure.ts';
import { defaultMachine, qemuCommand } from '../qemu-command.ts';
import { checkDevice, type KvmVerdict, kvmDevice, noNesting } from './device.ts';
import { probeExitPort, probeGuestBase64, probePassedStatus } from './guest.ts';

/** A working KVM needs a tenth of it, an emulated one minutes. */
const limitMs = 1_000;

export async function probeKvm(run: Run, device = kvmDevice): Promise<KvmVerdict> {
  return checkDevice(device, brokenRemedy) ?? (await bootsGuest(run, 'kvm', 'host'));
}

/** Whether the probe's guest runs to its end under an accelerator with a CPU model. */
export async function bootsGuest(run: Run, accelerator: 'kvm' | 'tcg', cpu: string): Promise<KvmVerdict> {
  const kernel = join(run.dir, `kvm-probe-${accelerator}.elf`);
  writeFileSync(kernel, Buffer.from(probeGuestBase64, 'base64'), { mode: 0o600 });
  try {
    const result = await runCommand(run, qemuCommand, probeArguments(kernel, accelerator, cpu), {
      timeoutMs: limitMs,
      // Where QEMU may leave a core file.
      cwd: run.dir,
    });
    if (result.code === probePassedStatus) return { ok: true };
    const said = result.tail.find((line) => /error|fail|could not/i.test(line)) ?? result.tail.at(-1);
    return { ok: false, reason: failure(result, said), remedy: brokenRemedy };
  } finally {
    rmSync(kernel, { force: true });
  }
}

const brokenRemedy = `${noNesting}, or \`accel: tcg\`, which works everywhere, slower.`;

function failure(
  result: { readonly code: number | null; readonly signal: string | null; readonly timedOut: boolean },
  said: string | undefined,
): string {
  if (result.timedOut) return `a tiny guest did not come to its end under KVM within ${limitMs / 1000} s`;
  if (result.code === 0) return 'a tiny guest crashed under KVM';
  return `QEMU ${endOf(result)} under KVM${said === undefined ? '' : `: ${plainWords(said.replace(/^qemu-system-x86_64: /, ''))}`}`;
}

function probeArguments(kernel: string, accelerator: 'kvm' | 'tcg', cpu: string): string[] {
  return [
    ...['-nodefaults', '-no-user-config', '-display', 'none', '-no-reboot', '-m', '64M'],
    ...['-machine', `${defaultMachine},usb=off,sata=off,smbus=off,vmport=off`],
    ...['-accel', accelerator, '-cpu', cpu, '-kernel', kernel],
    ...['-device', `isa-debug-exit,iobase=${probeExitPort},iosize=1`],
  ];
}
