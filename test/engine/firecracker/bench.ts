import { join } from 'node:path';
import type { Engine } from '../../../src/engine/contract.ts';
import { createFirecrackerEngine } from '../../../src/engine/firecracker/engine.ts';
import type { FirecrackerHost } from '../../../src/engine/firecracker/host.ts';
import type { FirecrackerSnapshot } from '../../../src/engine/firecracker/snapshot.ts';
import { parseVersion } from '../../../src/engine/firecracker/version.ts';
import { type FakeFirecracker, installFakeFirecracker } from '../../fixtures/fake-firecracker/install.ts';
import type { FakeSettings } from '../../fixtures/fake-firecracker/settings.ts';
import type { TestBench } from '../guests.ts';

/** A FAKE Firecracker over a real QEMU (see its README), as the engine sees it once it has probed it. */
export interface FakeHost {
  readonly fake: FakeFirecracker;
  readonly host: FirecrackerHost;
  readonly engine: Engine<FirecrackerSnapshot>;
}

/** Room for QEMU under TCG on a busy machine. */
const patientMs = 60_000;

/** Puts a fake into a folder of the run's. It needs no /dev/kvm: any device that opens does. */
export function fakeHost(
  { run }: TestBench,
  name: string,
  settings: Partial<FakeSettings> = {},
  answerMs = patientMs,
): FakeHost {
  const fake = installFakeFirecracker(join(run.dir, name), settings);
  const version = parseVersion(settings.version ?? '1.16.1');
  if (version === undefined) throw new Error('no version of a Firecracker');
  const host = { binary: fake.binary, version, said: 'a fake', jailer: undefined, answerMs };
  const engine = createFirecrackerEngine(
    run,
    { kind: 'firecracker', binary: fake.binary, version: undefined, jailer: false },
    '/',
    { device: '/dev/null', answerMs },
  );
  return { fake, host, engine };
}
