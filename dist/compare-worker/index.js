import { createRequire as __WEBPACK_EXTERNAL_createRequire } from "module";
var __webpack_exports__ = {};

;// CONCATENATED MODULE: external "node:worker_threads"
const external_node_worker_threads_namespaceObject = __WEBPACK_EXTERNAL_createRequire(import.meta.url)("node:worker_threads");
;// CONCATENATED MODULE: ./lib/pages/page-set.js
/** What x86-64 calls a page, and what an engine counts in. */
const pageBytes = 4096;
/** The set as runs of at most `maxCount` consecutive pages, ascending: one read each. */
function* runsOf(pages, maxCount) {
    let index = 0;
    while (index < pages.length) {
        const first = pages[index] ?? 0;
        let count = 1;
        while (count < maxCount && pages[index + count] === first + count)
            count += 1;
        yield { first, count };
        index += count;
    }
}
/** @param page of `pageBytes` */
function isZeroPage(page) {
    return Buffer.compare(page, zeroPage) === 0;
}
const zeroPage = new Uint8Array(pageBytes);

;// CONCATENATED MODULE: external "node:fs"
const external_node_fs_namespaceObject = __WEBPACK_EXTERNAL_createRequire(import.meta.url)("node:fs");
;// CONCATENATED MODULE: ./lib/pages/whole-io.js

/** Fills `into` from `position` of a file on. Returns how many bytes there were: fewer than asked for where the file ends before. */
function readUpTo(fd, into, position) {
    let done = 0;
    while (done < into.length) {
        const count = (0,external_node_fs_namespaceObject.readSync)(fd, into, done, into.length - done, position + done);
        if (count === 0)
            break;
        done += count;
    }
    return done;
}
/** Fills `into` from `position` of a file on. Throws where the file ends before. */
function readFully(fd, into, position) {
    if (readUpTo(fd, into, position) < into.length)
        throw new Error('a memory file or process ended before its pages were read');
}
/** Writes all of `content` at `position` of a file. */
function writeFully(fd, content, position) {
    let done = 0;
    while (done < content.length)
        done += writeSync(fd, content, done, content.length - done, position + done);
}

;// CONCATENATED MODULE: ./lib/pages/compare-spans.js



/** What blocks are compared as: a page of x86-64, one of arm with 16 KiB, one of arm with 64 KiB, a huge page. */
const granularities = [4096, 16_384, 65_536, 2_097_152];
/** What is looked at at a time: an aligned block of the largest size, in which all others lie. */
const windowBytes = Math.max(...granularities);
const windowPages = windowBytes / pageBytes;
/** What one thread takes at a time: little enough for two to end together, and to notice an abort. */
const spanBytes = 16 * 1024 * 1024;
/** The body of a worker thread: takes spans until there are no more. */
function serveComparison() {
    const comparison = external_node_worker_threads_namespaceObject.workerData;
    const compareNext = createSpanComparer(comparison);
    while (compareNext()) { }
}
/** Compares the next span that no thread has taken; false: there is none. */
function createSpanComparer(shared) {
    const compareWindow = createWindowComparer(shared);
    return () => {
        const from = Atomics.add(shared.spans, 0, 1) * spanBytes;
        if (from >= shared.bytes)
            return false;
        const to = Math.min(from + spanBytes, shared.bytes);
        if (hasData(shared.data, from, to))
            for (let at = from; at < to; at += windowBytes)
                compareWindow(at);
        Atomics.add(shared.spans, 1, 1);
        return true;
    };
}
/** Two of them stay in a core's own cache between the read and the comparison; larger ones took a third longer, smaller ones too. */
const chunkBytes = 128 * 1024;
const chunkPages = chunkBytes / pageBytes;
const zeros = Buffer.alloc(chunkBytes);
/** Bits of a page's state. */
const changed = 1;
const notZero = 2;
function createWindowComparer(shared) {
    const before = Buffer.alloc(chunkBytes);
    const after = Buffer.alloc(chunkBytes);
    const states = new Uint8Array(windowPages);
    const load = createLoader(shared, before, after);
    return (from) => {
        states.fill(0);
        let differs = false;
        let isZero = true;
        for (let page = 0; page < windowPages; page += chunkPages) {
            if (!load(from + page * pageBytes))
                continue;
            const chunk = states.subarray(page, page + chunkPages);
            if (Buffer.compare(before, after) !== 0) {
                differs = true;
                markPages(chunk, before, after);
            }
            else {
                // None of its pages changed, so that they matter to larger blocks alone, which the first that is not zero decides.
                isZero &&= Buffer.compare(after, zeros) === 0;
                if (!isZero)
                    chunk.fill(notZero);
            }
        }
        if (!differs)
            return;
        for (const [index, blockBytes] of granularities.entries())
            countBlocks(states, blockBytes / pageBytes, shared.counts, 2 * index);
        setBits(states, shared.bits, from / pageBytes);
    };
}
/** Fills the buffers with the chunk at `offset`, zeros in holes and behind the end; false: both files have nothing but a hole there. */
function createLoader({ before: first, after: second, data, bytes }, before, after) {
    const read = (from, to, into) => {
        readFully(first, before.subarray(into, into + to - from), from);
        readFully(second, after.subarray(into, into + to - from), from);
    };
    return (offset) => {
        const end = Math.min(offset + chunkBytes, bytes);
        let index = firstEndingBehind(data, offset / pageBytes);
        let filled = false;
        for (; index < data.length; index += 2) {
            const from = Math.max(offset, (data[index] ?? 0) * pageBytes);
            const to = Math.min(end, (data[index + 1] ?? 0) * pageBytes);
            if (from >= to)
                break;
            if (!filled && to - from < chunkBytes) {
                before.fill(0);
                after.fill(0);
            }
            filled = true;
            read(from, to, from - offset);
        }
        return filled;
    };
}
function hasData(data, from, to) {
    const next = data[firstEndingBehind(data, from / pageBytes)];
    return next !== undefined && next * pageBytes < to;
}
/** Where in the pairs the first one is that ends behind `page`. */
function firstEndingBehind(data, page) {
    let low = 0;
    let high = data.length / 2;
    while (low < high) {
        const middle = (low + high) >>> 1;
        if ((data[2 * middle + 1] ?? 0) > page)
            high = middle;
        else
            low = middle + 1;
    }
    return 2 * low;
}
function markPages(states, before, after) {
    for (let index = 0; index < states.length; index += 1) {
        const from = index * pageBytes;
        const to = from + pageBytes;
        const differs = before.compare(after, from, to, from, to) !== 0;
        const isZero = after.compare(zeros, 0, pageBytes, from, to) === 0;
        states[index] = (differs ? changed : 0) | (isZero ? 0 : notZero);
    }
}
function countBlocks(states, pages, counts, into) {
    let changedBlocks = 0;
    let zeroedBlocks = 0;
    for (let from = 0; from < states.length; from += pages) {
        let state = 0;
        for (let page = from; page < from + pages; page += 1)
            state |= states[page] ?? 0;
        if ((state & changed) === 0)
            continue;
        changedBlocks += 1;
        if ((state & notZero) === 0)
            zeroedBlocks += 1;
    }
    Atomics.add(counts, into, changedBlocks);
    Atomics.add(counts, into + 1, zeroedBlocks);
}
function setBits(states, bits, firstPage) {
    for (const [index, state] of states.entries()) {
        if ((state & changed) === 0)
            continue;
        const word = (firstPage + index) >>> 5;
        bits[word] = (bits[word] ?? 0) | (1 << (index & 31));
    }
}

;// CONCATENATED MODULE: ./lib/compare-worker.js

serveComparison();

