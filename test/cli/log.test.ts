import { describe, expect, it } from 'vitest';
import { createTerminalLog } from '../../src/cli/log.ts';
import { probeTable } from '../../src/cli/probe-table.ts';
import type { EngineReport } from '../../src/engine/contract.ts';

const esc = String.fromCharCode(27);

function logOn(screen: { isTTY?: boolean; columns?: number }, verbose = false, color = false) {
  let text = '';
  const log = createTerminalLog(
    {
      ...screen,
      write: (part) => {
        text += part;
      },
    },
    { verbose, color },
  );
  return { log, written: () => text };
}

describe('progress', () => {
  it('in a pipe is a line for what matters and nothing else', () => {
    const { log, written } = logOn({});
    log.info('building');
    log.detail('step 1');
    log.warning('slow');
    log.end();
    expect(written()).toMatch(/^\[ +\d+ ms\] building\n\[ +\d+ ms\] warning: slow\n$/);
  });

  it('with details asked for has them all, each on a line', () => {
    const { log, written } = logOn({}, true);
    log.detail('step 1');
    log.detail('step 2');
    expect(written()).toMatch(/^\[.*\] step 1\n\[.*\] step 2\n$/);
  });

  it('on a terminal writes details over one another, cut at its width, and leaves none behind', () => {
    const { log, written } = logOn({ isTTY: true, columns: 20 });
    log.detail('x'.repeat(100));
    log.detail('second');
    log.info('done');
    log.detail('third');
    log.end();
    const erase = `\r${esc}[2K`;
    const [before = '', first = '', second = '', info = '', third = '', end] = written().split(erase);
    expect([before, second, third, end]).toEqual(['', 'second', 'third', '']);
    expect(first.length).toBeLessThanOrEqual(19);
    expect(info).toMatch(/^\[.*\] done\n$/);
  });

  it('cannot be made to drive the terminal by what a guest says', () => {
    const { log, written } = logOn({}, true);
    const hostile = `a${esc}[2J\r\n${esc}]0;x\u0007\u009b1m\u202eb`;
    log.info(hostile);
    log.warning(hostile);
    log.detail(hostile);
    expect(written().split('\n')).toHaveLength(4);
    expect(written().replaceAll('\n', '')).not.toMatch(/\p{Cc}|\p{Bidi_Control}/u);
  });
});

const report: EngineReport = {
  ok: true,
  checks: [
    { what: 'QEMU', ok: true, found: 'QEMU 7.2.22', remedy: undefined, required: true },
    { what: '/dev/kvm', ok: false, found: `not\u001b[2J there`, remedy: 'Ask for it.', required: false },
  ],
  identity: { engine: 'qemu', version: 'QEMU 7.2.22', accelerator: 'tcg', machine: 'microvm' },
  fallback: 'No KVM: emulation.',
};

describe('probeTable', () => {
  it('has a line for each check, what to do below those that failed, and a conclusion', () => {
    expect(probeTable(report, false)).toBe(
      [
        'ok    QEMU      QEMU 7.2.22',
        'warn  /dev/kvm  not�[2J there',
        '                → Ask for it.',
        '',
        'Ready: qemu (QEMU 7.2.22), tcg, machine microvm.',
        'No KVM: emulation.',
        '',
      ].join('\n'),
    );
  });

  it('says where a machine cannot run guests', () => {
    const checks = report.checks.map((check) => ({ ...check, ok: false, required: true }));
    const text = probeTable({ ok: false, checks, identity: undefined, fallback: undefined }, true);
    expect(text).toContain(`${esc}[31mFAIL${esc}[0m  QEMU`);
    expect(text).toContain('This machine cannot run guests yet: see the lines marked FAIL.');
  });
});
