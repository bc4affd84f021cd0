/** The header of an ELF for x86-64 as far as anybody looks at it here. */
export const elfStart = Buffer.concat([
  Buffer.from([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 62, 0]),
  Buffer.alloc(44),
]);

interface Header {
  readonly setupSectors?: number;
  readonly protocol?: number;
  readonly offset?: number;
  readonly bytes?: number;
}

/** A kernel with its compressed part as the boot protocol says, between other bytes. */
export function unpackableKernel(payload: Buffer, header: Header = {}): Buffer {
  const setupSectors = header.setupSectors ?? 27;
  const offset = header.offset ?? 700;
  const start = Buffer.alloc(((setupSectors || 4) + 1) * 512, 0xaa);
  start.writeUInt8(setupSectors, 0x1f1);
  start.write('HdrS', 0x202);
  start.writeUInt16LE(header.protocol ?? 0x20f, 0x206);
  start.writeUInt32LE(offset, 0x248);
  start.writeUInt32LE(header.bytes ?? payload.length, 0x24c);
  return Buffer.concat([
    start,
    Buffer.alloc(Math.min(offset, 4096), 0xbb),
    payload,
    Buffer.alloc(3000, 0xcc),
  ]);
}
