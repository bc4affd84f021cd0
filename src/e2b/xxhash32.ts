/*
 * xxHash32 with seed 0, which LZ4 frames are checked with
 * (https://github.com/Cyan4973/xxHash/blob/dev/doc/xxhash_spec.md).
 */

const prime1 = 0x9e3779b1;
const prime2 = 0x85ebca77;
const prime3 = 0xc2b2ae3d;
const prime4 = 0x27d4eb2f;
const prime5 = 0x165667b1;
const stripeBytes = 16;

export interface Xxhash32 {
  update(bytes: Uint8Array): void;
  /** The hash of all that was given, as a u32. */
  digest(): number;
}

export function xxhash32(bytes: Uint8Array): number {
  const hash = createXxhash32();
  hash.update(bytes);
  return hash.digest();
}

export function createXxhash32(): Xxhash32 {
  const lanes = Int32Array.of(prime1 + prime2, prime2, 0, -prime1);
  const held = new Uint8Array(stripeBytes);
  let heldBytes = 0;
  let total = 0;
  return {
    update(bytes) {
      total += bytes.length;
      let rest = bytes;
      if (heldBytes > 0) {
        const taken = Math.min(stripeBytes - heldBytes, rest.length);
        held.set(rest.subarray(0, taken), heldBytes);
        heldBytes += taken;
        rest = rest.subarray(taken);
        if (heldBytes < stripeBytes) return;
        addStripes(lanes, held);
      }
      const whole = rest.length - (rest.length % stripeBytes);
      addStripes(lanes, rest.subarray(0, whole));
      held.set(rest.subarray(whole));
      heldBytes = rest.length - whole;
    },
    digest: () => finish(lanes, total, held.subarray(0, heldBytes)),
  };
}

/** `bytes` is a multiple of 16 long. */
function addStripes(lanes: Int32Array, bytes: Uint8Array): void {
  const words = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let [a = 0, b = 0, c = 0, d = 0] = lanes;
  for (let at = 0; at < bytes.length; at += stripeBytes) {
    a = round(a, words.getInt32(at, true));
    b = round(b, words.getInt32(at + 4, true));
    c = round(c, words.getInt32(at + 8, true));
    d = round(d, words.getInt32(at + 12, true));
  }
  lanes.set([a, b, c, d]);
}

function round(lane: number, word: number): number {
  return Math.imul(rotate((lane + Math.imul(word, prime2)) | 0, 13), prime1);
}

function finish(lanes: Int32Array, total: number, tail: Uint8Array): number {
  const [a = 0, b = 0, c = 0, d = 0] = lanes;
  let hash =
    total >= stripeBytes ? (rotate(a, 1) + rotate(b, 7) + rotate(c, 12) + rotate(d, 18)) | 0 : prime5 | 0;
  hash = (hash + total) | 0;
  const words = new DataView(tail.buffer, tail.byteOffset, tail.length);
  let at = 0;
  for (; at + 4 <= tail.length; at += 4)
    hash = Math.imul(rotate((hash + Math.imul(words.getInt32(at, true), prime3)) | 0, 17), prime4);
  for (; at < tail.length; at += 1)
    hash = Math.imul(rotate((hash + Math.imul(tail[at] ?? 0, prime5)) | 0, 11), prime1);
  hash = Math.imul(hash ^ (hash >>> 15), prime2);
  hash = Math.imul(hash ^ (hash >>> 13), prime3);
  return (hash ^ (hash >>> 16)) >>> 0;
}

function rotate(value: number, by: number): number {
  return (value << by) | (value >>> (32 - by));
}
