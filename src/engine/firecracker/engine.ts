import type { Run } from '../../host/run.ts';
import type { Engine } from '../contract.ts';
import { needRootfs } from '../need-rootfs.ts';
import type { FirecrackerSettings } from '../settings.ts';
import { unusableHost } from '../unusable-host.ts';
import { driveScenario } from '../vm/drive-scenario.ts';
import { explainFullDisk } from '../vm/full-disk.ts';
import { plainWords } from '../vm/guest-failure.ts';
import { bootToSnapshot } from './boot.ts';
import type { FirecrackerHost } from './host.ts';
import type { Machine } from './machine.ts';
import { type Probed, type ProbeOptions, probeHost } from './probe.ts';
import { runCycle } from './run-cycle.ts';
import { copySnapshot, type FirecrackerSnapshot } from './snapshot.ts';

/** How long a resumed guest's agent may take to answer a connection. */
const connectMs = 30_000;

/**
 * The engine on Firecracker: `Full` for the base snapshot, a `Diff` for every cycle, whose data extents are the written pages. They are held against
 * the pagemap of its process in each cycle. The host is probed once.
 *
 * @param checkout absolute path that a relative path of the binary starts at
 */
export function createFirecrackerEngine(
  run: Run,
  settings: FirecrackerSettings,
  checkout: string,
  options: ProbeOptions = {},
): Engine<FirecrackerSnapshot> {
  let probed: Promise<Probed> | undefined;
  const probe = () => {
    probed ??= probeHost(run, settings, checkout, options);
    return probed;
  };
  const needHost = async (): Promise<FirecrackerHost> => {
    const { report, host } = await probe();
    if (host === undefined) throw unusableHost(report);
    return host;
  };
  return {
    probe: async () => (await probe()).report,
    prepare: async (image, guest, dir) => {
      const host = await needHost();
      return explainFullDisk(dir, () => bootToSnapshot(run, host, needRootfs(image), guest, dir));
    },
    fork: (snapshot, dir) => explainFullDisk(dir, () => copySnapshot(run, snapshot, dir)),
    cycle: async (parent, scenario, { advance }) => {
      const host = await needHost();
      const activity = `in a cycle of ${plainWords(scenario.name)}`;
      const speaks = scenario.run !== undefined || scenario.check !== undefined;
      const drive = async (machine: Machine) => {
        // A connection costs the guest something: none where nothing is said.
        const vm = speaks ? await machine.connectAgent(performance.now() + connectMs) : machine;
        await driveScenario(run, scenario, vm);
      };
      const outcome = await runCycle(run, host, parent, { advance, activity }, drive);
      const { metrics, cycleMs, notes } = outcome;
      return { next: parent, metrics, cycleMs, notes };
    },
  };
}
