/** QR codes (ISO/IEC 18004) of short texts: bytes, error correction level M, versions 1 to 10. No page. */

/** For each version: all codewords, those for error correction in a block, and the blocks. */
const VERSIONS = [[26, 10, 1], [44, 16, 1], [70, 26, 1], [100, 18, 2], [134, 24, 2], [172, 16, 4], [196, 18, 4], [242, 22, 4], [292, 22, 5], [346, 26, 5]];
/** The eight masks. @type {((x: number, y: number) => boolean)[]} */
const MASKS = [
    (x, y) => (x + y) % 2 === 0, (_, y) => y % 2 === 0, x => x % 3 === 0, (x, y) => (x + y) % 3 === 0,
    (x, y) => (Math.floor(x / 3) + Math.floor(y / 2)) % 2 === 0, (x, y) => ((x * y) % 2) + ((x * y) % 3) === 0,
    (x, y) => (((x * y) % 2) + ((x * y) % 3)) % 2 === 0, (x, y) => (((x + y) % 2) + ((x * y) % 3)) % 2 === 0,
];
const FINDER_LIKE = ["00001011101", "10111010000"];

/** The powers of 2 in the field of 256 elements, twice, and their logarithms. */
const POWERS = new Uint8Array(510), LOGARITHMS = new Uint8Array(256);
for (let power = 0, value = 1; power < 255; power++) {
    POWERS[power] = POWERS[power + 255] = value;
    LOGARITHMS[value] = power;
    value = (value << 1) ^ (value & 128 ? 0x11d : 0);
}

/**
 * Return the QR code of a text as rows of modules, true for dark; null if the text is too long.
 * @param {string} text
 * @returns {boolean[][] | null}
 */
export function qrCode(text) {
    const bytes = new TextEncoder().encode(text);
    const version = VERSIONS.findIndex(([all, each, blocks], at) => all - each * blocks >= bytes.length + (at < 9 ? 2 : 3)) + 1;
    if (!version) return null;
    const symbol = new Modules(version);
    symbol.place(codewords(bytes, version));
    return symbol.masked();
}

/**
 * Return the bytes with their header, padding and error correction, interleaved.
 * @param {Uint8Array} bytes
 * @param {number} version
 */
function codewords(bytes, version) {
    const [all, each, blocks] = VERSIONS[version - 1];
    const room = all - each * blocks;
    const bits = [...bitsOf(4, 4), ...bitsOf(bytes.length, version < 10 ? 8 : 16), ...[...bytes].flatMap(byte => bitsOf(byte, 8))];
    bits.push(...new Array(Math.min(4, room * 8 - bits.length)).fill(0));
    while (bits.length % 8) bits.push(0);
    const data = [];
    for (let at = 0; at < bits.length; at += 8) data.push(Number.parseInt(bits.slice(at, at + 8).join(""), 2));
    for (let pad = 0xec; data.length < room; pad ^= 0xec ^ 0x11) data.push(pad);
    return interleaved(data, each, blocks);
}

/**
 * @param {number[]} data
 * @param {number} each
 * @param {number} blocks
 */
function interleaved(data, each, blocks) {
    const short = Math.floor(data.length / blocks), long = data.length % blocks; // the last blocks have one more
    const parts = Array.from({ length: blocks }, (_, at) => {
        const start = at * short + Math.max(0, at - (blocks - long));
        return data.slice(start, start + short + Number(at >= blocks - long));
    });
    const checks = parts.map(part => remainder(part, each));
    const across = (/** @type {number[][]} */ rows, /** @type {number} */ length) =>
        Array.from({ length }, (_, at) => rows.filter(row => at < row.length).map(row => row[at])).flat();
    return [...across(parts, short + 1), ...across(checks, each)];
}

/**
 * Return the Reed-Solomon codewords of a block.
 * @param {number[]} data
 * @param {number} count
 */
function remainder(data, count) {
    let generator = [1];
    for (let root = 0; root < count; root++)
        generator = [...generator, 0].map((value, at) => value ^ times(generator[at - 1] ?? 0, POWERS[root]));
    const rest = [...data, ...new Array(count).fill(0)];
    for (let at = 0; at < data.length; at++) {
        const factor = rest[at];
        generator.forEach((value, offset) => (rest[at + offset] ^= times(value, factor)));
    }
    return rest.slice(data.length);
}

/**
 * @param {number} one
 * @param {number} other
 */
function times(one, other) {
    return one && other ? POWERS[LOGARITHMS[one] + LOGARITHMS[other]] : 0;
}

/**
 * @param {number} value
 * @param {number} length
 */
function bitsOf(value, length) {
    return Array.from({ length }, (_, at) => (value >> (length - 1 - at)) & 1);
}

/**
 * Return a value followed by the remainder of its division in the field of two elements.
 * @param {number} value
 * @param {number} divisor
 * @param {number} length bits of the remainder
 */
function checked(value, divisor, length) {
    let rest = value << length;
    for (let bit = 31; bit >= length; bit--) if ((rest >>> bit) & 1) rest ^= divisor << (bit - length);
    return (value << length) | rest;
}

