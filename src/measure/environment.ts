import { readFileSync } from 'node:fs';
import { availableParallelism, cpus, release, totalmem } from 'node:os';
import type { EngineIdentity, Scenario } from '../engine/contract.ts';
import type { Image } from '../image/types.ts';
import type { Fingerprint, Measurement } from './record.ts';

/** Bumped when cycles are run or counted in another way: numbers of two protocols are never compared. */
export const measuringProtocol = 1;

export type Environment = Measurement['environment'];

/** The machine that measured, for readers of the record. */
export function readEnvironment(): Environment {
  return {
    os: osName(),
    hostKernel: release(),
    cpu: cpuModel(),
    cores: availableParallelism(),
    memoryBytes: totalmem(),
    node: process.version,
  };
}

/** What must be equal for two measurements to be compared. */
export function fingerprintOf(
  identity: EngineIdentity,
  image: Pick<Image, 'kernelVersion' | 'kernelSha256'>,
  guest: { readonly memoryBytes: number; readonly vcpus: number },
): Fingerprint {
  return {
    engine: identity.engine,
    engineVersion: identity.version,
    accelerator: identity.accelerator,
    machine: identity.machine,
    kernelVersion: image.kernelVersion,
    kernelSha256: image.kernelSha256,
    memoryBytes: guest.memoryBytes,
    vcpus: guest.vcpus,
    hostCpu: cpuModel(),
    protocol: measuringProtocol,
  };
}

/** Scenarios as a record holds them: what is not given is absent. */
export function scenariosRecord(scenarios: readonly Scenario[]): Measurement['scenarios'] {
  return scenarios.map(({ run, check, ...rest }) => ({
    ...rest,
    ...(run === undefined ? {} : { run }),
    ...(check === undefined ? {} : { check }),
  }));
}

function cpuModel(): string {
  return cpus()[0]?.model.trim() ?? 'unknown';
}

/** os-release(5): `Debian GNU/Linux 12 (bookworm)`. */
function osName(): string {
  try {
    const match = /^PRETTY_NAME="?([^"\n]*)"?$/m.exec(readFileSync('/etc/os-release', 'utf8'));
    return match?.[1]?.slice(0, 200) ?? 'Linux';
  } catch {
    return 'Linux';
  }
}
