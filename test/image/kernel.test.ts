import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { kernelVersion, resolveKernel } from '../../src/image/kernel.ts';
import { refusal } from '../host/refusal.ts';
import { bzImage, openWorkshop, type Workshop } from './workshop.ts';

let shop: Workshop;
beforeEach(() => {
  shop = openWorkshop();
});
afterEach(() => shop[Symbol.dispose]());

function elf(content: string): Buffer {
  return Buffer.concat([Buffer.from([0x7f, 0x45, 0x4c, 0x46]), Buffer.alloc(60), Buffer.from(content)]);
}

describe('kernelVersion', () => {
  test.each<[string, Buffer, string]>([
    ['a bzImage', bzImage('6.1.0-49-cloud-amd64'), '6.1.0-49-cloud-amd64'],
    ['an uncompressed vmlinux', elf('\0Linux version 6.8.0+ (x@y) #1'), '6.8.0+'],
    ['an ELF that says nothing', elf('nothing'), 'kernel'],
    ['a bzImage whose release drives a terminal', bzImage('\u001b[2J6.1'), 'kernel'],
    ['a bzImage whose release is Markdown', bzImage('6.1`|<b>'), '6.1'],
  ])('%s', (_, content, version) => {
    expect(kernelVersion(shop.file('kernel', content))).toBe(version);
  });
});

describe('resolveKernel', () => {
  test.each<[string, Buffer]>([
    ['empty', Buffer.alloc(0)],
    ['text', Buffer.from('vmlinuz'.repeat(200))],
    ['compressed', Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0])],
  ])('%s: no kernel', async (_, content) => {
    const error = await refusal(resolveKernel(shop.run, shop.file('vmlinuz', content), 1));
    expect(error.code).toBe('image');
    expect(error.message).toBe(
      `${join(shop.checkout, 'vmlinuz')}, given as the kernel, is neither a bzImage nor an ELF`,
    );
    expect(error.remedy).toContain('bzImage');
  });

  test('a kernel that is not there', async () => {
    const error = await refusal(resolveKernel(shop.run, join(shop.checkout, 'none'), 1));
    expect(error.message).toContain('cannot be read: ENOENT');
  });
});
