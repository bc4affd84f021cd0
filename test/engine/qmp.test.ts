import { once } from 'node:events';
import { type Duplex, duplexPair } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { connectQmp, type Qmp, QmpError } from '../../src/engine/qemu/qmp.ts';

/** A client that has left negotiation mode, and QEMU's end. */
async function connected(): Promise<{ qmp: Qmp; qemu: Duplex }> {
  const [client, qemu] = duplexPair();
  const qmp = connectQmp(client);
  const [first] = await once(qemu, 'data');
  expect(JSON.parse(String(first))).toMatchObject({ execute: 'qmp_capabilities', id: 1 });
  qemu.write('{"QMP": {"version": {}, "capabilities": ["oob"]}}\r\n{"return": {}, "id": 1}\r\n');
  return { qmp, qemu };
}

describe('connectQmp', () => {
  it('gives each command its own answer, in whatever order and pieces they come', async () => {
    const { qmp, qemu } = await connected();
    const answers = [qmp.execute('a'), qmp.execute('b', { x: 1 })];
    const text = '{"return": "of b", "id": 3}\n{"return": 9, "id": 99}\n{"return": "of a", "id": 2}\n';
    for (const character of text) qemu.write(character);
    expect(await Promise.all(answers)).toEqual(['of a', 'of b']);
  });

  it('names the command that QEMU refused', async () => {
    const { qmp, qemu } = await connected();
    const answer = qmp.execute('stop');
    qemu.write('{"error": {"class": "GenericError", "desc": "no"}, "id": 2}\n');
    const error = await answer.catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(QmpError);
    expect(error).toMatchObject({ command: 'stop', message: 'QEMU refused stop: no' });
  });

  it('tells every listener of an event', async () => {
    const { qmp, qemu } = await connected();
    const heard: unknown[] = [];
    for (const name of ['first', 'second']) qmp.onEvent((event) => heard.push([name, event]));
    const answer = qmp.execute('cont');
    qemu.write(
      '{"event": "RESUME"}\n{"event": "SHUTDOWN", "data": {"guest": true}}\n{"return": {}, "id": 2}\n',
    );
    await answer;
    expect(heard).toEqual([
      ['first', { name: 'RESUME', data: {} }],
      ['second', { name: 'RESUME', data: {} }],
      ['first', { name: 'SHUTDOWN', data: { guest: true } }],
      ['second', { name: 'SHUTDOWN', data: { guest: true } }],
    ]);
  });

  it.each([
    ['closes', (qemu: Duplex) => qemu.end(), 'QEMU closed its control connection'],
    ['says what is no JSON', (qemu: Duplex) => qemu.write('hello\n'), 'QEMU sent what is not QMP'],
    ['says another JSON', (qemu: Duplex) => qemu.write('{"hello": 1}\n'), 'QEMU sent what is not QMP'],
    [
      'says an endless line',
      (qemu: Duplex) => qemu.write('x'.repeat(5 * 1024 * 1024)),
      'QEMU sent an endless line on its control connection',
    ],
  ])('fails what waits, and what comes later, when QEMU %s', async (_what, act, message) => {
    const { qmp, qemu } = await connected();
    const waiting = qmp.execute('stop');
    act(qemu);
    await expect(waiting).rejects.toThrow(message);
    await expect(qmp.execute('cont')).rejects.toThrow(message);
  });
});
