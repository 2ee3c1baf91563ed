// Writes a ZIP file whose members are stored as they are: PNG is compressed already.
// Knows the format (PKWARE's APPNOTE 6.3, sections 4.3 and 4.4) and nothing of digits.

const LOCAL = 0x04034b50;
const CENTRAL = 0x02014b50;
const END = 0x06054b50;
const VERSION = 20;
const NAMES_ARE_UTF8 = 0x0800;
const MOST_FILES = 0xffff;

const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? 0xedb88320 ^ (value >>> 1) : value >>> 1;
  return value;
});

/**
 * Bring files together.
 *
 * @param files [{name, bytes: Uint8Array, date: Date}], names with "/" between folders.
 * @returns A Blob. Folders get no entry of their own: every program makes those that it needs.
 */
export function zip(files) {
  if (files.length > MOST_FILES) throw new RangeError(`a ZIP holds up to ${MOST_FILES} files`);
  const bodies = [];
  const directory = [];
  let offset = 0;
  for (const file of files) {
    const name = new TextEncoder().encode(file.name);
    const facts = describe(file, name);
    const local = record(LOCAL, [VERSION, 2], ...facts);
    bodies.push(local, name, file.bytes);
    const none = [0, 2]; // no comment, first disk, no attributes
    const made = [VERSION, 2];
    const ending = [none, none, none, [0, 4], [offset, 4]];
    directory.push(record(CENTRAL, made, [VERSION, 2], ...facts, ...ending), name);
    offset += local.length + name.length + file.bytes.length;
  }
  const size = directory.reduce((sum, part) => sum + part.length, 0);
  const number = [files.length, 2];
  const end = record(END, [0, 2], [0, 2], number, number, [size, 4], [offset, 4], [0, 2]);
  return new Blob([...bodies, ...directory, end], { type: "application/zip" });
}

/** What the local header and the central directory say alike of a file, as [value, bytes]. */
function describe({ bytes, date }, name) {
  const time = (date.getHours() << 11) | (date.getMinutes() << 5) | (date.getSeconds() >> 1);
  const day = ((date.getFullYear() - 1980) << 9) | ((date.getMonth() + 1) << 5) | date.getDate();
  const size = [bytes.length, 4];
  const stored = [0, 2];
  const noExtra = [0, 2];
  return [
    [NAMES_ARE_UTF8, 2],
    stored,
    [time, 2],
    [day, 2],
    [crc32(bytes), 4],
    size,
    size,
    [name.length, 2],
    noExtra,
  ];
}

/** A signature and fields of 2 or 4 bytes, little endian. */
function record(signature, ...fields) {
  const all = [[signature, 4], ...fields];
  const view = new DataView(new ArrayBuffer(all.reduce((sum, [, width]) => sum + width, 0)));
  let at = 0;
  for (const [value, width] of all) {
    if (width === 2) view.setUint16(at, value, true);
    else view.setUint32(at, value, true);
    at += width;
  }
  return new Uint8Array(view.buffer);
}

function crc32(bytes) {
  let value = 0xffffffff;
  for (const byte of bytes) value = CRC_TABLE[(value ^ byte) & 0xff] ^ (value >>> 8);
  return (value ^ 0xffffffff) >>> 0;
}
