import { readFileSync } from 'node:fs';
import { availableParallelism, cpus, release, totalmem } from 'node:os';
import type { EngineIdentity, GuestVersions, Scenario } from '../engine/contract.ts';
import type { Image } from '../image/types.ts';
import type { ExpectedFingerprint, Fingerprint, Measurement } from './record.ts';

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

/** The kernel that a guest boots with, as far as it is known before. */
export type ExpectedKernel = Pick<ExpectedFingerprint, 'kernelVersion' | 'kernelSha256'>;

export function kernelOf(image: Image): ExpectedKernel {
  const { kernelVersion, kernelSha256 } = (image.kind === 'rootfs' ? image : image.rootfs) ?? unknownKernel;
  return { kernelVersion, kernelSha256 };
}

/** Of a guest that its engine makes: its builder chooses. */
export const unknownKernel: ExpectedKernel = { kernelVersion: undefined, kernelSha256: undefined };

/** What must be equal for two measurements to be compared, with what the boots have told. */
export function fingerprintWith(expected: ExpectedFingerprint, versions: GuestVersions): Fingerprint {
  return {
    ...expected,
    engineVersion: versions.engineVersion ?? expected.engineVersion ?? unknown,
    kernelVersion: versions.kernelVersion ?? expected.kernelVersion ?? unknown,
    kernelSha256: expected.kernelSha256 ?? unknown,
  };
}

const unknown = 'unknown';

/** What must be equal for two measurements to be compared. */
export function fingerprintOf(
  identity: EngineIdentity,
  image: ExpectedKernel,
  guest: { readonly memoryBytes: number; readonly vcpus: number },
): ExpectedFingerprint {
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
