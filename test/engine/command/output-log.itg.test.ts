import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { openOutputLog } from '../../../src/engine/command/output-log.ts';

it('what a command says after it has emptied its own output is its last line', () => {
  const folder = mkdtempSync(join(tmpdir(), 'snapgate-output-'));
  const details: string[] = [];
  const output = openOutputLog(join(folder, 'output'), {
    info: () => {},
    warning: () => {},
    detail: (line) => details.push(line),
  });
  const put = (script: string) =>
    spawnSync('sh', ['-c', script], { stdio: ['ignore', output.fd, output.fd] });
  try {
    put('echo a long line of the command before');
    output.begin();
    put('echo why > /dev/stderr');
    expect(output.lines()).toEqual(['why']);
    expect(details).toEqual(['why']);
  } finally {
    output.close();
    rmSync(folder, { recursive: true });
  }
});
