import { Duplex } from 'node:stream';
import { z } from 'zod';
import { hasCommand, killGroup, packageOf, startProcess, waitForExit } from '../../host/process.ts';
import type { Run } from '../../host/run.ts';
import type { EngineReport, HostCheck } from '../contract.ts';
import { allOk, commandCheck, imageChecks, kvmCheck, memoryCheck } from '../host-checks.ts';
import type { QemuSettings } from '../settings.ts';
import { plainWords } from '../vm/guest-failure.ts';
import { probeKvm } from '../vm/kvm-probe/boots.ts';
import { type KvmVerdict, kvmDevice } from '../vm/kvm-probe/device.ts';
import { createOutputTail } from '../vm/output-tail.ts';
import { defaultMachine, qemuCommand } from '../vm/qemu-command.ts';
import { inherited } from './arguments.ts';
import { connectQmp } from './qmp.ts';

/** What this host can do. Takes a tenth of a second, or a second more where KVM does not work. */
export async function probeHost(
  run: Run,
  accel: QemuSettings['accel'],
  device = kvmDevice,
): Promise<EngineReport> {
  const qemu = await findQemu(run);
  const kvm: KvmVerdict | undefined =
    'failure' in qemu || accel === 'tcg' ? undefined : await probeKvm(run, device);
  const checks = [
    ...qemuChecks(qemu),
    ...['qemu-img', 'setpriv'].map((name) => commandCheck(name, true)),
    ...imageChecks(),
    ...(kvm === undefined ? [] : [kvmCheck(kvmDevice, kvm, 'boots a guest', accel === 'kvm')]),
    memoryCheck(),
  ];
  const ok = allOk(checks);
  const accelerator = kvm?.ok === true ? 'kvm' : 'tcg';
  return {
    ok,
    checks,
    identity:
      ok && !('failure' in qemu)
        ? { engine: 'qemu', version: `QEMU ${qemu.version}`, accelerator, machine: defaultMachine }
        : undefined,
    fallback: accel === 'auto' && kvm?.ok === false ? `emulating (TCG), since ${kvm.reason}` : undefined,
  };
}

/** Facts of an installed QEMU. */
interface QemuFacts {
  readonly version: string;
  readonly recent: boolean;
  readonly savesDevices: boolean;
}

const answerMs = 10_000;

const versionSchema = z.object({
  qemu: z.object({ major: z.int(), minor: z.int(), micro: z.int() }),
});
const commandsSchema = z.array(z.object({ name: z.string() }));

interface QemuFailure {
  readonly failure: string;
  readonly remedy: string | undefined;
}

const install = packageOf(qemuCommand);

async function findQemu(run: Run): Promise<QemuFacts | QemuFailure> {
  if (!hasCommand(qemuCommand)) return { failure: 'not installed, or not on the PATH', remedy: install };
  // Which starts it; its own check says so, with what to do.
  if (!hasCommand('setpriv')) return { failure: 'not tried without setpriv', remedy: undefined };
  return askQemu(run);
}

/** Asks a QEMU without a machine what it is. */
async function askQemu(run: Run): Promise<QemuFacts | QemuFailure> {
  const args = ['-machine', 'none', '-nodefaults', '-no-user-config', '-display', 'none'];
  const monitor = ['-chardev', `socket,id=qmp,fd=${inherited.qmp}`, '-mon', 'chardev=qmp,mode=control'];
  const child = startProcess(run, qemuCommand, [...args, ...monitor], {
    stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
    detached: true,
  });
  const stderr = createOutputTail();
  child.stderr?.on('data', (chunk: Buffer) => stderr.add(chunk));
  const exit = waitForExit(child).catch(() => undefined);
  const timer = setTimeout(() => killGroup(child), answerMs);
  try {
    return await readFacts(child.stdio[inherited.qmp]);
  } catch {
    killGroup(child);
    await exit;
    const said = plainWords((stderr.lines(1)[0] ?? '').replace(`${qemuCommand}: `, ''));
    return { failure: `does not start${said && `: ${said}`}`, remedy: install };
  } finally {
    clearTimeout(timer);
    killGroup(child);
    await exit;
  }
}

async function readFacts(stream: unknown): Promise<QemuFacts> {
  if (!(stream instanceof Duplex)) throw new Error('QEMU has no control connection');
  const qmp = connectQmp(stream);
  const { qemu } = versionSchema.parse(await qmp.execute('query-version'));
  const commands = commandsSchema.parse(await qmp.execute('query-commands'));
  return {
    version: `${qemu.major}.${qemu.minor}.${qemu.micro}`,
    recent: qemu.major > 6 || (qemu.major === 6 && qemu.minor >= 2),
    savesDevices: commands.some(({ name }) => name === 'xen-save-devices-state'),
  };
}

function qemuChecks(qemu: QemuFacts | QemuFailure): HostCheck[] {
  if ('failure' in qemu)
    return [{ what: 'QEMU', ok: false, found: qemu.failure, remedy: qemu.remedy, required: true }];
  return [
    {
      what: 'QEMU',
      ok: qemu.recent,
      found: qemu.version,
      remedy: qemu.recent
        ? undefined
        : 'QEMU 6.2 or later is needed: Debian 12, Ubuntu 22.04 and later have it.',
      required: true,
    },
    {
      what: 'QEMU saves the state of devices',
      ok: qemu.savesDevices,
      found: qemu.savesDevices ? 'xen-save-devices-state' : 'built without xen-save-devices-state',
      remedy: qemu.savesDevices ? undefined : `Use the QEMU of Debian or Ubuntu: ${install}`,
      required: true,
    },
  ];
}
