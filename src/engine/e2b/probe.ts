import { closeSync, existsSync, openSync, readFileSync, readSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { bucketCommand } from '../../host/cloud-environment.ts';
import { SnapgateError } from '../../host/error.ts';
import { checkFolder } from '../../host/folder.ts';
import { hasCommand, runCommand } from '../../host/process.ts';
import type { Run } from '../../host/run.ts';
import type { EngineReport, HostCheck } from '../contract.ts';
import { allOk, commandCheck, kvmCheck } from '../host-checks.ts';
import { type E2bSettings, isBucket } from '../settings.ts';
import { checkDevice, kvmDevice } from '../vm/kvm-probe/device.ts';
import { findInfra, needInfra, orchestratorOf, pathForSide, toolNames } from './infra.ts';
import { needTool } from './tools.ts';

/** Where the machine says what it has; tests have their own. */
export interface HostPaths {
  readonly kvm: string;
  readonly nbd: string;
  readonly meminfo: string;
  readonly userId: number | undefined;
}

export const hostPaths: HostPaths = {
  kvm: kvmDevice,
  nbd: '/sys/module/nbd',
  meminfo: '/proc/meminfo',
  userId: process.getuid?.(),
};

/**
 * What this machine lacks for the tools, before anything is built. Programs of this machine, and a whole checkout, need what e2b's tools
 * need; a script may run them somewhere else, and what is missing here is then a warning.
 */
export async function probeHost(
  run: Run,
  settings: E2bSettings,
  checkout: string,
  host: HostPaths,
): Promise<EngineReport> {
  const required = runsHere(settings, checkout);
  const checks: HostCheck[] = [
    rootCheck(host, required),
    kvmCheck(host.kvm, checkDevice(host.kvm) ?? { ok: true }, 'can be opened', required),
    nbdCheck(host, required),
    ...(settings.hugePages ? [hugePagesCheck(host, required)] : []),
    await dockerCheck(run, required),
    commandCheck('setpriv', true),
    ...(settings.tools === undefined
      ? [goCheck(), infraCheck(settings, checkout)]
      : toolChecks(settings.tools, checkout)),
    ...storageChecks(settings, checkout),
  ];
  const ok = allOk(checks);
  const pages = settings.hugePages ? '2 MiB' : '4 KiB';
  const identity = {
    engine: 'e2b',
    version: undefined,
    accelerator: 'kvm',
    machine: `Firecracker, ${pages} pages`,
  } as const;
  return { ok, checks, identity: ok ? identity : undefined, fallback: undefined };
}

function runsHere({ tools, infra }: E2bSettings, checkout: string): boolean {
  if (tools !== undefined)
    return toolNames.some((name) => isMachineCode(join(pathForSide(tools, checkout, checkout), name)));
  const root = findInfra(pathForSide(infra ?? '.', checkout, checkout));
  return root === undefined || existsSync(join(orchestratorOf(root), 'pkg/sandbox/nbd'));
}

/** Whether a program is one of this machine's, and not a script that may run it elsewhere. That it is missing is said by its own check. */
function isMachineCode(path: string): boolean {
  try {
    const fd = openSync(path, 'r');
    try {
      const head = Buffer.alloc(4);
      return readSync(fd, head) === 4 && head.equals(Buffer.from('\x7fELF', 'latin1'));
    } finally {
      closeSync(fd);
    }
  } catch {
    return false;
  }
}

function rootCheck({ userId }: HostPaths, required: boolean): HostCheck {
  const ok = userId === 0;
  return {
    what: 'root',
    ok,
    found: ok ? 'yes' : `user ${userId}`,
    remedy: ok
      ? undefined
      : 'Run it as root: sudo -E env PATH="$PATH" snapgate …; in a workflow, the whole step.',
    required,
  };
}

function nbdCheck({ nbd }: HostPaths, required: boolean): HostCheck {
  const ok = existsSync(nbd);
  return {
    what: 'NBD',
    ok,
    found: ok ? 'module nbd is loaded' : 'module nbd is not loaded',
    remedy: ok ? undefined : 'Load it: sudo modprobe nbd nbds_max=64.',
    required,
  };
}

function hugePagesCheck({ meminfo }: HostPaths, required: boolean): HostCheck {
  const free = freeHugePages(meminfo);
  return {
    what: 'huge pages',
    ok: free > 0,
    found: `${free} of 2 MiB are free`,
    remedy:
      free > 0
        ? undefined
        : 'Reserve twice the memory of the guest: echo 1024 | sudo tee /proc/sys/vm/nr_hugepages; or set huge-pages: none.',
    required,
  };
}

/** Of 2 MiB; of another size they are none that the tools take. */
export function freeHugePages(meminfo: string): number {
  const text = readFileSync(meminfo, 'latin1');
  const kib = /^Hugepagesize: +(\d+) kB$/m.exec(text)?.[1];
  return kib === '2048' ? Number(/^HugePages_Free: +(\d+)$/m.exec(text)?.[1] ?? 0) : 0;
}

async function dockerCheck(run: Run, required: boolean): Promise<HostCheck> {
  const found = await askDocker(run);
  const ok = found.startsWith('version ');
  return {
    what: 'Docker',
    ok,
    found,
    remedy: ok
      ? undefined
      : 'Install and start Docker (https://docs.docker.com/engine/install): sudo systemctl start docker.',
    required,
  };
}

async function askDocker(run: Run): Promise<string> {
  if (!hasCommand('docker')) return 'not installed, or not on the PATH';
  const args = ['version', '--format', '{{.Server.Version}}'];
  const { code, stdout } = await runCommand(run, 'docker', args, { timeoutMs: 20_000 });
  const version = /^[\w.+~-]{1,60}$/.exec(stdout.trim())?.[0];
  return code === 0 && version !== undefined ? `version ${version}` : 'its daemon does not answer';
}

function goCheck(): HostCheck {
  const check = commandCheck('go', true);
  return check.ok
    ? check
    : {
        ...check,
        remedy: 'Install Go (https://go.dev/dl, or actions/setup-go), or give built tools as e2b-tools.',
      };
}

function infraCheck({ infra }: E2bSettings, checkout: string): HostCheck {
  return usageCheck("e2b's infra", () =>
    needInfra(pathForSide(infra ?? '.', checkout, checkout), 'e2b-infra'),
  );
}

function toolChecks(tools: string, checkout: string): HostCheck[] {
  return toolNames.map((name) => {
    const path = join(pathForSide(tools, checkout, checkout), name);
    return usageCheck(name, () => {
      needTool(path);
      return path;
    });
  });
}

function storageChecks({ storage }: E2bSettings, checkout: string): HostCheck[] {
  if (storage === undefined) return [];
  if (isBucket(storage)) return [bucketCheck(), commandCheck('prlimit', true)];
  const path = resolve(checkout, storage);
  const check = usageCheck('e2b-storage', () => {
    checkFolder(path, 'e2b-storage');
    return path;
  });
  return [check];
}

function bucketCheck(): HostCheck {
  const found = bucketCommand();
  return {
    what: 'gcloud or gsutil',
    ok: found !== undefined,
    found: found === undefined ? 'neither is installed, or on the PATH' : found,
    remedy:
      found === undefined
        ? 'Install the Google Cloud CLI (https://cloud.google.com/sdk/docs/install), or use google-github-actions/setup-gcloud.'
        : undefined,
    required: true,
  };
}

/** A check that finds what it looks for, or throws what is to be done. */
function usageCheck(what: string, find: () => string): HostCheck {
  try {
    return { what, ok: true, found: find(), remedy: undefined, required: true };
  } catch (error) {
    if (!(error instanceof SnapgateError)) throw error;
    return { what, ok: false, found: error.message, remedy: error.remedy, required: true };
  }
}
