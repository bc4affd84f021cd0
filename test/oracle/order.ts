/** What the oracle guest can do with a page; the numbers are the guest's. */
export const operations = {
  read: 1,
  same: 2,
  zero: 3,
  fill: 4,
  noise: 5,
  flip: 6,
  touch: 7,
  count: 8,
} as const;
export type Operation = keyof typeof operations;

/** The pages of an order, as the guest walks them: see oracle.S. All numbers are u32. */
export interface Walk {
  readonly start: number;
  readonly span: number;
  readonly mask: number;
  readonly multiplier: number;
  readonly increment: number;
  readonly x: number;
  readonly count: number;
}

export interface Order {
  readonly operation: Operation;
  readonly walk: Walk;
  /** Makes contents differ between orders; for flip and touch the byte's offset from the first of the dwords. */
  readonly salt: number;
  /** The dwords of each page that are read or written; all of them without. */
  readonly dwords?: { readonly first: number; readonly count: number };
}

export const wholePage = { first: 0, count: 1024 } as const;

/** Pages start, start + 1, … */
export function contiguous(start: number, count: number): Walk {
  return { start, span: count, mask: 0xffffffff, multiplier: 1, increment: 1, x: 0, count };
}

/** Every `stride`-th page. */
export function strided(start: number, stride: number, count: number): Walk {
  return { start, span: stride * count, mask: 0xffffffff, multiplier: 1, increment: stride, x: 0, count };
}

/** `count` distinct pages in pseudo-random order out of [start, start + span): a full-period generator, cut to the span. */
export function scattered(start: number, span: number, count: number, seed: number): Walk {
  if (count > span) throw new RangeError(`${count} distinct pages out of ${span}`);
  const mask = 2 ** Math.ceil(Math.log2(span)) - 1;
  return {
    start,
    span,
    mask,
    multiplier: 1_664_525,
    increment: 1_013_904_223,
    x: (seed & mask) >>> 0,
    count,
  };
}

/** The guest's counter, one dword in the page behind its code, goes up by one. */
export const countOrder: Order = { operation: 'count', walk: contiguous(0, 0), salt: 0 };

export function encodeOrder({ operation, walk, salt, dwords = wholePage }: Order): Buffer {
  const { start, span, mask, multiplier, increment, x, count } = walk;
  const action = operations[operation] | (dwords.first << 8) | (dwords.count << 20);
  const words = [start, span, mask, multiplier, increment, x, salt, count, action];
  const bytes = Buffer.alloc(words.length * 4);
  words.forEach((word, index) => {
    bytes.writeUInt32LE(word >>> 0, index * 4);
  });
  return bytes;
}

/** The guest's serial line: gives orders, one at a time, and takes answers. */
export interface OracleLine {
  /** Resolves at the guest's first word after power-on. */
  ready(): Promise<void>;
  /** Does one order to its end; the guest's answer (the sum of `read`, the value of `count`). Rejects when the guest is gone. */
  order(order: Order): Promise<number>;
}

const readyByte = 'R'.charCodeAt(0);
const answerByte = 'K'.charCodeAt(0);

/** What a stream must do to be a serial line. */
export interface LineStream {
  on(event: 'data', listener: (chunk: Buffer) => void): unknown;
  on(event: string, listener: () => void): unknown;
  write(chunk: Buffer): unknown;
}

export function openLine(stream: LineStream): OracleLine {
  const receive = receiver(stream);
  const expectByte = async (expected: number) => {
    const [byte] = await receive(1);
    if (byte !== expected) throw new Error(`the oracle guest said ${byte}, not ${expected}`);
  };
  return {
    ready: () => expectByte(readyByte),
    order: async (order) => {
      stream.write(encodeOrder(order));
      await expectByte(answerByte);
      return (await receive(4)).readUInt32LE(0);
    },
  };
}

/** Reads exact numbers of bytes, one caller at a time. */
function receiver(stream: LineStream): (bytes: number) => Promise<Buffer> {
  let held = Buffer.alloc(0);
  let ended = false;
  let wake = () => {};
  stream.on('data', (chunk: Buffer) => {
    held = Buffer.concat([held, chunk]);
    wake();
  });
  for (const event of ['end', 'close', 'error'])
    stream.on(event, () => {
      ended = true;
      wake();
    });
  return async (bytes) => {
    while (held.length < bytes) {
      if (ended) throw new Error('the oracle guest is gone');
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
    const taken = held.subarray(0, bytes);
    held = held.subarray(bytes);
    return taken;
  };
}
