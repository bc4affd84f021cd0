import { Readable } from 'node:stream';
import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { SnapgateError } from '../../src/host/error.ts';
import { type StreamedCommand, streamCommand } from '../../src/image/stream-command.ts';
import { refusal } from '../host/refusal.ts';
import { inChunks } from './read-tar.ts';
import { openWorkshop, type Workshop } from './workshop.ts';

let shop: Workshop;
beforeEach(() => {
  shop = openWorkshop();
});
afterEach(() => shop[Symbol.dispose]());

const shell = (script: string, more: Partial<StreamedCommand> = {}): StreamedCommand => ({
  command: 'sh',
  args: ['-c', script],
  failure: (lines) => new SnapgateError('image', `it failed: ${lines.join(', ')}`, 'Look.'),
  ...more,
});

async function text(content: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of content) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

test('what it puts out, of what is put in', async () => {
  const input = Readable.from(inChunks(Buffer.alloc(1_000_000, 'ab'), 70_000));
  expect(await streamCommand(shop.run, shell('cat; echo end', { input }), text)).toBe(
    `${'ab'.repeat(500_000)}end\n`,
  );
});

test('a failure at the end, with what it says of it, though its output was fine', async () => {
  const error = await refusal(streamCommand(shop.run, shell('echo fine; seq 60 >&2; exit 1'), text));
  expect(error.message).toBe(`it failed: ${Array.from({ length: 40 }, (_, index) => index + 21).join(', ')}`);
});

test('its own complaint comes before what was made of its broken output', async () => {
  const use = async (content: AsyncIterable<Buffer>) => {
    await text(content);
    throw new Error('cut short');
  };
  expect((await refusal(streamCommand(shop.run, shell('echo why >&2; exit 1'), use))).message).toBe(
    'it failed: why',
  );
  await expect(streamCommand(shop.run, shell('echo fine'), use)).rejects.toThrow('cut short');
});

test('output without end is stopped where it is no longer wanted', async () => {
  const use = async (content: AsyncIterable<Buffer>) => {
    for await (const chunk of content) throw new Error(`enough of ${chunk.toString('utf8', 0, 1)}`);
  };
  await expect(streamCommand(shop.run, shell('yes'), use)).rejects.toThrow('enough of y');
});

test('an interruption', async () => {
  const running = refusal(streamCommand(shop.run, shell('sleep 600'), text));
  await wait(50);
  shop.abort.abort(new SnapgateError('interrupted', 'interrupted by SIGTERM', 'Again.'));
  expect((await running).message).toBe('interrupted by SIGTERM');
  expect((await refusal(streamCommand(shop.run, shell('true'), text))).code).toBe('interrupted');
});

test('a command that is not there', async () => {
  const error = await refusal(streamCommand(shop.run, { ...shell(''), command: 'no-such-tool' }, text));
  expect(error.code).toBe('host');
  expect(error.message).toBe('the command no-such-tool is not on this machine');
});
