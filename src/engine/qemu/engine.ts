import type { Engine, EngineContext, EngineReport } from '../contract.ts';
import { unusableHost } from '../unusable-host.ts';
import { bootToSnapshot } from './boot.ts';
import { driveScenario } from './drive-scenario.ts';
import { explainFullDisk } from './full-disk.ts';
import { plainWords } from './guest-failure.ts';
import { probeHost } from './probe.ts';
import { runCycle } from './run-cycle.ts';
import { copySnapshot, type QemuSnapshot } from './snapshot.ts';
import type { Vm } from './vm.ts';

/**
 * The engine on a stock QEMU: exact written and changed pages at a cost that follows the dirty pages and not the guest's memory, as an
 * ordinary user. The host is probed once.
 */
export function createQemuEngine(context: EngineContext): Engine<QemuSnapshot> {
  const { run } = context;
  let report: Promise<EngineReport> | undefined;
  const probe = () => {
    report ??= probeHost(context);
    return report;
  };
  return {
    probe,
    prepare: async (image, options, dir) => {
      const accelerator = acceleratorOf(await probe());
      return explainFullDisk(dir, () => bootToSnapshot(run, accelerator, image, options, dir));
    },
    fork: (snapshot, dir) => explainFullDisk(dir, () => copySnapshot(run, snapshot, dir)),
    cycle: async (parent, scenario, { advance }) => {
      const activity = `in a cycle of ${plainWords(scenario.name)}`;
      const drive = (vm: Vm) => driveScenario(run, scenario, vm);
      return { next: parent, ...(await runCycle(run, parent, { advance, activity }, drive)) };
    },
  };
}

function acceleratorOf(report: EngineReport): 'kvm' | 'tcg' {
  if (report.identity === undefined) throw unusableHost(report);
  return report.identity.accelerator;
}
