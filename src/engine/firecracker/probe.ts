import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { SnapgateError } from '../../host/error.ts';
import type { Run } from '../../host/run.ts';
import type { EngineReport, HostCheck } from '../contract.ts';
import { allOk, commandCheck, imageChecks, kvmCheck, memoryCheck } from '../host-checks.ts';
import type { FirecrackerSettings } from '../settings.ts';
import { plainWords } from '../vm/guest-failure.ts';
import { kvmDevice } from '../vm/kvm-probe/device.ts';
import { type FoundBinary, findFirecracker, findJailer } from './binary.ts';
import { saidOf } from './errors.ts';
import type { FirecrackerHost } from './host.ts';
import { proveKvm } from './kvm-probe.ts';
import { startMachine } from './machine.ts';

export interface ProbeOptions {
  /** Default: /dev/kvm. */
  readonly device?: string;
  /** Limit of a call of Firecracker's API; default: a minute. */
  readonly answerMs?: number;
}

export interface Probed {
  readonly report: EngineReport;
  /** undefined unless ok. */
  readonly host: FirecrackerHost | undefined;
}

const answerMs = 60_000;

/** What this host can do. Takes a tenth of a second; longer where a release is downloaded, or KVM does not work. */
export async function probeHost(
  run: Run,
  settings: FirecrackerSettings,
  checkout: string,
  options: ProbeOptions,
): Promise<Probed> {
  const others = [
    ...neededCommands(settings).map((name) => commandCheck(name, true)),
    ...imageChecks(),
    memoryCheck(),
  ];
  const binary = await attempt('Firecracker', () => findFirecracker(run, settings, checkout));
  const jailer =
    settings.jailer && binary.value !== undefined ? await checkJailer(run, binary.value) : undefined;
  const found = [binary.check, ...(jailer?.checks ?? [])];
  // Nothing is started without setpriv and what else is needed.
  const ready = allOk([...found, ...others]);
  const started =
    binary.value !== undefined && ready
      ? await startOnce(run, hostOf(binary.value, jailer?.path, options.answerMs))
      : undefined;
  const kvm =
    started?.host === undefined ? [] : [await checkKvm(run, started.host, options.device ?? kvmDevice)];
  const checks = [...found, ...(started?.checks ?? []), ...kvm, ...others];
  const ok = started?.host !== undefined && allOk(checks);
  return {
    report: { ok, checks, identity: ok ? identityOf(started.host) : undefined, fallback: undefined },
    host: ok ? started.host : undefined,
  };
}

/** Perl reads where a Diff has data, in each cycle; a release is an archive that is unpacked. */
function neededCommands({ version }: FirecrackerSettings): readonly string[] {
  return ['setpriv', 'perl', ...(version === undefined ? [] : ['tar', 'prlimit'])];
}

function hostOf(
  { path, version, said }: FoundBinary,
  jailer: string | undefined,
  limitMs = answerMs,
): FirecrackerHost {
  return { binary: path, version, said, jailer, answerMs: limitMs };
}

interface Started {
  /** As it introduces itself; undefined: it does not start. */
  readonly host: FirecrackerHost | undefined;
  /** What failed. */
  readonly checks: readonly HostCheck[];
}

/** Starts it without a machine, and lets it say over its API what it is: a fake of one says so. */
async function startOnce(run: Run, host: FirecrackerHost): Promise<Started> {
  const dir = mkdtempSync(join(run.dir, 'start-'));
  try {
    const machine = await startMachine(run, host, { dir, activity: 'in a test of its start' });
    try {
      const about = aboutSchema.parse(await machine.guard(machine.api.get('/')));
      const said = plainWords(`${about.app_name} v${about.vmm_version}`, 60);
      return { host: { ...host, said }, checks: [] };
    } finally {
      await machine.close();
    }
  } catch (error) {
    run.signal.throwIfAborted();
    if (!(error instanceof SnapgateError) && !(error instanceof z.ZodError)) throw error;
    const known = error instanceof SnapgateError ? error : undefined;
    const found = known === undefined ? 'its API does not say what it is' : saidOf(known);
    const remedy = known?.remedy ?? 'Use a binary of a release.';
    return {
      host: undefined,
      checks: [{ what: 'Firecracker starts', ok: false, found, remedy, required: true }],
    };
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

const aboutSchema = z.object({ app_name: z.string(), vmm_version: z.string() });

function identityOf({ said, jailer }: FirecrackerHost): EngineReport['identity'] {
  const machine = jailer === undefined ? 'microVM' : 'microVM, jailed';
  return { engine: 'firecracker', version: said, accelerator: 'kvm', machine };
}

interface Attempt {
  readonly value: FoundBinary | undefined;
  readonly check: HostCheck;
}

async function attempt(what: string, find: () => Promise<FoundBinary>): Promise<Attempt> {
  try {
    const value = await find();
    const found = `${value.said}, ${value.path}`;
    return { value, check: { what, ok: true, found, remedy: undefined, required: true } };
  } catch (error) {
    if (!(error instanceof SnapgateError) || error.code === 'interrupted') throw error;
    const { message, remedy } = error;
    return { value: undefined, check: { what, ok: false, found: message, remedy, required: true } };
  }
}

interface JailerChecks {
  readonly path: string | undefined;
  readonly checks: readonly HostCheck[];
}

async function checkJailer(run: Run, firecracker: FoundBinary): Promise<JailerChecks> {
  const isRoot = process.getuid?.() === 0;
  const root: HostCheck = {
    what: 'root, for the jailer',
    ok: isRoot,
    found: isRoot ? 'yes' : 'this user is not root',
    remedy: isRoot
      ? undefined
      : 'Run it as root (sudo), or leave `jailer` out: what is measured is the same.',
    required: true,
  };
  const { value, check } = await attempt('jailer', () => findJailer(run, firecracker));
  return { path: value?.path, checks: [root, check, commandCheck('unshare', true)] };
}

async function checkKvm(run: Run, host: FirecrackerHost, device: string): Promise<HostCheck> {
  const { verdict, found } = await proveKvm(run, host, device);
  return kvmCheck(device, verdict, found, true);
}
