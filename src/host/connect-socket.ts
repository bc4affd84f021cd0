import { closeSync, constants, fstatSync, openSync } from 'node:fs';
import { connect, Socket } from 'node:net';
import { messageOf } from './error.ts';

/** O_PATH of open(2) (x86-64 and ARM), which Node.js does not name: a descriptor of whatever is there, unopened. */
const unopened = 0o10000000;

/**
 * Connects to a Unix socket in a folder that somebody else may write to, such as a jail: only if it is a socket itself, since a link there would lead
 * this process, which may be root, to any of the host's. Between the look and the connection nothing can be put in its place: both are by one
 * descriptor, which also frees the path of the 107 bytes of unix(7).
 *
 * @returns a socket that emits `error` where there is none
 */
export function connectSocket(path: string): Socket {
  let fd: number | undefined;
  try {
    fd = openSync(path, unopened | constants.O_NOFOLLOW);
    if (!fstatSync(fd).isSocket()) throw new Error(`${path} is no socket`);
    // connect(2) has been called when this returns.
    return connect({ path: `/proc/self/fd/${fd}` });
  } catch (error) {
    return new Socket().destroy(new Error(messageOf(error), { cause: error }));
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}
