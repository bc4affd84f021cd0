import { SnapgateError } from '../../host/error.ts';
import type { Run } from '../../host/run.ts';
import type { EngineReport, HostCheck } from '../contract.ts';
import { commandCheck, imageChecks, memoryCheck } from '../host-checks.ts';
import { kvmDevice } from '../qemu/kvm-probe/boots.ts';
import type { FirecrackerSettings } from '../settings.ts';
import { type FoundBinary, findFirecracker, findJailer } from './binary.ts';
import type { FirecrackerHost } from './host.ts';
import { proveKvm } from './kvm-probe.ts';

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
    ...['setpriv', 'tar', ...(settings.version === undefined ? [] : ['prlimit'])].map((name) =>
      commandCheck(name, true),
    ),
    ...imageChecks(),
    ...(settings.hugePages ? [hugePagesCheck] : []),
    memoryCheck(),
  ];
  const binary = await attempt('Firecracker', () => findFirecracker(run, settings, checkout));
  const jailer =
    settings.jailer && binary.value !== undefined ? await checkJailer(run, binary.value) : undefined;
  const found = [binary.check, ...(jailer?.checks ?? [])];
  const host =
    binary.value === undefined || !allOk(found)
      ? undefined
      : {
          binary: binary.value.path,
          version: binary.value.version,
          said: binary.value.said,
          jailer: jailer?.path,
          answerMs: options.answerMs ?? answerMs,
        };
  // Without setpriv, nothing can be started.
  const kvm =
    host !== undefined && allOk(others) ? [await kvmCheck(run, host, options.device ?? kvmDevice)] : [];
  const checks = [...found, ...kvm, ...others];
  const ok = allOk(checks);
  return {
    report: { ok, checks, identity: ok && host ? identityOf(host) : undefined, fallback: undefined },
    host: ok ? host : undefined,
  };
}

function identityOf({ said, jailer }: FirecrackerHost): EngineReport['identity'] {
  const machine = jailer === undefined ? 'microVM' : 'microVM, jailed';
  return { engine: 'firecracker', version: said, accelerator: 'kvm', machine };
}

function allOk(checks: readonly HostCheck[]): boolean {
  return checks.every((check) => check.ok || !check.required);
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

async function kvmCheck(run: Run, host: FirecrackerHost, device: string): Promise<HostCheck> {
  const { verdict, found } = await proveKvm(run, host, device);
  return {
    what: device,
    ok: verdict.ok,
    found: verdict.ok ? found : verdict.reason,
    remedy: verdict.ok ? undefined : verdict.remedy,
    required: true,
  };
}

/** The configuration refuses it before; here for whoever makes an engine without one. */
const hugePagesCheck: HostCheck = {
  what: 'huge-pages',
  ok: false,
  found:
    'Firecracker restores a guest on 2 MiB pages only through a userfaultfd handler, which snapgate does not have',
  remedy: 'Leave huge-pages out: memfile.hugeBytes says what 2 MiB pages would store of the same cycle.',
  required: true,
};
