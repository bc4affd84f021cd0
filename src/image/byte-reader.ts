/** Exact portions of a byte stream. */
export interface ByteReader {
  /** Bytes handed out so far. */
  readonly position: number;
  /** The next `count` bytes, or fewer where the stream ends. */
  read(count: number): Promise<Buffer>;
  /** Passes the next `count` bytes to `sink` in the pieces they come in; how many there were. */
  forward(count: number, sink: (chunk: Buffer) => void): Promise<number>;
}

export function openByteReader(stream: AsyncIterable<Buffer>): ByteReader {
  const chunks = stream[Symbol.asyncIterator]();
  let current: Buffer = Buffer.alloc(0);
  let position = 0;

  async function fill(): Promise<boolean> {
    while (current.length === 0) {
      const next = await chunks.next();
      if (next.done) return false;
      current = next.value;
    }
    return true;
  }

  async function forward(count: number, sink: (chunk: Buffer) => void): Promise<number> {
    let left = count;
    while (left > 0 && (await fill())) {
      const piece = current.subarray(0, left);
      current = current.subarray(piece.length);
      left -= piece.length;
      position += piece.length;
      sink(piece);
    }
    return count - left;
  }

  return {
    get position() {
      return position;
    },
    forward,
    async read(count) {
      const pieces: Buffer[] = [];
      await forward(count, (piece) => pieces.push(piece));
      return pieces.length === 1 && pieces[0] ? pieces[0] : Buffer.concat(pieces);
    },
  };
}
