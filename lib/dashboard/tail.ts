// Reads a file of lines as it grows, each byte once.
import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";

/** Bytes. */
const pieceSize = 256 * 1024;
/** Bytes. A tick has some hundred: a longer line is none, and is passed over. */
const longestLine = 1024 * 1024;

export interface LineReader {
  /** Called with each whole line. */
  line(text: string): void;
  /** Called where the file is another one than before: lines begin anew. */
  again(): void;
  /** Called where a line is too long to be one; it is passed over. */
  tooLong(): void;
}

export class Tail {
  readonly #path: string;
  readonly #reader: LineReader;
  #inode = 0;
  #offset = 0;
  #rest: Buffer = Buffer.alloc(0);
  /** The rest of a line that is too long is still to come. */
  #skipping = false;

  constructor(path: string, reader: LineReader) {
    this.#path = path;
    this.#reader = reader;
  }

  /** Reads what is new. A file that is not there, or is no file of its own, has nothing new. */
  async read(): Promise<void> {
    const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
    const file = await open(this.#path, flags).catch(() => undefined);
    try {
      if (file !== undefined) await this.#readFrom(file);
    } finally {
      await file?.close();
    }
  }

  async #readFrom(file: FileHandle): Promise<void> {
    const found = await file.stat();
    const { ino, size } = found;
    if (!found.isFile()) return;
    if (ino !== this.#inode || size < this.#offset) this.#startAgain(ino);
    const piece = Buffer.allocUnsafe(Math.min(pieceSize, Math.max(1, size - this.#offset)));
    while (this.#offset < size) {
      const { bytesRead } = await file.read(piece, 0, piece.length, this.#offset);
      if (bytesRead === 0) return;
      this.#offset += bytesRead;
      this.#take(piece.subarray(0, bytesRead));
    }
  }

  #startAgain(inode: number): void {
    const isFirst = this.#inode === 0;
    this.#inode = inode;
    this.#offset = 0;
    this.#rest = Buffer.alloc(0);
    this.#skipping = false;
    if (!isFirst) this.#reader.again();
  }

  /** Lines are cut at the bytes of their ends: a letter may be cut in two by a piece. */
  #take(bytes: Buffer): void {
    let start = 0;
    for (let end = bytes.indexOf(10); end >= 0; end = bytes.indexOf(10, start)) {
      const line = Buffer.concat([this.#rest, bytes.subarray(start, end)]);
      this.#rest = Buffer.alloc(0);
      start = end + 1;
      if (this.#skipping) this.#skipping = false;
      else this.#reader.line(line.toString("utf8"));
    }
    if (this.#skipping) return;
    this.#rest = Buffer.concat([this.#rest, bytes.subarray(start)]);
    if (this.#rest.length <= longestLine) return;
    this.#rest = Buffer.alloc(0);
    this.#skipping = true;
    this.#reader.tooLong();
  }
}