/** The modules: those with a function are set first, and never masked. */
class Modules {
    /** @param {number} version */
    constructor(version) {
        this.size = version * 4 + 17;
        /** @type {boolean[][]} */
        this.dark = Array.from({ length: this.size }, () => new Array(this.size).fill(false));
        /** @type {boolean[][]} */
        this.fixed = this.dark.map(row => [...row]);
        for (let at = 0; at < this.size; at++) for (const [x, y] of [[at, 6], [6, at]]) this._fix(x, y, at % 2 === 0);
        for (const [x, y] of [[3, 3], [this.size - 4, 3], [3, this.size - 4]]) this._square(x, y, 4, [0, 1, 3]);
        this._alignments(version);
        this._format(0);
        if (version > 6) this._version(version);
    }

    /**
     * @param {number} x
     * @param {number} y
     * @param {boolean} dark
     */
    _fix(x, y, dark) {
        if (x < 0 || y < 0 || x >= this.size || y >= this.size) return;
        this.dark[y][x] = dark;
        this.fixed[y][x] = true;
    }

    /**
     * Draw squares around a module, of which those at some distances are dark.
     * @param {number} x
     * @param {number} y
     * @param {number} reach
     * @param {number[]} dark
     */
    _square(x, y, reach, dark) {
        for (let down = -reach; down <= reach; down++)
            for (let right = -reach; right <= reach; right++) this._fix(x + right, y + down, dark.includes(Math.max(Math.abs(down), Math.abs(right))));
    }

    /** @param {number} version */
    _alignments(version) {
        const last = this.size - 7;
        const places = version < 2 ? [] : version < 7 ? [6, last] : [6, (6 + last) / 2, last];
        for (const x of places)
            for (const y of places) if (!(x === 6 && y === 6) && !(x === 6 && y === last) && !(x === last && y === 6)) this._square(x, y, 2, [0, 2]);
    }

    /** @param {number} mask */
    _format(mask) {
        const bits = bitsOf(checked(mask, 0x537, 10) ^ 0x5412, 15).reverse().map(Boolean); // level M is 00
        const along = [0, 1, 2, 3, 4, 5, 7, 8];
        bits.forEach((bit, at) => {
            if (at < 8) this._fix(8, along[at], bit);
            else this._fix(at === 8 ? 7 : 14 - at, 8, bit);
            if (at < 8) this._fix(this.size - 1 - at, 8, bit);
            else this._fix(8, this.size - 15 + at, bit);
        });
        this._fix(8, this.size - 8, true);
    }

    /** @param {number} version */
    _version(version) {
        bitsOf(checked(version, 0x1f25, 12), 18).reverse().forEach((bit, at) => {
            const near = Math.floor(at / 3), far = this.size - 11 + (at % 3);
            this._fix(far, near, Boolean(bit));
            this._fix(near, far, Boolean(bit));
        });
    }

    /** Fill the free modules, in pairs of columns from the right. @param {number[]} words */
    place(words) {
        const bits = words.flatMap(word => bitsOf(word, 8));
        let at = 0, upward = true;
        for (let right = this.size - 1; right > 0; right -= 2) {
            if (right === 6) right--;
            for (let step = 0; step < this.size; step++) {
                const y = upward ? this.size - 1 - step : step;
                for (const x of [right, right - 1]) if (!this.fixed[y][x]) this.dark[y][x] = bits[at++] === 1;
            }
            upward = !upward;
        }
    }

    /** Return the modules under the mask that makes them easiest to read. */
    masked() {
        const tried = MASKS.map((applies, mask) => {
            this._format(mask);
            return this.dark.map((row, y) => row.map((dark, x) => dark !== (!this.fixed[y][x] && applies(x, y))));
        });
        const worst = tried.map(penalty);
        return tried[worst.indexOf(Math.min(...worst))];
    }
}

/**
 * Return how hard modules are to read: long runs, blocks, patterns like finders, and an imbalance.
 * @param {boolean[][]} modules
 */
function penalty(modules) {
    const rows = modules.map(row => row.map(Number).join(""));
    const columns = rows.map((_, x) => rows.map(row => row[x]).join(""));
    let sum = 0;
    for (const line of [...rows, ...columns]) {
        for (const run of line.match(/0{5,}|1{5,}/g) ?? []) sum += run.length - 2;
        for (const pattern of FINDER_LIKE) for (let at = line.indexOf(pattern); at >= 0; at = line.indexOf(pattern, at + 1)) sum += 40;
    }
    for (let y = 1; y < rows.length; y++)
        for (let x = 1; x < rows.length; x++) if (new Set([rows[y][x], rows[y][x - 1], rows[y - 1][x], rows[y - 1][x - 1]]).size === 1) sum += 3;
    const dark = rows.join("").replaceAll("0", "").length / rows.length ** 2;
    return sum + 10 * Math.floor(Math.abs(dark * 100 - 50) / 5);
}
