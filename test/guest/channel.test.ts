import { type Duplex, duplexPair } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Channel, type CommandOutcome, openChannel } from '../../src/guest/channel.ts';
import { maxLineBytes } from '../../src/guest/protocol.ts';
import { seededRandom } from '../stats/random.ts';

interface Talk {
  readonly channel: Channel;
  readonly guest: Duplex;
  /** The fields of the host's next line. */
  nextOrder(): Promise<{ id: string; seconds: string; command: string }>;
}

/** A channel, and the guest's end of its port. */
function talk(resumed = true): Talk {
  const [host, guest] = duplexPair();
  const lines = guest.setEncoding('latin1')[Symbol.asyncIterator]();
  let held = '';
  return {
    channel: openChannel(host, resumed),
    guest,
    nextOrder: async () => {
      while (!held.includes('\n')) held += String((await lines.next()).value);
      const [line = '', ...rest] = held.split('\n');
      held = rest.join('\n');
      const [word, id = '', seconds = '', code = '', ...more] = line.split(' ');
      expect([word, more]).toEqual(['run', []]);
      return { id, seconds, command: Buffer.from(code, 'base64').toString() };
    },
  };
}

/** What comes of a command that the guest answers with `answer`, in chunks of `chunkBytes`. */
async function outcomeOf(answer: (id: string) => string, chunkBytes = 1 << 20): Promise<CommandOutcome> {
  const { channel, guest, nextOrder } = talk();
  const outcome = channel.run('true', 1000);
  const bytes = Buffer.from(answer((await nextOrder()).id), 'latin1');
  for (let at = 0; at < bytes.length; at += chunkBytes) guest.write(bytes.subarray(at, at + chunkBytes));
  return outcome;
}

const broken = (what: string) => ({
  name: 'SnapgateError',
  code: 'guest',
  message: `the guest cannot be driven any more: ${what}`,
});

describe('hello', () => {
  it.each(['systemd', 'init', 'none'])('names %s', async (kind) => {
    const { channel, guest } = talk(false);
    guest.write(`snapgate 1 hello ${kind}\n`);
    expect(await channel.hello).toBe(kind);
  });

  it('is waited for through what a start may put on the port, and comes in any pieces', async () => {
    const { channel, guest } = talk(false);
    guest.write('\n\r\nlogin: \u0000\u001b[2J\n');
    guest.write('snapgate 2 hello init\nsnapgate 1 hello nobody\nsnapgate 1 done 1 0 -\n');
    for (const character of 'snapgate 1 hello init\r\n') guest.write(character);
    expect(await channel.hello).toBe('init');
  });

  it.each([
    ['a second one', 'snapgate 1 hello init\n', 'its agent started a second time'],
    ['of another protocol', 'snapgate 2 hello init\n', 'its agent said what is no answer'],
    ['garbage', 'login: \n', 'its agent said what is no answer'],
    ['an answer to nothing', 'snapgate 1 done 1234567890 0 -\n', 'its agent said what is no answer'],
  ])('is the last word before a command: after it, %s', async (_what, line, message) => {
    const { channel, guest } = talk(false);
    guest.write(`snapgate 1 hello init\n${line}`);
    expect(await channel.hello).toBe('init');
    await expect(channel.run('true', 1000)).rejects.toMatchObject(broken(message));
  });

  it('fails at an endless line', async () => {
    const { channel, guest } = talk(false);
    guest.write(Buffer.alloc(maxLineBytes + 1, 'x'));
    await expect(channel.hello).rejects.toMatchObject(broken('its agent said an endless line'));
  });
});

