import { closeSync, constants, mkdirSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { powerOn, takeBase } from '../../src/engine/firecracker/boot.ts';
import { measureFloor } from '../../src/engine/firecracker/floor.ts';
import type { FirecrackerHost } from '../../src/engine/firecracker/host.ts';
import type { Machine } from '../../src/engine/firecracker/machine.ts';
import { type CycleOutcome, runCycle } from '../../src/engine/firecracker/run-cycle.ts';
import type { FirecrackerSnapshot } from '../../src/engine/firecracker/snapshot.ts';
import { mustRun } from '../../src/host/process.ts';
import type { Run } from '../../src/host/run.ts';
import { type OracleLine, type Order, openLine } from './order.ts';

export interface FirecrackerOracle {
  readonly snapshot: FirecrackerSnapshot;
  readonly notes: readonly string[];
}

/** Boots the oracle guest on a Firecracker (or a fake of one) and pauses it into a snapshot in `dir`. It has no devices but its serial line. */
export async function bootFirecrackerOracle(
  run: Run,
  host: FirecrackerHost,
  options: {
    /** A 64-bit ELF: see buildOracle64. */
    readonly elf: string;
    readonly memoryBytes: number;
    readonly dir: string;
    /** Done before the first pause; none. */
    readonly orders?: readonly Order[];
  },
): Promise<FirecrackerOracle> {
  const { elf, memoryBytes, dir, orders = [] } = options;
  mkdirSync(dir, { recursive: true });
  const parts = await withLine(run, dir, async (serialInput, lineOf) => {
    const machine = await powerOn(run, host, {
      dir,
      memoryBytes,
      vcpus: 1,
      kernelPath: elf,
      initrdPath: undefined,
      bootArgs: 'console=ttyS0',
      hasDisk: false,
      activity: 'in boot',
      serialInput,
    });
    try {
      const line = lineOf(machine);
      // It may have spoken while the machine was being started.
      if (!machine.consoleLines(1).join('').includes('R')) await machine.guard(line.ready());
      for (const order of orders) await machine.guard(line.order(order));
      return await takeBase(machine, host, dir, memoryBytes, false);
    } finally {
      await machine.close();
    }
  });
  const { pages, notes } = await measureFloor(run, host, parts);
  return { snapshot: { ...parts, floor: pages }, notes };
}

/** One cycle by snapgate's own way; what the guest does in it is `talk`. */
export function firecrackerOracleCycle(
  run: Run,
  host: FirecrackerHost,
  snapshot: FirecrackerSnapshot,
  talk: (line: OracleLine, machine: Machine) => Promise<unknown>,
  advance = true,
): Promise<CycleOutcome> {
  return withLine(run, snapshot.dir, (serialInput, lineOf) => {
    const options = { advance, activity: 'in an oracle cycle', serialInput };
    return runCycle(run, host, snapshot, options, async (machine) => {
      await talk(lineOf(machine), machine);
    });
  });
}

/** A serial line with both ways: Firecracker reads its stdin only where that is a FIFO. */
async function withLine<T>(
  run: Run,
  dir: string,
  work: (serialInput: number, lineOf: (machine: Machine) => OracleLine) => Promise<T>,
): Promise<T> {
  const path = join(dir, 'serial-input');
  await mustRun(run, 'rm', ['-f', path]);
  await mustRun(run, 'mkfifo', [path]);
  const fd = openSync(path, constants.O_RDWR);
  try {
    return await work(fd, ({ serial }) =>
      openLine({
        on: (event: string, listener: (chunk: Buffer) => void) => serial.on(event, listener),
        write: (chunk) => writeSync(fd, chunk),
      }),
    );
  } finally {
    closeSync(fd);
    await mustRun(run, 'rm', ['-f', path]);
  }
}
