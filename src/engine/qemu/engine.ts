import type { Run } from '../../host/run.ts';
import type { Engine, EngineReport } from '../contract.ts';
import { needRootfs } from '../need-rootfs.ts';
import type { QemuSettings } from '../settings.ts';
import { unusableHost } from '../unusable-host.ts';
import { driveScenario } from '../vm/drive-scenario.ts';
import { plainWords } from '../vm/guest-failure.ts';
import { bootToSnapshot } from './boot.ts';
import { explainQemuFullDisk } from './full-disk.ts';
import { probeHost } from './probe.ts';
import { runCycle } from './run-cycle.ts';
import { copySnapshot, type QemuSnapshot } from './snapshot.ts';
import type { Vm } from './vm.ts';

/**
 * The engine on a stock QEMU: exact written and changed pages at a cost that follows the dirty pages and not the guest's memory, as an
 * ordinary user. The host is probed once.
 */
export function createQemuEngine(run: Run, { accel }: Pick<QemuSettings, 'accel'>): Engine<QemuSnapshot> {
  let report: Promise<EngineReport> | undefined;
  const probe = () => {
    report ??= probeHost(run, accel);
    return report;
  };
  return {
    probe,
    prepare: async (image, options, dir) => {
      const accelerator = acceleratorOf(await probe());
      return explainQemuFullDisk(dir, () =>
        bootToSnapshot(run, accelerator, needRootfs(image), options, dir),
      );
    },
    fork: (snapshot, dir) => explainQemuFullDisk(dir, () => copySnapshot(run, snapshot, dir)),
    cycle: async (parent, scenario, { advance }) => {
      const activity = `in a cycle of ${plainWords(scenario.name)}`;
      const drive = (vm: Vm) => driveScenario(run, scenario, vm);
      return { next: parent, ...(await runCycle(run, parent, { advance, activity }, drive)) };
    },
  };
}

function acceleratorOf(report: EngineReport): 'kvm' | 'tcg' {
  const accelerator = report.identity?.accelerator;
  if (accelerator === 'kvm' || accelerator === 'tcg') return accelerator;
  throw unusableHost(report);
}