describe('run', () => {
  it('says the command and its limit in whole seconds, in a line as long each time', async () => {
    const { channel, guest, nextOrder } = talk();
    const ids = new Set<string>();
    for (const [limitMs, seconds] of [
      [1, '1'],
      [1000, '1'],
      [1001, '2'],
      [90_000, '90'],
    ] as const) {
      const outcome = channel.run('echo "ä" \n$(x)', limitMs);
      const order = await nextOrder();
      expect(order).toMatchObject({ seconds, command: 'echo "ä" \n$(x)' });
      expect(order.id).toMatch(/^\d{10}$/);
      ids.add(order.id);
      guest.write(`snapgate 1 done ${order.id} 0 -\n`);
      await outcome;
    }
    expect(ids.size).toBe(4);
  });

  it.each([0, 7, 137, 255])('gives status %i and the output as it was', async (status) => {
    const output = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
    const answer = (id: string) => `snapgate 1 done ${id} ${status} ${output.toString('base64')}\n`;
    expect(await outcomeOf(answer)).toEqual({ id: expect.any(Number), status, output });
  });

  it('gives no output for `-`', async () => {
    expect((await outcomeOf((id) => `snapgate 1 done ${id} 0 -\n`)).output).toEqual(Buffer.alloc(0));
  });

  it.each([1, 2, 3, 1000])('takes an answer in chunks of %i bytes', async (chunkBytes) => {
    const random = seededRandom(chunkBytes);
    const output = Buffer.from(Array.from({ length: 4096 }, () => Math.floor(random() * 256)));
    const answer = (id: string) => `snapgate 1 done ${id} 5 ${output.toString('base64')}\r\n`;
    expect(await outcomeOf(answer, chunkBytes)).toMatchObject({ status: 5, output });
  });

  it('is one command at a time', async () => {
    const { channel } = talk();
    channel.run('true', 1000).catch(() => {});
    await expect(channel.run('true', 1000)).rejects.toThrow('one command at a time');
  });

  it('refuses a command that no line holds, without a word to the guest', async () => {
    const { channel, guest } = talk();
    await expect(channel.run('x'.repeat(49_000), 1000)).rejects.toMatchObject({ code: 'usage' });
    expect(guest.read()).toBeNull();
  });

  it('fits the longest command that it takes into a line of the protocol', async () => {
    const { channel, nextOrder } = talk();
    const command = 'x'.repeat(48 * 1024 - 256);
    channel.run(command, 1e9).catch(() => {});
    const { id, seconds, command: said } = await nextOrder();
    expect(said).toBe(command);
    const line = `run ${id} ${seconds} ${Buffer.from(command).toString('base64')}\n`;
    expect(line.length).toBeLessThanOrEqual(maxLineBytes);
  });

  it.each([
    ['another id', () => 'snapgate 1 done 999 0 -\n'],
    ['a shorter line', (id: string) => `snapgate 1 done ${id} 0\n`],
    ['a longer line', (id: string) => `snapgate 1 done ${id} 0 - x\n`],
    ['a status that is none', (id: string) => `snapgate 1 done ${id} -1 -\n`],
    ['a status too long', (id: string) => `snapgate 1 done ${id} 1000 -\n`],
    ['output that is no base64', (id: string) => `snapgate 1 done ${id} 0 <script>\n`],
    ['two spaces', (id: string) => `snapgate 1 done  ${id} 0 -\n`],
    ['another protocol', (id: string) => `snapgate 2 done ${id} 0 -\n`],
    ['an empty line', () => '\n'],
    ['binary garbage', () => `${'\u0000\u00ff\u001b'.repeat(100)}\n`],
  ])('breaks at an answer with %s, for good', async (_what, answer) => {
    const { channel, guest, nextOrder } = talk();
    const outcome = channel.run('true', 1000);
    guest.write(answer((await nextOrder()).id));
    const error = broken('its agent said what is no answer');
    await expect(outcome).rejects.toMatchObject(error);
    await expect(channel.run('true', 1000)).rejects.toMatchObject(error);
  });

  it('breaks at a hello: the agent does not know of the command any more', async () => {
    const error = broken('its agent started a second time');
    await expect(outcomeOf(() => 'snapgate 1 hello init\n')).rejects.toMatchObject(error);
  });

  it.each([
    ['in one piece', 1 << 20],
    ['in pieces', 1000],
  ])('breaks at an endless line %s, and hears no more', async (_how, chunkBytes) => {
    const endless = (id: string) => `snapgate 1 done ${id} 0 ${'A'.repeat(maxLineBytes)}\n`;
    await expect(outcomeOf(endless, chunkBytes)).rejects.toMatchObject(
      broken('its agent said an endless line'),
    );
  });

  it('repeats nothing that the guest said in its error', async () => {
    const error = await outcomeOf(() => '<img src=x> ::error::evil\n').catch(String);
    expect(error).not.toContain('evil');
  });
});

describe('a guest that does not answer', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('is given up 20 s after the limit of the command', async () => {
    const { channel } = talk();
    let error: unknown;
    channel.run('sleep 1000', 5000).catch((caught: unknown) => {
      error = caught;
    });
    await vi.advanceTimersByTimeAsync(24_900);
    expect(error).toBeUndefined();
    await vi.advanceTimersByTimeAsync(200);
    expect(error).toMatchObject(broken('its agent did not answer within the 5 s of a command and 20 s more'));
  });

  it('is not given up where it has answered', async () => {
    const { channel, guest, nextOrder } = talk();
    const outcome = channel.run('true', 1000);
    guest.write(`snapgate 1 done ${(await nextOrder()).id} 0 -\n`);
    await outcome;
    await vi.advanceTimersByTimeAsync(100_000);
    const again = channel.run('true', 1000);
    guest.write(`snapgate 1 done ${(await nextOrder()).id} 3 -\n`);
    expect(await again).toMatchObject({ status: 3 });
  });
});
